"""docker and dockerd on a simulated node, from 1.8 on: what drivers ask and do, and nothing else."""

import re
from collections.abc import Callable
from typing import Any

from core.command import Command, Completed
from executors import missing
from executors.simulated.containers import daemon, life
from executors.simulated.containers.words import Parsed, Unknown, parse, table
from executors.simulated.node import SimulatedNode

PROGRAMS = dict.fromkeys(("docker", "dockerd", "/usr/bin/docker", "/usr/bin/dockerd"), "docker.io")
RUN_FAILED = 125

_CLIENT_SWITCHES = table("-D --debug; -v --version; --tls; --tlsverify")
_CLIENT_VALUES = table("-H --host; --config; -l --log-level; --tlscacert; --tlscert; --tlskey")
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_LABEL = re.compile(r'index \.Config\.Labels "([^"]+)"')


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as docker, or start a daemon."""
    program, *words = command.argv
    one = daemon.is_one_program(node)
    if program.endswith("dockerd"):
        if one:
            return missing.answer(program)
        return _daemon(node, command)
    if one and "-d" in words and not {"run", "ps"} & set(words):
        return _daemon(node, command)
    try:
        split = _subcommand(words)
        given = parse(words[:split], _CLIENT_SWITCHES, _CLIENT_VALUES)
        if given.has("--version"):
            return Completed(0, f"Docker version {node.state['tools']['docker.io']}, build 0a8c2e3\n")
        verb, rest = "".join(words[split : split + 1]), words[split + 1 :]
        if verb not in _VERBS:
            said = "" if one else "docker: "
            return Completed(1, "", f"{said}'{verb}' is not a docker command.\nSee 'docker --help'.\n")
        return _VERBS[verb](node, command, given.last("--host", daemon.SYSTEM), rest)
    except Unknown as error:
        code = 2 if one else RUN_FAILED
        return Completed(code, "", f"{error}\nSee 'docker --help'.\n")


def _subcommand(words: list[str]) -> int:
    """Where the client's own options end."""
    position = 0
    while position < len(words) and words[position].startswith("-"):
        position += 2 if words[position] in _CLIENT_VALUES else 1
    return position


def _daemon(node: SimulatedNode, command: Command) -> Completed:
    said = daemon.start(node, list(command.argv))
    return Completed(1 if said else 0, "", said)


_Asked = Callable[[SimulatedNode, dict[str, Any], Parsed, Command], Completed]


def _verb(
    answer: _Asked, switches: str = "", values: str = "", operands: tuple[int, int] = (0, 0)
) -> Callable[[SimulatedNode, Command, str, list[str]], Completed]:
    """Wrap the answer to a verb: its options are known, its daemon answers."""
    known_switches, known_values = table(switches), table(values)

    def checked(node: SimulatedNode, command: Command, socket: str, rest: list[str]) -> Completed:
        asked = parse(rest, known_switches, known_values)
        least, most = operands
        if not least <= len(asked.operands) <= most:
            return Completed(1, "", f"{command.argv[0]}: {len(asked.operands)} arguments\nSee 'docker --help'.\n")
        reached = daemon.reached(node, socket)
        return _unreachable(socket) if reached is None else answer(node, reached, asked, command)

    return checked


def _unreachable(socket: str, returncode: int = 1) -> Completed:
    said = f"Cannot connect to the Docker daemon at {socket}. Is the docker daemon running?\n"
    return Completed(returncode, "", said)


def _containers(node: SimulatedNode, reached: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = daemon.store(node, reached["data_root"])["containers"]
    return found


def _by_name_or_id(containers: dict[str, Any], text: str) -> str | None:
    """The container that a name, an id, or the beginning of one means."""
    if text in containers:
        return text
    return next((each for each in containers if containers[each]["name"] == text or each.startswith(text)), None)


def _info(node: SimulatedNode, reached: dict[str, Any], _asked: Parsed, _command: Command) -> Completed:
    known = daemon.store(node, reached["data_root"])
    return Completed(
        0,
        f"Containers: {len(known['containers'])}\nImages: {len(known['images'])}\n"
        f"Server Version: {node.state['tools']['docker.io']}\nDocker Root Dir: {reached['data_root']}\n",
    )


def _ps(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    shown = {
        identity: container
        for identity, container in _containers(node, reached).items()
        if container["running"] or asked.has("--all")
    }
    for text in asked.all("--filter"):
        name, _, wanted = text.partition("=")
        if name == "id":
            shown = {identity: each for identity, each in shown.items() if identity.startswith(wanted)}
        elif name == "name":
            shown = {identity: each for identity, each in shown.items() if re.search(wanted, f"/{each['name']}")}
        else:
            return Completed(1, "", f"Error response from daemon: Invalid filter '{name}'\n")
    names = {identity: identity if asked.has("--no-trunc") else _short(identity) for identity in shown}
    if asked.has("--quiet"):
        return Completed(0, "".join(f"{name}\n" for name in names.values()))
    rows = [
        (names[identity], each["image"], "Up" if each["running"] else f"Exited ({each['exit_code']})", each["name"])
        for identity, each in shown.items()
    ]
    return Completed(0, _aligned([("CONTAINER ID", "IMAGE", "STATUS", "NAMES"), *rows]))


def _short(identity: str) -> str:
    """The form of an id for people; what nobody knows yet is shown whole."""
    return identity if "«" in identity else identity.removeprefix("sha256:")[:12]


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) + 3 for column in range(len(rows[0]))]
    lines = ("".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _images(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    images = daemon.store(node, reached["data_root"])["images"]
    wanted = life.image_name(asked.operands[0]) if asked.operands else ""
    shown = {name: image["id"] for name, image in images.items() if wanted in {"", name}}
    if not asked.has("--no-trunc"):
        shown = {name: _short(identity) for name, identity in shown.items()}
    if asked.has("--quiet"):
        return Completed(0, "".join(f"{identity}\n" for identity in shown.values()))
    rows = [(*name.partition(":")[::2], identity) for name, identity in shown.items()]
    return Completed(0, _aligned([("REPOSITORY", "TAG", "IMAGE ID"), *rows]))


def _inspect(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    """Answer the templates of core.tools.docker; every other field is unknown."""
    containers = _containers(node, reached)
    identity = _by_name_or_id(containers, asked.operands[0])
    if identity is None:
        what = "image or container" if daemon.is_one_program(node) else "object"
        return Completed(1, "\n", f"Error: No such {what}: {asked.operands[0]}\n")
    container = containers[identity]
    given = life.given_options(container)
    known = {
        ".Id": identity,
        ".Name": f"/{container['name']}",
        ".Image": container["image_id"],
        ".State.Running": str(container["running"]).lower(),
        ".State.Restarting": "false",
        ".State.ExitCode": str(container["exit_code"]),
        ".HostConfig.CgroupParent": _last(given, "--cgroup-parent="),
    }
    text = asked.last("--format")
    for field in _TEMPLATE.findall(text):
        label = _LABEL.fullmatch(field)
        if label is None and field not in known:
            return Completed(
                1, "", f'Template parsing error: template: :1:2: at <{field}>: map has no entry for key "{field}"\n'
            )
        text = text.replace(f"{{{{{field}}}}}", known[field] if label is None else _last(given, f"--label={label[1]}="))
    return Completed(0, f"{text}\n")


def _last(given: list[str], prefix: str) -> str:
    return next((word.removeprefix(prefix) for word in reversed(given) if word.startswith(prefix)), "")


def _pull(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    image = asked.operands[0]
    try:
        lines = life.pulled(node, reached["data_root"], image)
    except life.Refusal as refusal:
        return Completed(1, "", _from_daemon(node, refusal.text))
    return Completed(0, "".join(f"{line}\n" for line in lines))


def _from_daemon(node: SimulatedNode, text: str) -> str:
    return text if daemon.is_one_program(node) and text.endswith("\n") else f"Error response from daemon: {text}\n"


def _run(node: SimulatedNode, command: Command, socket: str, rest: list[str]) -> Completed:
    """Create and start; with -d the id is on stdout, even when the container could not be started."""
    one = daemon.is_one_program(node)
    code, before, after = (1, "", "") if one else (RUN_FAILED, "docker: ", "See 'docker run --help'.\n")
    asked = life.read(node, rest)
    if not asked.operands:
        return Completed(code, "", "\"docker run\" requires at least 1 argument.\nSee 'docker run --help'.\n")
    if not asked.has("--detach"):
        return Completed(code, "", f"{before}a simulated container has no output to attach to: use -d\n")
    reached = daemon.reached(node, socket)
    if reached is None:
        answer = _unreachable(socket, code)
        return answer._replace(stderr=f"{before}{answer.stderr}{after}")
    said = ""
    image = life.image_name(asked.operands[0])
    try:
        if image not in daemon.store(node, reached["data_root"])["images"]:
            said = f"Unable to find image '{image}' locally\n"
            said += "".join(f"{line}\n" for line in life.pulled(node, reached["data_root"], image))
        identity = life.created(node, reached, asked, command)
        life.started(node, reached, identity)
    except life.Refusal as refusal:
        made = f"{refusal.created}\n" if refusal.created else ""
        return Completed(code, made, f"{said}{before}{_from_daemon(node, refusal.text)}{after}")
    return Completed(0, f"{identity}\n", said)


def _start(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    wanted = asked.operands[0]
    identity = _by_name_or_id(_containers(node, reached), wanted)
    if identity is None:
        return _no_such_container(node, wanted)
    try:
        life.started(node, reached, identity)
    except life.Refusal as refusal:
        failed = f"Error: failed to start containers: {wanted}\n"
        return Completed(1, "", f"{_from_daemon(node, refusal.text)}{failed}")
    return Completed(0, f"{wanted}\n")


def _no_such_container(node: SimulatedNode, wanted: str) -> Completed:
    said = f"no such id: {wanted}\n" if daemon.is_one_program(node) else f"No such container: {wanted}\n"
    return Completed(1, "", f"Error response from daemon: {said}")


def _stop(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    containers, wanted = _containers(node, reached), asked.operands[0]
    identity = _by_name_or_id(containers, wanted)
    if identity is None:
        return _no_such_container(node, wanted)
    if containers[identity]["running"]:
        containers[identity].update(running=False, exit_code=0)
    return Completed(0, f"{wanted}\n")


def _rm(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    containers, wanted = _containers(node, reached), asked.operands[0]
    identity = _by_name_or_id(containers, wanted)
    if identity is None:
        return _no_such_container(node, wanted)
    if containers[identity]["running"]:
        said = f"You cannot remove a running container {identity}. Stop the container before attempting removal"
        return Completed(1, "", f"Error response from daemon: {said} or force remove\n")
    del containers[identity]
    return Completed(0, f"{wanted}\n")


_VERBS: dict[str, Callable[[SimulatedNode, Command, str, list[str]], Completed]] = {
    "images": _verb(_images, "-q --quiet; --no-trunc; -a --all", "", (0, 1)),
    "info": _verb(_info),
    "inspect": _verb(_inspect, "", "-f --format", (1, 1)),
    "ps": _verb(_ps, "-a --all; -q --quiet; --no-trunc", "-f --filter"),
    "pull": _verb(_pull, "-q --quiet", "", (1, 1)),
    "rm": _verb(_rm, "-v --volumes", "", (1, 1)),
    "run": _run,
    "start": _verb(_start, "", "", (1, 1)),
    "stop": _verb(_stop, "", "-t --time", (1, 1)),
}

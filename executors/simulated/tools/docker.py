"""docker and dockerd on a simulated node, from 1.8 on: what drivers ask and do, and nothing else."""

import re
from collections.abc import Callable
from typing import Any

from core.command import Command, Completed
from executors import missing
from executors.simulated.containers import client, daemon, life
from executors.simulated.containers.words import Parsed, Unknown, parse, table
from executors.simulated.node import SimulatedNode

PROGRAMS: dict[str, str | tuple[str, ...]] = {
    **dict.fromkeys(("docker", "/usr/bin/docker", "/usr/local/bin/docker"), ("docker.io", "docker-cli")),
    **dict.fromkeys(("dockerd", "/usr/sbin/dockerd"), "docker.io"),
}
KILLED = 137

_CLIENT_SWITCHES = table("-D --debug; -v --version; --tls; --tlsverify")
_CLIENT_VALUES = table("-H --host; --config; -l --log-level; --tlscacert; --tlscert; --tlskey")
_EXACTLY = "name=^/?"
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_LABEL = re.compile(r'index \.Config\.Labels "([^"]+)"')


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as docker, or start a daemon."""
    program, *words = command.argv
    one = client.is_one_program(node)
    if program.endswith("dockerd"):
        if one:
            return missing.answer(program, "docker.io")
        if words == ["--version"]:
            return Completed(0, f"Docker version {node.state['tools']['docker.io']}, build 5d6db84\n")
        return _daemon(node, command)
    if one and "-d" in words and not {"run", "ps"} & set(words):
        return _daemon(node, command)
    split = _subcommand(words)
    verb, rest = "".join(words[split : split + 1]), words[split + 1 :]
    try:
        given = parse(words[:split], _CLIENT_SWITCHES, _CLIENT_VALUES)
    except Unknown as error:
        return client.unknown_option(node, "", error)
    if given.has("--version"):
        return Completed(0, f"Docker version {client.version_text(node)}, build 0a8c2e3\n")
    if verb not in _VERBS:
        return client.unknown_verb(node, verb)
    try:
        return _VERBS[verb](node, command, given.last("--host", daemon.SYSTEM), rest)
    except Unknown as error:
        return client.unknown_option(node, verb, error)


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
    verb: str, answer: _Asked, switches: str = "", values: str = "", operands: tuple[int, int | None] = (0, 0)
) -> Callable[[SimulatedNode, Command, str, list[str]], Completed]:
    """Wrap the answer to a verb: its options are known, its daemon answers. operands: how many there may be."""
    known_switches, known_values = table(switches), table(values)

    def checked(node: SimulatedNode, command: Command, socket: str, rest: list[str]) -> Completed:
        asked = parse(rest, known_switches, known_values)
        least, most = operands
        if len(asked.operands) < least or (most is not None and len(asked.operands) > most):
            return client.wrong_number(node, verb, least, most)
        reached = daemon.reached(node, socket)
        if reached is None:
            return client.nobody_there(node, verb, socket, asked.operands)
        return answer(node, reached, asked, command)

    return checked


def _containers(node: SimulatedNode, reached: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = daemon.store(node, reached["data_root"])["containers"]
    return found


def _by_name_or_id(containers: dict[str, Any], text: str) -> str | None:
    """The container that a name, an id, or the beginning of one means."""
    if text in containers:
        return text
    return next((each for each in containers if containers[each]["name"] == text or each.startswith(text)), None)


def _info(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    if asked.has_value("--format"):
        return _filled(
            node,
            asked.last("--format"),
            {".DockerRootDir": reached["data_root"], ".ServerVersion": node.state["tools"]["docker.io"]},
        )
    known = daemon.store(node, reached["data_root"])
    return Completed(
        0,
        f"Containers: {len(known['containers'])}\nImages: {len(known['images'])}\n"
        f"Server Version: {node.state['tools']['docker.io']}\nDocker Root Dir: {reached['data_root']}\n",
    )


def _ps(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, command: Command) -> Completed:
    known = daemon.store(node, reached["data_root"])
    for text in asked.all("--filter") if known.get("supposed") else ():
        if text.startswith(_EXACTLY):
            life.suppose(known, text.removeprefix(_EXACTLY).removesuffix("$").replace("\\.", "."), command.rid)
    shown = {
        identity: container
        for identity, container in reversed(_containers(node, reached).items())
        if container["running"] or asked.has("--all")
    }
    for text in asked.all("--filter"):
        name, _, wanted = text.partition("=")
        if name == "id":
            shown = {identity: each for identity, each in shown.items() if identity.startswith(wanted)}
        elif name == "ancestor":
            shown = {identity: each for identity, each in shown.items() if life.is_called(each["image"], wanted)}
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
    wanted = asked.operands[0] if asked.operands else ""
    shown = {name: image["id"] for name, image in images.items() if life.is_called(name, wanted)}
    if not asked.has("--no-trunc"):
        shown = {name: _short(identity) for name, identity in shown.items()}
    if asked.has("--quiet"):
        return Completed(0, "".join(f"{identity}\n" for identity in shown.values()))
    rows = [(*life.repository_and_tag(name), identity) for name, identity in shown.items()]
    return Completed(0, _aligned([("REPOSITORY", "TAG", "IMAGE ID"), *rows]))


def _inspect(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    """Answer the templates of core.tools.docker; every other field is unknown."""
    containers = _containers(node, reached)
    said = ""
    for wanted in asked.operands:
        identity = _by_name_or_id(containers, wanted)
        if identity is None:
            what = "image or container" if client.is_one_program(node) else "object"
            return Completed(1, said or "\n", f"Error: No such {what}: {wanted}\n")
        answer = _filled(node, asked.last("--format"), _fields(identity, containers[identity], asked))
        if answer.returncode:
            return answer
        said += answer.stdout
    return Completed(0, said)


def _fields(identity: str, container: dict[str, Any], asked: Parsed) -> dict[str, str]:
    """What a template may name of a container."""
    given = life.given_options(container)
    known = {
        ".Id": identity,
        ".Name": f"/{container['name']}",
        ".Image": container["image_id"],
        ".State.Running": str(container["running"]).lower(),
        ".State.Restarting": "false",
        ".State.ExitCode": str(container["exit_code"]),
        ".HostConfig.NetworkMode": container["network"],
        ".HostConfig.CgroupParent": _last(given, "--cgroup-parent="),
    }
    labels = {
        f'index .Config.Labels "{name}"': _last(given, f"--label={name}=")
        for name in _LABEL.findall(asked.last("--format"))
    }
    return known | labels


def _filled(node: SimulatedNode, template: str, known: dict[str, str]) -> Completed:
    """Fill in a template of Go, as far as its fields are known here."""
    for field in _TEMPLATE.findall(template):
        if field not in known:
            said = f'template: :1:2: executing "" at <{field}>: map has no entry for key "{field.removeprefix(".")}"'
            begin = "Template" if client.is_one_program(node) else "template"
            return Completed(1, "\n", f"{begin} parsing error: {said}\n")
        template = template.replace(f"{{{{{field}}}}}", known[field])
    return Completed(0, f"{template}\n")


def _last(given: list[str], prefix: str) -> str:
    return next((word.removeprefix(prefix) for word in reversed(given) if word.startswith(prefix)), "")


def _pull(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    image = asked.operands[0]
    assumed = "" if life.image_name(image).endswith(image) else "Using default tag: latest\n"
    try:
        lines = life.pulled(node, reached["data_root"], image)
    except life.Refusal as refusal:
        if refusal.by_client:
            return Completed(1, "", f"{refusal.text}\n")
        return Completed(1, assumed, client.from_daemon(refusal.text))
    return Completed(0, assumed + "".join(f"{line}\n" for line in lines))


def _run(node: SimulatedNode, command: Command, socket: str, rest: list[str]) -> Completed:
    """Create and start; with -d the id is on stdout, even when the container could not be started."""
    asked = life.read(node, rest)
    if not asked.operands:
        return client.wrong_number(node, "run", 1, None)
    if not asked.has("--detach"):
        return client.run_failed(node, "a simulated container has no output to attach to: use -d")
    reached = daemon.reached(node, socket)
    if reached is None:
        return client.nobody_there(node, "run", socket, asked.operands)
    said = ""
    image = life.image_name(asked.operands[0])
    try:
        life.check_words(node, asked)
        if image not in daemon.store(node, reached["data_root"])["images"]:
            said = f"Unable to find image '{image}' locally\n"
            lines = life.pulled(node, reached["data_root"], image)
            said += "".join(f"{line}\n" for line in lines if line != life.whole_name(node, image))
        identity = life.created(node, reached, asked, command)
        life.started(node, reached, identity)
    except life.Refusal as refusal:
        why = refusal.text if refusal.by_client else client.from_daemon(refusal.text).removesuffix("\n")
        failed = client.run_failed(node, why, refusal.created)
        return failed._replace(stderr=f"{said}{failed.stderr}")
    return Completed(0, f"{identity}\n", said)


def _start(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    wanted = asked.operands[0]
    identity = _by_name_or_id(_containers(node, reached), wanted)
    if identity is None:
        return client.no_such(node, "start", "container", wanted)
    try:
        life.started(node, reached, identity)
    except life.Refusal as refusal:
        failed = f"Error: failed to start containers: {wanted}\n"
        return Completed(1, "", f"{client.from_daemon(refusal.text)}{failed}")
    return Completed(0, f"{wanted}\n")


def _logs(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    """Nothing: what runs in a simulated container has no voice."""
    if _by_name_or_id(_containers(node, reached), asked.operands[0]) is None:
        return client.no_such(node, "logs", "container", asked.operands[0])
    return Completed(0)


def _stop(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    containers, wanted = _containers(node, reached), asked.operands[0]
    identity = _by_name_or_id(containers, wanted)
    if identity is None:
        return client.no_such(node, "stop", "container", wanted)
    if containers[identity]["running"]:
        # The first process of a container has no handlers but its own: most do not hear SIGTERM, and are killed.
        containers[identity].update(running=False, exit_code=KILLED)
    return Completed(0, f"{wanted}\n")


def _rm(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    containers, wanted = _containers(node, reached), asked.operands[0]
    identity = _by_name_or_id(containers, wanted)
    if identity is None:
        return client.no_such(node, "rm", "container", wanted)
    if containers[identity]["running"]:
        said = f"You cannot remove a running container {identity}. Stop the container before attempting removal"
        return Completed(1, "", f"Error response from daemon: {said} or force remove\n")
    daemon.drop_layers(node, reached["data_root"], containers[identity].get("layers", []))
    del containers[identity]
    return Completed(0, f"{wanted}\n")


def _rmi(node: SimulatedNode, reached: dict[str, Any], asked: Parsed, _command: Command) -> Completed:
    known, wanted = daemon.store(node, reached["data_root"]), asked.operands[0]
    name = next((name for name in known["images"] if life.is_called(name, wanted)), None)
    if name is None:
        return client.no_such(node, "rmi", "image", wanted)
    for identity, each in known["containers"].items():
        if life.is_called(each["image"], name):
            said = (
                f'unable to remove repository reference "{wanted}" (must force) - container {_short(identity)} is using'
            )
            image = _short(known["images"][name]["id"])
            return Completed(1, "", f"Error response from daemon: conflict: {said} its referenced image {image}\n")
    image = known["images"].pop(name)
    if not known["images"] and not known["containers"]:
        daemon.drop_layers(node, reached["data_root"], None)
    digest = f"Untagged: {name.rpartition(':')[0]}@{image['digest']}\n" if image["digest"] else ""
    return Completed(0, f"Untagged: {name}\n{digest}Deleted: {image['id']}\n")


_VERBS: dict[str, Callable[[SimulatedNode, Command, str, list[str]], Completed]] = {
    "images": _verb("images", _images, "-q --quiet; --no-trunc; -a --all", "", (0, 1)),
    "info": _verb("info", _info, "", "-f --format"),
    "inspect": _verb("inspect", _inspect, "", "-f --format", (1, None)),
    "logs": _verb("logs", _logs, "-t --timestamps", "-n --tail", (1, 1)),
    "ps": _verb("ps", _ps, "-a --all; -q --quiet; --no-trunc", "-f --filter"),
    "pull": _verb("pull", _pull, "-q --quiet", "", (1, 1)),
    "rm": _verb("rm", _rm, "-v --volumes", "", (1, None)),
    "rmi": _verb("rmi", _rmi, "", "", (1, 1)),
    "run": _run,
    "start": _verb("start", _start, "", "", (1, None)),
    "stop": _verb("stop", _stop, "", "-t --time", (1, None)),
}

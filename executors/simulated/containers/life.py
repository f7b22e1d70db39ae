"""Containers of a simulated node: what `docker run` asks for, what keeps one from starting, how one ends."""

import re
from typing import Any, NamedTuple

from core.command import Command
from core.holes import hole
from executors.simulated.containers.client import is_one_program, is_terse
from executors.simulated.containers.daemon import filled_store, make_directories, options, store
from executors.simulated.containers.words import Parsed, parse, table
from executors.simulated.identifiers import digits_of
from executors.simulated.node import SimulatedNode

SHELLS = frozenset(("bash", "sh", "dash", "ash", "zsh"))
DISTRIBUTIONS = frozenset(("alpine", "busybox", "centos", "debian", "fedora", "ubuntu"))
NETWORKS = frozenset(("bridge", "default", "host", "none"))
LAYERS = 4
NEVER_RAN = 128
NAME_CHARACTERS = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
NAME = re.compile(f"/?{NAME_CHARACTERS}+", re.ASCII)

SWITCHES = table(
    "-d --detach; -i --interactive; -t --tty; -P --publish-all; --privileged; --read-only; --rm; --sig-proxy; "
    "--disable-content-trust; --oom-kill-disable"
)
VALUES = table(
    "-a --attach; --add-host; --blkio-weight; -c --cpu-shares; --cap-add; --cap-drop; --cgroup-parent; --cidfile; "
    "--cpu-period; --cpu-quota; --cpuset-cpus; --cpuset-mems; --device; --dns; --dns-search; -e --env; --entrypoint; "
    "--env-file; --expose; --group-add; -h --hostname; --ipc; -l --label; --label-file; --link; --log-driver; "
    "--log-opt; -m --memory; --mac-address; --memory-swap; --memory-swappiness; --name; --net --network; -p --publish; "
    "--pid; --restart; --security-opt; --stop-signal; --ulimit; -u --user; --uts; -v --volume; --volume-driver; "
    "--volumes-from; -w --workdir"
)
SWITCHES_OF_NOW = table("--init; --no-healthcheck; -q --quiet")
VALUES_OF_NOW = table(
    "--annotation; --blkio-weight-device; --cgroupns; --cpu-rt-period; --cpu-rt-runtime; --cpus; --detach-keys; "
    "--device-cgroup-rule; --device-read-bps; --device-read-iops; --device-write-bps; --device-write-iops; "
    "--dns-option; --domainname; --gpus; --health-cmd; --health-interval; --health-retries; --health-start-interval; "
    "--health-start-period; --health-timeout; --ip; --ip6; --isolation; --kernel-memory; --link-local-ip; "
    "--memory-reservation; --mount; --network; --network-alias; --oom-score-adj; --pids-limit; --platform; --pull; "
    "--runtime; --shm-size; --stop-timeout; --storage-opt; --sysctl; --tmpfs; --userns"
)


class Refusal(Exception):
    """What the daemon answers when it does not do it; `created` is the container that is left behind.

    by_client: the daemon was not even asked.
    """

    def __init__(self, text: str, created: str = "", *, by_client: bool = False) -> None:
        super().__init__(text)
        self.text, self.created, self.by_client = text, created, by_client


class Binding(NamedTuple):
    """A port of the node that a container serves: the address ("0.0.0.0": any), and the port with its protocol."""

    address: str
    port: str

    def __str__(self) -> str:
        """`10.0.0.221:80/tcp`, as `docker ps` writes it."""
        return f"{self.address}:{self.port}"


def read(node: SimulatedNode, words: list[str]) -> Parsed:
    """Read the words after `docker run`. Raises Unknown."""
    if is_one_program(node):
        of_old = {name: known for name, known in VALUES.items() if name != "--network"}
        return parse(words, SWITCHES, of_old, mixed=False)
    return parse(words, SWITCHES | SWITCHES_OF_NOW, VALUES | VALUES_OF_NOW, mixed=False)


def suppose(known: dict[str, Any], name: str, rid: str) -> None:
    """Let a container of this name be there, stopped, in a store that nobody could look into before."""
    if not any(each["name"] == name for each in known["containers"].values()):
        known["containers"][hole(f"{rid}.container")] = {
            "name": name,
            "image": "supposed",
            "image_id": "",
            "arguments": [f"--label=svcprov={name}", "--tty=true", "supposed"],
            "running": False,
            "network": "bridge",
            "ports": [],
            "exit_code": 0,
            "layers": [],
        }


def image_name(text: str) -> str:
    """The name under which an image is kept: without the default registry, with the default tag."""
    name = text.removeprefix("docker.io/").removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] or "@" in name else f"{name}:latest"


def repository_and_tag(name: str) -> tuple[str, str]:
    """`127.0.0.1:5000/web:1` is the tag `1` of `127.0.0.1:5000/web`."""
    above, slash, last = name.rpartition("/")
    own, _, tag = last.partition(":")
    return f"{above}{slash}{own}", tag


def is_called(name: str, wanted: str) -> bool:
    """Tell whether an image is meant: by its whole name, or by that of its repository, with any tag; "" means all."""
    if not wanted or image_name(wanted) == name:
        return True
    tagged = ":" in wanted.rpartition("/")[2] or "@" in wanted
    return not tagged and repository_and_tag(image_name(wanted))[0] == repository_and_tag(name)[0]


def _registry(name: str) -> str:
    """The registry that an image's name begins with; "" for the default one."""
    first, slash, _ = name.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def pulled(node: SimulatedNode, data_root: str, image: str) -> list[str]:
    """Fetch an image from the registry; return the lines of its progress. Raises Refusal for one that is not there.

    A state that is not complete knows nothing of registries: there every image is taken to exist.
    """
    name = image_name(image)
    repository, tag = repository_and_tag(name)
    _check_repository(node, repository)
    found = node.state["registry"].get(name)
    if found is None and not node.state["complete"]:
        digest = digits_of(name)
        found = {"id": f"sha256:{digest}", "digest": f"sha256:{digest}"}
    if found is None:
        raise Refusal(_not_there(node, repository, tag))
    images, old = filled_store(node, data_root)["images"], is_one_program(node)
    is_new = images.get(name, {}).get("id") != found["id"]
    images[name] = dict(found)
    path = _path(node, repository)
    layers = [digits_of(f"{name}/{number}", 12) for number in range(LAYERS if is_new else 0)]
    return [
        f"{tag}: Pulling from {path}",
        *(
            f"{layer}: {said}"
            for said in ("Pulling fs layer", "Download complete", "Pull complete")
            for layer in layers
        ),
        f"Digest: {found['digest']}",
        f"Status: {'Downloaded newer image' if is_new else 'Image is up to date'} for {name}",
        *(() if old else (whole_name(node, image),)),
    ]


def whole_name(node: SimulatedNode, image: str) -> str:
    """The name of an image with its registry: `docker.io/library/nginx:latest`."""
    name = image_name(image)
    repository, tag = repository_and_tag(name)
    return name if _registry(name) else f"docker.io/{_path(node, repository)}:{tag}"


def _path(node: SimulatedNode, repository: str) -> str:
    """Where a repository is in its registry: those without an owner are in `library`."""
    host = _registry(repository)
    if host or "/" in repository or is_one_program(node):
        return repository.removeprefix(f"{host}/")
    return f"library/{repository}"


def _check_repository(node: SimulatedNode, repository: str) -> None:
    if repository == repository.lower():
        return
    path = repository if "/" in repository else f"library/{repository}"
    which = f" ({path})" if is_terse(node) else ""
    raise Refusal(f"invalid reference format: repository name{which} must be lowercase", by_client=True)


def _not_there(node: SimulatedNode, repository: str, tag: str) -> str:
    if is_one_program(node):
        return f"Pulling repository docker.io/library/{repository}\nError: image library/{repository} not found\n"
    registries = {_registry(name) for name in node.state["registry"]}
    host = _registry(repository)
    if host.startswith("127.0.0.1:") and host not in registries:
        return f'Get "http://{host}/v2/": dial tcp {host}: connect: connection refused'
    if host or any(repository_and_tag(name)[0] == repository for name in node.state["registry"]):
        return f"manifest for {repository}:{tag} not found: manifest unknown: manifest unknown"
    return (
        f"pull access denied for {repository}, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied"
    )


def check_words(node: SimulatedNode, asked: Parsed) -> None:
    """Refuse what the client itself finds wrong."""
    for text in asked.all("--publish"):
        port = _published(text)[1]
        first, _, last = port.partition("-")
        if port and not (first.isdigit() and (last or first).isdigit()):
            raise Refusal(f"{'i' if is_terse(node) else 'I'}nvalid hostPort: {port}", by_client=True)


def created(node: SimulatedNode, daemon: dict[str, Any], asked: Parsed, command: Command) -> str:
    """Make a container, not running yet; return its id. Raises Refusal."""
    known = filled_store(node, daemon["data_root"])
    name = asked.last("--name")
    if name and not NAME.fullmatch(name):
        raise Refusal(f"Invalid container name ({name}), only {NAME_CHARACTERS} are allowed")
    for identity, other in known["containers"].items():
        if name and other["name"] == name:
            raise Refusal(_conflict(node, name, identity))
    network = _resolved(known["containers"], asked.last("--network", "bridge"))
    for volume in asked.all("--volume"):
        if volume.startswith("/") and ":" in volume:
            make_directories(node, volume.partition(":")[0])
    image = image_name(asked.operands[0])
    identity = node.identifier("container", command)
    known["containers"][identity] = {
        "name": name or f"unnamed_{identity[:12]}",
        "image": asked.operands[0],
        "image_id": known["images"][image]["id"],
        "arguments": [
            *(f"{option}={value}" for option, values in asked.options.items() for value in values),
            *asked.operands,
        ],
        "running": False,
        "network": network,
        "ports": [str(binding) for text in asked.all("--publish") for binding in _bindings(daemon, node, text)],
        "exit_code": 0,
        "layers": [],
    }
    return identity


def _conflict(node: SimulatedNode, name: str, identity: str) -> str:
    if is_one_program(node):
        return (
            f'Conflict. The name "{name}" is already in use by container {identity}. '
            "You have to delete (or rename) that container to be able to reuse that name."
        )
    return (
        f'Conflict. The container name "/{name}" is already in use by container "{identity}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )


def _resolved(containers: dict[str, Any], network: str) -> str:
    """A container whose network is shared is remembered by its id, not by its name."""
    kind, colon, other = network.partition(":")
    named = next((each for each in containers if containers[each]["name"] == other), other)
    return f"{kind}:{named}" if kind == "container" and colon else network


def _published(text: str) -> tuple[str, str, str]:
    """Read `[[ADDRESS:]PORT:]PORT[/PROTOCOL]`: the address, the port of the node, the protocol."""
    places, _, protocol = text.partition("/")
    address, _, port = places.rpartition(":")[0].rpartition(":")
    return address, port, protocol or "tcp"


def _bindings(daemon: dict[str, Any], node: SimulatedNode, text: str) -> list[Binding]:
    """What is published; a port without a number is any free one, in nobody's way."""
    address, port, protocol = _published(text)
    if not port:
        return []
    arguments = daemon["arguments"]
    address = address or options(node, arguments).last("--ip", "0.0.0.0")  # noqa: S104 - what docker binds to
    first, _, last = port.partition("-")
    return [Binding(address, f"{number}/{protocol}") for number in range(int(first), int(last or first) + 1)]


def started(node: SimulatedNode, daemon: dict[str, Any], identity: str) -> None:
    """Let a container run. Raises Refusal; the container stays then, stopped."""
    containers = store(node, daemon["data_root"])["containers"]
    container = containers[identity]
    if container["running"]:
        return
    container["exit_code"] = container["exit_code"] or NEVER_RAN
    _join_network(containers, container, identity)
    network = container["network"]
    if not network.startswith("container:") and network not in NETWORKS:
        raise Refusal(f"network {network} not found", identity)
    for text in container["ports"]:
        address, _, port = text.rpartition(":")
        number, _, protocol = port.partition("/")
        if _is_bound(node, Binding(address, port)):
            why = f"Bind for {address}:{number} failed: port is already allocated"
            raise _not_connected(node, container, identity, why)
        if not _is_local(node, address):
            why = f"listen {protocol}4 {address}:{number}: bind: cannot assign requested address"
            raise _not_connected(node, container, identity, f"Error starting userland proxy: {why}")
    container["running"] = not _ends_at_once(container)
    container["exit_code"] = 0


def _join_network(containers: dict[str, Any], container: dict[str, Any], identity: str) -> None:
    kind, colon, other = container["network"].partition(":")
    if kind != "container" or not colon:
        return
    found = containers.get(other) or next((each for each in containers.values() if each["name"] == other), None)
    if found is None:
        raise Refusal(f"No such container: {other}", identity)
    if not found["running"]:
        raise Refusal(f"cannot join network of a non running container: {other}", identity)


def _not_connected(node: SimulatedNode, container: dict[str, Any], identity: str, why: str) -> Refusal:
    name = container["name"]
    if is_one_program(node):
        return Refusal(
            f"Cannot start container {identity}: failed to create endpoint {name} on network bridge: {why}", identity
        )
    return Refusal(f"driver failed programming external connectivity on endpoint {name} ({identity}): {why}", identity)


def _is_bound(node: SimulatedNode, wanted: Binding) -> bool:
    """Tell whether a running container of any daemon of this node has the port."""
    any_address = "0.0.0.0"  # noqa: S104 - what docker calls it
    for daemon in node.state["docker"].values():
        for container in store(node, daemon["data_root"])["containers"].values():
            for text in container["ports"] if container["running"] else ():
                address, _, port = text.rpartition(":")
                if port == wanted.port and (address == wanted.address or any_address in {address, wanted.address}):
                    return True
    return False


def _is_local(node: SimulatedNode, address: str) -> bool:
    everyone = {"0.0.0.0", "127.0.0.1", "[::]"}  # noqa: S104 - what docker calls it
    local = {
        each["address"].partition("/")[0]
        for interface in node.state["interfaces"].values()
        for each in interface["addresses"]
    }
    return address in everyone | local


def _ends_at_once(container: dict[str, Any]) -> bool:
    """A shell reads the end of its input, unless it has a terminal or somebody keeps the input open."""
    given = given_options(container)
    command = container["arguments"][len(given) + 1 :]
    if "--tty=true" in given or "--interactive=true" in given:
        return False
    if command:
        return len(command) == 1 and command[0].rpartition("/")[2] in SHELLS
    return image_name(container["image"]).partition(":")[0] in DISTRIBUTIONS


def given_options(container: dict[str, Any]) -> list[str]:
    """The options that a container was made with, each as `--name=value`."""
    arguments: list[str] = container["arguments"]
    return arguments[: arguments.index(container["image"])] if container["image"] in arguments else arguments

"""A docker daemon of a simulated node: how it starts, what it keeps where, how it ends.

What a daemon knows lies in the directory it was given, so it is out of reach while that is not mounted. Of restart
policies only `always` is known: a container that has it runs again with its daemon.
"""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_interface
from itertools import count
from typing import Any

from core.state import Entry, Question
from executors.simulated.containers.client import is_one_program
from executors.simulated.containers.words import Parsed, Unknown, parse, table
from executors.simulated.devices import directory
from executors.simulated.interfaces import bridge as bridge_interface
from executors.simulated.node import SimulatedNode

SYSTEM = "unix:///var/run/docker.sock"
GRAPH_GONE_SINCE = (23,)
SOCKET_PATH_CHARACTERS_MAX = 107
READY_SECONDS = 1
NEVER_SECONDS = 10**9
FIRST_PID = 4001
DEFAULT_BRIDGE = "docker0"
LAYERS = "btrfs/subvolumes/"
"""Where docker keeps layers, when its directory is on a btrfs."""
OPEN_FILE = "network/files/local-kv.db"
ROOT_MODE = "0710"
STORE = {
    "buildkit": "0711",
    "containers": "0710",
    "image": "0700",
    "network": "0750",
    "network/files": "0750",
    "plugins": "0700",
    "runtimes": "0700",
    "swarm": "0700",
    "tmp": "0700",
    "trust": "0700",
    "volumes": "0701",
}
"""The directories in a daemon's own, with their modes; beside them are those of its storage driver."""

SWITCHES = table(
    "-D --debug; --experimental; --icc; --init; --ip-forward; --ip-masq; --ip6tables; --iptables; --ipv6; "
    "--live-restore; --selinux-enabled; --tls; --tlsverify; --userland-proxy"
)
VALUES = table(
    "-H --host; -p --pidfile; --exec-root; -b --bridge; --bip; --exec-opt; --fixed-cidr; --ip; -s --storage-driver; "
    "--storage-opt; --dns; --dns-opt; --dns-search; --insecure-registry; --registry-mirror; --log-driver; --log-opt; "
    "-l --log-level; --mtu; -G --group; --label; --default-ulimit; --tlscacert; --tlscert; --tlskey"
)
SWITCHES_OF_OLD = table("-d --daemon; -r --restart")
VALUES_OF_OLD = table("-g --graph")
VALUES_OF_NOW = table(
    "--data-root; --config-file; --containerd; --containerd-namespace; --cgroup-parent; --default-address-pool; "
    "--default-runtime; --feature; --max-concurrent-downloads; --max-concurrent-uploads; --add-runtime; "
    "--registry-token; --shutdown-timeout; --userns-remap"
)


def options(node: SimulatedNode, words: list[str]) -> Parsed:
    """Read the options of a daemon of this node's version. Raises Unknown."""
    if is_one_program(node):
        return parse(words, SWITCHES | SWITCHES_OF_OLD, VALUES | VALUES_OF_OLD)
    graph = VALUES_OF_OLD if node.version("docker.io") < GRAPH_GONE_SINCE else {}
    return parse(words, SWITCHES, VALUES | VALUES_OF_NOW | graph)


def start(node: SimulatedNode, argv: list[str], unit: str = "") -> str:
    """Start a daemon; return why it could not, or nothing. One that systemd starts is ready when this returns."""
    try:
        found = options(node, argv[1:])
    except Unknown as error:
        said = f"{error}\nSee '{argv[0]} --help'."
        return f"{said}\n" if is_one_program(node) else f"Status: {said}, Code: 125\n"
    if found.operands:
        usage = f"Usage:  {argv[0]} [OPTIONS]\n\nA self-sufficient runtime for containers.\n"
        return f"\"{argv[0]}\" accepts no argument(s).\nSee '{argv[0]} --help'.\n\n{usage}"
    socket, pidfile = found.last("--host", SYSTEM), found.last("--pidfile", "/var/run/docker.pid")
    data_root = found.last("--data-root") or found.last("--graph") or "/var/lib/docker"
    if said := _cannot(node, found, socket, pidfile, data_root):
        return said
    pid = next(number for number in count(FIRST_PID) if str(number) not in node.state["processes"])
    shared = any(
        node.tree.real(each["data_root"]) == node.tree.real(data_root) for each in node.state["docker"].values()
    )
    # Its database is locked: it waits for the other daemon's end, which it would not notice.
    wait = NEVER_SECONDS if shared else 0 if unit else node.latency("docker.daemon", READY_SECONDS)
    node.state["docker"][socket] = {
        "pid": pid,
        "data_root": data_root,
        "pidfile": pidfile,
        "arguments": argv[1:],
        "ready": node.clock + wait,
    }
    node.state["processes"][str(pid)] = {
        "program": argv[0].rpartition("/")[2],
        "arguments": argv[1:],
        "files": [f"{data_root}/{OPEN_FILE}"],
        "user": "root",
        "unit": unit,
    }
    _make_store(node, data_root)
    if exec_root := found.last("--exec-root"):
        make_directories(node, exec_root, "0700")
    make_directories(node, pidfile.rpartition("/")[0] or "/")
    node.tree.put(pidfile, _file(str(pid)))
    node.tree.put(_path(socket), {**_file(None), "mode": "0660"})
    _bring_bridge_up(node, found)
    if found.last("--restart", "true") == "true":
        for container in store(node, data_root)["containers"].values():
            container["running"] = container["running"] or always_restarts(container)
    return ""


def _cannot(node: SimulatedNode, found: Parsed, socket: str, pidfile: str, data_root: str) -> str:
    """Say why a daemon with these options ends at once, in the words of 20.10.24."""
    listen = f"failed to load listeners: can't create unix socket {_path(socket)}: listen unix {_path(socket)}: bind: "
    if _pid_in(node, pidfile):
        return f"failed to start daemon: pid file found, ensure docker is not running or delete {pidfile}\n"
    if len(_path(socket)) > SOCKET_PATH_CHARACTERS_MAX:
        return f"{listen}invalid argument\n"
    parent = _path(socket).rpartition("/")[0]
    if parent not in {"/var/run", "/run"} and not node.tree.exists(parent):
        return f"{listen}no such file or directory\n"
    entry = node.tree.entry(data_root)
    if entry is not None and entry["kind"] == "file":
        real = node.tree.real(data_root)
        return f"Unable to get the full path to root ({data_root}): canonical path points to a file '{real}'\n"
    if found.last("--storage-driver") == "btrfs":
        mount = node.tree.mount_of(node.tree.real(data_root))
        if mount is None or mount["type"] != "btrfs":
            return (
                "failed to start daemon: error initializing graphdriver: prerequisites for driver not satisfied "
                "(wrong filesystem?)\n"
            )
    bridge = found.last("--bridge")
    if bridge and found.last("--bip"):
        return "failed to start daemon: You specified -b & --bip, mutually exclusive options. Please specify only one\n"
    if bridge and bridge not in {"none", DEFAULT_BRIDGE} and bridge not in node.state["interfaces"]:
        return (
            'failed to start daemon: Error initializing network controller: Error creating default "bridge" network: '
            f"bridge device with non default name {bridge} must be created manually\n"
        )
    return ""


def _pid_in(node: SimulatedNode, pidfile: str) -> str:
    """The process that a pid file names, if there is one, whatever it is by now."""
    entry = node.tree.entry(pidfile)
    pid = entry["text"] if entry is not None and entry["kind"] == "file" else None
    return pid if pid and pid in node.state["processes"] else ""


def _bring_bridge_up(node: SimulatedNode, found: Parsed) -> None:
    """Bring the daemon's bridge up, with the first network that no interface is in, or that of --bip.

    The default bridge is made, where it is missing; a daemon that is to have none takes it away, whosever it was.
    """
    bridge = found.last("--bridge") or DEFAULT_BRIDGE
    interfaces = node.state["interfaces"]
    if bridge == "none":
        interfaces.pop(DEFAULT_BRIDGE, None)
        return
    if bridge == DEFAULT_BRIDGE and bridge not in interfaces:
        if is_one_program(node):
            # The daemon of the system made it at boot, and nobody takes it away.
            return
        interfaces[bridge] = bridge_interface()
    interface = interfaces[bridge]
    interface["up"] = True
    if interface["addresses"]:
        return
    if given := found.last("--bip"):
        interface["addresses"].append({"address": given, "label": ""})
        return
    taken = [
        _network(address["address"])
        for each in interfaces.values()
        for address in each["addresses"]
        if "«" not in address["address"]
    ]
    for second in range(17, 32):
        network = IPv4Network(f"172.{second}.0.0/16")
        if not any(isinstance(other, IPv4Network) and network.overlaps(other) for other in taken):
            interface["addresses"].append({"address": f"{network[1]}/{network.prefixlen}", "label": ""})
            return


@lru_cache(maxsize=1024)
def _network(address: str) -> IPv4Network | IPv6Network:
    return ip_interface(address).network


def _file(text: str | None) -> Entry:
    return {"kind": "file", "mode": "0644", "size": None, "text": text, "allocated": 0, "content": {"kind": "zero"}}


def end(node: SimulatedNode, pid: str) -> None:
    """End a daemon as SIGTERM does: its containers stop, its pid file and its socket go."""
    for socket, daemon in list(node.state["docker"].items()):
        if str(daemon["pid"]) == pid:
            for container in store(node, daemon["data_root"])["containers"].values():
                container["running"] = False
            for path in (daemon["pidfile"], _path(socket)):
                node.tree.remove(path)
            _leave_run_time(node, daemon["arguments"])
            del node.state["docker"][socket]
    node.state["processes"].pop(pid, None)


def _leave_run_time(node: SimulatedNode, arguments: list[str]) -> None:
    """Take the files along that a daemon and its containers have in the run-time directory; its directories stay."""
    if "--exec-root" not in arguments:
        return
    below = f"{arguments[arguments.index('--exec-root') + 1]}/"
    files = [path for path, entry in node.state["files"].items() if path.startswith(below) and entry["kind"] == "file"]
    for path in files:
        node.tree.remove(path)


def reached(node: SimulatedNode, socket: str) -> dict[str, Any] | None:
    """The daemon that answers at a socket; None while none does."""
    daemon: dict[str, Any] | None = node.state["docker"].get(socket)
    if daemon is None and not node.state["complete"]:
        node.ask(Question("docker", socket))
    return daemon if daemon is not None and daemon["ready"] <= node.clock else None


def store(node: SimulatedNode, data_root: str) -> dict[str, Any]:
    """What a daemon keeps in its directory: images by name, containers by id. To be read: it may not be there yet."""
    entry = node.tree.entry(data_root)
    held: dict[str, Any] | None = None if entry is None else entry["docker"]
    if held is not None:
        return held
    unseen = entry is not None and node.tree.may_hold_more(data_root) and node.ask(Question("store", data_root))
    return {"images": {}, "containers": {}, **({"supposed": True} if unseen else {})}


def filled_store(node: SimulatedNode, data_root: str) -> dict[str, Any]:
    """What `store` returns, to be written into."""
    make_directories(node, data_root)
    held = store(node, data_root)
    entry = node.tree.entry(data_root)
    if entry is not None and entry["docker"] is not held:
        node.tree.put(node.tree.real(data_root), {**entry, "docker": held})
    return held


def _make_store(node: SimulatedNode, data_root: str) -> None:
    """Make what a daemon has in its directory once it has started, as far as it is missing."""
    make_directories(node, data_root.rpartition("/")[0] or "/", "0711")
    entry = node.tree.entry(data_root) or directory()
    # Whatever it was before, it is nobody else's now.
    node.tree.put(node.tree.real(data_root), {**entry, "mode": ROOT_MODE})
    for name, mode in STORE.items():
        make_directories(node, f"{data_root}/{name}", mode)
    if not node.tree.exists(f"{data_root}/{OPEN_FILE}"):
        node.tree.put(f"{data_root}/{OPEN_FILE}", _file(None))
    filled_store(node, data_root)


def make_directories(node: SimulatedNode, path: str, mode: str = "0755") -> None:
    """Make a directory and those above it, where nothing is."""
    if not node.tree.exists(path):
        make_directories(node, path.rpartition("/")[0] or "/", mode)
        node.tree.put(path, {**directory(), "mode": mode})


def drop_layers(node: SimulatedNode, data_root: str, names: list[str] | None) -> None:
    """Let go of what docker kept on a btrfs, a subvolume for each layer: those of these names, or all (None)."""
    real = node.tree.real(data_root)
    mount = node.tree.mount_of(real)
    device = None if mount is None else node.state["devices"].get(mount["device"])
    if mount is None or device is None:
        return
    top = f"{mount['subvolume']}{real[len(mount['mount_point'].rstrip('/')) :]}".lstrip("/")
    prefix = f"{top}/{LAYERS}".lstrip("/")
    content = node.tree.holder(device)["content"]
    for name in [name for name in content.get("subvolumes", ()) if name.startswith(prefix)]:
        if names is None or name.removeprefix(prefix) in names:
            del content["subvolumes"][name]


def always_restarts(container: dict[str, Any]) -> bool:
    """Tell whether a container runs whenever its daemon does."""
    return "--restart=always" in container["arguments"]


def _path(socket: str) -> str:
    return socket.removeprefix("unix://")

"""start-stop-daemon of dpkg on a simulated node: --status and --stop, by pid file and name."""

from core.command import Command, Completed
from executors.simulated.containers import daemon
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"start-stop-daemon": "dpkg"}
DAEMONS = frozenset(("docker", "dockerd"))
DEAD, ABSENT, USAGE = 1, 3, 3


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer whether a daemon runs, or end it."""
    try:
        found, _ = options(
            command.argv[1:],
            flags=("--status", "--stop", "--oknodo"),
            values=("--pidfile", "--name", "--retry"),
            most=0,
        )
    except Usage as error:
        said = f"start-stop-daemon: {error}\nTry 'start-stop-daemon --help' for more information.\n"
        return Completed(USAGE, "", said)
    if ("--status" in found) is ("--stop" in found) or not {"--pidfile", "--name"} <= found.keys():
        said = "start-stop-daemon: need one of --start or --stop or --status\n"
        return Completed(USAGE, "", f"{said}Try 'start-stop-daemon --help' for more information.\n")
    pidfile, name = found["--pidfile"][-1], found["--name"][-1]
    pid = _running(node, pidfile, name)
    if "--status" in found:
        return Completed(0 if pid else DEAD if node.tree.exists(pidfile) else ABSENT)
    if not pid:
        return Completed(0 if "--oknodo" in found else 1, "", f"No {name} found running; none killed.\n")
    if name in DAEMONS:
        daemon.end(node, pid)
    else:
        del node.state["processes"][pid]
    return Completed(0)


def _running(node: SimulatedNode, pidfile: str, name: str) -> str:
    """The process that the pid file names, if its program has this name."""
    entry = node.tree.entry(pidfile)
    pid = entry["text"] or "" if entry is not None and entry["kind"] == "file" else ""
    process = node.state["processes"].get(pid)
    return pid if process is not None and process["program"] == name else ""

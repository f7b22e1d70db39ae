"""start-stop-daemon of dpkg on a simulated node: --status and --stop, by pid file and name."""

from core.command import Command, Completed
from executors.simulated.containers import daemon
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"start-stop-daemon": "dpkg"}
DAEMONS = frozenset(("docker", "dockerd"))
DEAD, ABSENT, USAGE, UNDETERMINED = 1, 3, 3, 4


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
        return _refused(str(error), USAGE)
    # Once it is asked for a status, whatever goes wrong is that it cannot be told.
    code = UNDETERMINED if "--status" in found else USAGE
    if not {"--status", "--stop"} & found.keys():
        return _refused("need one of --start or --stop or --status", code)
    if {"--status", "--stop"} <= found.keys():
        return _refused("only one command can be specified", code)
    if not {"--pidfile", "--name"} & found.keys():
        return _refused("need at least one of --exec, --pid, --ppid, --pidfile, --user or --name", code)
    if not {"--pidfile", "--name"} <= found.keys():
        return _refused("a simulated one goes by --pidfile and --name", code)
    pidfile, name = found["--pidfile"][-1], found["--name"][-1]
    pid = _running(node, pidfile, name)
    if "--status" in found:
        return Completed(0 if pid else _code(node, pidfile))
    if not pid:
        return Completed(0 if "--oknodo" in found else 1, f"No {name} found running; none killed.\n")
    if name in DAEMONS:
        daemon.end(node, pid)
    else:
        del node.state["processes"][pid]
    return Completed(0)


def _code(node: SimulatedNode, pidfile: str) -> int:
    """Why there is no such daemon: its file names another process, or nobody, or is not there."""
    entry = node.tree.entry(pidfile)
    if entry is None:
        return ABSENT
    return DEAD if (entry["text"] or "").strip().isdigit() else UNDETERMINED


def _refused(said: str, code: int) -> Completed:
    return Completed(code, "", f"start-stop-daemon: {said}\nTry 'start-stop-daemon --help' for more information.\n")


def _running(node: SimulatedNode, pidfile: str, name: str) -> str:
    """The process that the pid file names, if its program has this name."""
    entry = node.tree.entry(pidfile)
    pid = entry["text"] or "" if entry is not None and entry["kind"] == "file" else ""
    process = node.state["processes"].get(pid)
    return pid if process is not None and process["program"] == name else ""

"""systemd-run and systemctl on a simulated node that systemd runs: transient units of programs that say when ready."""

from fnmatch import fnmatch

from core.command import Command, Completed
from executors.simulated.containers import daemon
from executors.simulated.containers.client import is_one_program
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"systemctl": "systemd", "systemd-run": "systemd"}
NOT_LOADED = 5


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer systemd-run, and `systemctl is-system-running`, `list-units` and `stop`."""
    program, *words = command.argv
    try:
        return _started(node, words) if program == "systemd-run" else _systemctl(node, words)
    except Usage as error:
        return Completed(1, "", f"{program}: {error}\n")


def _unit(name: str) -> str:
    return name if name.endswith(".service") else f"{name}.service"


def _active(node: SimulatedNode) -> dict[str, str]:
    """The process of each active unit."""
    return {process["unit"]: pid for pid, process in node.state["processes"].items() if process.get("unit")}


def _started(node: SimulatedNode, words: list[str]) -> Completed:
    """Start a unit; its words are not looked at for options of systemd-run."""
    own = next((position for position, word in enumerate(words) if not word.startswith("-")), len(words))
    found, _ = options(
        words[:own], flags=("--quiet", "--collect"), values=("--unit", "--service-type", "--property"), most=0
    )
    program = words[own:]
    if not program:
        return Completed(1, "", "Command line to execute required.\n")
    unit = _unit(found.get("--unit", [f"run-u{node.state['serial']}"])[-1])
    if unit in _active(node):
        said = f"Unit {unit} was already loaded or has a fragment file."
        return Completed(1, "", f"Failed to start transient service unit: {said}\n")
    if program[0].rpartition("/")[2] != "dockerd" or is_one_program(node):
        return Completed(1, "", f"Failed to find executable {program[0]}: No such file or directory\n")
    if daemon.start(node, program, unit):
        said = f'See "systemctl status {unit}" and "journalctl -xeu {unit}" for details.'
        failed = f"Job for {unit} failed because the control process exited with error code.\n{said}\n"
        return Completed(1, "", failed)
    return Completed(0, "", "" if "--quiet" in found else f"Running as unit: {unit}\n")


def _systemctl(node: SimulatedNode, words: list[str]) -> Completed:
    match words:
        case ["is-system-running"]:
            return Completed(0, "running\n")
        case ["list-units", "--no-legend", "--plain", pattern]:
            units = [unit for unit in _active(node) if fnmatch(unit, _unit(pattern))]
            return Completed(0, "".join(f"{unit} loaded active running {unit}\n" for unit in units))
        case ["stop", name]:
            pid = _active(node).get(_unit(name))
            if pid is None:
                return Completed(NOT_LOADED, "", f"Failed to stop {_unit(name)}: Unit {_unit(name)} not loaded.\n")
            daemon.end(node, pid)
            return Completed(0)
        case _:
            return Completed(1, "", f"Unknown command verb '{' '.join(words[:1])}'.\n")

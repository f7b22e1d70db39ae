"""getent of glibc on a simulated node: the host names of its state."""

from ipaddress import ip_address

from core.command import Command, Completed
from core.state import Question
from executors.simulated.node import SimulatedNode

PROGRAMS = {"getent": "libc-bin"}
TRY = "Try `getent --help' or `getent --usage' for more information.\n"


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `getent ahosts NAME`: 2 for a name that is not known."""
    match command.argv[1:]:
        case (_, option) | (option,) if option.startswith("-"):
            return Completed(64, "", f"getent: unrecognized option '{option}'\n{TRY}")
        case ("ahosts", name):
            return _ahosts(node, name)
        case ("ahosts",):
            return Completed(0, "".join(f"{a:<15} {name}\n" for name, a in node.state["names"].items() if a))
        case ():
            return Completed(1, TRY, "getent: wrong number of arguments\n")
        case words:
            return Completed(1, TRY, f"Unknown database: {words[0]}\n")


def _ahosts(node: SimulatedNode, name: str) -> Completed:
    address = name if _is_address(name) else node.state["names"].get(name, "")
    if not address:
        if not node.state["complete"] and name not in node.state["names"]:
            node.ask(Question("name", name))
        return Completed(2)
    kinds = (("STREAM", name), ("DGRAM ", ""), ("RAW   ", ""))
    return Completed(0, "".join(f"{address:<15} {kind} {canonical}\n" for kind, canonical in kinds))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

"""fuser of psmisc on a simulated node."""

from core.command import Command, Completed
from executors.simulated.node import SimulatedNode

PROGRAMS = {"fuser": "psmisc"}
NAME_WIDTH = 20


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `fuser -vm MOUNT_POINT`: the table on stderr, the numbers on stdout."""
    if len(command.argv) != 3 or command.argv[1] != "-vm":  # noqa: PLR2004 - program, option, mount point
        return Completed(1, "", f"{' '.join(command.argv)}: Invalid option\nUsage: fuser [-fIMuvw] -m NAME\n")
    path = command.argv[2]
    if not node.tree.exists(path):
        return Completed(1, "", f"Specified filename {path} does not exist.\n")
    point = node.tree.real(path)
    users = [
        (pid, process)
        for pid, process in node.state["processes"].items()
        if any(file == point or file.startswith(f"{point}/") for file in map(node.tree.real, process["files"]))
    ]
    # A name that does not fit into its column has a line of its own.
    name = f"{path}:" if len(path) < NAME_WIDTH else f"{path}:\n"
    head = f"{'':21}USER        PID ACCESS COMMAND\n"
    head += (
        f"{name:20} root      mount {point}\n" if len(path) < NAME_WIDTH else f"{name}{'':21}root      mount {point}\n"
    )
    rows = "".join(f"{'':21}{each['user']:<8}  ..c.. {each['program']}\n" for _, each in users)
    return Completed(0, " ".join(["kernel", *(pid for pid, _ in users)]), head + rows)

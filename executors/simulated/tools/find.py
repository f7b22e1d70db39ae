"""find of findutils on a simulated node: what is in a directory, and who has a file open."""

import fnmatch
import re
from collections.abc import Iterator

from core.command import Command, Completed
from executors.simulated.node import SimulatedNode

PROGRAMS = {"find": "findutils"}
IN_IT = ("-mindepth", "1", "-maxdepth", "1", "-print", "-quit")
NO_DIRECTORY = ("-mindepth", "1", "!", "-type", "d", "-print", "-quit")
CLEAR = (
    *("-xdev", "-depth", "(", "-type", "s", "-o", "-name", "containerd.toml", "-o", "-type", "d", "-empty", ")"),
    "-delete",
)
NAMED = ("-mindepth", "1", "-maxdepth", "1", "-name")
OPEN = ("-mindepth", "3", "-maxdepth", "3", "-path", "/proc/[0-9]*/fd/*", "-lname")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer the questions of core.tools.find, and clear a run-time directory; nothing else."""
    _, path, *rest = command.argv
    if path == "/proc" and tuple(rest[:-1]) == OPEN:
        return Completed(0, "".join(_open(node, rest[-1])))
    if tuple(rest) == CLEAR:
        return _cleared(node, path)
    if tuple(rest[:-1]) == NAMED:
        return _matching(node, path, rest[-1])
    if tuple(rest) not in {IN_IT, NO_DIRECTORY}:
        return Completed(1, "", f"find: unknown predicate '{' '.join(rest)}'\n")
    entry = node.tree.entry(path)
    if entry is None:
        return Completed(1, "", f"find: \u2018{path}\u2019: No such file or directory\n")
    if tuple(rest) == NO_DIRECTORY:
        first = next(_below(node, path), None)
    else:
        first = next((f"{path}/{name}" for name in node.tree.children(path)), None)
    return Completed(0, "" if first is None else f"{first}\n")


def _matching(node: SimulatedNode, path: str, pattern: str) -> Completed:
    """What is directly in a directory and has a name of this pattern."""
    if not node.tree.exists(path):
        return Completed(1, "", f"find: \u2018{path}\u2019: No such file or directory\n")
    names = fnmatch.filter(node.tree.children(path), pattern)
    return Completed(0, "".join(f"{path.rstrip('/')}/{name}\n" for name in names))


def _cleared(node: SimulatedNode, path: str) -> Completed:
    """Delete the sockets below a directory, and directories that are empty; a daemon's own configuration, too."""
    entry = node.tree.link(path)
    if entry is None:
        return Completed(1, "", f"find: \u2018{path}\u2019: No such file or directory\n")
    if not node.state["complete"]:
        # Of a real one nobody knows all that is in it; what a daemon has made goes, and nothing else is expected.
        for inner in sorted((each for each in node.state["files"] if each.startswith(f"{path}/")), reverse=True):
            node.tree.remove(inner)
        node.tree.remove(path)
        return Completed(0)
    for name in node.tree.children(path) if entry["kind"] == "directory" else ():
        _cleared(node, f"{path}/{name}")
    goes = path.endswith((".sock", ".ttrpc", "/containerd.toml"))
    if not node.tree.children(path) if entry["kind"] == "directory" else goes:
        node.tree.remove(path)
    return Completed(0)


def _below(node: SimulatedNode, path: str) -> Iterator[str]:
    """Everything below a directory that is no directory."""
    for name in node.tree.children(path):
        inside = f"{path.rstrip('/')}/{name}"
        entry = node.tree.link(inside)
        if entry is not None and entry["kind"] != "directory":
            yield inside
        else:
            yield from _below(node, inside)


def _open(node: SimulatedNode, pattern: str) -> Iterator[str]:
    """A line for each process that has the file of this pattern (a path, its special characters escaped) open."""
    path = re.sub(r"\\(.)", r"\1", pattern)
    for pid, process in node.state["processes"].items():
        for number, file in enumerate(process["files"]):
            if node.tree.real(file) == path:
                yield f"/proc/{pid}/fd/{number + 3}\n"

"""find(1): whether a directory holds any file, what files are, and which processes have one open."""

from collections.abc import Sequence
from typing import NamedTuple

from core.command import Command, Completed
from core.tools import files

TOOL = "find"
_COLUMNS = r"%p\0%y\0%m\0%s\0%b\0%l\0"
_PATTERN_CHARACTERS = str.maketrans({character: f"\\{character}" for character in "*?[\\"})


class Fact(NamedTuple):
    """What is at a path. kind: the letter of find (f, d, l, b, c, p, s). blocks: allocated ones of 512 bytes.

    mode: octal digits. target: where a link leads, else "".
    """

    path: str
    kind: str
    mode: str
    size: int
    blocks: int
    target: str


def facts(paths: Sequence[str]) -> Command:
    """Ask what is at some paths, links not followed; read the answer with `parse_facts`. 1 when one is not there."""
    return Command(("find", *paths, "-maxdepth", "0", "-printf", _COLUMNS), accepts=(0, 1), tool=TOOL)


def facts_below(directory: str, *, deep: bool) -> Command:
    """Ask what is directly in a directory, or (`deep`) anywhere below it on its filesystem."""
    depth = ("-xdev",) if deep else ("-maxdepth", "1")
    return Command(("find", directory, "-mindepth", "1", *depth, "-printf", _COLUMNS), accepts=(0, 1), tool=TOOL)


def parse_facts(answer: str) -> list[Fact]:
    """Read the answer of `facts` or `facts_below`."""
    cells = answer.split("\0")[:-1]
    rows = zip(*[iter(cells)] * len(Fact._fields), strict=False)
    return [Fact(path, kind, mode, int(size), int(blocks), target) for path, kind, mode, size, blocks, target in rows]


def file(directory: str) -> Command:
    """Ask for one file (or link, socket, ...) anywhere below a directory; no line when there are only directories.

    Directories alone are nobody's data: a mount point inside a filesystem is one, and so is `lost+found`.
    """
    return Command(("find", directory, "-mindepth", "1", "!", "-type", "d", "-print", "-quit"), tool=TOOL)


def entry(directory: str) -> Command:
    """Ask for one entry directly in a directory; no line when it is empty."""
    return Command(("find", directory, "-mindepth", "1", "-maxdepth", "1", "-print", "-quit"), tool=TOOL)


def matching(pattern: str) -> Command:
    """Ask for what a pattern such as `/srv/images/*.img` matches, a path on each line; 1 without such a directory."""
    directory, _, name = pattern.rpartition("/")
    depth = ("-mindepth", "1", "-maxdepth", "1")
    return Command(("find", directory or "/", *depth, "-name", name), accepts=(0, 1), tool=TOOL)


def clear_run_time(directory: str) -> Command:
    """Delete what a docker daemon that has ended leaves in its run-time directory.

    That is sockets, a configuration that it writes for containerd, and directories as far as they are empty: whatever
    else should be in there stays, and keeps its directory.
    """
    left = ("-type", "s", "-o", "-name", "containerd.toml", "-o", "-type", "d", "-empty")
    return Command(
        ("find", directory, "-xdev", "-depth", "(", *left, ")", "-delete"),
        kind="changes",
        check=files.is_gone(directory),
        quiet=True,
        tool=TOOL,
    )


def openers(path: str) -> Command:
    """Ask which processes have a file (given by its real path) open; read the answer with `pids`.

    As fuser does, but on every node, and with its blind spot: a process that may not be looked into is not seen. find
    ends with 1 then, and when a process ends while it looks.
    """
    descriptors = ("-mindepth", "3", "-maxdepth", "3", "-path", "/proc/[0-9]*/fd/*")
    return Command(
        ("find", "/proc", *descriptors, "-lname", path.translate(_PATTERN_CHARACTERS)), accepts=(0, 1), tool=TOOL
    )


def pids(answer: Completed) -> list[str]:
    """Read the answer of `openers`: the numbers of the processes."""
    return list(dict.fromkeys(line.split("/")[2] for line in answer.stdout.splitlines() if line.startswith("/proc/")))

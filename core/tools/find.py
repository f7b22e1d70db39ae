"""find(1): whether a directory holds any file."""

from core.command import Command

TOOL = "find"


def file(directory: str) -> Command:
    """Ask for one file (or link, socket, ...) anywhere below a directory; no line when there are only directories.

    Directories alone are nobody's data: a mount point inside a filesystem is one, and so is `lost+found`.
    """
    return Command(("find", directory, "-mindepth", "1", "!", "-type", "d", "-print", "-quit"), tool=TOOL)


def entry(directory: str) -> Command:
    """Ask for one entry directly in a directory; no line when it is empty."""
    return Command(("find", directory, "-mindepth", "1", "-maxdepth", "1", "-print", "-quit"), tool=TOOL)

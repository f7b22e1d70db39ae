"""blkdiscard(8): zeroes on a part of a device."""

from core import answers
from core.command import Command, Completed
from core.tools import cmp

TOOL = "blkdiscard"
NOT_INSTALLED = 127
ZEROES_SINCE = (2, 28)


def version() -> Command:
    """Ask for the version of util-linux; 127 where it has no blkdiscard yet."""
    return Command(("blkdiscard", "--version"), accepts=(0, NOT_INSTALLED), tool=TOOL)


def can_zero(answer: Completed) -> bool:
    """Tell whether this version can write zeroes (`-z`, since 2.28)."""
    found = answers.version(answer.stdout)
    return answer.returncode == 0 and found is not None and found >= ZEROES_SINCE


def zero(device: str, offset: int, length: int) -> Command:
    """Write zeroes from `offset` on. The tool only warns of a signature, and refuses a device in use."""
    return Command(
        ("blkdiscard", "-z", "-o", str(offset), "-l", str(length), device),
        kind="changes",
        check=cmp.is_zero(device, offset, length),
        shows=False,
        tool=TOOL,
    )

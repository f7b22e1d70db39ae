"""blkdiscard(8): zeroes on a part of a device."""

import re

from core.command import Command, Completed
from core.tools import cmp

TOOL = "blkdiscard"
NOT_INSTALLED = 127


def version() -> Command:
    """Ask for the version of util-linux; 127 where it has no blkdiscard yet."""
    return Command(("blkdiscard", "--version"), accepts=(0, NOT_INSTALLED), tool=TOOL)


def can_zero(answer: Completed) -> bool:
    """Tell whether this version can write zeroes (`-z`, since 2.28)."""
    found = re.search(r"([0-9]+)\.([0-9]+)", answer.stdout)
    return answer.returncode == 0 and found is not None and (int(found[1]), int(found[2])) >= (2, 28)


def zero(device: str, offset: int, length: int) -> Command:
    """Write zeroes from `offset` on. The tool only warns of a signature, and refuses a device in use."""
    return Command(
        ("blkdiscard", "-z", "-o", str(offset), "-l", str(length), device),
        kind="changes",
        check=cmp.is_zero(device, offset, length),
        shows=False,
        tool=TOOL,
    )

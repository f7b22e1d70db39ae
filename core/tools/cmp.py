"""cmp(1): whether a part of a device is zero."""

from core.command import Check, Command

TOOL = "cmp"
UNREADABLE = 2


def zeroes(device: str, offset: int | str, length: int | str) -> Command:
    """Ask whether `length` bytes from `offset` on are zero: 0, 1 when not, 2 when the device cannot be read.

    A text stands for a number that only a shell will know.
    """
    skip = ("-i", f"{offset}:0") if offset else ()
    return Command(("cmp", "-n", str(length), *skip, device, "/dev/zero"), accepts=(0, 1, UNREADABLE), tool=TOOL)


def is_zero(device: str, offset: int, length: int) -> Check:
    """Hold when `length` bytes from `offset` on are zero; not when the device is not there (any more)."""
    return Check(zeroes(device, offset, length))

"""blockdev(8) and lsblk(8): the size of a block device, and who uses it."""

import re

from core.command import Check, Command, Completed

TOOL = "blockdev"


def is_block_device(path: str) -> Command:
    """Ask whether a block device is at the path, links followed: 0 or 1."""
    return Command(("test", "-b", path), accepts=(0, 1), tool="files")


def forget(path: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that a device is not there, so that the record can forget what was on it."""
    return Command(
        ("test", "!", "-b", path),
        kind="changes",
        unmakes=unmakes,
        check=Check(is_block_device(path), absent=True),
        quiet=True,
        tool="files",
    )


def size(device: str) -> Command:
    """Ask for the size in bytes."""
    return Command(("blockdev", "--getsize64", device), tool=TOOL)


def reread(device: str) -> Command:
    """Have the kernel read the partition table again: what is not in it any more goes.

    1 when a partition is open, as it is for a moment while udev looks into it; udev reads the table again itself then.
    """
    return Command(
        ("blockdev", "--rereadpt", device),
        kind="changes",
        accepts=(0, 1),
        check=has_no_partitions(device),
        shows=False,
        tool=TOOL,
    )


def has_no_partitions(device: str) -> Check:
    """Hold when the kernel knows no partition of the device, nor anything else that is made of it."""
    return Check(uses(device), path="words[1]", absent=True)


def uses(device: str) -> Command:
    """Ask what a device is used for; read the answer with `users`."""
    return Command(("lsblk", "-nro", "NAME,MOUNTPOINT", device), tool=TOOL)


def users(answer: Completed) -> list[str]:
    """Who uses the device: its mount points, `[SWAP]`, and the devices that are made of it."""
    rows = _rows(answer)
    mounted = [row[1] for row in rows if len(row) > 1 and row[1].strip()]
    return mounted + [row[0] for row in rows[1:] if len(row) == 1 or not row[1].strip()]


def size_and_uses(device: str) -> Command:
    """Ask both at once; read the answer with `parse_size_and_uses`."""
    return Command(("lsblk", "-nrbo", "SIZE,NAME,MOUNTPOINT", device), tool=TOOL)


def parse_size_and_uses(answer: Completed) -> tuple[int, Completed]:
    """Read the answer of `size_and_uses`: the bytes of the device, and the answer that `uses` would have had.

    0 bytes for what lsblk leaves out (a RAM disk, a loop device without a file): `size` knows better.
    """
    lines = [line.split(" ", 1) for line in answer.stdout.splitlines()]
    size = int(lines[0][0]) if lines else 0
    return size, answer._replace(stdout="\n".join(rest for _, rest in lines))


def keepers(answer: Completed) -> list[str]:
    """Who keeps the device from being taken away: its users, but for partitions that nothing is mounted from.

    The kernel lets these go with their disk, and they come back with it.
    """
    bare = partitions(answer)
    return [user for user in users(answer) if user not in bare]


def partitions(answer: Completed) -> list[str]:
    """The names of the partitions that the device has (`sdb1`, `rbd0p1`)."""
    names = [row[0] for row in _rows(answer)]
    disk = names[0] if names else ""
    part = re.compile(rf"{re.escape(disk)}{'p' if disk[-1:].isdigit() else ''}\d+")
    return [name for name in names[1:] if part.fullmatch(name)]


def _rows(answer: Completed) -> list[list[str]]:
    return [line.split(" ", 1) for line in answer.stdout.splitlines() if line.strip()]

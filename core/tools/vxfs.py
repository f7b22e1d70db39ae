"""mkfs.vxfs(1M) and fsck.vxfs(1M) of Veritas on Linux: known from their manual, since none is free to be run."""

from core.command import Command, Makes
from core.tools import blkid

TOOL = "vxfs"
AS_EVER = "largefiles,bsize=8192"
"""How these filesystems have always been made: files of more than 2 GiB, blocks of 8 KiB."""


def make_filesystem(device: str, options: tuple[str, ...], name: str, identity: str, place: str = "") -> Command:
    """Format a device. A VxFS has no uuid that could be chosen, so `identity` is the name of its device.

    place: where to look for it: the file of a loop device.
    """
    return Command(
        ("mkfs.vxfs", "-o", AS_EVER, *options, device),
        kind="changes",
        makes=Makes(name, "vxfs", identity=identity),
        check=blkid.holds(place or device, "TYPE", "vxfs"),
        tool=TOOL,
    )


def check_filesystem(device: str) -> Command:
    """Replay the log of a filesystem, without which one that was not unmounted cannot be mounted."""
    return Command(("fsck.vxfs", "-y", device), kind="announces", tool=TOOL)

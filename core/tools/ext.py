"""mkfs.ext2(8), mkfs.ext3(8), mkfs.ext4(8) and e2fsck(8)."""

from core.command import Command, Makes
from core.tools import blkid

TOOL = "ext"
CORRECTED = 1
NOT_INSTALLED = 127


def make_filesystem(
    type_: str, device: str, options: tuple[str, ...], name: str, uuid: str, place: str = ""
) -> Command:
    """Format a device, with a uuid of ours. Without a terminal mkfs asks nothing: only a mounted device is refused.

    place: where to look for it: the file of a loop device.
    """
    return Command(
        (f"mkfs.{type_}", "-q", "-U", uuid, *options, device),
        kind="changes",
        makes=Makes(name, "filesystem", identity=uuid),
        check=blkid.holds(place or device, "UUID", uuid),
        tool=TOOL,
    )


def check_filesystem(device: str) -> Command:
    """Check and repair what can be repaired without a question: 0, or 1 when something was; 127 without e2fsck."""
    return Command(("e2fsck", "-p", device), kind="announces", accepts=(0, CORRECTED, NOT_INSTALLED), tool=TOOL)

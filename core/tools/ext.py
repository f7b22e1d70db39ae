"""mkfs.ext2(8), mkfs.ext3(8), mkfs.ext4(8), e2fsck(8), tune2fs(8) and resize2fs(8)."""

from core.command import Check, Command, Completed, Makes
from core.tools import blkid

TOOL = "ext"
CORRECTED = 1
NOT_INSTALLED = 127
SPARE_BLOCKS = 2048
"""What an ext may leave free of its device: a last group of blocks that has no room for its own tables."""


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


def superblock(device: str) -> Command:
    """Ask for what the superblock says; read the answer with `fields`. Ends with 1 where there is no ext filesystem."""
    return Command(("tune2fs", "-l", device), accepts=(0, 1), tool=TOOL)


def fields(answer: Completed) -> dict[str, str]:
    """Read the answer of `superblock`: `Filesystem UUID`, `Filesystem volume name` ("" for none), ..."""
    found = {}
    for line in answer.stdout.splitlines():
        name, colon, value = line.partition(":")
        if colon and answer.returncode == 0:
            found[name] = value.strip().replace("<none>", "")
    return found


def set_uuid(device: str, uuid: str) -> Command:
    """Give a filesystem another uuid; a mounted one is refused."""
    return Command(("tune2fs", "-U", uuid, device), kind="changes", check=blkid.holds(device, "UUID", uuid), tool=TOOL)


def set_label(device: str, text: str) -> Command:
    """Label a filesystem, mounted or not; a label of more than 16 bytes is cut."""
    return Command(("tune2fs", "-L", text, device), kind="changes", check=blkid.holds(device, "LABEL", text), tool=TOOL)


def size(answer: Completed) -> int | None:
    """Read the answer of `superblock`: how many bytes the filesystem has; None where there is none."""
    found = fields(answer)
    return int(found["Block count"]) * int(found["Block size"]) if found else None


def spare(answer: Completed) -> int:
    """Read the answer of `superblock`: how many bytes of its device it may leave free."""
    return SPARE_BLOCKS * int(fields(answer).get("Block size", 0))


def grow(device: str, before: Completed) -> Command:
    """Let a filesystem have all of its device, mounted or not. before: the answer of `superblock`.

    Its check is that it is not as large as it was: what it becomes is rounded to groups of blocks by resize2fs.
    """
    line = f"{'Block count:':<26}{fields(before)['Block count']}"
    return Command(
        ("resize2fs", device),
        kind="changes",
        check=Check(superblock(device), path="lines", text=line, absent=True),
        tool=TOOL,
    )

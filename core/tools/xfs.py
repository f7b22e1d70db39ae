"""mkfs.xfs(8)."""

from core import answers
from core.command import Command, Completed, Makes
from core.tools import blkid

TOOL = "xfs"
UUID_SINCE = (4, 3)


def version() -> Command:
    """Ask for the version of xfsprogs."""
    return Command(("mkfs.xfs", "-V"), tool=TOOL)


def takes_uuid(answer: Completed) -> bool:
    """Tell whether this version lets us choose the uuid (`-m uuid=`)."""
    found = answers.version(answer.stdout + answer.stderr)
    return found is not None and found >= UUID_SINCE


def make_filesystem(device: str, options: tuple[str, ...], name: str, uuid: str = "", place: str = "") -> Command:
    """Format a device; with `uuid`, the filesystem gets it, else mkfs chooses one. Refuses to overwrite another.

    place: where to look for it: the file of a loop device.
    """
    chosen = ("-m", f"uuid={uuid}") if uuid else ()
    place = place or device
    witness = blkid.value(place, "UUID")
    return Command(
        ("mkfs.xfs", "-q", *chosen, *options, device),
        kind="changes",
        makes=Makes(name, "filesystem", identity=uuid, witness=None if uuid else witness),
        check=blkid.holds(place, "UUID", uuid) if uuid else blkid.holds(place, "TYPE", "xfs"),
        tool=TOOL,
    )

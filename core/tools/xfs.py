"""mkfs.xfs(8), xfs_admin(8), xfs_info(8) and xfs_growfs(8)."""

import re
from typing import NamedTuple

from core import answers
from core.command import Check, Command, Completed, Makes
from core.tools import blkid

TOOL = "xfs"
UUID_SINCE = (4, 3)
SPARE_BYTES = 16 * 1024 * 1024
"""What mkfs may leave free of a device: a last group that would be smaller."""
_DATA = re.compile(r"^data\s.*bsize=(\d+)\s+blocks=(\d+)", re.MULTILINE)


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


class Identity(NamedTuple):
    """The label ("" for none) and the uuid of a filesystem."""

    label: str
    uuid: str


def identity(device: str) -> Command:
    """Ask for label and uuid; read the answer with `identity_of`. Ends with 1 where there is no xfs."""
    return Command(("xfs_admin", "-lu", device), accepts=(0, 1), tool=TOOL)


def identity_of(answer: Completed) -> Identity | None:
    """Read the answer of `identity`; None where there is no xfs."""
    label = re.search(r'^label = "(.*)"$', answer.stdout, re.MULTILINE)
    uuid = re.search(r"^UUID = (\S+)$", answer.stdout, re.MULTILINE)
    return None if label is None or uuid is None else Identity(label[1], uuid[1])


def set_uuid(device: str, uuid: str) -> Command:
    """Give a filesystem another uuid; a mounted one is refused.

    xfs_admin ends with 0 also when it changed nothing ("invalid UUID"): only the check tells.
    """
    return Command(
        ("xfs_admin", "-U", uuid, device), kind="changes", check=blkid.holds(device, "UUID", uuid), tool=TOOL
    )


def set_label(device: str, text: str) -> Command:
    """Label a filesystem that is not mounted; a label of more than 12 bytes is cut. As above, only the check tells."""
    return Command(
        ("xfs_admin", "-L", text, device), kind="changes", check=blkid.holds(device, "LABEL", text), tool=TOOL
    )


def geometry(place: str) -> Command:
    """Ask for the geometry of a filesystem, by its mount point or its device; read the answer with `size`.

    Ends with 1 where there is none, and xfsprogs before 4.20 want a mount point.
    """
    return Command(("xfs_info", place), accepts=(0, 1), tool=TOOL)


def size(answer: Completed) -> int | None:
    """Read the answer of `geometry`: how many bytes the filesystem has, its log included; None where there is none."""
    data = _DATA.search(answer.stdout)
    return None if data is None else int(data[1]) * int(data[2])


def grow(mount_point: str, before: Completed) -> Command:
    """Let a mounted filesystem have all of its device. before: the answer of `geometry`.

    Its check is that it is not as large as it was: what it becomes is rounded by the kernel.
    """
    line = next(line.strip() for line in before.stdout.splitlines() if _DATA.match(line))
    return Command(
        ("xfs_growfs", mount_point),
        kind="changes",
        check=Check(geometry(mount_point), path="lines", text=line, absent=True),
        tool=TOOL,
    )

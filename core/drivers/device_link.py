"""The links below `{var}/SERVICE/dev` by which a service file names devices whose own names change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.driver import Holding
from core.drivers import directories
from core.tools import files

if TYPE_CHECKING:
    from core.config.service import Resource


def path(disk: "Resource", position: int | str) -> str:
    """The link to one of the devices of a disk: `/var/lib/opensvc/svc1/dev/disk.0.1`."""
    return f"{disk.service.var}/{disk.service.name}/dev/{disk.group}.{disk.index}.{position}"


def lead(disk: "Resource", position: int, device: str) -> Steps:
    """Let the link lead to a device; do nothing where it does."""
    link = path(disk, position)
    # Not where it leads in the end: the device may be a link itself, of udev's making.
    before = (yield files.target_of(link)).stdout.strip()
    if before == device:
        return
    yield Note(f"create static device name {link} -> {device}")
    yield from files.missing_directories(disk.rid, link.rpartition("/")[0])
    if before:
        yield files.link(device, link, before=before)
    else:
        yield files.link(device, link, f"{disk.rid}.link.{position}")


def held(disk: "Resource", positions: Iterable[int]) -> Steps:
    """Return as `Holding` the links of these devices that are there, and their directories."""
    found: list[Holding] = yield from directories.held(disk, path(disk, 0).rpartition("/")[0])
    for position in positions:
        link = path(disk, position)
        if (yield files.target_of(link)).stdout.strip():
            found.append(Holding(f"link.{position}", "link", link))
    return found

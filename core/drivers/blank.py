"""The proof that a device holds nothing, before it is formatted; and the zeroes that leave it so afterwards."""

from typing import TYPE_CHECKING

from core import evidence
from core.command import Steps, Thing
from core.errors import Refused, Remedy
from core.tools import blkdiscard, blockdev, dd, wipefs

if TYPE_CHECKING:
    from core.config.service import Resource


NAMES_DEVICES = ("dev", "devs", "pvs", "vdev")


def prove(resource: "Resource", device: str, name: str = "") -> Steps:
    """Prove that a device is blank, or destroy what it holds where the operator has named it.

    name: what its user calls the device; what `dev` says, where it is not given. Return the `Thing` that the next
    command destroys, and the bytes that the device has. Raises Refused with what is there, and what would allow it.
    """
    dev = name or resource["dev"]
    found: evidence.Evidence = yield from evidence.look(device)
    if found.users:
        raise Refused(
            f"{resource.rid}: {dev} is in use ({', '.join(found.users)})",
            place(resource, dev),
            "free it, or name another device",
        )
    if found.unreadable:
        raise Refused(
            f"{resource.rid}: {dev} cannot be read, so nobody knows what it holds",
            place(resource, dev),
            found.unreadable,
        )
    if not found.held:
        return Thing("device", dev, blank=True, at=device), found.size
    if not (yield from is_given_up(resource, device, dev)):
        said = f"{resource.rid}: {dev} is not blank: it holds {found.held}"
        raise Refused(said, place(resource, dev), allowing(resource, dev))
    if not found.signatures:
        return Thing("device", dev, at=device), found.size
    yield wipefs.erase(device, (Thing("device", dev, at=device),))
    return Thing("device", dev, blank=True, at=device), found.size


def place(resource: "Resource", device: str) -> str:
    """Say where the service file names a device; "" where a pattern or another name stands for it."""
    document = resource.service.document
    for key in document.options(resource.rid):
        name = key.partition("@")[0]
        if name in NAMES_DEVICES and device in (resource[name] or "").split():
            return f"{name} names it on line {document.line(resource.rid, key)}"
    return ""


def is_given_up(resource: "Resource", device: str, name: str = "") -> Steps:
    """Tell whether the operator said that what is on this device may be destroyed (`--allow-destroy DEVICE`)."""
    return (yield from evidence.is_named(device, (name or resource["dev"],), resource.service.allow_destroy))


def allowing(resource: "Resource", name: str = "") -> Remedy:
    """The command line that lets the device of a resource be overwritten."""
    line = f"svcmgr -s {resource.service.name} provision --allow-destroy {name or resource['dev']}"
    return Remedy("to destroy it", line)


def zeroing(device: str, file: str = "", size: int | None = None) -> Steps:
    """Return the commands that zero the last and then the first MiB of a device, as this node's tools can.

    The first comes last: while it is there, the device still says what it holds, so an interrupted run finds its way.
    file: what the device is a loop device of; then that is zeroed, since tomorrow the device has another name.
    size: how many bytes it has, where somebody has asked already.
    """
    if size is None:
        size = int((yield blockdev.size(device)).stdout)
    ends = reversed(evidence.ends(size))
    if file or not blkdiscard.can_zero((yield blkdiscard.version())):
        return tuple(dd.zero(file or device, offset, length) for offset, length in ends)
    return tuple(blkdiscard.zero(device, offset, length) for offset, length in ends)

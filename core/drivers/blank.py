"""The proof that a device holds nothing, before it is formatted; and the zeroes that leave it so afterwards.

That no signature is found proves nothing: an unreadable device looks the same, and so does a disk whose owner writes
to it without a filesystem. So nobody may use the device, its first and last MiB must be readable, and zero.
"""

from typing import TYPE_CHECKING

from core.command import Steps, Thing
from core.errors import Refused
from core.tools import blkdiscard, blockdev, cmp, dd, files, wipefs

if TYPE_CHECKING:
    from core.config.service import Resource

MEBIBYTE = 1024 * 1024


def prove(resource: "Resource", device: str) -> Steps:
    """Prove that a device is blank, or destroy what it holds where the operator has named it.

    Return the `Thing` that the next command destroys. Raises Refused with what is there, and what would allow it.
    """
    dev = resource["dev"]
    if users := blockdev.users((yield blockdev.uses(device))):
        raise Refused(f"{resource.rid}: {dev} is in use ({', '.join(users)})", "free it, or name another device")
    size = int((yield blockdev.size(device)).stdout)
    is_zero = True
    for offset, length in ends(size):
        answer = yield cmp.zeroes(device, offset, length)
        if answer.returncode == cmp.UNREADABLE:
            raise Refused(f"{resource.rid}: {dev} cannot be read, so nobody knows what it holds", answer.stderr.strip())
        is_zero = is_zero and not answer.returncode
    signatures = (yield wipefs.signatures(device)).stdout.strip()
    if not signatures and is_zero:
        return Thing("device", dev, blank=True)
    held = signatures.splitlines()[-1].strip() if signatures else "bytes without a signature"
    if not (yield from is_given_up(resource, device)):
        raise Refused(f"{resource.rid}: {dev} is not blank: it holds {held}", allowing(resource))
    if not signatures:
        return Thing("device", dev)
    yield wipefs.erase(device, (Thing("device", dev),))
    return Thing("device", dev, blank=True)


def is_given_up(resource: "Resource", device: str) -> Steps:
    """Tell whether the operator said that what is on this device may be destroyed (`--allow-destroy DEVICE`)."""
    allowed = resource.service.allow_destroy
    if not allowed:
        return False
    real = (yield files.read_link(device)).stdout.strip()
    return not allowed.isdisjoint((resource["dev"], device, real))


def allowing(resource: "Resource") -> str:
    """The command line that lets the device of a resource be overwritten."""
    return f"to destroy it: svcmgr -s {resource.service.name} provision --allow-destroy {resource['dev']}"


def zeroing(device: str, file: str = "") -> Steps:
    """Return the commands that zero the last and then the first MiB of a device, as this node's tools can.

    The first comes last: while it is there, the device still says what it holds, so an interrupted run finds its way.
    file: what the device is a loop device of; then that is zeroed, since tomorrow the device has another name.
    """
    both = reversed(ends(int((yield blockdev.size(device)).stdout)))
    if file or not blkdiscard.can_zero((yield blkdiscard.version())):
        return tuple(dd.zero(file or device, offset, length) for offset, length in both)
    return tuple(blkdiscard.zero(device, offset, length) for offset, length in both)


def ends(size: int) -> list[tuple[int, int]]:
    """The first and the last MiB, as offset and length; one range where the device is not larger than that."""
    if size <= MEBIBYTE:
        return [(0, size)]
    return [(0, MEBIBYTE), (size - MEBIBYTE, MEBIBYTE)]

"""Locks on images of a Ceph cluster, in the name of a node: taken before an image is mapped, never broken.

A lock stays when its node loses power, so that the next start there finds it.
"""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.errors import CommandFailed, Failed, Refused
from core.tools import rbd

if TYPE_CHECKING:
    from core.config.service import Resource

AUTOMATIC = "auto "
"""How the locks begin that the feature exclusive-lock takes and gives by itself."""


def _tag(disk: "Resource") -> str:
    """The tag of a shared lock; "" for an exclusive one."""
    return (disk["lock_shared_tag"] or disk.service.name) if disk["lock"] == "shared" else ""


def free(disk: "Resource", client: "rbd.Client", image: str) -> Steps:
    """See that nobody has locked an image. Raises Refused with who has."""
    for lock in rbd.parse_locks((yield rbd.locks(client, image))):
        if not lock.identity.startswith(AUTOMATIC):
            raise _held(disk, image, lock)


def locked(disk: "Resource", client: "rbd.Client", image: str, found: "rbd.Image", position: int) -> Steps:
    """Lock an image in the name of this node. Raises Refused when it is another's: no lock is ever broken."""
    if "exclusive-lock" in found.features:
        off = f"rbd feature disable {image} object-map fast-diff exclusive-lock"
        raise Failed(
            f"{disk.rid}: {image} has the feature exclusive-lock, and could not be written to while locked; {off}"
        )
    node, tag = disk.service.nodename, _tag(disk)
    locks = rbd.parse_locks((yield rbd.locks(client, image)))
    if any(lock.identity == node for lock in locks):
        yield Note(f"{image} is already locked")
        return
    if locks and not tag:
        raise _held(disk, image, locks[0])
    try:
        yield rbd.lock(client, image, node, tag, f"{disk.rid}.lock.{position}")
    except CommandFailed as failure:
        if "already held" not in failure.stderr:
            raise
        raise _held(disk, image, (locks or rbd.parse_locks((yield rbd.locks(client, image))))[0]) from failure


def _held(disk: "Resource", image: str, lock: "rbd.Lock") -> Refused:
    said = f"{disk.rid}: {image} is locked by {lock.identity} ({lock.locker}, {lock.address})"
    remove = f"rbd lock remove {image} {lock.identity} {lock.locker}"
    return Refused(said, f"stop the service there; if that node is dead: {remove}")


def unlocked(disk: "Resource", client: "rbd.Client", image: str, position: int) -> Steps:
    """Give back each lock that this node has on an image."""
    node, tag = disk.service.nodename, _tag(disk)
    again = rbd.lock(client, image, node, tag, f"{disk.rid}.lock.{position}")._replace(makes=None, undo=())
    for lock in rbd.parse_locks((yield rbd.locks(client, image))):
        if lock.identity == node:
            yield rbd.unlock(client, image, node, lock.locker)._replace(undo=(again,))

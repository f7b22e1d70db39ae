"""disk.rados: images of a Ceph cluster, mapped to block devices.

An image is known to the others by its link, `/var/lib/opensvc/SERVICE/dev/disk.N.M` for image M of disk#N, whichever
way it is mapped, and by `/dev/rbd/POOL/IMAGE` where the kernel's own client maps it. The link goes when the image is
unmapped: the next device of that number may be somebody else's.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.answers import pick
from core.command import Note, Steps, Wait
from core.config.keywords import Keyword
from core.config.sizes import Share, human
from core.driver import Driver, Holding, Tie
from core.drivers import device_link, image_locks
from core.drivers.directories import remove_made
from core.errors import CommandFailed, Failed, Refused, Remedy, WaitedTooLong
from core.status import Remark, Status
from core.tools import blkid, blockdev, files, rbd, zpool

if TYPE_CHECKING:
    from core.config.service import Resource

MEBIBYTE = 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")


def _images(value: str) -> str | None:
    words = value.split()
    wrong = next((word for word in words if not _NAME.fullmatch(word)), None)
    if wrong is not None:
        return f"{wrong!r} is no image; write POOL/IMAGE, such as rbd/{wrong.strip('/').rpartition('/')[2] or 'db'}"
    twice = next((word for word in words if words.count(word) > 1), None)
    return None if twice is None else f"{twice} is named twice"


def _plain(value: str) -> str | None:
    return None if _WORD.fullmatch(value) else f"{value!r} is no name; letters, digits, dots and dashes make one"


class RadosDisk(Driver):
    """Images of a Ceph cluster: created where they are missing, and mapped to block devices.

    A filesystem names them by their links, `{var}/{svcname}/dev/disk.N.M` for image M of disk#N; mapped by krbd they
    are `/dev/rbd/POOL/IMAGE`, too.
    """

    unique = ("images",)
    keywords = (
        Keyword(
            "images", "The images, `POOL/IMAGE`, separated by blanks.", kind="words", required=True, syntax=_images
        ),
        Keyword(
            "size",
            "The size of each image that is created, and what a smaller one grows to; a bare number counts MiB.",
            kind="size",
            unit="M",
            provisioning=True,
        ),
        Keyword(
            "image_format",
            "The format of an image that is created; the cluster's own choice where it is not given.",
            candidates=("1", "2"),
            provisioning=True,
        ),
        Keyword(
            "client_id",
            "Whom the cluster is asked as, with `client.` before it or without; the node's own choice where not given.",
            syntax=_plain,
        ),
        Keyword("keyring", "The file with the key of the client.", kind="path"),
        Keyword(
            "map",
            "How an image becomes a block device: by the kernel's own client, or by a process of rbd-nbd, which knows "
            "every feature of an image.",
            default="krbd",
            candidates=tuple(rbd.MAPPINGS),
        ),
        Keyword(
            "lock",
            "Lock the images in the name of this node before they are mapped: for one node alone, or a shared lock.",
            candidates=("exclusive", "shared"),
        ),
        Keyword(
            "lock_shared_tag",
            "The tag that all who share a lock have to know; the name of the service where it is not given.",
            syntax=_plain,
            only_with=("lock", ("shared",)),
        ),
    )

    def label(self, disk: "Resource") -> str:
        """Name the images."""
        return f"rados {' '.join(disk.words('images'))}"

    def purpose(self, disk: "Resource") -> str:
        """Say what they are, and how they are found."""
        each = f" of {_understood(disk)}" if disk["size"] else ""
        words = disk.words("images")
        links = " and ".join(device_link.path(disk, position) for position in range(len(words)))
        named = f"the image{'s' * (len(words) > 1)} {' and '.join(words)}{each}"
        return f"{named}, mapped by {disk['map']} and linked as {links}"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Each image is a device, by its link, and by that of udev where krbd maps it."""
        words = disk.words("images")
        named = [f"/dev/rbd/{image}" for image in words] if _how(disk) is rbd.KRBD else []
        return [Tie("device", device) for device in (*map_links(disk), *named)]

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need the tree that the keyring is in."""
        return (Tie("path", disk["keyring"].rpartition("/")[0] or "/"),) if disk["keyring"] else ()

    def backing(self, disk: "Resource") -> dict[str, str]:
        """Behind each device is an image."""
        words = disk.words("images")
        return {**dict(zip(map_links(disk), words, strict=True)), **{f"/dev/rbd/{image}": image for image in words}}

    def provision(self, disk: "Resource") -> Steps:
        """Create what is missing, let grow what is smaller than `size` says; then map everything."""
        _alone(disk)
        for image in disk.words("images"):
            found = yield from _found(disk, image)
            if found is None:
                yield from self._created(disk, image)
                continue
            yield from _ours(disk, image, found)
            yield from _grown(disk, image, found)
            yield Note(f"{image} already provisioned")
        yield Note("provisioned")
        yield from self.start(disk)

    def _created(self, disk: "Resource", image: str) -> Steps:
        mebibytes = _mebibytes(disk)
        if not mebibytes:
            raise disk.service.error(disk.rid, "size", f"{image} does not exist, and nothing says how large to make it",
                                     "add size = 10G, or correct images")  # fmt: skip
        options = ("--image-format", disk["image_format"]) if disk["image_format"] else ()
        # With a lock of ours on it, an image whose clients lock it by themselves could not be written to.
        shared = ("--image-shared",) if disk["lock"] else ()
        yield rbd.create(_client(disk), image, mebibytes, _name(disk, image), (*options, *shared))

    def start(self, disk: "Resource") -> Steps:
        """Lock each image where that is asked for, map it, and let its link lead to the device."""
        _alone(disk)
        for position, image in enumerate(disk.words("images")):
            found = yield from _found(disk, image)
            if found is None:
                raise Failed(f"{disk.rid}: there is no image {image}; provision creates it")
            if disk["lock"]:
                yield from image_locks.locked(disk, _client(disk), image, found, position)
            how = _how(disk)
            device = yield from _device(how, image)
            if device:
                yield Note(f"{image} is already mapped")
            else:
                yield from _not_mapped_otherwise(disk, image, position)
                made = (yield rbd.map_(_client(disk), how, image, f"{disk.rid}.nbd.{position}")).made
                device = made if how is rbd.NBD else f"/dev/rbd/{image}"
            yield from device_link.lead(disk, position, f"/dev/rbd/{image}" if how is rbd.KRBD else device)

    def stop(self, disk: "Resource") -> Steps:
        """Unmap each image that nobody uses, last first, and give its lock back."""
        words = disk.words("images")
        for position, image in reversed([*enumerate(words)]):
            how = _how(disk)
            device = yield from _device(how, image)
            link = device_link.path(disk, position)
            leads = (yield files.target_of(link)).stdout.strip()
            if device:
                yield from _unmapped(disk, how, image, device, position)
            else:
                yield Note(f"{image} is already unmapped")
            if leads:
                name = f"{disk.rid}.link.{position}"
                yield files.remove(link, (name,))._replace(undo=(files.link(leads, link, name),))
            if disk["lock"] and (yield from _found(disk, image)) is not None:
                yield from image_locks.unlocked(disk, _client(disk), image, position)

    def unprovision(self, disk: "Resource") -> Steps:
        """Unmap the images, and delete those that were created for the service."""
        yield from self.stop(disk)
        prefix, client = f"{disk.rid}.image.", _client(disk)
        made = {name: thing.identity for name, thing in disk.service.record.made.items() if name.startswith(prefix)}
        for name, identity in made.items():
            image = name.removeprefix(prefix)
            if (yield from _found(disk, image)) is None:
                yield Note(f"{image} is gone already", "warning")
                yield rbd.forget(client, image, name)
                continue
            # The file may name other images by now.
            if device := (yield from _device(_how(disk), image)):
                yield from _unmapped(disk, _how(disk), image, device, 0)
            yield from _let_go(disk, image)
            yield rbd.remove(client, image, identity, name)
        yield from remove_made(disk, device_link.path(disk, 0).rpartition("/")[0])

    def holds(self, disk: "Resource") -> Steps:
        """The images, and their links."""
        there: dict[str, rbd.Image | None] = {}
        for image in disk.words("images"):
            there[image] = yield from _found(disk, image)
        found = [Holding(f"image.{name}", "rbd image", image.identity) for name, image in there.items() if image]
        return [*found, *(yield from device_link.held(disk, range(len(disk.words("images")))))]

    def status(self, disk: "Resource") -> Steps:
        """Up when all images are mapped, down when none is, warn between; and while a lock is missing."""
        words, here = disk.words("images"), list(rbd.devices(_how(disk), (yield rbd.mapped(_how(disk)))).values())
        unmapped = [image for image in words if image not in here]
        if unmapped == words:
            return Status("down")
        remarks = [Remark(f"unmapped: {' '.join(unmapped)}")] if unmapped else []
        for image in words if disk["lock"] else ():
            locks = rbd.parse_locks((yield rbd.locks(_client(disk), image)))
            if not any(lock.identity == disk.service.nodename for lock in locks):
                remarks.append(Remark(f"not locked: {image}"))
        return Status("warn" if remarks else "up", tuple(remarks))


def map_links(disk: "Resource") -> list[str]:
    """The link to each image, in their order."""
    return [device_link.path(disk, position) for position in range(len(disk.words("images")))]


def _name(disk: "Resource", image: str) -> str:
    return f"{disk.rid}.image.{image}"


def _how(disk: "Resource") -> "rbd.Mapping":
    return rbd.MAPPINGS[disk["map"]]


def _client(disk: "Resource") -> "rbd.Client":
    identity = disk["client_id"]
    return rbd.Client(f"client.{identity.removeprefix('client.')}" if identity else "", disk["keyring"])


def _understood(disk: "Resource") -> str:
    """The size as it is understood: a bare number with its unit."""
    size = disk.size("size")
    return str(size) if isinstance(size, Share) else human(size)


def _mebibytes(disk: "Resource") -> int:
    """The size that an image is to have; 0 where the file does not say."""
    if not disk["size"]:
        return 0
    size = disk.size("size")
    if isinstance(size, Share):
        raise disk.service.error(disk.rid, "size", f"an image has no size such as {size}", "write one such as 10G")
    return -(-size // MEBIBYTE)


def _alone(disk: "Resource") -> None:
    """Raise ConfigError when another resource of the service names one of the images."""
    for other in disk.service.resources():
        if other.rid == disk.rid or other.driver is not disk.driver or other.disabled:
            continue
        if twice := [image for image in disk.words("images") if image in other.words("images")]:
            line = disk.service.document.line(other.rid, "images")
            said = f"{twice[0]} is an image of {other.rid} already (line {line})"
            raise disk.service.error(disk.rid, "images", said, "name it once")


def _found(disk: "Resource", image: str) -> Steps:
    """Return what an image is, None when there is none. Raises Failed when there is no such pool."""
    question = rbd.info(_client(disk), image)
    answer = yield question
    if rbd.lacks_pool(answer):
        pool = image.partition("/")[0]
        raise Failed(f"{disk.rid}: the cluster has no pool {pool}; `ceph osd pool create {pool}` makes one")
    if not rbd.is_answer(answer):
        raise CommandFailed(question.argv, answer.returncode, answer.stdout, answer.stderr)
    return rbd.parse_info(answer)


def _ours(disk: "Resource", image: str, found: "rbd.Image") -> Steps:
    """See that an image that exists may be used: it is recorded, adopted, or where the service has it already."""
    made = disk.service.record.made.get(_name(disk, image))
    use = Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}")
    if made is not None and made.identity != found.identity:
        forget = Remedy(
            "to forget the first one", f"svcmgr -s {disk.service.name} provision --forget {_name(disk, image)}"
        )
        said = f"{disk.rid}: {image} is another image ({found.identity}) than the one made for it ({made.identity})"
        raise Refused(said, use, forget)
    if made is not None or disk.rid in disk.service.adopt:
        return
    device = yield from _device(_how(disk), image)
    position = disk.words("images").index(image)
    leads = (yield files.target_of(device_link.path(disk, position))).stdout.strip()
    if not device or leads not in {device, f"/dev/rbd/{image}"}:
        raise Refused(f"{disk.rid}: the image {image} exists and is not recorded as this service's", use)


def _grown(disk: "Resource", image: str, found: "rbd.Image") -> Steps:
    mebibytes = _mebibytes(disk)
    if not mebibytes or mebibytes * MEBIBYTE == found.size:
        return
    if mebibytes * MEBIBYTE < found.size:
        said = f"{image} has {human(found.size)} already, and is never made smaller"
        raise disk.service.error(disk.rid, "size", said, f"write size = {found.size // MEBIBYTE}m or more")
    yield Note(f"{image} grows from {human(found.size)} to {human(mebibytes * MEBIBYTE)}")
    yield rbd.resize(_client(disk), image, mebibytes)


def _device(how: "rbd.Mapping", image: str) -> Steps:
    """Return the block device of an image, "" while it is not mapped."""
    return next(iter(pick((yield rbd.mapped(how)).stdout, rbd.device_path(how, image))), "")


def _not_mapped_otherwise(disk: "Resource", image: str, position: int) -> Steps:
    """Raise Failed when the link leads to a device of the other way of mapping: the file has changed meanwhile."""
    leads = (yield files.target_of(device_link.path(disk, position))).stdout.strip()
    other = "/dev/rbd/" if _how(disk) is rbd.NBD else "/dev/nbd"
    if leads.startswith(other) and not (yield files.exists(leads)).returncode:
        stop = Remedy("to stop it", f"svcmgr -s {disk.service.name} stop --rid {disk.rid}")
        raise Refused(f"{disk.rid}: {image} is mapped as {leads}, and map says {disk['map']} now", stop)


def _unmapped(disk: "Resource", how: "rbd.Mapping", image: str, device: str, position: int) -> Steps:
    """Unmap an image. Raises Failed with who uses it: rbd-nbd would take it from under a filesystem."""
    if users := (yield from _keepers(how, device)):
        raise Failed(f"{disk.rid}: {image} is in use ({', '.join(users)})")
    again = rbd.map_(_client(disk), how, image, f"{disk.rid}.nbd.{position}")
    try:
        yield rbd.unmap(how, image)._replace(undo=(again._replace(makes=None),))
    except CommandFailed as failure:
        if "busy" not in failure.stderr:
            raise
        raise Failed(f"{disk.rid}: {image} is in use: a process has {device} open") from failure


def _keepers(how: "rbd.Mapping", device: str) -> Steps:
    """Who keeps a device from being unmapped. Of a pool of ZFS only zpool tells, and rbd-nbd does not ask."""
    answer = yield blockdev.uses(device)
    found = blockdev.keepers(answer)
    for part in blockdev.partitions(answer) if how is rbd.NBD else ():
        path = f"/dev/{part}"
        if not (yield blkid.value(path, "PART_ENTRY_NAME")).stdout.startswith(zpool.PARTITION):
            continue
        for pool in zpool.names((yield zpool.everything())):
            if path in zpool.vdevs((yield zpool.status(pool)).stdout):
                found.append(f"the pool {pool}")
    return found


def _let_go(disk: "Resource", image: str) -> Steps:
    """Wait until nobody has an image open: a node that lost power is listed for half a minute."""
    client = _client(disk)
    yield from image_locks.free(disk, client, image)
    nobody = rbd.unwatched(client, image)
    try:
        yield Wait(nobody.ask, (nobody,), 2, rbd.WATCH_SECONDS_MAX, f"{image} to be let go")
    except WaitedTooLong:
        who = ", ".join(rbd.parse_watchers((yield nobody.ask)))
        raise Failed(f"{disk.rid}: {image} is in use by {who}; stop the service there") from None


driver = RadosDisk()

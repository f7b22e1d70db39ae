"""The devices of a pool of ZFS: where their labels are, the proof that they are blank, and what leaves them so.

A device that is a whole disk gets a partition table from zpool, and the label is in its first partition. A file is
used as it is, though it is attached to a loop device: the file has the same name tomorrow, the loop device has not.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from core.answers import pick
from core.command import Check, Command, Note, Steps, Thing, Wait
from core.config.sizes import human
from core.driver import Tie
from core.drivers import beneath, blank
from core.errors import Failed
from core.evidence import MEBIBYTE, ends
from core.tools import blkdiscard, blkid, blockdev, cmp, dd, files, losetup, lsblk, zpool

if TYPE_CHECKING:
    from core.config.service import Resource

WHOLE = ("disk", "raid")
"""The kinds of block device that zpool makes partitions of. It leaves loop devices and logical volumes as they are."""
DEVICES = "/dev"
WITH_PARTITIONS = ("/dev/disk/", "/dev/md/")
"""Where udev makes a link to each partition beside the link to its disk, and calls it as zpool expects."""
PARTITIONS_SECONDS_MAX = 10
FRONT, REAR = 2 * MEBIBYTE, 10 * MEBIBYTE
"""What holds the tables and labels of a disk that has a partition table of zpool's, at its front and at its end."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*")
_RESERVED = re.compile(r"(mirror|raidz|draid|spare).*|log|c[0-9].*")


class Leaf(NamedTuple):
    """A device of a pool. word: as the file calls it. device: the block device, "" for none. place: its label's.

    is_auxiliary: a spare or a cache, on which nothing says what it is, nor which pool it is of. real: where a link
    leads, "" where it is not known.
    """

    word: str
    device: str
    place: str
    is_auxiliary: bool = False
    real: str = ""

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file."""
        return self.place == self.word != self.device

    @property
    def spoken(self) -> str:
        """What zpool is told: it waits for the link to the partition that belongs to a link, and few links have one."""
        return self.real if self.has_table and self.real and not self.word.startswith(WITH_PARTITIONS) else self.word

    @property
    def searched(self) -> str:
        """Where its label is looked for: where a link of ours leads depends on what else the node has by then."""
        return DEVICES if self.has_table and not self.word.startswith(f"{DEVICES}/") else self.place

    @property
    def has_table(self) -> bool:
        """Tell whether it is a disk that zpool makes partitions of."""
        return self.place not in {self.word, self.device}


def name_complaint(name: str) -> str | None:
    """Say why a pool cannot have this name."""
    if not _NAME.fullmatch(name):
        return f"{name!r} cannot be the name of a pool: a letter first, then letters, digits and any of _.:-"
    if _RESERVED.fullmatch(name):
        return f"{name!r} cannot be the name of a pool: it is a word of `zpool create`, or looks like a disk"
    return None


def complaint(text: str) -> str | None:
    """Say what is wrong with the words that a pool is to be made of."""
    words = text.split()
    devices = zpool.devices(words)
    if wrong := next((word for word in devices if not word.startswith("/")), None):
        return f"{wrong!r} is neither an absolute path nor one of {', '.join((*zpool.REDUNDANT, *zpool.PARTS))}"
    if twice := next((word for word in devices if devices.count(word) > 1), None):
        return f"{twice} is named twice"
    groups = zpool.groups(words)
    data = [group for group in groups if not group.part]
    if not data:
        return "it holds no data: name a device, or a mirror or raidz of some, before the others"
    for group in groups:
        least = zpool.REDUNDANT.get(group.kind, 1)
        if len(group.devices) < least:
            return f"{group.kind or group.part} needs {least} devices at least, and has {len(group.devices)}"
        if group.kind and (group.part in {"cache", "spare"} or (group.part == "log" and group.kind != "mirror")):
            return f"{group.part} devices cannot be a {group.kind}"
    if len({(group.kind, len(group.devices)) for group in data}) > 1:
        return "its groups are not alike, so the weakest would be all that protects the data; make them alike"
    return None


def present(disk: "Resource") -> Steps:
    """The devices that `vdev` names, as far as they are there."""
    found, words = [], disk.words("vdev")
    unlabelled = auxiliary(words)
    for word in zpool.devices(words):
        if not (yield blockdev.is_block_device(word)).returncode:
            real = (yield files.read_link(word)).stdout.strip() or word
            kind = (yield lsblk.kind(real)).stdout.strip()
            place = zpool.first_partition(real) if kind.startswith(WHOLE) else word
            found.append(Leaf(word, word, place, word in unlabelled, real))
        elif not (yield files.is_file(word)).returncode:
            loops = pick((yield losetup.associated(word)).stdout, "lines")
            found.append(Leaf(word, loops[0] if loops else "", word, word in unlabelled))
    return found


def auxiliary(words: list[str]) -> set[str]:
    """The spares and caches among the devices of a pool."""
    return {word for group in zpool.groups(words) if group.part in {"spare", "cache"} for word in group.devices}


def leaves(disk: "Resource") -> Steps:
    """The devices that `vdev` names. Raises Failed for one that is not there."""
    found = yield from present(disk)
    there = {leaf.word: leaf for leaf in found}
    for word in zpool.devices(disk.words("vdev")):
        if word not in there:
            raise Failed(f"{disk.rid}: device does not exist {word}; attach it, or correct vdev")
        if not there[word].device:
            text = f"{word} is a file without a loop device; a [disk#...] of type loop attaches it"
            raise Failed(f"{disk.rid}: {text}")
    return found


def spoken(disk: "Resource", found: list[Leaf]) -> list[str]:
    """The words of `vdev` as zpool is told them."""
    said = {leaf.word: leaf.spoken for leaf in found}
    return [said.get(word, word) for word in disk.words("vdev")]


def searched(found: list[Leaf]) -> tuple[str, ...]:
    """The places in which zpool looks for the labels, each once."""
    return tuple(dict.fromkeys(leaf.searched for leaf in found))


def first(disk: "Resource", found: list[Leaf]) -> Leaf:
    """The first device that holds data: its label tells whether the pool is there."""
    group = next(group for group in zpool.groups(disk.words("vdev")) if not group.part)
    return next(leaf for leaf in found if leaf.word == group.devices[0])


def labels(found: list[Leaf]) -> Steps:
    """Name the pools whose labels the devices have: by the word of a device, `tank, guid 42`."""
    pools = {}
    for leaf in found:
        tags = blkid.tags((yield blkid.probe(leaf.place)))
        if tags.get("TYPE") == zpool.MEMBER:
            pools[leaf.word] = f"{tags.get('LABEL', '')}, guid {tags.get('UUID', '')}"
    return pools


def are_given_up(disk: "Resource", found: list[Leaf]) -> Steps:
    """Tell whether the operator said of each device that what is on it may be destroyed."""
    for leaf in found:
        if not (yield from blank.is_given_up(disk, leaf.device, leaf.word)):
            return False
    return True


def large_enough(disk: "Resource", leaf: Leaf) -> Steps:
    """Raise Failed for a device on which a pool has no room."""
    size = int((yield blockdev.size(leaf.device)).stdout)
    least = zpool.BYTES_MIN + (FRONT + REAR if leaf.has_table else 0)
    if size < least:
        raise Failed(f"{disk.rid}: {leaf.word} has {human(size)}, and a pool needs {human(least)} of each device")


def ours(name: str, identity: str) -> Thing:
    """The pool of this name as a thing that is destroyed while it is imported."""
    return Thing("pool", identity, at=name, proofs=(zpool.is_imported(name, identity),))


def zeroing(disk: "Resource", identity: str, found: list[Leaf]) -> Steps:
    """The commands that leave the devices of a pool blank: of each its end first, and what says what it is last."""
    commands: list[Command] = []
    for leaf in found:
        lost = (Thing("pool", identity, at=leaf.word, proofs=_proofs(disk, identity, leaf)),)
        if leaf.has_table:
            zero = dd.zero if not blkdiscard.can_zero((yield blkdiscard.version())) else blkdiscard.zero
            size = int((yield blockdev.size(leaf.device)).stdout)
            zeroes = [zero(leaf.device, size - REAR, REAR), zero(leaf.device, 0, FRONT)]
            commands += [each._replace(destroys=lost) for each in zeroes]
            commands.append(blockdev.reread(leaf.device))
        elif leaf.is_file:
            # It need not be attached: after a reboot it is there, and its loop device is not.
            size = yield from _length(leaf)
            zeroes = [dd.zero(leaf.word, *end) for end in reversed(ends(size))]
            commands += [each._replace(destroys=lost) for each in zeroes]
        else:
            zeroes = yield from blank.zeroing(leaf.device)
            commands += [each._replace(destroys=lost) for each in zeroes]
    return commands


def unmaking(commands: list[Command]) -> tuple[Command | Check, ...]:
    """The same commands as steps of an undo, which waits for partitions to go, too."""
    steps: list[Command | Check] = []
    for command in commands:
        steps.append(command)
        if command.argv[:2] == ("blockdev", "--rereadpt"):
            steps.append(blockdev.has_no_partitions(command.argv[-1])._replace(seconds_max=PARTITIONS_SECONDS_MAX))
    return tuple(steps)


def _proofs(disk: "Resource", identity: str, leaf: Leaf) -> tuple[Check, ...]:
    """What has to hold right before a device is zeroed: its pool is not imported, and it is one of that pool's."""
    absent = zpool.is_absent(disk["name"])
    if not leaf.is_auxiliary:
        return absent, blkid.holds(leaf.place, "UUID", identity)
    unsigned = Check(blkid.value(leaf.place, "TYPE"), path=".", absent=True)
    return (
        absent,
        unsigned,
        *((Check(blkid.value(leaf.place, "PART_ENTRY_NAME"), path="."),) if leaf.has_table else ()),
    )


def cleared(disk: "Resource", identity: str, found: list[Leaf]) -> Steps:
    """Leave the devices blank that have the label of the pool still, and let the record forget it."""
    names, mine = (f"{disk.rid}.pool",), list[Leaf]()
    for leaf in found:
        there = (yield blkid.value(leaf.place, "UUID")).stdout.strip()
        if there == identity:
            mine.append(leaf)
        elif leaf.is_auxiliary and not there and (yield from _is_left(disk, leaf)):
            # While a label says what the others are.
            mine.insert(0, leaf)
        elif there:
            yield Note(f"{leaf.word} holds {there} by now, and is let be", "warning")
        elif leaf.has_table and not (yield blockdev.is_block_device(leaf.place)).returncode:
            # A run was killed before the kernel heard that there is no partition any more.
            yield blockdev.reread(leaf.device)
    yield from _missed(disk, identity, found, is_reached=bool(mine))
    commands = yield from zeroing(disk, identity, mine)
    for left, command in zip(reversed(range(len(commands))), commands, strict=True):
        yield command._replace(unmakes=() if left else names)
    if not commands:
        yield zpool.forget(disk["name"], names)
    for leaf in mine:
        if leaf.has_table:
            gone = blockdev.has_no_partitions(leaf.device)
            subject = f"the partitions of {leaf.word} to go"
            yield Wait(gone.ask, (gone,), every_seconds=1, seconds_max=PARTITIONS_SECONDS_MAX, subject=subject)


def _is_left(disk: "Resource", leaf: Leaf) -> Steps:
    """Tell whether a spare or a cache is what zpool made of it: a disk of its partitions, or a disk of the service."""
    if leaf.has_table:
        return bool((yield blkid.value(leaf.place, "PART_ENTRY_NAME")).stdout.startswith(zpool.PARTITION))
    recorded = {thing.rid for thing in disk.service.record.made.values()}
    givers = {giver.rid for giver in disk.service.givers(Tie("device", leaf.word))}
    if recorded.isdisjoint(givers):
        yield Note(f"{leaf.word} was {disk['name']}'s, and stays as it is: nothing on it says so", "warning")
        return False
    for offset, length in ends((yield from _length(leaf))):
        if (yield cmp.zeroes(leaf.word, offset, length)).returncode == 1:
            return True
    return False


def _length(leaf: Leaf) -> Steps:
    if leaf.is_file:
        return int((yield files.blocks(leaf.word)).stdout.split()[0])
    return int((yield blockdev.size(leaf.device)).stdout)


def _missed(disk: "Resource", identity: str, found: list[Leaf], *, is_reached: bool) -> Steps:
    """Name the labels that stay, on disks that are lost; those of others go with what the service has deleted.

    Raises Failed for a device that can be brought, and when no label is there that can be erased (not `is_reached`),
    nor a disk that was made blank: then nobody can tell a disk that is lost from one that is not attached.
    """
    there = {leaf.word for leaf in found}
    recorded = {thing.rid for thing in disk.service.record.made.values()}
    lost = []
    for word in zpool.devices(disk.words("vdev")):
        if word in there:
            continue
        givers = [giver.rid for giver in disk.service.givers(Tie("device", word))]
        if not recorded.isdisjoint(givers):
            yield Note(f"device does not exist {word}: what was made on it goes with its disk")
        elif beneath.is_lost(disk, word):
            lost.append(word)
        else:
            raise Failed(f"{disk.rid}: device does not exist {word}: what was made on it cannot be deleted; attach it")
    for leaf in found if lost and not is_reached else ():
        is_reached = is_reached or not (yield cmp.zeroes(leaf.device or leaf.place, 0, MEBIBYTE)).returncode
    if lost and not is_reached:
        keep = f"svcmgr -s {disk.service.name} delete --keep-resources"
        said = f"{disk.rid}: no device of the pool {identity} is there that could be erased: {' '.join(lost)}"
        raise Failed(f"{said}; attach one, or, where they are lost for good, {keep}")
    for word in lost:
        said = f"{word} does not exist: what it has of the pool {identity} stays on it, and is nobody's now"
        yield Note(said, "warning")

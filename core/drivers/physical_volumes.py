"""Physical volumes: the devices that a volume group is made of, labelled where they are blank, and blank afterwards."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from core.answers import pick
from core.command import Command, Note, Steps
from core.config.sizes import human
from core.driver import Holding, Tie
from core.drivers import beneath, blank, claims
from core.drivers.members import device_of
from core.errors import ConfigError, Failed, Refused, Remedy
from core.tools import blkid, blockdev, files, find, losetup, lvm

if TYPE_CHECKING:
    from core.config.service import Resource

PATTERN = frozenset("*?[")
MEMBER = "LVM2_member"


class Member(NamedTuple):
    """A device that `pvs` names. word: as it is written, or what a pattern found. device: as the kernel calls it now.

    place: what names it also tomorrow: the file of a loop device, else the word. file: of a loop device, "" for others.
    """

    word: str
    device: str
    file: str

    @property
    def place(self) -> str:
        """What checks and undos are about."""
        return self.file or self.word


def complaint(value: str) -> str | None:
    """Say what is wrong with the words of `pvs`, each of which is right; None when nothing is."""
    words = value.split()
    twice = next((word for word in words if words.count(word) > 1), None)
    return None if twice is None else f"{twice} is named twice"


def word_complaint(word: str) -> str | None:
    """Say what is wrong with one of them."""
    if not word.startswith("/"):
        return f"{word!r} is not an absolute path; write one such as /dev/sdb or /dev/disk/by-id/scsi-*"
    if PATTERN & set(word.rpartition("/")[0]):
        return f"{word!r} has a pattern in the name of a directory; only the last part may be one"
    return None


def named(disk: "Resource") -> list[str]:
    """The devices that `pvs` names; for a pattern, also those of the service that it matches."""
    found = []
    for word in disk.words("pvs"):
        given = _given_to(disk) if PATTERN & set(word) else ()
        found += [tie.name for tie in given if tie.kind == "device" and fnmatchcase(tie.name, word)] or [word]
    return found


def _given_to(disk: "Resource") -> Iterable[Tie]:
    """What the other resources of the service give."""
    for resource in disk.service.resources():
        if resource.rid != disk.rid:
            yield from resource.driver.gives(resource)


def _wrong(disk: "Resource", text: str, fix: str) -> ConfigError:
    return disk.service.error(disk.rid, "pvs", text, fix)


def members(disk: "Resource") -> Steps:
    """The devices that `pvs` names, each once. Raises ConfigError for what is no device, or is named twice."""
    found: dict[str, Member] = {}
    for word in disk.words("pvs"):
        is_pattern = bool(PATTERN & set(word)) and (yield files.exists(word)).returncode
        names = [word]
        if is_pattern:
            names = sorted((yield find.matching(word)).stdout.splitlines())
            if not names:
                raise _wrong(disk, f"nothing matches {word}", "name devices that are there")
            yield Note(f"expand {word} to {', '.join(names)}")
        for name in names:
            each = yield from _member(disk, name)
            other = found.get(each.device)
            if other is None:
                found[each.device] = each
            elif not is_pattern:
                raise _wrong(disk, f"{other.word} and {name} are one device", "name each once")
    return list(found.values())


def _member(disk: "Resource", word: str) -> Steps:
    """The device of a name: itself, where a link leads to, or the loop device of a file."""
    if not (yield blockdev.is_block_device(word)).returncode:
        # lvm knows the names below /dev only, and not those that are links elsewhere.
        return Member(word, (yield files.read_link(word)).stdout.strip(), "")
    if (yield files.is_file(word)).returncode:
        raise _wrong(disk, f"there is no device {word}", "attach it, or name another")
    loops = pick((yield losetup.associated(word)).stdout, "lines")
    if not loops:
        raise _wrong(disk, f"{word} is a file without a loop device", "a [disk#...] of type loop attaches it")
    return Member(word, loops[0], word)


def label(disk: "Resource", found: Member, group: "lvm.Group | None") -> Steps:
    """Make a device a physical volume, unless it is one that may be used; return its uuid, and the group it is in."""
    service = disk.service
    tags = blkid.tags((yield blkid.probe(found.device)))
    if tags.get("TYPE") == MEMBER:
        uuid = tags["UUID"]
        of = pick((yield lvm.group_of_physical(uuid)).stdout, ".")
        mine = of[0] if of else ""
        if mine and group is not None and mine == group.name:
            return uuid, mine
        recorded = any(thing.identity == uuid for thing in service.record.made.values())
        if not mine and (recorded or disk.rid in service.adopt):
            return uuid, ""
        if not (yield from blank.is_given_up(disk, found.device, found.word)):
            raise _stranger(disk, found, mine)
    if (yield claims.claim(f"{found.device}:physical volume")).returncode:
        raise Failed(f"{disk.rid}: another service of this node takes {found.word} right now; wait for it")
    lost, size = yield from blank.prove(disk, found.device, found.word)
    if size < lvm.PHYSICAL_BYTES_MIN:
        least = human(lvm.PHYSICAL_BYTES_MIN)
        raise _wrong(
            disk, f"{found.word} has {human(size)}, too little for a physical volume", f"{least} are the least"
        )
    name = _next(disk)
    command = lvm.create_physical(found.device, found.place, name)
    undo = yield from _blanking(found.device if found.file else found.word, found.file, f"«{name}»", size)
    return (yield command._replace(destroys=(lost,), undo=undo)).made, ""


def _stranger(disk: "Resource", found: Member, group: str) -> Refused:
    what = f"belongs to volume group {group}" if group else "is a physical volume that is not recorded"
    use = () if group else (Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}"),)
    said = f"{disk.rid}: pvs: {found.word} {what}"
    return Refused(said, blank.place(disk, found.word), *use, blank.allowing(disk, found.word))


def _next(disk: "Resource") -> str:
    """The name in the record of the next physical volume."""
    number = 0
    while disk.made(f"physical_volume.{number}") is not None:
        number += 1
    return f"{disk.rid}.physical_volume.{number}"


def labelled(disk: "Resource") -> dict[str, str]:
    """The physical volumes that were made for a resource: names in the record, and uuids."""
    made = disk.service.record.made.items()
    return {name: each.identity for name, each in made if each.rid == disk.rid and each.kind == "physical volume"}


def held(disk: "Resource", group: str) -> Steps:
    """Return as `Holding` the physical volumes among the devices that are in a group (of this uuid)."""
    inside = {each.uuid for each in lvm.parse_physical((yield lvm.physical(f"vg_uuid={group}")))}
    found: list[Holding] = []
    for each in (yield from members(disk)):
        uuid = blkid.tags((yield blkid.probe(each.device))).get("UUID", "")
        if uuid in inside:
            found.append(Holding(f"physical_volume.{len(found)}", "physical volume", uuid))
    return found


def _blanking(device: str, file: str, uuid: str, size: int | None = None) -> Steps:
    """The commands that make a physical volume a blank device again: its label goes last, until then it tells."""
    zeroes = yield from blank.zeroing(device, file, size)
    lost = (lvm.physical_volume(uuid, file or device),)
    return tuple(command._replace(destroys=lost) for command in zeroes)


def unlabel(disk: "Resource") -> Steps:
    """Leave the devices blank that were made physical volumes for the resource."""
    for name, uuid in labelled(disk).items():
        found = lvm.parse_physical((yield lvm.physical(f"pv_uuid={uuid}")))
        if not found:
            yield from _missed(disk, uuid, name)
        elif found[0].group:
            yield Note(f"{found[0].device} stays a physical volume: it is in {found[0].group}", "warning")
        else:
            commands = yield from _blanking(found[0].device, "", uuid)
            for command in commands:
                yield command._replace(unmakes=(name,) if command is commands[-1] else ())


def are_seen(disk: "Resource") -> Steps:
    """Tell whether all devices of a group are there, so that what is not seen on them is gone."""
    words, made = disk.words("pvs"), labelled(disk)
    if len(words) < len(made) or any(PATTERN & set(word) for word in words):
        # A pattern finds what is there, and says nothing of the rest.
        for uuid in made.values():
            if not lvm.parse_physical((yield lvm.physical(f"pv_uuid={uuid}"))):
                return False
        return bool(made)
    for word in words:
        if not (yield from device_of(word)).path:
            return False
    return True


def _missed(disk: "Resource", uuid: str, name: str) -> Steps:
    """Forget a physical volume that somebody has removed from its device, or that goes with its device."""
    ask = lvm.table("pvs", "pv_uuid", f"pv_uuid={uuid}")
    if (yield from are_seen(disk)):
        yield Note(f"physical volume {uuid} is gone already", "warning")
        yield lvm.forget(ask, (name,))
        return
    lost: list[str] = []
    for word in disk.words("pvs"):
        device = yield from device_of(word)
        lost += [] if device.path else [word]
    if lost and len(lost) < len(disk.words("pvs")) and all(beneath.is_lost(disk, word) for word in lost):
        said = f"physical volume {uuid} is not there ({' '.join(lost)} does not exist)"
        yield Note(f"{said}: what it holds stays on it, and is nobody's now", "warning")
        yield lvm.forget(ask, (name,))
    else:
        yield from gone(disk, ask, name)


def gone(disk: "Resource", ask: Command, name: str) -> Steps:
    """Forget what lies on devices that are not there, when the service made these and so deletes them."""
    if not all(beneath.goes(disk, name) for name in named(disk)):
        start = f"svcmgr -s {disk.service.name} start --rid disk"
        raise Failed(f"{disk.rid}: {disk['name']} is not there, so what was made of it cannot be deleted; {start}")
    yield Note(f"{disk['name']} is not there: what was made of it goes with its disks")
    yield lvm.forget(ask, (name,))

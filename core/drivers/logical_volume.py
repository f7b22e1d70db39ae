"""Logical volumes: made where they are missing, larger where more is asked for, removed where they were made.

What a volume that is gone has left in the extents of a new one is nobody's data, and is zeroed at both ends right after
it was made: that is the content of which whoever formats the volume proves that there is none.
"""

from typing import TYPE_CHECKING

from core import evidence
from core.command import Check, Note, Steps
from core.config.sizes import Share, human
from core.driver import Holding
from core.drivers import beneath, blank, volume_path
from core.drivers.volume_group import group_named, is_seen, whole
from core.errors import Failed, Refused, Remedy
from core.tools import blkid, blockdev, lvm, wipefs

if TYPE_CHECKING:
    from core.config.service import Resource

MADE, BLANK = "logical_volume", "blank"
"""In the record: the volume, and that its ends were zeroed once, so that what is there now came later."""


def provision_own(fs: "Resource") -> Steps:
    """Make the volume of a filesystem, or make it larger; one that was there before is like any other device."""
    if (found := volume_path.own(fs)) is not None:
        yield from provision(fs, *found)


def remove_own(fs: "Resource", device: str | None) -> Steps:
    """Remove the volume that was made for a filesystem, unless something that was made for the service is on it."""
    uuid, made = fs.made(MADE), fs.service.record.made.values()
    if uuid is None:
        return
    held = "" if device is None else blkid.tags((yield blkid.probe(device))).get("UUID", "")
    if held and any(thing.identity.partition(":")[0] == held for thing in made):
        yield Note(f"{fs['dev']} stays: it holds what was made for the service", "warning")
        return
    yield from remove(fs, fs["vg"])


def provision(resource: "Resource", group: str, name: str, options: tuple[str, ...] = ()) -> Steps:
    """Make a volume of the `size` of a resource, or make the one that was made for it larger.

    Return its uuid when it is ours (made for the service, or adopted), "" for one that just is there.
    """
    here = yield from group_named(resource, group)
    if here is None:
        fix = "a [disk#...] of type vg makes it"
        raise resource.service.error(resource.rid, "vg", f"there is no volume group {group} on this node", fix)
    volume = lvm.parse_volumes((yield lvm.volumes(group))).get(name)
    if volume is None:
        uuid = yield from _create(resource, here, name, options)
    elif not (yield from _is_ours(resource, here, volume)):
        return ""
    else:
        uuid = volume.uuid
    if resource.made(MADE) == uuid and resource.made(BLANK) != uuid:
        yield from _zero(resource, group, name, uuid)
    if volume is not None:
        yield from _grow(resource, here, volume)
    return uuid


def _create(resource: "Resource", group: "lvm.Group", name: str, options: tuple[str, ...]) -> Steps:
    """Make the volume; taken back, it must hold no signature by then."""
    words, count = _size(resource, group)
    if count > group.free:
        raise _too_much(resource, group, count)
    yield Note(f"dev {lvm.path(group.name, name)} does not exist. create a logical volume")
    yield from _round(resource, group, count)
    made = f"{resource.rid}.{MADE}"
    device = lvm.path(group.name, name)
    undo = (
        lvm.activate_volume(group.name, name),
        Check(wipefs.signatures(device), path=".", absent=True, otherwise=f"{device} holds data"),
        lvm.remove_volume(group.name, name, f"«{made}»"),
    )
    return (yield lvm.create_volume(group.name, name, words, options, made)._replace(undo=undo)).made


def _size(resource: "Resource", group: "lvm.Group") -> tuple[tuple[str, str], int]:
    """The size as lvcreate takes it, and in extents. Raises ConfigError for what is no size of a new volume."""
    size = resource.size("size")
    if not isinstance(size, Share):
        mebibytes = -(-size // lvm.MEBIBYTE)
        return ("-L", f"{mebibytes}M"), -(-mebibytes * lvm.MEBIBYTE // group.extent_size)
    if size.of not in {"FREE", "VG"}:
        said = f"{size} says nothing about a new volume"
        raise resource.service.error(resource.rid, "size", said, "write a share such as 80%FREE or 50%VG")
    count = size.percent * (group.free if size.of == "FREE" else group.extents) // 100
    if not count:
        raise _too_much(resource, group, 1)
    return ("-l", str(size)), count


def _round(resource: "Resource", group: "lvm.Group", count: int) -> Steps:
    """Say that a volume gets more than is asked for: it has whole extents."""
    size = resource.size("size")
    if not isinstance(size, Share) and size != count * group.extent_size:
        extent = human(group.extent_size)
        yield Note(f"size {resource['size']} is rounded up to {human(count * group.extent_size)}, extents of {extent}")


def _too_much(resource: "Resource", group: "lvm.Group", count: int) -> Exception:
    asked, free = (human(extents * group.extent_size) for extents in (count, group.free))
    said = f"{resource['size']} takes {asked}, and {group.name} has {free} free"
    return resource.service.error(resource.rid, "size", said, "write less, or give the group another device")


def _is_ours(resource: "Resource", group: "lvm.Group", volume: "lvm.Volume") -> Steps:
    """Tell whether an existing volume is recorded or adopted, or is what an interrupted run has left.

    That could not know of it when its devices were not there any more. It is told by this: the group is of this
    service, the size is the one that is asked for, and nothing was written into it.
    """
    service = resource.service
    recorded = {thing.identity for thing in service.record.made.values()}
    if volume.uuid in recorded or resource.rid in service.adopt:
        return True
    if group.uuid not in recorded or not volume.is_active:
        return False
    size = resource.size("size")
    same = isinstance(size, Share) or -(-size // group.extent_size) * group.extent_size == volume.size
    found: evidence.Evidence = yield from evidence.look(lvm.path(group.name, volume.name))
    if not same or not found.is_blank:
        return False
    yield lvm.recognise_volume(group.name, volume.name, volume.uuid, f"{resource.rid}.{MADE}")
    return True


def _zero(resource: "Resource", group: str, name: str, uuid: str) -> Steps:
    """Zero the ends of a new volume, and have the record know it."""
    device = lvm.path(group, name)
    unsigned = Check(wipefs.signatures(device), path=".", absent=True, otherwise=f"{device} holds a signature by now")
    lost = (lvm.logical_volume(group, name, uuid, unsigned, blank=True),)
    for command in (yield from blank.zeroing(device)):
        yield command._replace(destroys=lost, quiet=True)
    yield lvm.recognise_volume(group, name, uuid, f"{resource.rid}.{BLANK}", "zeroes")


def _grow(resource: "Resource", group: "lvm.Group", volume: "lvm.Volume") -> Steps:
    """Make a volume as large as is asked for. Raises Refused where that were smaller."""
    if isinstance(resource.size("size"), Share):
        return
    words, count = _size(resource, group)
    now = volume.size // group.extent_size
    if count < now:
        asked, had = human(count * group.extent_size), human(volume.size)
        said = f"{resource.rid}: size: {group.name}/{volume.name} has {had}, and {asked} is asked for"
        line = resource.service.problem(resource.rid, "size", "").line
        raise Refused(f"{said} on line {line}: a volume is never made smaller", f"write size = {had}")
    if count > now:
        if count - now > group.free:
            raise _too_much(resource, group._replace(free=group.free + now), count)
        yield from _round(resource, group, count)
        yield lvm.extend_volume(group.name, volume.name, words, count * group.extent_size)


def held(group: str, name: str) -> Steps:
    """Return as `Holding` a volume that is there. What is in it came later than its zeroes."""
    volume = lvm.parse_volumes((yield lvm.volumes(group))).get(name)
    found = () if volume is None else ((MADE, "logical volume"), (BLANK, "zeroes"))
    return [Holding(what, kind, volume.uuid) for what, kind in found if volume is not None]


def reach(resource: "Resource") -> Steps:
    """Let the volume that was made for a resource have its device, where it is not active."""
    uuid = resource.made(MADE)
    for group, name, active in lvm.rows((yield lvm.place_of_volume(uuid))) if uuid is not None else ():
        if not active:
            yield from whole(resource, lvm.groups((yield lvm.group(f"vg_name={group}"))))
            yield lvm.activate_volume(group, name)._replace(undo=(lvm.activate_volume(group, name, there=False),))


def remove(resource: "Resource", group: str) -> Steps:
    """Remove the volume that was made for a resource, with what it holds."""
    uuid = resource.made(MADE)
    if uuid is None:
        return
    names = tuple(name for name in (f"{resource.rid}.{BLANK}", f"{resource.rid}.{MADE}") if name in _record(resource))
    found = lvm.rows((yield lvm.place_of_volume(uuid)))
    if not found:
        yield from _missed(resource, group, uuid)
        yield lvm.forget(lvm.place_of_volume(uuid), names)
        return
    yield from reach(resource)
    group, name, _ = found[0]
    device = lvm.path(group, name)
    held: evidence.Evidence = yield from evidence.look(device)
    if held.users:
        raise Failed(f"{resource.rid}: {device} is in use ({', '.join(held.users)}); free it")
    if held.signatures or held.residue:
        for command in (yield from blank.zeroing(device, size=held.size)):
            yield command._replace(destroys=(lvm.logical_volume(group, name, uuid),), quiet=True)
    yield lvm.remove_volume(group, name, uuid, names)


def _missed(resource: "Resource", group: str, uuid: str) -> Steps:
    """Say why there is nothing to remove. Raises Refused for a volume that may be on disks which are not there."""
    if (yield from is_seen(resource, group)):
        yield Note(f"logical volume {uuid} is gone already", "warning")
    elif beneath.goes(resource, group, "group"):
        yield Note(f"logical volume {uuid} is not there: it goes with its disks")
    else:
        start = Remedy("to look at it", f"svcmgr -s {resource.service.name} start --rid disk")
        raise Refused(f"{resource.rid}: logical volume {uuid} is not there, so it cannot be deleted", start)


def _record(resource: "Resource") -> set[str]:
    return set(resource.service.record.made)


def users(group: str, name: str) -> Steps:
    """Who uses a volume."""
    return ", ".join(blockdev.users((yield blockdev.uses(lvm.path(group, name)))))

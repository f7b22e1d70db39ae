"""Volume groups of LVM: physical volumes of blank devices, a group of these, its activation and the tag of its host."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from core.answers import pick
from core.command import Check, Command, Note, Steps, Wait
from core.config.keywords import Keyword
from core.config.sizes import human
from core.driver import Driver, Tie
from core.drivers import beneath, blank, claims
from core.errors import CommandFailed, ConfigError, Failed, Refused, Remedy, WaitedTooLong
from core.status import Remark, Status
from core.tools import blkid, blockdev, files, find, losetup, lvm

if TYPE_CHECKING:
    from core.config.service import Resource

APPEAR_SECONDS_MAX = 5
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


def _name_complaint(value: str) -> str | None:
    return lvm.complaint(value)


def _pvs_complaint(value: str) -> str | None:
    words = value.split()
    for word in words:
        if not word.startswith("/"):
            return f"{word!r} is not an absolute path; write one such as /dev/sdb or /dev/disk/by-id/scsi-*"
        if PATTERN & set(word.rpartition("/")[0]):
            return f"{word!r} has a pattern in the name of a directory; only the last part may be one"
    twice = next((word for word in words if words.count(word) > 1), None)
    return None if twice is None else f"{twice} is named twice"


class VolumeGroup(Driver):
    """A volume group, made of devices that are blank, and activated by nobody but the service.

    A group that exists is used only when it is recorded, or adopted. The node that has it active says so by a tag of
    the group: its own name.
    """

    unique = ("name",)
    keywords = (
        Keyword("name", "The name of the volume group.", required=True, syntax=_name_complaint),
        Keyword(
            "pvs",
            "The devices that it is made of: paths, patterns such as `/dev/disk/by-id/scsi-*`, files of loop disks.",
            kind="words",
            required=True,
            provisioning=True,
            syntax=_pvs_complaint,
        ),
        Keyword("options", "Further options of vgcreate.", kind="words", default="", provisioning=True),
    )

    def label(self, disk: "Resource") -> str:
        """Name the group."""
        return f"vg {disk['name']}"

    def purpose(self, disk: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the volume group {disk['name']} on {' '.join(disk.words('pvs'))}, active"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Give the group, whose volumes others make or use."""
        return (Tie("group", disk["name"]),)

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need the devices."""
        return [Tie("device", name) for name in _named(disk)]

    def provision(self, disk: "Resource") -> Steps:
        """Make what is missing: physical volumes, the group, or that it has further ones."""
        name = disk["name"]
        members = yield from _members(disk)
        group = yield from group_named(disk, disk["name"])
        if group is not None:
            yield from _used(disk, group)
        lacking = []
        for member in members:
            uuid, of = yield from _physical(disk, member, group)
            if group is None or of != group.name:
                lacking.append((member, uuid))
        if group is None:
            yield from self._create(disk, members)
        for member, uuid in lacking if group is not None else ():
            yield lvm.extend_group(name, member.device, uuid)
        yield Note("provisioned" if lacking else "already provisioned")
        yield from self.start(disk)

    def _create(self, disk: "Resource", members: list[Member]) -> Steps:
        options = tuple(disk.words("options"))
        given = any(option.startswith("--setautoactivation") for option in options)
        if not given and lvm.can_stay_inactive((yield lvm.version())):
            # What is of a service is for the service to start, not for whoever boots the node.
            options = ("--setautoactivation", "n", *options)
        devices = tuple(member.device for member in members)
        yield lvm.create_group(disk["name"], devices, options, f"{disk.rid}.group")

    def start(self, disk: "Resource") -> Steps:
        """Tag the group with this node, and activate it. Raises Refused when another node of the service has it."""
        name, node = disk["name"], disk.service.nodename
        group = yield from _appeared(disk)
        if group.missing:
            raise Failed(f"{disk.rid}: {group.missing} of the devices of {name} are missing: pvs tells which")
        others = {*disk.service.nodes, *disk.service.drpnodes} - {node}
        if held := sorted(others.intersection(group.tags)):
            free = Remedy("if it is stopped there", f"vgchange --deltag @{held[0]} {name}", whole=True)
            raise Refused(f"{disk.rid}: {name} has the tag of {held[0]}, and may be active there", free)
        is_ours = node in group.tags
        if is_ours and not (yield lvm.inactive(name)).stdout.strip():
            yield Note(f"vg {name} is already up")
            return
        if not is_ours:
            yield lvm.tag(name, node)
        yield lvm.activate(name)

    def stop(self, disk: "Resource") -> Steps:
        """Deactivate the group. What is in use stays, and it is said by whom."""
        name, node = disk["name"], disk.service.nodename
        group = yield from group_named(disk, disk["name"])
        active = [] if group is None else [each for each in (yield from _volumes(name)) if each.is_active]
        if group is None or (not active and node not in group.tags):
            yield Note(f"vg {name} is already down")
            return
        if active:
            try:
                yield lvm.deactivate(name)._replace(undo=(lvm.activate(name),))
            except CommandFailed as failure:
                if "in use" not in failure.stderr and "used by" not in failure.stderr:
                    raise
                raise Failed(f"{disk.rid}: {name} is in use, {(yield from _users(name, active))}") from failure
        if node in group.tags:
            yield lvm.tag(name, node, there=False)

    def unprovision(self, disk: "Resource") -> Steps:
        """Remove the group and its physical volumes, as far as they were made for the service; leave blank devices."""
        yield from self.stop(disk)
        yield from _removed(disk)
        yield from _unlabelled(disk)

    def status(self, disk: "Resource") -> Steps:
        """Up when all its volumes are active; without any, when it has been started here."""
        group = yield from group_named(disk, disk["name"])
        if group is None:
            return Status("down", (Remark(f"there is no volume group {disk['name']}", "info"),))
        if group.missing:
            return Status("warn", (Remark(f"{group.missing} of its devices are missing"),))
        volumes = yield from _volumes(disk["name"])
        if not volumes:
            return Status("up" if disk.service.nodename in group.tags else "down")
        inactive = [each.name for each in volumes if not each.is_active]
        if not inactive:
            return Status("up")
        remark = Remark(f"not active: {' '.join(inactive)}")
        return Status("down") if len(inactive) == len(volumes) else Status("warn", (remark,))


def _named(disk: "Resource") -> list[str]:
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


def _members(disk: "Resource") -> Steps:
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
            member = yield from _member(disk, name)
            other = found.get(member.device)
            if other is None:
                found[member.device] = member
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


def group_named(resource: "Resource", name: str) -> Steps:
    """The group of this name; None where there is none. Raises Refused for two, which lvm does not tell apart."""
    found = lvm.groups((yield lvm.group(f"vg_name={name}")))
    if len(found) > 1:
        uuids = " and ".join(group.uuid for group in found)
        rename = Remedy("to tell them apart", f"vgrename {found[-1].uuid} {name}-2", whole=True)
        raise Refused(f"{resource.rid}: two volume groups are called {name}: {uuids}", rename)
    return found[0] if found else None


def _appeared(disk: "Resource") -> Steps:
    """The group, which may be a moment behind its devices. Raises Failed where there is none."""
    name = disk["name"]
    group = yield from group_named(disk, disk["name"])
    if group is None and disk.made("group") is not None:
        ask = lvm.uuid_of_group(name)
        try:
            yield Wait(ask, (Check(ask, path="lines"),), 1, APPEAR_SECONDS_MAX, f"volume group {name} to appear")
        except WaitedTooLong:
            raise Failed(f"{disk.rid}: volume group {name} is not there: none of its devices is") from None
        group = yield from group_named(disk, disk["name"])
    if group is None:
        raise Failed(f"{disk.rid}: there is no volume group {name}; provision creates it")
    return group


def _volumes(name: str) -> Steps:
    return list(lvm.parse_volumes((yield lvm.volumes(name))).values())


def _used(disk: "Resource", group: lvm.Group) -> Steps:
    """See that an existing group may be used: it is recorded, or adopted, or an interrupted run made it."""
    service = disk.service
    recorded = {thing.identity for thing in service.record.made.values()}
    if group.uuid in recorded or disk.rid in service.adopt:
        return
    inside = lvm.parse_physical((yield lvm.physical(f"vg_uuid={group.uuid}")))
    if all(each.uuid in recorded for each in inside):
        # Of what this service labelled nobody else makes a group: a run that was killed could not know of it.
        yield lvm.recognise_group(group.name, group.uuid, f"{disk.rid}.group")
        return
    on = ", ".join(each.device for each in inside)
    use = Remedy("to use it", f"svcmgr -s {service.name} provision --adopt {disk.rid}")
    raise Refused(f"{disk.rid}: there is a volume group {group.name} already, which is not recorded (on {on})", use)


def _physical(disk: "Resource", member: Member, group: lvm.Group | None) -> Steps:
    """Make a device a physical volume, unless it is one that may be used; return its uuid, and the group it is in."""
    service = disk.service
    tags = blkid.tags((yield blkid.probe(member.device)))
    if tags.get("TYPE") == MEMBER:
        uuid = tags["UUID"]
        of = pick((yield lvm.group_of_physical(uuid)).stdout, ".")
        mine = of[0] if of else ""
        if mine and group is not None and mine == group.name:
            return uuid, mine
        recorded = any(thing.identity == uuid for thing in service.record.made.values())
        if not mine and (recorded or disk.rid in service.adopt):
            return uuid, ""
        if not (yield from blank.is_given_up(disk, member.device, member.word)):
            raise _stranger(disk, member, mine)
    if (yield claims.claim(f"{member.device}:physical volume")).returncode:
        raise Failed(f"{disk.rid}: another service of this node takes {member.word} right now; wait for it")
    lost = yield from blank.prove(disk, member.device, member.word)
    size = int((yield blockdev.size(member.device)).stdout)
    if size < lvm.PHYSICAL_BYTES_MIN:
        least = human(lvm.PHYSICAL_BYTES_MIN)
        raise _wrong(
            disk, f"{member.word} has {human(size)}, too little for a physical volume", f"{least} are the least"
        )
    name = _next(disk)
    command = lvm.create_physical(member.device, member.place, name)
    undo = yield from _blanking(member.device if member.file else member.word, member.file, f"«{name}»")
    return (yield command._replace(destroys=(lost,), undo=undo)).made, ""


def _stranger(disk: "Resource", member: Member, group: str) -> Refused:
    what = f"belongs to volume group {group}" if group else "is a physical volume that is not recorded"
    use = () if group else (Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}"),)
    return Refused(f"{disk.rid}: pvs: {member.word} {what}", *use, blank.allowing(disk, member.word))


def _next(disk: "Resource") -> str:
    """The name in the record of the next physical volume."""
    number = 0
    while disk.made(f"physical_volume.{number}") is not None:
        number += 1
    return f"{disk.rid}.physical_volume.{number}"


def _blanking(device: str, file: str, uuid: str) -> Steps:
    """The commands that make a physical volume a blank device again: its label goes last, until then it tells."""
    zeroes = yield from blank.zeroing(device, file)
    lost = (lvm.physical_volume(uuid, file or device),)
    return tuple(command._replace(destroys=lost) for command in zeroes)


def _users(name: str, active: list[lvm.Volume]) -> Steps:
    """Say who uses the volumes of a group."""
    found = []
    for volume in active:
        found += blockdev.users((yield blockdev.uses(lvm.path(name, volume.name))))
    return ", ".join(found) or "by a process that has a volume open"


def _removed(disk: "Resource") -> Steps:
    """Remove the group that was made for the resource. Raises Refused when it has volumes."""
    uuid, name = disk.made("group"), f"{disk.rid}.group"
    if uuid is None:
        yield Note("no volume group was made for this resource")
        return
    found = lvm.groups((yield lvm.group(f"vg_uuid={uuid}")))
    if not found:
        yield from _gone_with_its_disks(disk, lvm.table("vgs", "vg_uuid", f"vg_uuid={uuid}"), name)
        return
    if found[0].volumes:
        inside = ", ".join(each.name for each in (yield from _volumes(found[0].name)))
        raise Refused(f"{disk.rid}: {found[0].name} has logical volumes: {inside}", "remove them first, if they may go")
    yield lvm.remove_group(found[0].name, uuid, (name,))


def _unlabelled(disk: "Resource") -> Steps:
    """Leave the devices blank that were made physical volumes for the resource."""
    made = {
        name: thing.identity
        for name, thing in disk.service.record.made.items()
        if thing.rid == disk.rid and thing.kind == "physical volume"
    }
    for name, uuid in made.items():
        found = lvm.parse_physical((yield lvm.physical(f"pv_uuid={uuid}")))
        if not found:
            yield from _gone_with_its_disks(disk, lvm.table("pvs", "pv_uuid", f"pv_uuid={uuid}"), name)
        elif found[0].group:
            yield Note(f"{found[0].device} stays a physical volume: it is in {found[0].group}", "warning")
        else:
            commands = yield from _blanking(found[0].device, "", uuid)
            for command in commands:
                yield command._replace(unmakes=(name,) if command is commands[-1] else ())


def _gone_with_its_disks(disk: "Resource", ask: Command, name: str) -> Steps:
    """Forget what lies on devices that are not there, when the service made these and so deletes them."""
    if not all(beneath.goes(disk, name) for name in _named(disk)):
        start = f"svcmgr -s {disk.service.name} start --rid disk"
        raise Failed(f"{disk.rid}: {disk['name']} is not there, so what was made of it cannot be deleted; {start}")
    yield Note(f"{disk['name']} is not there: what was made of it goes with its disks")
    yield lvm.forget(ask, (name,))

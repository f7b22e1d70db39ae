"""Volume groups of LVM: physical volumes of blank devices, a group of these, its activation and the tag of its host."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.command import Check, Note, Steps, Wait
from core.config.keywords import Keyword
from core.driver import Driver, Holding, Tie
from core.drivers import physical_volumes
from core.errors import CommandFailed, Failed, Refused, Remedy, WaitedTooLong
from core.signature import member
from core.stacked import volume_group
from core.status import Remark, Status
from core.tools import blockdev, lvm

if TYPE_CHECKING:
    from core.config.service import Resource, Service
    from core.state import Content

APPEAR_SECONDS_MAX = 5


def _name_complaint(value: str) -> str | None:
    return lvm.complaint(value)


class VolumeGroup(Driver):
    """A volume group, made of devices that are blank, and activated by nobody but the service.

    A group that exists is used only when it is recorded, or adopted. The node that has it active says so by a tag of
    the group: its own name.
    """

    unique = ("name",)
    takes = "pvs"
    keywords = (
        Keyword("name", "The name of the volume group.", required=True, syntax=_name_complaint),
        Keyword("options", "Further options of vgcreate.", kind="words", default="", provisioning=True),
        Keyword(
            "pvs",
            "The devices that it is made of: paths, patterns such as `/dev/disk/by-id/scsi-*`, files of loop disks.",
            kind="words",
            required=True,
            provisioning=True,
            syntax=physical_volumes.complaint,
            each=physical_volumes.word_complaint,
        ),
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
        return [Tie("device", name) for name in physical_volumes.named(disk)]

    def left(self, disk: "Resource") -> "dict[str, Content]":
        """The physical volumes that were made for the resource."""
        uuid = disk.made("group")
        labels = [
            member(physical_volumes.MEMBER, physical, uuid or "")
            for physical in physical_volumes.labelled(disk).values()
        ]
        return dict(zip(disk.words("pvs"), labels, strict=False))

    def recalled(self, disk: "Resource") -> dict[str, dict[str, Any]]:
        """The group that was made for the resource, with the volumes that others have in it."""
        uuid, name = disk.made("group"), disk["name"]
        if uuid is None:
            return {}
        group = volume_group(name, 4 * lvm.MEBIBYTE, (), autoactivation=False)
        physical = {
            each: {"size": 0, "extents": 0, "missing": False} for each in physical_volumes.labelled(disk).values()
        }
        group["physical_volumes"] = physical
        for resource in disk.service.resources():
            volume = resource.made("logical_volume")
            names = (lvm.named(tie.name) for tie in resource.driver.gives(resource) if tie.kind == "device")
            found = next((found[1] for found in names if found is not None and found[0] == name), None)
            if volume is not None and found is not None:
                segments = [[first, 0, 1] for first in list(physical)[:1]]
                content = _content(disk.service, lvm.path(name, found))
                group["volumes"][found] = {"uuid": volume, "segments": segments, "tags": [], "content": content}
        return {"volume_groups": {uuid: group}}

    def provision(self, disk: "Resource") -> Steps:
        """Make what is missing: physical volumes, the group, or that it has further ones."""
        name = disk["name"]
        members = yield from physical_volumes.members(disk)
        group = yield from group_named(disk, disk["name"])
        if group is not None:
            yield from _used(disk, group)
            # Before a blank device that came in the place of a lost one is labelled for it: lvm would not take it.
            yield from whole(disk, [group])
        lacking = []
        for each in members:
            uuid, of = yield from physical_volumes.label(disk, each, group)
            if group is None or of != group.name:
                lacking.append((each, uuid))
        if group is None:
            yield from self._create(disk, members)
        for each, uuid in lacking if group is not None else ():
            yield lvm.extend_group(name, each.device, uuid)
        yield Note("provisioned" if lacking else "already provisioned")
        yield from self.start(disk)

    def _create(self, disk: "Resource", members: list[physical_volumes.Member]) -> Steps:
        options = tuple(disk.words("options"))
        given = any(option.startswith("--setautoactivation") for option in options)
        if not given and lvm.can_stay_inactive((yield lvm.version())):
            # What is of a service is for the service to start, not for whoever boots the node.
            options = ("--setautoactivation", "n", *options)
        devices = tuple(each.device for each in members)
        yield lvm.create_group(disk["name"], devices, options, f"{disk.rid}.group")

    def start(self, disk: "Resource") -> Steps:
        """Tag the group with this node, and activate it. Raises Refused when another node of the service has it."""
        name, node = disk["name"], disk.service.nodename
        group = yield from _appeared(disk)
        if disk.made("group") not in {None, group.uuid} and disk.rid not in disk.service.adopt:
            raise Refused(f"{disk.rid}: another volume group is called {name}: {group.uuid}", "rename it")
        yield from whole(disk, [group])
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
        if disk.made("group") not in {None, group.uuid}:
            yield Note(f"the group {group.uuid} is called {name}, is not of this service, and stays", "warning")
            return
        if active:
            try:
                yield lvm.deactivate(name)._replace(undo=(lvm.activate(name),))
            except CommandFailed as failure:
                if "in use" not in failure.stderr and "used by" not in failure.stderr:
                    raise
                raise Failed(f"{disk.rid}: {name} is in use, {(yield from _users(name, active))}") from failure
        if node in group.tags and not group.missing:
            yield lvm.tag(name, node, there=False)

    def unprovision(self, disk: "Resource") -> Steps:
        """Remove the group and its physical volumes, as far as they were made for the service; leave blank devices."""
        yield from self.stop(disk)
        yield from _removed(disk)
        yield from physical_volumes.unlabel(disk)

    def holds(self, disk: "Resource") -> Steps:
        """Its physical volumes, and the group."""
        group = yield from group_named(disk, disk["name"])
        if group is None:
            return []
        inside: list[Holding] = yield from physical_volumes.held(disk, group.uuid)
        return [*inside, Holding("group", "volume group", group.uuid)]

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


def _content(service: "Service", device: str) -> "Content":
    """What the record knows to be on a device."""
    for resource in service.resources():
        for name, content in resource.driver.left(resource).items():
            if lvm.named(name) == lvm.named(device):
                return content
    return {"kind": "zero"}


def group_named(resource: "Resource", name: str) -> Steps:
    """The group of this name; None where there is none. Raises Refused for two, which lvm does not tell apart."""
    found = lvm.groups((yield lvm.group(f"vg_name={name}")))
    if len(found) > 1:
        uuids = " and ".join(group.uuid for group in found)
        rename = Remedy("to tell them apart", f"vgrename {found[-1].uuid} {name}-2", whole=True)
        raise Refused(f"{resource.rid}: two volume groups are called {name}: {uuids}", rename)
    return found[0] if found else None


def is_seen(resource: "Resource", name: str) -> Steps:
    """Tell whether a group would be seen if it were there, so that what it does not have is gone.

    Of a group that was made for the service another one of its name tells nothing.
    """
    disks = [disk for disk in resource.service.givers(Tie("group", name)) if disk.made("group") is not None]
    ours = {disk.made("group") for disk in disks}
    found = lvm.groups((yield lvm.group(f"vg_name={name}")))
    if any(not ours or group.uuid in ours for group in found):
        return True
    for disk in disks:
        if (yield from physical_volumes.are_seen(disk)):
            return True
    return False


def whole(resource: "Resource", groups: "list[lvm.Group]") -> Steps:
    """See that every device of a group is there. Raises Failed, since without one nothing in it can be changed."""
    yield from ()
    for group in groups:
        if group.missing:
            start = f"svcmgr -s {resource.service.name} start --rid disk"
            lost = f"or, where they are lost for good, vgreduce --removemissing {group.name}"
            raise Failed(f"{resource.rid}: {group.missing} of the devices of {group.name} are missing; {start}, {lost}")


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


def _used(disk: "Resource", group: "lvm.Group") -> Steps:
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


def _users(name: str, active: "list[lvm.Volume]") -> Steps:
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
        ask = lvm.table("vgs", "vg_uuid", f"vg_uuid={uuid}")
        if (yield from physical_volumes.are_seen(disk)):
            yield Note(f"volume group {uuid} is gone already", "warning")
            yield lvm.forget(ask, (name,))
        else:
            yield from physical_volumes.gone(disk, ask, name)
        return
    yield from whole(disk, found)
    if found[0].volumes:
        inside = ", ".join(each.name for each in (yield from _volumes(found[0].name)))
        raise Refused(f"{disk.rid}: {found[0].name} has logical volumes: {inside}", "remove them first, if they may go")
    yield lvm.remove_group(found[0].name, uuid, (name,))

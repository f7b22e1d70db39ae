"""disk.md: arrays of disks, made once, assembled by their uuid and under their own name wherever the service runs.

The uuid is one that we choose, so that what an interrupted run made is recognised. Every member carries it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.command import Check, Command, Fresh, Note, SetKey, Steps, UnsetKey
from core.config.keywords import Keyword
from core.driver import Driver, Holding, Tie
from core.drivers import array_members, array_shape, blank, members
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.status import Remark, Status
from core.tools import blockdev, mdadm, udevadm

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.drivers.members import Device
    from core.state import Content


class MdArray(Driver):
    """An array of disks (md), made of `devs` where `uuid` is empty; its uuid then takes that place.

    Others name it by `/dev/md/NAME`, where NAME is `{svcname}.disk.N` for disk#N, or what `name` says.
    """

    unique = ("uuid", "name")
    takes = "devs"
    keywords = (
        Keyword(
            "uuid",
            "The uuid of the array. Empty, an array is made, and its uuid written here; "
            "of an array that exists already, it is what is used.",
            default="",
            syntax=array_shape.uuid_complaint,
        ),
        Keyword(
            "devs",
            "The members, separated by blanks: devices, links to some, files of loop disks, "
            "and patterns such as /dev/disk/by-id/x-*.",
            kind="words",
            default="",
            provisioning=True,
            syntax=members.complaint,
            each=members.word_complaint,
        ),
        Keyword(
            "level",
            "The level, as mdadm spells it: 0, 1, 4, 5, 6, 10, linear, raid1, mirror.",
            provisioning=True,
            syntax=array_shape.level_complaint,
        ),
        Keyword(
            "chunk",
            "The size of a chunk, a multiple of 4k; levels without chunks ignore it.",
            kind="size",
            unit="K",
            provisioning=True,
            syntax=array_shape.chunk_complaint,
        ),
        Keyword("layout", "The layout: left-symmetric, n2, f2, ...", provisioning=True),
        Keyword("spares", "How many of `devs` are spares.", kind="integer", default="0", provisioning=True),
        Keyword(
            "name",
            "The name of the array, below /dev/md; without it `{svcname}.disk.N`.",
            scopable=False,
            syntax=array_shape.name_complaint,
        ),
        Keyword("shared", "The disks are seen by the other nodes of the service, too.", kind="boolean"),
    )

    def label(self, disk: "Resource") -> str:
        """Name the array."""
        return f"md {array_shape.path(disk)}"

    def purpose(self, disk: "Resource") -> str:
        """Say what provisioning brings about."""
        if disk["uuid"]:
            return f"{array_shape.path(disk)}, assembled from the members of {disk['uuid']}"
        return f"{array_shape.path(disk)}, {array_shape.described(disk)}"

    def problems(self, disk: "Resource") -> Iterable[tuple[str, str]]:
        """Say where its keywords contradict each other."""
        return array_shape.problems(disk)

    def warnings(self, disk: "Resource") -> Iterable[tuple[str, str]]:
        """Name what is ignored."""
        return array_shape.warnings(disk)

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Give the array, by its name and by its uuid."""
        uuid = array_shape.uuid(disk["uuid"])
        by_uuid = (Tie("device", mdadm.link(uuid)),) if uuid else ()
        return (Tie("device", array_shape.path(disk)), *by_uuid)

    def backing(self, disk: "Resource") -> dict[str, str]:
        """Its path leads to the array."""
        uuid = array_shape.uuid(disk["uuid"]) or disk.made("array")
        return {array_shape.path(disk): uuid} if uuid else {}

    def left(self, disk: "Resource") -> "dict[str, Content]":
        """The superblocks of an array that was made for the resource."""
        return array_shape.superblocks(disk, disk.made("array") or "")

    def recalled(self, disk: "Resource") -> "dict[str, dict[str, Any]]":
        """What they say together."""
        uuid = disk.made("array")
        return {"arrays": {uuid: array_shape.described_by_superblocks(disk)}} if uuid else {}

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need its members."""
        return members.ties(disk, "devs")

    def provision(self, disk: "Resource") -> Steps:
        """Make the array where there is none yet, see that it runs, and add disks that have come in place of others."""
        uuid = yield from self._uuid(disk)
        if uuid:
            yield Note("already provisioned")
        else:
            uuid = yield from self._made(disk)
            yield SetKey(f"{disk.rid}.uuid", uuid)
            yield Note("provisioned")
        yield from self.start(disk)
        if disk.made("array") == uuid:
            yield from array_members.added(disk, uuid)

    def _uuid(self, disk: "Resource") -> Steps:
        """Return the uuid of the array that there is: what the file says, or the record; "" for none."""
        written, made = array_shape.uuid(disk["uuid"]), disk.made("array")
        if written and made is not None and written != made:
            raise Refused(
                f"{disk.rid}.uuid says {written}, but the array {made} was made for it",
                f"write {made} again, or unprovision the service first",
                Remedy("to unprovision it", f"svcmgr -s {disk.service.name} unprovision"),
            )
        if not written and made is not None:
            yield Note(f"uuid is empty again, for which the array {made} was made", "warning")
            yield SetKey(f"{disk.rid}.uuid", made)
        return written or made or ""

    def _made(self, disk: "Resource") -> Steps:
        """Make the array of blank devices; return its uuid. What a killed run made of them is recognised."""
        devices = yield from members.named(disk, "devs")
        array_shape.check(disk, len(devices))
        if missing := [device.name for device in devices if not device.path]:
            raise Failed(f"{disk.rid}: no block device {' '.join(missing)}; attach it, or correct devs")
        uuid = yield Fresh(f"{disk.rid}.uuid", "array")
        thing, last = f"{disk.rid}.array", devices[-1].place
        known = mdadm.parse_arrays((yield mdadm.arrays()))
        _name_is_free(disk, uuid, known)
        ours = []
        for device in devices:
            found = mdadm.superblock((yield mdadm.examine(device.place)))
            if found.get("MD_UUID") == uuid:
                ours.append(device)
            elif found and not (yield from blank.is_given_up(disk, device.path, device.name)):
                raise _stranger(disk, device.name, found)
            elif found:
                # udev may have taken it for its array, which waits for the others.
                yield from array_members.released(_of(found.get("MD_UUID", ""), known))
        undo = yield from self._unmade(disk, uuid, devices)
        if ours:
            yield mdadm.recognise(ours[-1].place, thing, uuid)._replace(undo=undo)
        if len(ours) == len(devices):
            return uuid
        if ours:
            # Killed between the first and the last superblock: there is no array yet.
            yield from array_members.released(_of(uuid, known))
            yield from array_members.erased(uuid, ours, (thing,))
        lost = []
        for device in devices:
            blank_one, _ = yield from blank.prove(disk, device.path, device.name)
            lost.append(blank_one)
        shape = array_shape.shape(disk, len(devices))
        paths = [device.path for device in devices]
        command = mdadm.create(array_shape.path(disk), thing, uuid, shape, paths, last)
        yield command._replace(destroys=tuple(lost), undo=undo)
        yield udevadm.settle()
        return uuid

    def _unmade(self, disk: "Resource", uuid: str, devices: "list[Device]") -> Steps:
        """Return the undo of making the array: it refuses when the array holds anything, and leaves the disks blank."""
        paths = [device.path for device in devices]
        look = mdadm.assemble(array_shape.path(disk), uuid, paths)._replace(temporary=True, reaches=False)
        steps: list[Command | Check] = [look, *array_members.holds_nothing(disk, uuid)]
        steps.append(mdadm.stop(uuid)._replace(temporary=True))
        for device in devices:
            steps += (mdadm.stop(uuid), *(yield from array_members.erasing(uuid, device)))
        return tuple(steps)

    def start(self, disk: "Resource") -> Steps:
        """Assemble the array under its name; without a member that is missing, where it can do without."""
        uuid = array_shape.uuid(disk["uuid"]) or disk.made("array")
        path = array_shape.path(disk)
        if not uuid:
            raise Failed(f"{disk.rid}: no array was made yet; provision the service first")
        yield udevadm.settled()
        known = mdadm.parse_arrays((yield mdadm.arrays()))
        found = _of(uuid, known)
        is_there = found is not None and found.started and found.device == path
        if is_there and not (yield from array_members.is_incomplete(disk, uuid)):
            yield Note(f"md {uuid} is already assembled")
            return
        _name_is_free(disk, uuid, known)
        devices = yield from members.named(disk, "devs")
        present, missing = yield from array_members.divided(devices, uuid)
        if devices and not present:
            names = " ".join(device.name for device in devices)
            raise Failed(
                f"{disk.rid}: none of {names} is a member of the array {uuid}; attach its disks, or correct devs"
            )
        yield from self._freed(disk, found)
        for device in missing:
            what = "is no member" if device.path else "is not there"
            yield Note(f"{device.name} {what}: the array is started without it", "warning")
        yield mdadm.assemble(path, uuid, [device.path for device in present], run=bool(missing))
        yield udevadm.settle()

    def _freed(self, disk: "Resource", found: "mdadm.Found | None") -> Steps:
        """Stop an array that was assembled by others under another name, or could not be started."""
        if found is None or not found.started:
            yield from array_members.released(found)
            return
        if users := blockdev.keepers((yield blockdev.uses(mdadm.link(found.uuid)))):
            said = f"{disk.rid}: the array {found.uuid} is assembled as {found.device}, and in use ({', '.join(users)})"
            raise Failed(f"{said}; free it, so that it gets its own name")
        if found.device == array_shape.path(disk):
            yield Note(f"md {found.uuid} was assembled without members that are there now")
        else:
            yield Note(f"md {found.uuid} is assembled as {found.device}; it gets its own name")
        yield mdadm.stop(found.uuid, again=mdadm.assemble(found.device, found.uuid, ()))

    def stop(self, disk: "Resource") -> Steps:
        """Stop the array; its members stay what they are."""
        uuid = array_shape.uuid(disk["uuid"]) or disk.made("array") or ""
        found = _of(uuid, mdadm.parse_arrays((yield mdadm.arrays()))) if uuid else None
        if found is None:
            yield Note(f"md {uuid} is already down" if uuid else "no array was made for this resource")
            return
        if not found.started:
            yield from array_members.released(found)
            return
        devices = yield from members.named(disk, "devs")
        present, missing = yield from array_members.divided(devices, uuid)
        paths = [device.path for device in present]
        try:
            yield mdadm.stop(uuid, again=mdadm.assemble(found.device, uuid, paths, run=bool(missing)))
        except CommandFailed as failure:
            if "exclusive access" not in failure.stderr:
                raise
            users = blockdev.users((yield blockdev.uses(mdadm.link(uuid)))) or ["a process that has it open"]
            raise Failed(f"{disk.rid}: {found.device} is busy, {', '.join(users)}") from failure
        yield udevadm.settle()

    def unprovision(self, disk: "Resource") -> Steps:
        """Stop it, erase it from the devices where it was made for the service, and give the file its text back."""
        yield from self.stop(disk)
        if (uuid := disk.made("array")) is not None:
            yield from array_members.erased_all(disk, uuid)
        key, text = f"{disk.rid}.uuid", disk.origin("uuid")
        yield UnsetKey(key) if text is None else SetKey(key, text)

    def holds(self, disk: "Resource") -> Steps:
        """The array."""
        uuid = array_shape.uuid(disk["uuid"])
        there = uuid and _of(uuid, mdadm.parse_arrays((yield mdadm.arrays()))) is not None
        return [Holding("array", "array", uuid)] if uuid and there else []

    def status(self, disk: "Resource") -> Steps:
        """Up while it has all its members, also while it copies to one; warn without redundancy that it should have."""
        uuid = array_shape.uuid(disk["uuid"]) or disk.made("array")
        if not uuid:
            return Status("down", (Remark("no array was made yet", "info"),))
        answer = yield mdadm.detail(mdadm.link(uuid))
        if answer.returncode:
            return Status("down")
        return (yield from array_members.judged(disk, uuid, mdadm.parse_detail(answer)))


def _of(uuid: str, arrays: "list[mdadm.Found]") -> "mdadm.Found | None":
    """What the kernel has of the array of a uuid, started or not."""
    return next((array for array in arrays if array.uuid == uuid), None)


def _name_is_free(disk: "Resource", uuid: str, arrays: "list[mdadm.Found]") -> None:
    """Raise Refused when another array has the name."""
    path = array_shape.path(disk)
    for found in arrays:
        if found.device == path and found.uuid != uuid:
            raise Refused(
                f"{disk.rid}: {path} is the array {found.uuid}, which is not recorded as this service's",
                f"write uuid = {found.uuid} to use it, or give this one another name",
            )


def _stranger(disk: "Resource", name: str, found: dict[str, str]) -> Refused:
    array = f"{found.get('MD_NAME', 'without a name')} ({found.get('MD_UUID', '')})"
    text = f"{disk.rid}: {name} is a member of the array {array}, which is not recorded as this service's"
    return Refused(text, blank.allowing(disk, name))


driver = MdArray()

"""The members of an array of md: which there are, how they are erased, added, and what they say of its state."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core import evidence
from core.command import Check, Command, Note, Steps, Thing
from core.driver import Tie
from core.drivers import beneath, blank, members
from core.errors import Failed
from core.status import Remark, Status
from core.tools import blockdev, cmp, files, mdadm, wipefs

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.drivers.members import Device

COPYING = ("resyncing", "recovering", "reshaping")


def divided(devices: "list[Device]", uuid: str) -> Steps:
    """Return the devices that carry the superblock of the array, and those that do not, or are not there."""
    present: list[Device] = []
    missing: list[Device] = []
    for device in devices:
        is_member = device.path and (yield from carried(device)) == uuid
        (present if is_member else missing).append(device)
    return present, missing


def carried(device: "Device") -> Steps:
    """Return the uuid of the array that a device says to be a member of; "" for none."""
    return mdadm.superblock((yield mdadm.examine(device.place))).get("MD_UUID", "")


def released(array: "mdadm.Found | None") -> Steps:
    """Let go of members that the kernel has collected for an array that could not be started."""
    if array is not None and not array.started:
        yield Note(f"{array.device} waits for members of {array.uuid}: stopped")
        yield mdadm.let_go(array.device)


def is_incomplete(disk: "Resource", uuid: str) -> Steps:
    """Tell whether an array lacks members that are there by now: udev started it without them, and nobody uses it yet.

    As long as nothing was written to it, they are as good as those that it has.
    """
    detail = mdadm.parse_detail((yield mdadm.detail(mdadm.link(uuid))))
    busy = [member for member in detail.members if "faulty" in member.state or "rebuilding" in member.state]
    if "degraded" not in detail.states or busy:
        return False
    if blockdev.keepers((yield blockdev.uses(mdadm.link(uuid)))):
        return False
    devices = yield from members.named(disk, "devs")
    present, _ = yield from divided(devices, uuid)
    held = yield from _reals(member.device for member in detail.members if member.device)
    there = yield from _reals(device.path for device in present)
    return not set(there) <= set(held)


def holds_nothing(disk: "Resource", uuid: str) -> tuple[Check, ...]:
    """The checks of an undo, that nobody has put anything on the array that its provisioning did not put there."""
    array = mdadm.link(uuid)
    said = f"the array {disk['name'] or disk.name} holds data that its provisioning did not put there"
    return (
        Check(wipefs.signatures(array), path=".", absent=True, otherwise=said),
        cmp.is_zero(array, 0, evidence.MEBIBYTE)._replace(otherwise=said),
    )


def erasing(uuid: str, device: "Device") -> Steps:
    """Return the commands that make a member blank.

    The first MiB goes first: whoever writes to a member has udev look at it, and then it must be none any more.
    """
    zeroes = [*reversed((yield from blank.zeroing(device.path, device.file)))]
    place, stopped = device.place, mdadm.is_stopped(uuid)
    still = (stopped, mdadm.carries(place, uuid))
    # Then nothing but the record and what we have just done says whose it was.
    erased = (stopped, cmp.is_zero(place, 0, evidence.MEBIBYTE), _unsigned(place))
    proofs = (still, *(erased for _ in zeroes[1:]))
    return tuple(
        command._replace(destroys=(Thing("array", uuid, at=place, proofs=proof),))
        for command, proof in zip(zeroes, proofs, strict=True)
    )


def erased(uuid: str, devices: "list[Device]", unmakes: tuple[str, ...]) -> Steps:
    """Make members blank; with the last of it, the record forgets the array."""
    commands: list[Command] = []
    for device in devices:
        commands += yield from erasing(uuid, device)
    for command in commands[:-1]:  # noqa: UP028 - to a list no answer can be sent
        yield command
    yield commands[-1]._replace(unmakes=unmakes)


def erased_all(disk: "Resource", uuid: str) -> Steps:
    """Make the members of an array that was made for the service blank, and have the record forget it.

    What a disk holds that is lost stays on it. As long as no member is there, nor a disk that was made blank, nobody
    can tell a disk that is lost from one that is not attached. Raises Failed then, and for one that can be brought.
    """
    devices = yield from members.named(disk, "devs")
    unmakes = (f"{disk.rid}.array",)
    present, others = yield from divided(devices, uuid)
    left = yield from _half_erased(disk, uuid, others, is_reached=bool(present))
    commands: list[Command] = []
    for device in present:
        commands += yield from erasing(uuid, device)
    for device in left:
        commands += (yield from erasing(uuid, device))[1:]
    if not commands:
        if not others or all(device.path for device in others):
            yield Note(f"the array {uuid} is gone already", "warning")
        yield _forgetting(others, uuid, unmakes)
        return
    for command in commands[:-1]:  # noqa: UP028 - to a list no answer can be sent
        yield command
    yield commands[-1]._replace(unmakes=unmakes)


def _half_erased(disk: "Resource", uuid: str, others: "list[Device]", *, is_reached: bool) -> Steps:
    """Return the devices without a superblock of which only the first MiB is blank, and name those that are lost."""
    left: list[Device] = []
    lost: list[tuple[Device, str]] = []
    for device in others:
        if not device.path:
            if not _goes_with_its_disk(disk, device):
                lost.append((device, "does not exist"))
            else:
                yield Note(f"device does not exist {device.name}: what was made on it goes with its disk")
            continue
        blank_ends = yield from _blank_ends(device)
        if blank_ends is None:
            lost.append((device, "cannot be read"))
            continue
        is_reached = is_reached or blank_ends > 0
        if blank_ends == 1:
            left.append(device)
    if lost and not is_reached:
        raise _unreachable(disk, uuid, [device.name for device, _ in lost])
    for device, why in lost:
        yield Note(f"{device.name} {why}: what it has of the array {uuid} stays on it, and is nobody's now", "warning")
    return left


def _forgetting(devices: "list[Device]", uuid: str, unmakes: tuple[str, ...]) -> Command:
    """The command that lets the record forget an array of which no member is left."""
    for device in devices:
        if not device.path:
            return blockdev.forget(device.name, unmakes)
    return mdadm.forget(devices[-1].place, uuid, unmakes)


def _goes_with_its_disk(disk: "Resource", device: "Device") -> bool:
    """Tell whether the service has the disk of a member that is not there deleted; else it is lost.

    Raises Failed for one that can be brought.
    """
    disks = [giver.rid for giver in disk.service.givers(Tie("device", device.name))]
    if any(thing.rid in disks for thing in disk.service.record.made.values()):
        return True
    if device.file or not beneath.is_lost(disk, device.name):
        start = f"svcmgr -s {disk.service.name} start --rid disk"
        raise Failed(f"{disk.rid}: device does not exist {device.name}: it cannot be erased; attach it, or {start}")
    return False


def _unreachable(disk: "Resource", uuid: str, names: list[str]) -> Failed:
    keep = f"svcmgr -s {disk.service.name} delete --keep-resources"
    text = f"{disk.rid}: no member of the array {uuid} is there that could be erased: {' '.join(names)}"
    return Failed(f"{text}; attach one, or, where they are lost for good, {keep}")


def _blank_ends(device: "Device") -> Steps:
    """Tell how much of a device is as we leave it: 1 for the first MiB, 2 for the last one as well, 0 for nothing.

    None for one that cannot be read.
    """
    first = (yield cmp.zeroes(device.place, 0, evidence.MEBIBYTE)).returncode
    if first:
        return None if first == cmp.UNREADABLE else 0
    if (yield wipefs.signatures(device.place)).stdout.strip():
        return 0
    offset, length = evidence.ends(int((yield blockdev.size(device.path)).stdout))[-1]
    return 1 if (yield cmp.zeroes(device.place, offset, length)).returncode == 1 else 2


def _unsigned(place: str) -> Check:
    return Check(wipefs.signatures(place), path=".", absent=True)


def added(disk: "Resource", uuid: str) -> Steps:
    """Add disks that `devs` names and the array lacks: new ones, in place of those that are missing."""
    detail = mdadm.parse_detail((yield mdadm.detail(mdadm.link(uuid))))
    devices = yield from members.named(disk, "devs")
    working = yield from _reals(member.device for member in detail.members if not member.is_faulty)
    for device in devices:
        if not device.path or (yield from _real(device.path)) in working or len(working) >= len(devices):
            continue
        if (yield from carried(device)) == uuid:
            yield Note(
                f"{device.name} is a member of the array {uuid} and was not there when it was started: added again"
            )
            stale = Thing("array", uuid, at=device.place, proofs=(mdadm.carries(device.place, uuid),))
            again = mdadm.add(uuid, device.path)
            yield again._replace(destroys=(stale,), undo=(mdadm.remove(uuid, device.path),))
            working.append(device.path)
            continue
        lost, _ = yield from blank.prove(disk, device.path, device.name)
        undo = (mdadm.remove(uuid, device.path), *(yield from _erasing_removed(uuid, device)))
        yield Note(f"add {device.name} to the array {uuid}")
        yield mdadm.add(uuid, device.path)._replace(destroys=(lost,), undo=undo)
        working.append(device.path)


def _erasing_removed(uuid: str, device: "Device") -> Steps:
    """The commands that make a device blank that was taken out of an array which goes on."""
    commands = []
    for command in (yield from erasing(uuid, device)):
        (thing,) = command.destroys
        commands.append(command._replace(destroys=(thing._replace(proofs=thing.proofs[1:]),)))
    return commands


def _real(path: str) -> Steps:
    return (yield files.read_link(path)).stdout.strip() or path


def _reals(paths: Iterable[str]) -> Steps:
    found = []
    for path in paths:
        real = yield from _real(path)
        found.append(real)
    return found


def judged(disk: "Resource", uuid: str, detail: "mdadm.Detail") -> Steps:
    """Return the status of an array that is assembled.

    One that copies to a member has all that it should, and needs nobody: it is up, with a remark.
    """
    remarks: list[Remark] = []
    copying = [state for state in detail.states if state.partition(" ")[0] in COPYING]
    rebuilding = any("rebuilding" in member.state for member in detail.members)
    lacking = "degraded" in detail.states and not rebuilding
    for member in detail.members:
        if member.is_faulty and member.device:
            lacking = True
            remarks.append(Remark(f"{member.device} is faulty"))
    members_now = yield from _reals(member.device for member in detail.members if member.device)
    for device in (yield from members.named(disk, "devs")):
        if not device.path or (yield from _real(device.path)) not in members_now:
            lacking = True
            remarks.append(Remark(f"{device.name} is {'no member' if device.path else 'missing'}"))
    path = mdadm.path(disk["name"] or disk.name)
    if (yield from _real(path)) != (yield from _real(mdadm.link(uuid))):
        lacking = True
        remarks.append(Remark(f"it is assembled, and not as {path}"))
    if "degraded" in detail.states:
        remarks.insert(0, Remark("degraded"))
    if copying:
        remarks.append(Remark(f"{', '.join(copying)}{f' ({detail.progress})' if detail.progress else ''}", "info"))
    return Status("warn" if lacking else "up", tuple(remarks))

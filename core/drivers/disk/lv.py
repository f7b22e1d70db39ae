"""disk.lv: a logical volume of LVM."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.config.keywords import Keyword
from core.driver import Driver, Tie
from core.drivers import logical_volume
from core.errors import CommandFailed, Failed, Refused, Remedy
from core.status import Remark, Status
from core.tools import lvm

if TYPE_CHECKING:
    from core.config.service import Resource

AS_ASKED = "writemostly"
"""What is said of the health of a volume because its user wanted it so."""


def _volume_complaint(value: str) -> str | None:
    return lvm.complaint(value, volume=True)


class LogicalVolume(Driver):
    """A logical volume, made in a volume group that is there by then, and made larger when `size` is raised.

    Whatever stands on it names it as `/dev/VG/NAME` or `/dev/mapper/VG-NAME`.
    """

    keywords = (
        Keyword("name", "The name of the logical volume.", required=True, syntax=_volume_complaint),
        Keyword("vg", "The volume group that it is made in.", required=True, syntax=lvm.complaint),
        Keyword(
            "size",
            "Its size: `15G`, or a share such as `80%FREE` or `50%VG`; a bare number counts MiB.",
            kind="size",
            required=True,
            unit="M",
            provisioning=True,
        ),
        Keyword("create_options", "Further options of lvcreate.", kind="words", default="", provisioning=True),
    )

    def label(self, disk: "Resource") -> str:
        """Name the volume."""
        return f"lv {disk['vg']}/{disk['name']}"

    def purpose(self, disk: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the logical volume {disk['name']} of {disk['size']} in {disk['vg']}, active"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Give the device, by both of its names."""
        return [Tie("device", name(disk["vg"], disk["name"])) for name in (lvm.path, lvm.mapped)]

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need the group."""
        return (Tie("group", disk["vg"]),)

    def problems(self, disk: "Resource") -> Iterable[tuple[str, str]]:
        """Two resources are not one volume."""
        own = Tie("device", lvm.path(disk["vg"], disk["name"]))
        for other in disk.service.givers(own):
            if other.rid == disk.rid:
                return
            if not other.disabled:
                yield "name", f"{own.name} is already made by {other.rid}; give one of them another name"

    def provision(self, disk: "Resource") -> Steps:
        """Make the volume, or make it larger. One that is there is used when it is ours, or adopted."""
        group, name = disk["vg"], disk["name"]
        before = disk.made(logical_volume.MADE)
        if not (yield from logical_volume.provision(disk, group, name, tuple(disk.words("create_options")))):
            use = Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}")
            raise Refused(f"{disk.rid}: there is a volume {group}/{name} already, which is not recorded", use)
        yield Note("already provisioned" if before == disk.made(logical_volume.MADE) else "provisioned")
        yield from self.start(disk)

    def start(self, disk: "Resource") -> Steps:
        """Activate it."""
        volume = yield from _volume(disk)
        if volume is None:
            raise Failed(f"{disk.rid}: there is no logical volume {disk['vg']}/{disk['name']}; provision creates it")
        if disk.made(logical_volume.MADE) not in {None, volume.uuid} and disk.rid not in disk.service.adopt:
            text = f"{disk.rid}: another volume is called {disk['vg']}/{disk['name']}: {volume.uuid}"
            raise Refused(text, "rename it")
        if volume.is_active:
            yield Note(f"lv {disk['vg']}/{disk['name']} is already up")
            return
        off = lvm.activate_volume(disk["vg"], disk["name"], there=False)
        yield lvm.activate_volume(disk["vg"], disk["name"])._replace(undo=(off,))

    def stop(self, disk: "Resource") -> Steps:
        """Deactivate it."""
        group, name = disk["vg"], disk["name"]
        volume = yield from _volume(disk)
        if volume is None or not volume.is_active:
            yield Note(f"lv {group}/{name} is already down")
            return
        if disk.made(logical_volume.MADE) not in {None, volume.uuid}:
            said = f"the volume {volume.uuid} is called {group}/{name}, is not of this service, and stays"
            yield Note(said, "warning")
            return
        on = lvm.activate_volume(group, name)
        try:
            yield lvm.activate_volume(group, name, there=False)._replace(undo=(on,))
        except CommandFailed as failure:
            if "in use" not in failure.stderr and "used by" not in failure.stderr:
                raise
            who = (yield from logical_volume.users(group, name)) or "by a process that has it open"
            raise Failed(f"{disk.rid}: {group}/{name} is in use, {who}") from failure

    def unprovision(self, disk: "Resource") -> Steps:
        """Remove the volume that was made for this resource."""
        yield from self.stop(disk)
        yield from logical_volume.remove(disk, disk["vg"])

    def holds(self, disk: "Resource") -> Steps:
        """The volume."""
        return (yield from logical_volume.held(disk["vg"], disk["name"]))

    def status(self, disk: "Resource") -> Steps:
        """Up when it is active, warn when something of it is missing, or wrong."""
        answer = yield lvm.volumes(disk["vg"])
        volume = lvm.parse_volumes(answer).get(disk["name"])
        if volume is None:
            return Status("down", (Remark(f"there is no logical volume {disk['vg']}/{disk['name']}", "info"),))
        remarks: tuple[Remark, ...] = ()
        if volume.health == "partial":
            lost = ", ".join(lvm.missing(answer, disk["vg"])) or "a device"
            remarks = (Remark(f"{disk['vg']}/{disk['name']} is not whole: its group lacks {lost}"),)
        elif volume.health and volume.health != AS_ASKED:
            remarks = (Remark(f"{disk['vg']}/{disk['name']}: {volume.health}"),)
        return Status("down" if not volume.is_active else "warn" if remarks else "up", remarks)


def _volume(disk: "Resource") -> Steps:
    return lvm.parse_volumes((yield lvm.volumes(disk["vg"]))).get(disk["name"])


driver = LogicalVolume()

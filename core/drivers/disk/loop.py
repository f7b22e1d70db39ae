"""A file as a block device."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.answers import pick
from core.command import Fresh, Note, Steps, Thing, Wait
from core.config.keywords import Keyword
from core.config.sizes import Share, human, parse
from core.driver import Driver, Holding, Tie
from core.drivers import directories
from core.drivers.emptiness import holds_nothing, inside
from core.errors import Failed, Refused, Remedy, WaitedTooLong
from core.status import Remark, Status
from core.tools import blockdev, cmp, files, losetup, mount

if TYPE_CHECKING:
    from core.config.service import Resource

SECTOR_BYTES = 512
DETACH_SECONDS_MAX = 5


def _complaint(value: str) -> str | None:
    if isinstance(parse(value, "M"), Share):
        return f"{value!r} is a part of nothing here: a file has a size; write one such as 10G"
    return None


class LoopDisk(Driver):
    """A file that is created when it is missing, and attached to the first free loop device.

    Nobody is told the name of that device: a filesystem names the file (`dev = {disk#0.file}`) and finds it.
    """

    unique = ("file",)
    keywords = (
        Keyword("file", "The file to attach to a loop device.", kind="path", required=True),
        Keyword(
            "size",
            "The size of the file to create; a bare number counts MiB.",
            kind="size",
            default="10",
            unit="M",
            provisioning=True,
            syntax=_complaint,
        ),
        Keyword(
            "allocate",
            "The file has all its space from the beginning; else it takes what is written to it.",
            kind="boolean",
            default="false",
            provisioning=True,
        ),
    )

    def label(self, disk: "Resource") -> str:
        """Say which file it is."""
        return f"loop {disk['file']}"

    def purpose(self, disk: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the file {disk['file']} of {_understood(disk)}, as a loop device"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """Give the device, by the name of its file."""
        return (Tie("device", disk["file"]),)

    def needs(self, disk: "Resource") -> Iterable[Tie]:
        """Need the tree that the file is in."""
        return (Tie("path", _directory(disk)),)

    def files(self, disk: "Resource") -> dict[str, int]:
        """Name the file."""
        return {disk["file"]: _bytes(disk)}

    def provision(self, disk: "Resource") -> Steps:
        """Create the file, and attach it. A file that is there is used when it is ours, attached already or adopted."""
        file = disk["file"]
        is_new = bool((yield files.exists(file)).returncode)
        if is_new:
            if (yield from files.missing_directories(disk.rid, _directory(disk))):
                yield Note(f"create directory {_directory(disk)}")
            yield Note(f"create file {file}, size {disk['size']}")
            # A filesystem that somebody made in the file meanwhile may hold data.
            temporary = yield Fresh(f"{disk.rid}.tmp", "tmpdir")
            proof = inside(mount.look_into(file, temporary), temporary, holds_nothing(temporary, f"{file} holds data"))
            make = files.allocate if disk.flag("allocate") else files.truncate
            create = make(file, _bytes(disk), f"{disk.rid}.file")
            yield create._replace(undo=(*proof, *create.undo))
            yield Note("provisioned")
        else:
            ours = disk.made("file") == file or disk.rid in disk.service.adopt or (yield from _loops(file))
            if not ours and (yield from _is_untouched(disk, file)):
                # Nothing was ever written to it: this is what a killed run leaves, and nobody's data.
                yield files.recognise(file, f"{disk.rid}.file")
            elif not ours:
                use = Remedy("to use it", f"svcmgr -s {disk.service.name} provision --adopt {disk.rid}")
                raise Refused(f"{disk.rid}: {file} exists and is not recorded as this service's", use)
            yield from _grown(disk, file)
            yield Note("already provisioned")
        yield from self.start(disk)
        if not is_new:
            yield from _noticed(disk, file)

    def start(self, disk: "Resource") -> Steps:
        """Attach the file."""
        file = disk["file"]
        if (yield from _loops(file)):
            yield Note(f"loop {file} is already up")
            return
        if (yield files.is_file(file)).returncode:
            raise Failed(f"{disk.rid}: {file} does not exist; provision creates it")
        device = (yield losetup.attach(file, f"{disk.rid}.loop")).made
        yield Note(f"{device} now loops to {file}")

    def stop(self, disk: "Resource") -> Steps:
        """Detach every loop device of the file."""
        file = disk["file"]
        loops = yield from _loops(file)
        if not loops:
            yield Note(f"loop {file} is already down")
        for device in loops:
            yield losetup.detach(device, file)._replace(undo=(losetup.attach(file, f"{disk.rid}.loop"),))
        # A busy loop device is detached by its last user, later, with success as the answer all the same.
        if left := (yield from _loops(file)):
            yield from _gone(disk, file, left)

    def unprovision(self, disk: "Resource") -> Steps:
        """Detach the file, and delete it with its directories as far as they were made for this service."""
        yield from self.stop(disk)
        file = disk.made("file")
        names = (f"{disk.rid}.file",)
        if file is None:
            yield Note("no file was made for this resource")
        elif (yield files.exists(file)).returncode:
            yield files.forget(file, names)
        else:
            yield files.remove(file, unmakes=names, destroys=(Thing("file", file),))
        yield from directories.remove_made(disk, _directory(disk))

    def holds(self, disk: "Resource") -> Steps:
        """The file, with its directories as far as they are the service's by their name."""
        found: list[Holding] = yield from directories.held(disk, _directory(disk))
        there = not (yield files.is_file(disk["file"])).returncode
        return [*found, Holding("file", "file", disk["file"])] if there else found

    def status(self, disk: "Resource") -> Steps:
        """Up when the file is attached."""
        if (yield from _loops(disk["file"])):
            return Status("up")
        if (yield files.is_file(disk["file"])).returncode:
            return Status("down", (Remark(f"{disk['file']} does not exist"),))
        return Status("down")


def _gone(disk: "Resource", file: str, left: list[str]) -> Steps:
    """Wait for devices that are still in use: who looks at every disk of the node has them open for a moment."""
    devices = ", ".join(left)
    try:
        yield Wait(
            losetup.associated(file),
            until=lambda answer: not pick(answer.stdout, "lines"),
            every_seconds=1,
            seconds_max=DETACH_SECONDS_MAX,
            subject=f"{devices} to be let go",
        )
    except WaitedTooLong:
        raise Failed(f"{disk.rid}: {devices} is still in use; it goes when its last user does") from None


def _is_untouched(disk: "Resource", file: str) -> Steps:
    """Tell whether a file is as this resource makes it, of its size and without anything in it."""
    size, blocks = (yield files.blocks(file)).stdout.split()
    if size != str(_bytes(disk)):
        return False
    if blocks == "0":
        return True
    return disk.flag("allocate") and not (yield cmp.zeroes(file, 0, int(size))).returncode


def _grown(disk: "Resource", file: str) -> Steps:
    """Grow a file that is smaller than the service file says. A larger one is never cut: that is for its owner."""
    if not disk.given("size"):
        return
    now, wanted = int((yield files.blocks(file)).stdout.split()[0]), _bytes(disk)
    if wanted < now // SECTOR_BYTES * SECTOR_BYTES:
        said = f"{disk['size']} is less than {file} has, {human(now)}; a file is never made smaller"
        raise disk.service.error(disk.rid, "size", said, f"write {human(now)}")
    if wanted > now:
        yield Note(f"grow file {file} from {human(now)} to {human(wanted)}, which cannot be taken back", "warning")
        yield files.extend(file, wanted, allocated=disk.flag("allocate"))


def _noticed(disk: "Resource", file: str) -> Steps:
    """Have the loop devices of a file that has grown notice it."""
    if not disk.given("size"):
        return
    for device in (yield from _loops(file)):
        if int((yield blockdev.size(device)).stdout) < _bytes(disk):
            yield losetup.refresh(device, _bytes(disk))


def _directory(disk: "Resource") -> str:
    return disk["file"].rpartition("/")[0] or "/"


def _loops(file: str) -> Steps:
    """The loop devices of a file."""
    return pick((yield losetup.associated(file)).stdout, "lines")


def _understood(disk: "Resource") -> str:
    """The size as it is understood: a bare number with its unit."""
    size = disk.size("size")
    return str(size) if isinstance(size, Share) else human(size)


def _bytes(disk: "Resource") -> int:
    """The size of the file to create: whole sectors, as a loop device has."""
    size = disk.size("size")
    if isinstance(size, Share):
        raise Failed(f"{disk.rid}: a file has no size such as {size}; write one such as 10G")
    return size // SECTOR_BYTES * SECTOR_BYTES


driver = LoopDisk()

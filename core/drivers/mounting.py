"""What is mounted on a directory of a service: the mount point, the mount, and what is there now.

What there is to mount, and whether it is formatted first, is for who builds on this.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from core.command import Check, Command, Note, Steps
from core.config.keywords import Keyword
from core.driver import Driver, Tie
from core.drivers import directories
from core.errors import CommandFailed, Failed, Refused
from core.status import Remark, Status
from core.tools import files, find, fuser, mount

if TYPE_CHECKING:
    from core.config.service import Resource


class Mounted(NamedTuple):
    """What is at the mount point; `right` when it is what the file names."""

    mount: "mount.Mount"
    right: bool


class Mounting(Driver):
    """Something that is mounted. `type` is what `mount -t` calls it."""

    type = ""
    unique: tuple[str, ...] = ("mnt",)
    keywords: tuple[Keyword, ...] = (
        Keyword("mnt", "The directory that it is mounted on.", kind="mountpoint", required=True),
        Keyword("mnt_opt", "Mount options, separated by commas.", default=""),
    )

    def label(self, fs: "Resource") -> str:
        """Say what is mounted where."""
        return f"{self.source(fs)}@{self.mount_point(fs)}"

    def gives(self, fs: "Resource") -> Iterable[Tie]:
        """Give the tree below the mount point."""
        return (Tie("path", self.mount_point(fs)),)

    def needs(self, fs: "Resource") -> Iterable[Tie]:
        """Need the tree that the mount point is in."""
        return (Tie("path", self.mount_point(fs).rpartition("/")[0] or "/"),)

    def source(self, fs: "Resource") -> str:
        """What the file calls that which is mounted."""
        return fs["dev"]

    def mount_point(self, fs: "Resource") -> str:
        """The mount point, without a slash at its end."""
        return fs["mnt"].rstrip("/")

    def device(self, fs: "Resource") -> Steps:
        """Return what is mounted, by the name that the node knows. Raises Failed when there is none."""
        yield from ()
        return self.source(fs)

    def device_or_none(self, fs: "Resource") -> Steps:
        """Return what is mounted, None when it is not there."""
        yield from ()
        return self.source(fs)

    def prepare(self, fs: "Resource", device: str) -> Steps:
        """Do what comes before a mount, and return what to mount: the device, or a name of it."""
        del fs
        yield from ()
        return device

    def is_right(self, fs: "Resource", found: "mount.Mount") -> bool:
        """Tell whether the part of the filesystem that is mounted is the one that the file names."""
        del fs, found
        return True

    def mounting(self, fs: "Resource", source: str, point: str) -> Command:
        """Return the command that mounts it."""
        return mount.mount(self.type, self.options(fs), source, point)

    def provision(self, fs: "Resource") -> Steps:
        """Make the mount point, mount it."""
        yield from self.made_mount_point(fs)
        yield from self.start(fs)

    def start(self, fs: "Resource") -> Steps:
        """Mount it on an empty directory, where nothing is mounted yet."""
        point = self.mount_point(fs)
        device = yield from self.device(fs)
        here = yield from self.mounted(fs, device)
        if here is not None and here.right:
            yield Note(f"fs({self.source(fs)} {point}) is already mounted")
            return
        if here is not None:
            raise Refused(f"{fs.rid}: {here.mount.device} is mounted on {point}", f"umount {point}, if it may go")
        if (yield files.exists(point)).returncode:
            yield Note(f"create missing mountpoint {point}")
            yield from files.missing_directories(fs.rid, point)
        if inside := (yield find.file(point)).stdout.strip():
            raise Refused(f"{fs.rid}: {point} is not empty, and a mount would hide {inside}", "move it away")
        source = yield from self.prepare(fs, device)
        said = f"{point} is not empty, and a mount would hide what is in it"
        only_if = (
            mount.is_free(point)._replace(otherwise=f"something else is mounted on {point}"),
            Check(find.file(point), path=".", absent=True, otherwise=said),
        )
        yield self.mounting(fs, source, point)._replace(only_if=only_if)

    def stop(self, fs: "Resource") -> Steps:
        """Unmount it. When it is busy, say by whom; nobody is killed."""
        point = self.mount_point(fs)
        device = yield from self.device_or_none(fs)
        here = yield from self.mounted(fs, device)
        if here is None:
            yield Note(f"fs({self.source(fs)} {point}) is already umounted")
            return
        if not here.right:
            yield Note(f"{here.mount.device} on {point} is not of this service and stays", "warning")
            return
        try:
            yield mount.umount(point, again=self.mounting(fs, here.mount.device, point))
        except CommandFailed as failure:
            if "busy" not in failure.stderr:
                raise
            who = fuser.described((yield fuser.users(point)))
            raise Failed(f"{fs.rid}: {point} is busy, {who}") from failure

    def unprovision(self, fs: "Resource") -> Steps:
        """Unmount it, remove the mount point."""
        yield from self.stop(fs)
        yield from directories.remove_made(fs, self.mount_point(fs))

    def status(self, fs: "Resource") -> Steps:
        """Up when it is mounted, read-write unless `ro` is asked for. Nothing is written to find out."""
        device = yield from self.device_or_none(fs)
        here = yield from self.mounted(fs, device)
        label = yield from self.label_found(fs, device)
        if here is None:
            gone = (Remark(f"device does not exist {self.source(fs)}", "info"),) if device is None else ()
            return Status("down", gone, label)
        if not here.right:
            return Status("warn", (Remark(f"{here.mount.device} is mounted on {self.mount_point(fs)}"),), label)
        if "ro" in here.mount.options and "ro" not in self.options(fs).split(","):
            return Status("warn", (Remark("fs is not writable"),), label)
        return Status("up", (), label)

    def holds(self, fs: "Resource") -> Steps:
        """The directory that it is mounted on."""
        return (yield from directories.held(fs, self.mount_point(fs), itself=True))

    def label_found(self, fs: "Resource", device: str | None) -> Steps:
        """What the filesystem is, as the node knows it."""
        del device
        yield from ()
        return self.label(fs)

    def options(self, fs: "Resource") -> str:
        """The mount options; `loop` is not passed on, since a file is mounted by its loop device."""
        return ",".join(option for option in fs["mnt_opt"].split(",") if option not in {"", "loop"})

    def made_mount_point(self, fs: "Resource") -> Steps:
        """Make the directory that it is mounted on, where it is missing."""
        if (yield from files.missing_directories(fs.rid, self.mount_point(fs))):
            yield Note(f"{self.mount_point(fs)} mount point created")

    def mounted(self, fs: "Resource", device: str | None) -> Steps:
        """Return what is mounted at the mount point, None for nothing."""
        found = mount.mounts((yield mount.at(self.mount_point(fs))))
        if not found:
            return None
        right = device is not None and (yield from self.shows(fs, device, found[-1]))
        return Mounted(found[-1], right=right)

    def shows(self, fs: "Resource", device: str, found: "mount.Mount") -> Steps:
        """Tell whether what is mounted is what the file names: the same device, by whatever name, and the same part."""
        here = (yield files.read_link(found.device)).stdout.strip()
        there = (yield files.read_link(device)).stdout.strip()
        return here == there and self.is_right(fs, found)

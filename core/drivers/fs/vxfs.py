"""vxfs, of Veritas."""

from typing import TYPE_CHECKING

from core.command import Check, Command, Note, Steps, Thing
from core.driver import Holding
from core.drivers import blank, mkfs_options
from core.drivers.filesystem import Filesystem, with_rules
from core.tools import blkid, blockdev, vxfs

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.state import Content

REFUSED = {"-m": mkfs_options.NOTHING_MADE, "-N": mkfs_options.NOTHING_MADE}


class VxfsFilesystem(Filesystem):
    """A VxFS on a device that is formatted when it is blank. Simulated only: its tools are not free to be tried.

    Nothing tells one VxFS from another, so it is known as ours by its device: give that a name that stays, such as one
    of /dev/vx/dsk or /dev/disk/by-id.
    """

    type = "vxfs"
    keywords = with_rules(lambda value: mkfs_options.complaint(value, REFUSED, "Fot"))

    def left(self, fs: "Resource") -> "dict[str, Content]":
        """The filesystem that was made for the resource, which has no uuid."""
        return {device: {**content, "uuid": ""} for device, content in super().left(fs).items()}

    def make(self, fs: "Resource", device: str) -> Steps:
        """Format it, known by the name that the file gives its device."""
        yield from ()
        options, name = tuple(fs.words("mkfs_opt")), f"{fs.rid}.filesystem"
        return vxfs.make_filesystem(device, options, name, fs["dev"], self.file(fs, device))

    def holds_on(self, fs: "Resource", device: str) -> Steps:
        """The filesystem, known by the name of its device."""
        there = (yield blkid.value(device, "TYPE")).stdout.strip() == self.type
        return [Holding("filesystem", "vxfs", fs["dev"])] if there else []

    def prepare(self, fs: "Resource", device: str) -> Steps:
        """Replay its log."""
        del fs
        yield vxfs.check_filesystem(device)
        return device

    def _is_used(self, fs: "Resource", device: str, tags: dict[str, str], temporary: str) -> Steps:
        del device, tags, temporary
        yield from ()
        return fs.made("filesystem") == fs["dev"] or fs.rid in fs.service.adopt

    def _unformat(self, fs: "Resource", device: str, temporary: str, size: int | None = None) -> Steps:
        zeroes = yield from self._zeroes(fs, device, size)
        return (*self._emptiness(fs, device, temporary), *zeroes)

    def _zeroes(self, fs: "Resource", device: str, size: int | None = None) -> Steps:
        """The commands that zero the ends of the device, as long as a VxFS is there."""
        place = self.file(fs, device) or device
        there = Check(blkid.value(place, "TYPE"), path=".", text=self.type, otherwise=f"{place} holds no vxfs any more")
        lost = Thing("vxfs", fs["dev"], at=place, proofs=(there,))
        zeroes: tuple[Command, ...] = yield from blank.zeroing(device, self.file(fs, device), size)
        return tuple(command._replace(destroys=(lost,)) for command in zeroes)

    def _wiped(self, fs: "Resource", device: str) -> Steps:
        name = f"{fs.rid}.filesystem"
        if fs.made("filesystem") != fs["dev"]:
            return
        if blkid.tags((yield blkid.probe(device))).get("TYPE") != self.type:
            yield Note(f"the vxfs that was made on {fs['dev']} is gone already, or the device is another", "warning")
            return
        if users := blockdev.users((yield blockdev.uses(device))):
            yield Note(f"{fs['dev']} stays formatted: it is in use ({', '.join(users)})", "warning")
            return
        *others, last = yield from self._zeroes(fs, device)
        for command in others:
            yield command._replace(unmakes=())
        yield last._replace(unmakes=(name,))


driver = VxfsFilesystem()

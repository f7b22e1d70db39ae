"""xfs."""

from typing import TYPE_CHECKING

from core.command import Steps
from core.drivers import mkfs_options
from core.drivers.filesystem import Filesystem, Held, with_rules
from core.tools import xfs

if TYPE_CHECKING:
    from core.config.service import Resource


REFUSED = {
    "-m uuid=": mkfs_options.UUID,
    "-f": mkfs_options.FORCE,
    "-N": mkfs_options.NOTHING_MADE,
    "-V": mkfs_options.NOTHING_MADE,
}
WITH_VALUE = "bcdiLlmnprs"


class XfsFilesystem(Filesystem):
    """An xfs on a device that is formatted when it is blank. Its journal repairs it at the mount: there is no fsck."""

    type = "xfs"
    keywords = with_rules(lambda value: mkfs_options.complaint(value, REFUSED, WITH_VALUE))

    def uuid(self, fs: "Resource") -> Steps:
        """A uuid of ours, where mkfs takes one."""
        return (yield from super().uuid(fs)) if xfs.takes_uuid((yield xfs.version())) else ""

    def make(self, fs: "Resource", device: str) -> Steps:
        """Format, with a uuid of ours where mkfs takes one."""
        uuid = yield from self.uuid(fs)
        options, name = tuple(fs.words("mkfs_opt")), f"{fs.rid}.filesystem"
        return xfs.make_filesystem(device, options, name, uuid, self.file(fs, device))

    def held(self, fs: "Resource", device: str) -> Steps:
        """What the kernel says, of the mount point."""
        del device
        answer = yield xfs.geometry(self.mount_point(fs))
        size = xfs.size(answer)
        return None if size is None else Held(size, xfs.SPARE_BYTES, answer)

    def growth(self, fs: "Resource", device: str, held: Held) -> Steps:
        """Grow it, which is possible only while it is mounted."""
        del device
        yield xfs.grow(self.mount_point(fs), held.answer)


driver = XfsFilesystem()

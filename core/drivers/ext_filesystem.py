"""What ext2, ext3 and ext4 have in common: everything but their number."""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.drivers import mkfs_options
from core.drivers.filesystem import Filesystem, Held, with_rules
from core.errors import CommandFailed, Failed, Refused
from core.tools import blockdev, ext, mount

if TYPE_CHECKING:
    from core.config.service import Resource


REFUSED = {
    "-U": mkfs_options.UUID,
    "-F": mkfs_options.FORCE,
    "-n": mkfs_options.NOTHING_MADE,
    "-S": mkfs_options.NOTHING_MADE,
    "-V": mkfs_options.NOTHING_MADE,
    "-t": mkfs_options.OTHER_TYPE,
}
WITH_VALUE = "bCdeEgGiIJlLmMNoOrtTUz"


class ExtFilesystem(Filesystem):
    """An ext filesystem on a device that is formatted when it is blank, and checked before each mount."""

    keywords = with_rules(lambda value: mkfs_options.complaint(value, REFUSED, WITH_VALUE))

    def __init__(self, type_: str) -> None:
        self.type = type_

    def make(self, fs: "Resource", device: str) -> Steps:
        """Format, with a uuid of ours."""
        uuid = yield from self.uuid(fs)
        options, name = tuple(fs.words("mkfs_opt")), f"{fs.rid}.filesystem"
        return ext.make_filesystem(self.type, device, options, name, uuid, self.file(fs, device))

    def prepare(self, fs: "Resource", device: str) -> Steps:
        """Check it; what e2fsck cannot repair without a question stops the start."""
        # A filesystem that is mounted is not checked.
        mounted = mount.is_mounted(device, self.mount_point(fs))
        try:
            answer = yield ext.check_filesystem(device)._replace(check=mounted)
        except CommandFailed as failure:
            users = blockdev.users((yield blockdev.uses(device)))
            if not users:
                raise
            used = (
                f"{fs.rid}: {fs['dev']} is in use elsewhere ({', '.join(users)}), so it is neither checked nor mounted"
            )
            raise Refused(used, "free it") from failure
        if answer.returncode == ext.NOT_INSTALLED:
            yield Note(f"{fs['dev']} is not checked: e2fsck is not installed", "warning")
        return device

    def held(self, fs: "Resource", device: str) -> Steps:
        """What the superblock says."""
        del fs
        answer = yield ext.superblock(device)
        size = ext.size(answer)
        return None if size is None else Held(size, ext.spare(answer), answer)

    def growth(self, fs: "Resource", device: str, held: Held) -> Steps:
        """Grow it while it is mounted: the kernel has a journal for that, resize2fs has none."""
        try:
            yield ext.grow(device, held.answer)
        except CommandFailed as failure:
            if "Permission denied" not in failure.stdout + failure.stderr:
                raise
            by_hand = f"umount {self.mount_point(fs)}, e2fsck -f {device}, resize2fs {device}, and provision again"
            raise Failed(f"{fs.rid}: growing a mounted ext takes CAP_SYS_RESOURCE; without it: {by_hand}") from failure

"""What grows: an attached file, its loop device, and the filesystems: resize2fs, xfs_growfs, btrfs resize.

A mounted ext grows in the node VM (tests/vm/test_fidelity_growth.py), since that takes CAP_SYS_RESOURCE.
"""

import pytest

from core.command import Command, Completed
from core.tools import blockdev, btrfs, ext, files, losetup, mount, xfs
from tests.fidelity.answers import without
from tests.fidelity.test_formats import SUPERBLOCK, formatting
from tests.fidelity.twins import Twins

MIB = 1024 * 1024
GROUPS = without(r"(agcount|agsize)=\d+")
"""How many groups an xfs has, and of how many blocks, is not simulated."""


def larger(twins: Twins, device: str, size: int) -> None:
    """Make the file of a device larger, and have the device notice."""
    twins.run(files.extend(twins.path("disk"), size, allocated=False))
    twins.run(blockdev.size(device))
    twins.run(losetup.refresh(device, size))
    twins.run(blockdev.size(device))


@pytest.mark.parametrize("type_", ["ext2", "ext3", "ext4"])
def test_an_ext_grows(twins: Twins, type_: str) -> None:
    """One that is not mounted grows with its device, once; what its superblock says is as large as that."""
    device = twins.attach("disk", 100 * MIB)
    twins.run(formatting(type_, device, twins.uuid()))
    twins.run(ext.superblock(device), read=ext.size)
    before = twins.machine.run(ext.superblock(device))
    twins.run(ext.grow(device, before))
    larger(twins, device, 300 * MIB)
    twins.run(ext.superblock(device), read=ext.size)
    twins.run(ext.grow(device, before))
    twins.run(ext.superblock(device), read=ext.size)
    twins.run(ext.grow(device, before))


def test_an_xfs_grows_while_it_is_mounted(twins: Twins) -> None:
    """It grows with its device, once; not where nothing is mounted, and not while it is mounted read-only."""
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.run(xfs.geometry(device))
    twins.run(formatting("xfs", device, twins.uuid()))
    twins.run(xfs.geometry(device), read=GROUPS)
    before = twins.machine.run(xfs.geometry(device))
    twins.run(xfs.geometry(point))
    twins.run(xfs.geometry(twins.path("missing")))
    twins.run(xfs.grow(point, before))
    twins.run(xfs.grow(twins.path("missing"), before))
    twins.run(mount.mount("xfs", "ro", device, point))
    larger(twins, device, 500 * MIB)
    twins.run(xfs.grow(point, before), read=GROUPS)
    twins.run(mount.umount(point))
    twins.run(mount.mount("xfs", "", device, point))
    for _ in range(2):
        twins.run(xfs.geometry(point), read=xfs.size)
        twins.run(xfs.grow(point, before), read=GROUPS)
    twins.run(xfs.geometry(point), read=xfs.size)
    for words in (("xfs_growfs",), ("xfs_growfs", "-z", point)):
        twins.run(Command(words, kind="changes", tool="xfs"))


def test_a_btrfs_grows_while_it_is_mounted(twins: Twins) -> None:
    """It grows with its device, once; not where nothing is mounted, and not while it is mounted read-only."""
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.run(formatting("btrfs", device, twins.uuid(), "-L", "a label"))
    before = Completed(0, "    Device size:\t\t         335544320\n")
    for place in (point, twins.path("missing"), device):
        twins.run(btrfs.usage(place))
        twins.run(btrfs.grow(place, before))
    for place in (point, twins.path("missing")):
        twins.run(btrfs.devices(place))
    for place in (device, twins.path("disk")):
        twins.run(btrfs.devices(place), read=btrfs.size)
    twins.run(mount.mount("btrfs", "ro", device, point))
    larger(twins, device, 500 * MIB)
    twins.run(btrfs.grow(point, before))
    twins.run(mount.umount(point))
    twins.run(mount.mount("btrfs", "", device, point))
    for _ in range(2):
        twins.run(btrfs.usage(point), read=btrfs.size)
        twins.run(btrfs.grow(point, before))
    twins.run(btrfs.usage(point), read=btrfs.size)
    twins.run(btrfs.devices(point), read=btrfs.size)
    for words in (("resize", "max"), ("usage",), ("usage", "-y", point), ("show", "-y", point)):
        twins.run(Command(("btrfs", "filesystem", *words), tool="btrfs", accepts=(0, 1)))


def test_what_holds_nothing_does_not_grow(twins: Twins) -> None:
    """A blank device, another filesystem, no device, an unknown option; and what losetup is not to look at again."""
    device = twins.attach("disk", 320 * MIB)
    for path in (device, twins.path("missing")):
        twins.run(Command(("resize2fs", path), kind="changes", tool="ext"))
    twins.run(Command(("resize2fs", "-x", device), kind="changes", tool="ext"))
    twins.run(formatting("xfs", device, twins.uuid()))
    twins.run(Command(("resize2fs", device), kind="changes", tool="ext"))
    twins.run(losetup.refresh(twins.path("missing"), 1))


def test_a_file_has_all_its_space_at_once(twins: Twins) -> None:
    """It is as large as it says, and takes all of it; a filesystem in it is one as in any other; and it grows."""
    file, size = twins.path("disk"), 40 * MIB
    twins.run(files.allocate(file, size, "disk#0.file"))
    twins.run(files.blocks(file))
    device = twins.run(losetup.attach(file, "disk#0.loop")).stdout.strip()
    twins.run(formatting("ext4", device, twins.uuid()))
    twins.run(files.extend(file, 60 * MIB, allocated=True))
    twins.run(losetup.refresh(device, 60 * MIB))
    twins.run(ext.superblock(device), SUPERBLOCK)


def test_what_fallocate_refuses(twins: Twins) -> None:
    """No length, no file, two files, no directory, a directory, nothing at all."""
    file = twins.path("file")
    for words in (("-l", "0", file), ("-l", "x", file), (file,), ("-l", "1024"), ("-l", "1024", file, file),
                  ("-l", "1024", twins.path("missing/file")), ("-l", "1024", str(twins.directory)),
                  ("-y", file)):  # fmt: skip
        twins.run(Command(("fallocate", *words), kind="changes", tool="files"))

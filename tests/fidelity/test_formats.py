"""mkfs, and what tells of a filesystem, checks it and names it: blkid, wipefs, findfs, e2fsck, tune2fs, xfs_admin."""

import pytest

from core.command import Command
from core.tools import blkid, btrfs, cmp, ext, files, losetup, mount, wipefs, xfs
from tests.fidelity.twins import Known, Twins

MIB = 1024 * 1024
SUPERBLOCK = Known("stdout", "of a superblock, only what drivers may read is simulated")
WRITE_ERRORS = Known("stderr", "every block that cannot be written has a line of its own, which is not simulated")
TYPES = ("ext2", "ext3", "ext4", "xfs", "btrfs")


def formatting(type_: str, device: str, uuid: str, *options: str) -> Command:
    """The command that formats a device."""
    if type_ == "btrfs":
        return btrfs.make_filesystem(device, options, "fs#0.filesystem", uuid)
    if type_ == "xfs":
        return xfs.make_filesystem(device, options, "fs#0.filesystem", uuid)
    return ext.make_filesystem(type_, device, options, "fs#0.filesystem", uuid)


@pytest.mark.parametrize("type_", TYPES)
def test_a_device_is_formatted_and_wiped(twins: Twins, type_: str) -> None:
    """Every read tells the same of a new filesystem, of a labelled one, and of what wipefs leaves."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device = twins.attach("disk", 320 * MIB)
    twins.run(formatting(type_, device, uuid))
    for command in (
        blkid.probe(device),
        blkid.probe(twins.path("disk")),
        blkid.value(device, "UUID"),
        blkid.value(device, "LABEL"),
        blkid.find(f"UUID={uuid}"),
        wipefs.signatures(twins.path("disk")),
    ):
        twins.run(command)
    twins.run(wipefs.erase(device, ()))
    twins.run(formatting(type_, device, other_uuid, "-L", "a label"))
    twins.run(blkid.find("LABEL=a label"))
    twins.run(blkid.value(device, "LABEL"))
    twins.run(wipefs.erase(device, ()))
    twins.run(wipefs.erase(device, ()))


@pytest.mark.parametrize("type_", TYPES)
def test_a_device_that_holds_a_filesystem(twins: Twins, type_: str) -> None:
    """Without a terminal mkfs.extN overwrites it, the others refuse unless they are forced."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device = twins.attach("disk", 320 * MIB)
    twins.run(formatting("ext4", device, uuid, "-L", "first"))
    twins.run(formatting(type_, device, other_uuid))
    twins.run(formatting("btrfs", device, twins.uuid(), "-f"))
    twins.run(formatting(type_, device, twins.uuid()))


@pytest.mark.parametrize("type_", TYPES)
def test_a_device_in_use(twins: Twins, type_: str) -> None:
    """A mounted device is neither formatted, nor wiped, nor checked; nor is one that a busy mount still holds."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.run(formatting(type_, device, uuid))
    twins.run(mount.mount(type_, "", device, point))
    for command in (
        *(formatting(name, device, other_uuid, *(("-f",) if name in {"xfs", "btrfs"} else ())) for name in TYPES),
        wipefs.erase(device, ()),
        ext.check_filesystem(device),
        blkid.probe(device),
    ):
        twins.run(command)
    twins.run(losetup.detach(device, twins.path("disk")))
    twins.run(losetup.associated(twins.path("disk")))
    twins.run(mount.umount(point))


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("mebibytes", [1, 15, 65, 129, 300, 513])
def test_sizes(twins: Twins, type_: str, mebibytes: int) -> None:
    """How small a device may be, which blocks the filesystem has, and whether its last MiB stays zero."""
    uuid = twins.uuid()
    device = twins.attach("disk", mebibytes * MIB)
    twins.run(formatting(type_, device, uuid))


def test_the_smallest_devices(twins: Twins) -> None:
    """104 KiB are an ext2, 109 MiB a btrfs, 300 MiB an xfs; a MiB less is none."""
    uuid = twins.uuid()
    for name, mebibytes in (("btrfs", 108), ("btrfs", 109), ("xfs", 8), ("xfs", 16), ("xfs", 299)):
        device = twins.attach(f"{name}{mebibytes}", mebibytes * MIB)
        twins.run(formatting(name, device, uuid))
        twins.run(losetup.detach(device, twins.path(f"{name}{mebibytes}")))
    for name, size in (("a", 16 * 1024), ("b", 32 * 1024), ("c", 60 * 1024), ("d", 100 * 1024), ("e", 104 * 1024)):
        twins.run(formatting("ext2", twins.attach(name, size), uuid))


def test_what_cannot_be_formatted(twins: Twins) -> None:
    """A path without a device, a directory, a label that is too long, a uuid that is none, an option that is none."""
    uuid = twins.uuid()
    device, directory = twins.attach("disk", 320 * MIB), twins.path("directory")
    twins.run(files.make_directory(directory, "fs#0.directory"))
    for type_ in TYPES:
        twins.run(formatting(type_, "/dev/nosuch", uuid))
        twins.run(formatting(type_, directory, uuid))
        twins.run(formatting(type_, device, "no-uuid"))
        twins.run(formatting(type_, device, uuid, "-Y"))
        twins.run(formatting(type_, device, uuid, "-L", "x" * 300))
        twins.run(wipefs.erase(device, ()))


def test_a_uuid_that_another_has(twins: Twins) -> None:
    """mkfs.btrfs refuses a uuid that is taken, before anything else; the others do not look."""
    uuid = twins.uuid()
    one, other = twins.attach("one", 320 * MIB), twins.attach("other", 320 * MIB)
    twins.run(formatting("btrfs", one, uuid))
    for type_ in ("btrfs", "xfs", "ext4"):
        twins.run(formatting(type_, other, uuid))
        twins.run(wipefs.erase(other, ()))


def test_a_protected_device(twins: Twins) -> None:
    """A read-only device is read as ever, and nothing is written to it."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.protect(device)
    for type_ in TYPES:
        twins.run(formatting(type_, device, uuid), *([WRITE_ERRORS] if type_ == "xfs" else []))
    twins.run(wipefs.erase(device, ()))
    twins.protect(device, on=False)
    twins.run(formatting("ext4", device, uuid, "-L", "kept"))
    twins.protect(device)
    for command in (
        wipefs.erase(device, ()),
        ext.check_filesystem(device),
        ext.set_label(device, "x"),
        *(formatting(type_, device, other_uuid) for type_ in ("ext4", "xfs", "btrfs")),
        blkid.probe(device),
        cmp.zeroes(device, 0, MIB),
    ):
        twins.run(command)
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(files.make_directory(f"{point}/inside", "x"))
    twins.run(mount.umount(point))


def test_ext_is_checked_and_tuned(twins: Twins) -> None:
    """e2fsck and tune2fs know their own filesystems, mounted or not, and say what another one is."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    for path in ("/dev/nosuch", point, device):
        twins.run(ext.check_filesystem(path))
        twins.run(ext.superblock(path), read=fields)
        twins.run(ext.set_label(path, "x"))
    twins.run(formatting("ext4", device, uuid, "-L", "first"))
    twins.run(ext.check_filesystem(device))
    twins.run(ext.superblock(device), read=fields)
    twins.run(ext.superblock(device), SUPERBLOCK)
    for command in (ext.set_uuid(device, other_uuid), ext.set_uuid(device, "no-uuid"), ext.set_label(device, "second"),
                    ext.set_label(device, "x" * 20), ext.set_label(device, "")):  # fmt: skip
        twins.run(command)
    twins.run(ext.superblock(device), read=fields)
    twins.run(mount.mount("ext4", "", device, point))
    # Which of two reasons comes first depends on whether a second has passed since mkfs.
    twins.run(ext.set_uuid(device, uuid), read=lambda answer: answer.returncode)
    twins.run(ext.set_label(device, "mounted"))
    twins.run(ext.superblock(device), read=fields)
    twins.run(mount.umount(point))
    twins.run(formatting("xfs", device, uuid, "-f", "-L", "other"))
    for command in (ext.check_filesystem(device), ext.superblock(device), ext.set_uuid(device, other_uuid)):
        twins.run(command)
    twins.run(Command(("tune2fs", "-Y", device), tool=ext.TOOL))
    twins.run(Command(("e2fsck",), tool=ext.TOOL))


def fields(answer: object) -> object:
    """The fields of a superblock that the simulation has, too."""
    names = ("Filesystem volume name", "Filesystem UUID", "Filesystem state", "Block count", "Block size")
    found = ext.fields(answer)  # type: ignore[arg-type]
    return {name: found.get(name) for name in names}


def test_xfs_is_named(twins: Twins) -> None:
    """xfs_admin reads and writes label and uuid, and ends with 0 also when a uuid is none."""
    uuid, other_uuid = twins.uuid(), twins.uuid()
    device, point = twins.attach("disk", 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    for path in ("/dev/nosuch", device):
        twins.run(xfs.identity(path))
        twins.run(xfs.set_uuid(path, uuid))
        twins.run(xfs.set_label(path, "x"))
    twins.run(formatting("xfs", device, uuid, "-L", "first"))
    for command in (xfs.identity(device), xfs.set_uuid(device, other_uuid), xfs.set_uuid(device, "no-uuid"),
                    xfs.set_label(device, "second"), xfs.set_label(device, "x" * 20), xfs.identity(device),
                    xfs.set_label(device, "--"), xfs.identity(device)):  # fmt: skip
        twins.run(command)
    twins.run(mount.mount("xfs", "", device, point))
    for command in (xfs.identity(device), xfs.set_uuid(device, uuid), xfs.set_label(device, "mounted")):
        twins.run(command)
    twins.run(mount.umount(point))
    twins.run(Command(("xfs_admin",), tool=xfs.TOOL))
    twins.run(Command(("xfs_admin", "-Z", device), tool=xfs.TOOL))


def test_versions(twins: Twins) -> None:
    """The versions that drivers ask for are printed in the same words."""
    for command in (btrfs.version(), xfs.version(), Command(("xfs_admin", "-V"), tool=xfs.TOOL)):
        twins.run(command)


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown option and a missing operand are the tool's own usage error."""
    for line, tool in (("mkfs.ext4", ext.TOOL), ("mkfs.xfs", xfs.TOOL), ("mkfs.btrfs", btrfs.TOOL),
                       ("blkid --foo", blkid.TOOL), ("blkid -p -o export", blkid.TOOL), ("findfs", blkid.TOOL),
                       ("findfs --foo", blkid.TOOL), ("findfs LABEL=a LABEL=b", blkid.TOOL),
                       ("findfs LABEL=nosuch", blkid.TOOL), ("findfs UUID=nosuch", blkid.TOOL),
                       ("wipefs", wipefs.TOOL), ("wipefs --foo", wipefs.TOOL)):  # fmt: skip
        twins.run(Command(tuple(line.split()), tool=tool))

"""losetup, and the sizes and users of block devices."""

from core.command import Command
from core.tools import blkid, blockdev, cmp, files, losetup, wipefs
from tests.fidelity.twins import Known, Twins

MIB = 1024 * 1024
NODE_STAYS = "a detached loop device keeps its node in /dev; a simulated one is gone"
NO_CAPACITY = "how much space a filesystem has left is not simulated"


def test_a_file_is_attached_and_detached(twins: Twins) -> None:
    """A file becomes a device, and is a file again; then there is nothing to detach."""
    file = twins.file("disk", 64 * MIB)
    device = twins.run(losetup.attach(file, "disk#0.loop")).stdout.strip()
    for command in (losetup.associated(file), blockdev.size(device), blockdev.uses(device), files.blocks(file)):
        twins.run(command)
    twins.run(losetup.detach(device, file))
    twins.run(losetup.associated(file))
    twins.run(losetup.detach(device, file))
    twins.run(blockdev.is_block_device(device), Known("returncode", NODE_STAYS))
    twins.run(files.remove(file))


def test_a_file_may_have_several_devices(twins: Twins) -> None:
    """Each attachment is a device of its own, and what is written through one is seen through the others."""
    device = twins.attach("disk", 4 * MIB)
    file = twins.path("disk")
    other = twins.run(losetup.attach(file, "disk#0.loop")).stdout.strip()
    twins.run(losetup.associated(file))
    twins.run(losetup.detach(device, file))
    twins.run(losetup.associated(file))
    twins.run(losetup.detach(other, file))


def test_a_device_has_whole_sectors(twins: Twins) -> None:
    """What is left of a file behind its last sector is no part of the device."""
    device = twins.attach("disk", 3 * MIB + 100)
    twins.run(blockdev.size(device))


def test_a_file_lives_on_in_its_device(twins: Twins) -> None:
    """A file that is removed while it is attached is gone by its name only."""
    device = twins.attach("disk", 4 * MIB)
    twins.run(files.remove(twins.path("disk")))
    for command in (blockdev.size(device), losetup.associated(twins.path("disk")), cmp.zeroes(device, 0, MIB)):
        twins.run(command)


def test_what_cannot_be_attached(twins: Twins) -> None:
    """A file that is not there, a directory; and what is not attached is not detached."""
    for path in (twins.path("missing"), str(twins.directory)):
        twins.run(losetup.attach(path, "disk#0.loop"))
        twins.run(losetup.associated(path))
        twins.run(losetup.detach(path, path))
    twins.run(losetup.detach("/dev/nosuch", "/nosuch"))


def test_devices_that_are_not_there(twins: Twins) -> None:
    """A path without a device, a directory and a file have their answers, and no question changes anything."""
    directory, file = twins.path("directory"), twins.file("file", 2 * MIB)
    twins.run(files.make_directory(directory, "fs#0.directory"))
    for path in ("/dev/nosuch", twins.path("missing"), directory, file):
        for command in (
            blkid.probe(path),
            blkid.value(path, "UUID"),
            blkid.find(path),
            wipefs.signatures(path),
            blockdev.size(path),
            blockdev.uses(path),
            blockdev.is_block_device(path),
            cmp.zeroes(path, 0, MIB),
            cmp.zeroes(path, MIB, MIB),
            files.blocks(path),
        ):
            twins.run(command)
    for path in ("/dev/nosuch", directory):
        twins.run(wipefs.erase(path, ()))


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown option and a missing operand are the tool's own usage error."""
    for line in (
        "losetup --foo",
        "losetup -f --show",
        "blockdev --getsize64",
        "blockdev --foo",
        "lsblk --foo",
    ):
        words = tuple(line.split())
        twins.run(Command(words, tool=words[0]))

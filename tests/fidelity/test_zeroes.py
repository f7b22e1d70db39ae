"""cmp, dd and blkdiscard: what is zero, and what makes it so."""

import pytest

from core.command import Command
from core.tools import blkdiscard, cmp, dd, files, mount, wipefs
from tests.fidelity.test_formats import TYPES, formatting
from tests.fidelity.twins import Known, Twins

MIB = 1024 * 1024
SIZE = 320 * MIB
ANSWERED, TAIL = ("returncode", "stdout"), "cmp -n N -i N:0 DEVICE /dev/zero"
NO_CAPACITY = "how much space a filesystem has left is not simulated"
NO_BLOCKS = "which blocks of its device the files of a filesystem take is not simulated"


@pytest.mark.parametrize("tool", [blkdiscard, dd])
@pytest.mark.parametrize("type_", TYPES)
def test_the_ends_of_a_filesystem_become_zero(twins: Twins, type_: str, tool: object) -> None:
    """The last MiB, then the first: until then the device says what it holds, and then it is blank."""
    device = twins.attach("disk", SIZE)
    zero = blkdiscard.zero if tool is blkdiscard else dd.zero
    twins.run(formatting(type_, device, twins.uuid()))
    twins.run(zero(device, SIZE - MIB, MIB))
    twins.run(zero(device, 0, MIB))


def test_what_wipefs_leaves_becomes_zero(twins: Twins) -> None:
    """Bytes without a signature are no blank device; the zeroes are."""
    device = twins.attach("disk", SIZE)
    twins.run(formatting("xfs", device, twins.uuid()))
    twins.run(wipefs.erase(device, ()))
    twins.run(cmp.zeroes(device, 0, MIB))
    twins.run(blkdiscard.zero(device, 0, MIB))
    twins.run(cmp.zeroes(device, 0, MIB))


def test_where_nothing_is_zeroed(twins: Twins) -> None:
    """No device, a directory, a range that is not aligned or behind the end, a device in use or protected."""
    device, point = twins.attach("disk", SIZE), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    for path in ("/dev/nosuch", point, twins.path("missing")):
        twins.run(blkdiscard.zero(path, 0, MIB))
        twins.run(dd.zero(path, 0, MIB))
    twins.run(blkdiscard.zero(device, 100, MIB))
    twins.run(blkdiscard.zero(device, 0, 100))
    twins.run(blkdiscard.zero(device, SIZE, MIB))
    twins.run(blkdiscard.zero(device, SIZE + MIB, MIB))
    twins.run(blkdiscard.zero(device, SIZE - MIB, 2 * MIB))
    twins.run(dd.zero(device, SIZE, MIB))
    twins.protect(device)
    twins.run(blkdiscard.zero(device, 0, MIB))
    twins.run(dd.zero(device, 0, MIB))
    twins.protect(device, on=False)
    twins.run(formatting("ext4", device, twins.uuid()))
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(blkdiscard.zero(device, 0, MIB))


def test_a_comparison_ends_with_the_device(twins: Twins) -> None:
    """A device that is shorter than what is compared is not zero."""
    device = twins.attach("disk", 2 * MIB)
    for offset, length in ((0, MIB), (MIB, MIB), (MIB, 2 * MIB), (0, 3 * MIB)):
        twins.run(cmp.zeroes(device, offset, length))


def test_a_full_filesystem_takes_no_more(twins: Twins) -> None:
    """Where the filesystem below a file is full, zeroes cannot be written: dd says so."""
    device, point = twins.attach("disk", 8 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.run(formatting("ext2", device, twins.uuid()))
    twins.run(mount.mount("ext2", "", device, point))
    file = twins.file("point/file", 32 * MIB)
    twins.run(dd.zero(file, 0, 32 * MIB), *(Known(part, NO_CAPACITY) for part in ANSWERED), Known(TAIL, NO_BLOCKS))


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown option and a missing operand are the tool's own usage error."""
    twins.run(blkdiscard.version())
    for line in ("blkdiscard --foo", "dd frob=x", "cmp --foo"):
        words = tuple(line.split())
        twins.run(Command(words, tool=words[0]))

"""mdadm and its simulated face: the same commands, one by one, in the VM and on a node state."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Executor
from core.tools import blockdev, mdadm, mount, wipefs
from tests.fidelity.pairs import Pair, assembled, detail, superblock, verdict
from tests.fidelity.test_formats import formatting
from tests.node_vm import VM
from tests.vm.pairs import DISKS, held, pair_of, together, typed

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
OURS, OTHER = "01234567:89abcdef:01234567:89abcdef", "76543210:fedcba98:76543210:fedcba98"
ARRAY = "/dev/md/svc1.disk.1"
B, C, D, E = DISKS
CHANGING = {
    # What each device holds is listed before the question that `--run` answers; its times are of the clock.
    r"(?m)^ +(?:level|size|mtime|ctime)=.*\n": "",
    # How long the kernel had for its first writes.
    r"(?m)^mdadm: .*array is .*clean.*\n": "",
}
LEVELS = (("0", 2, 0), ("1", 2, 0), ("1", 3, 1), ("4", 3, 0), ("5", 3, 0), ("5", 4, 1), ("6", 4, 0), ("10", 4, 0),
          ("linear", 2, 0))  # fmt: skip


def state(node: Executor) -> Any:
    """The arrays with their members, what the members say of themselves, and what the disks hold."""
    scan, named, linked, size, *said = together(
        node,
        mdadm.arrays(),
        blockdev.is_block_device(ARRAY),
        blockdev.is_block_device(mdadm.link(OURS)),
        blockdev.size(ARRAY),
        *map(mdadm.examine, DISKS),
    )
    found = sorted(mdadm.parse_arrays(scan))
    members = [superblock(answer)[0] for answer in said]
    # One that is not started is listed when udev gets to it.
    return [each.uuid for each in found if each.started], named[0], linked[0], size.stdout, members, held(node)


def copies_slowly(vm: VM) -> None:
    """Let the kernel take its time for what arrays copy."""
    vm.shell("for limit in min max; do echo 1000 >/proc/sys/dev/raid/speed_limit_$limit; done")


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM and its twin, with four blank disks. What is copied takes longer than the test."""
    copies_slowly(vm)
    both = pair_of(vm, state, CHANGING)
    yield both
    both.record(request.node.name)


def made(pair: Pair, level: str, *disks: str, spares: int = 0, **shape: Any) -> int:
    """Make an array as its driver does; return the code that this ended with."""
    wanted = mdadm.Shape(level, len(disks) - spares, spares, **shape)
    return pair.run(mdadm.create(ARRAY, "disk#1.array", OURS, wanted, disks, disks[-1])).returncode


def test_every_level_lives(pair: Pair) -> None:
    """Made, asked about, stopped, assembled, stopped for good: size, members and what they say are alike."""
    pair.run(mdadm.arrays())
    for level, count, spares in LEVELS:
        disks = DISKS[:count]
        assert made(pair, level, *disks, spares=spares) == 0
        pair.run(mdadm.arrays(), assembled)
        pair.run(mdadm.detail(ARRAY), detail)
        pair.run(mdadm.examine(B), superblock)
        pair.run(mdadm.stop(OURS))
        pair.run(mdadm.detail(ARRAY))
        pair.run(mdadm.assemble(ARRAY, OURS, disks))
        pair.run(mdadm.detail(ARRAY), detail)
        pair.run(mdadm.stop(OURS))
        for disk in disks:
            typed(pair, f"mdadm --zero-superblock {disk}")


def test_chunks_and_layouts(pair: Pair) -> None:
    """The size of an array is whole chunks of its members; a mirror has none."""
    for level, shape in (("0", {"chunk": 1024}), ("5", {"chunk": 64, "layout": "ra"}), ("10", {"layout": "f2"})):
        assert made(pair, level, B, C, D, **shape) == 0
        pair.run(blockdev.size(ARRAY))
        pair.run(mdadm.detail(ARRAY), detail)
        pair.run(mdadm.stop(OURS))
        for disk in (B, C, D):
            typed(pair, f"mdadm --zero-superblock {disk}")
    assert made(pair, "1", B, C, chunk=64)
    assert made(pair, "5", B, C, D, layout="x9")
    wanted = mdadm.Shape("5", 3, chunk=48)
    left = "the superblocks of an array that the kernel does not run stay; the simulation writes none"
    pair.run(mdadm.create(ARRAY, "x", OURS, wanted, (B, C, D), D), state=left)


def test_an_array_without_a_member(pair: Pair) -> None:
    """It is started only where it is asked for, and says what is missing; a disk that comes takes the place."""
    made(pair, "1", B, C)
    pair.run(mdadm.stop(OURS))
    typed(pair, f"mdadm --zero-superblock {C}")
    pair.run(mdadm.assemble(ARRAY, OURS, (B,)))
    pair.run(mdadm.assemble(ARRAY, OURS, (B,), run=True))
    pair.run(mdadm.detail(ARRAY), detail)
    pair.run(mdadm.add(OURS, D))
    pair.run(mdadm.remove(OURS, D), verdict)
    pair.run(mdadm.stop(OURS))


def test_what_mdadm_refuses(pair: Pair) -> None:
    """Members of another array, devices that are in use or not there, too few of them, a level that is none."""
    made(pair, "1", B, C)
    shape = mdadm.Shape("1", 2, 0)
    for devices in ((B, D), (D, "/dev/nothere")):
        pair.run(mdadm.create("/dev/md/other", "x", OTHER, shape, devices, devices[-1]))
    pair.run(mdadm.create(ARRAY, "x", OTHER, shape, (D, E), E))
    for line in (
        f"--create /dev/md/o --run --metadata=1.2 --level=5 --raid-devices=1 {D}",
        f"--create /dev/md/o --run --metadata=1.2 --level=6 --raid-devices=3 {D} {E} {C}",
        f"--create /dev/md/o --run --metadata=1.2 --level=7 --raid-devices=2 {D} {E}",
        f"--create /dev/md/o --run --metadata=1.2 --level=1 --raid-devices=2 {D}",
        f"--create /dev/md/o --run --metadata=1.2 --level=0 --raid-devices=1 --spare-devices=1 {D} {E}",
        f"--create /dev/md/o --run --metadata=1.2 --level=1 --raid-devices=2 {D} {D}",
        f"--zero-superblock {B}",
        f"--zero-superblock {E}",
        "--zero-superblock /dev/nothere",
        "--stop /dev/md/nothere",
        f"--stop {E}",
        f"{ARRAY} --add /dev/nothere",
        f"{ARRAY} --add {B}",
        f"{ARRAY} --remove {B}",
        f"{ARRAY} --remove {E}",
        f"{ARRAY} --fail {E}",
    ):
        typed(pair, f"mdadm {line}")
    pair.run(mdadm.assemble("/dev/md/other", OTHER, (D, E)))
    pair.run(mdadm.assemble("/dev/md/other", OTHER, (B, "/dev/nothere")))
    for question in (mdadm.detail("/dev/nothere"), mdadm.detail(E), mdadm.examine("/dev/nothere"), mdadm.examine(E)):
        pair.run(question)
    pair.run(wipefs.erase(B, ()), verdict)


def test_an_array_that_is_mounted_is_not_stopped(pair: Pair) -> None:
    """And its members say who uses them."""
    made(pair, "1", B, C)
    pair.run(formatting("ext4", ARRAY, UUID), verdict)
    pair.run(mount.mount("ext4", "", ARRAY, "/mnt/a"))
    pair.run(blockdev.uses(B))
    pair.run(mdadm.stop(OURS))
    pair.run(mount.umount("/mnt/a"))
    pair.run(mdadm.stop(OURS))


def test_what_mdadm_does_not_understand(pair: Pair) -> None:
    """A name that is too long, an unknown option, missing words."""
    for length in (32, 33):
        array = f"/dev/md/{'n' * length}"
        pair.run(mdadm.create(array, "x", OTHER, mdadm.Shape("1", 2, 0), (B, C), C))
    for line in (
        *("--frobnicate", "--create", "--stop", "--assemble", "--zero-superblock", "--examine", "--detail"),
        f"--create /dev/md/x {B} {C}",
        f"--create /dev/md/x --level=1 {B} {C}",
        f"--create /dev/md/x --raid-devices=2 {B} {C}",
        f"/dev/md/x --frob {B}",
    ):
        pair.run(Command(("mdadm", *line.split()), tool="mdadm"))

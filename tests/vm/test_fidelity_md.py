"""mdadm and its simulated face: the same commands, one by one, in the VM and on a node state."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Completed, Executor
from core.tools import blockdev, mdadm, mount, wipefs
from tests.fidelity.pairs import Pair, verdict
from tests.fidelity.test_formats import formatting
from tests.node_vm import VM
from tests.vm.pairs import DISKS, changes, held, pair_of

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
OURS, OTHER = "01234567:89abcdef:01234567:89abcdef", "76543210:fedcba98:76543210:fedcba98"
ARRAY = "/dev/md/svc1.disk.1"
B, C, D, E = DISKS
CHANGING = {r"(?m)^.*(?:Time|Events|Resync Status|Rebuild Status|Consistency Policy) : .*\n": ""}


def state(node: Executor) -> Any:
    """The arrays with their members, what the members say of themselves, and what the disks hold."""
    scan = sorted(each.uuid for each in mdadm.parse_arrays(node.run(mdadm.arrays())))
    blocks = [node.run(blockdev.is_block_device(path)).returncode for path in (ARRAY, mdadm.link(OURS))]
    said = [mdadm.superblock(node.run(mdadm.examine(disk))) for disk in DISKS]
    size = node.run(blockdev.size(ARRAY)).stdout
    members = [{name: each.get(name) for name in ("MD_UUID", "MD_NAME", "MD_LEVEL", "MD_DEVICES")} for each in said]
    return scan, blocks, members, size, _used(node)


def _used(node: Executor) -> list[Any]:
    return held(node)


def detail(answer: Completed) -> Any:
    """What a driver reads of an array, but for how far it has been synchronised."""
    found = mdadm.parse_detail(answer)
    going = {"resyncing", "recovering", "active", "clean", "checking"}
    roles = sorted((each.device, each.state.replace("rebuilding", "").split()[0]) for each in found.members)
    return answer.returncode, found.level, [each for each in found.states if each not in going], roles


def export(answer: Completed) -> Any:
    """What a member says of its array."""
    found = mdadm.superblock(answer)
    return answer.returncode, {name: found.get(name) for name in ("MD_UUID", "MD_NAME", "MD_LEVEL", "MD_DEVICES")}


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM and its twin, with four blank disks."""
    both = pair_of(vm, state, CHANGING)
    yield both
    both.record(request.node.name)


def made(pair: Pair, level: str, *disks: str, spares: int = 0, **shape: Any) -> int:
    """Make an array as its driver does; return the code that this ended with."""
    wanted = mdadm.Shape(level, len(disks) - spares, spares, **shape)
    command = mdadm.create(ARRAY, "disk#1.array", OURS, wanted, disks, disks[-1])
    return pair.run(command, verdict).returncode


@pytest.mark.parametrize(
    "level, disks, spares",
    [
        ("0", 2, 0),
        ("1", 2, 0),
        ("1", 3, 1),
        ("4", 3, 0),
        ("5", 3, 0),
        ("5", 4, 1),
        ("6", 4, 0),
        ("10", 4, 0),
        ("linear", 2, 0),
    ],
)
def test_every_level_lives(pair: Pair, level: str, disks: int, spares: int) -> None:
    """Made, asked about, stopped, assembled, stopped for good: size, members and what they say are alike."""
    assert made(pair, level, *DISKS[:disks], spares=spares) == 0
    for question, read in ((mdadm.arrays(), verdict), (mdadm.detail(ARRAY), detail), (mdadm.examine(B), export)):
        pair.run(question, read)
    pair.run(blockdev.size(ARRAY))
    pair.run(mdadm.stop(OURS), verdict)
    pair.run(mdadm.detail(ARRAY), verdict)
    pair.run(mdadm.examine(B), export)
    pair.run(mdadm.assemble(ARRAY, OURS, DISKS[:disks]), verdict)
    pair.run(mdadm.detail(ARRAY), detail)
    pair.run(mdadm.stop(OURS), verdict)
    for disk in DISKS[:disks]:
        pair.run(changes("mdadm", "--zero-superblock", disk, tool="mdadm"), verdict)


def test_chunks_and_layouts(pair: Pair) -> None:
    """The size of an array is whole chunks of its members."""
    assert made(pair, "0", B, C, chunk=1024) == 0
    pair.run(blockdev.size(ARRAY))
    pair.run(mdadm.detail(ARRAY), detail)


def test_an_array_without_a_member(pair: Pair) -> None:
    """It is started only where it is asked for, and says what is missing; a disk that comes takes the place."""
    made(pair, "1", B, C)
    pair.run(mdadm.stop(OURS), verdict)
    pair.run(changes("mdadm", "--zero-superblock", C, tool="mdadm"), verdict)
    pair.run(mdadm.assemble(ARRAY, OURS, (B,), run=True), verdict)
    pair.run(mdadm.detail(ARRAY), detail)
    pair.run(mdadm.add(OURS, D), verdict)
    pair.run(mdadm.detail(ARRAY), lambda answer: mdadm.parse_detail(answer).level)


def test_what_is_refused(pair: Pair) -> None:
    """Members of another array, devices that are in use or not there, too few of them, a level that is none."""
    made(pair, "1", B, C)
    shape = mdadm.Shape("1", 2, 0)
    for devices in ((B, D), (D, "/dev/nothere")):
        other = mdadm.create("/dev/md/other", "x", OTHER, shape, devices, devices[-1])
        pair.run(other, verdict)
    pair.run(
        changes("mdadm", "--create", "/dev/md/o", "--run", "--level=5", "--raid-devices=1", D, tool="mdadm"), verdict
    )
    pair.run(
        changes("mdadm", "--create", "/dev/md/o", "--run", "--level=7", "--raid-devices=2", D, E, tool="mdadm"), verdict
    )
    pair.run(
        changes("mdadm", "--create", "/dev/md/o", "--run", "--level=1", "--raid-devices=2", D, tool="mdadm"), verdict
    )
    pair.run(changes("mdadm", "--zero-superblock", B, tool="mdadm"), verdict)
    pair.run(changes("mdadm", "--zero-superblock", E, tool="mdadm"), verdict)
    pair.run(changes("mdadm", "--stop", "/dev/md/nothere", tool="mdadm"), verdict)
    pair.run(mdadm.assemble("/dev/md/other", OTHER, (D, E)), verdict)
    pair.run(wipefs.erase(B, ()), verdict)


def test_an_array_that_is_mounted_is_not_stopped(pair: Pair) -> None:
    """And its members say who uses them."""
    made(pair, "1", B, C)
    pair.run(formatting("ext4", ARRAY, UUID), verdict)
    pair.run(mount.mount("ext4", "", ARRAY, "/mnt/a"))
    pair.run(mdadm.stop(OURS), verdict)
    pair.run(mount.umount("/mnt/a"))
    pair.run(mdadm.stop(OURS), verdict)


def test_a_name_that_is_too_long(pair: Pair) -> None:
    """Mdadm holds thirty-two bytes of it."""
    for length in (32, 33):
        array = f"/dev/md/{'n' * length}"
        command = mdadm.create(array, "x", OTHER, mdadm.Shape("1", 2, 0), (B, C), C)
        pair.run(command, verdict)


def test_words_that_are_not_understood(pair: Pair) -> None:
    """An unknown option and missing words."""
    for line in ("mdadm --frobnicate", "mdadm --create", "mdadm --create /dev/md/x /dev/vdb /dev/vdc", "mdadm --stop"):
        pair.run(changes(*line.split(), tool="mdadm"), verdict)

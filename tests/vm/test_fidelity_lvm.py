"""lvm2 and its simulated face: the same commands, one by one, in the VM and on a node state."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Executor
from core.tools import blkdiscard, blkid, blockdev, files, losetup, lvm, mount, wipefs
from tests.fidelity.pairs import Pair, verdict
from tests.fidelity.test_formats import formatting
from tests.node_vm import VM
from tests.vm.pairs import DISKS, MEBIBYTE, changes, held, lines, pair_of

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
B, C, D, E = DISKS


def state(node: Executor) -> Any:
    """The groups with their volumes, the physical volumes, the links, and what the disks hold."""
    names = ("data", "other", "with-hyphen")
    groups = [node.run(lvm.group(f"vg_name={name}")).stdout for name in names]
    places = ("/dev/data/root", "/dev/mapper/data-root", "/dev/mapper/with--hyphen-a--b")
    return (
        [line.split(";")[0:1] + line.split(";")[2:] for text in groups for line in text.splitlines()],
        [[row[:1] + row[2:] for row in lvm.rows(node.run(lvm.volumes(name)))] for name in names],
        sorted([row[0], row[2]] for row in lvm.rows(node.run(lvm.physical()))),
        [node.run(blockdev.is_block_device(place)).returncode for place in places],
        held(node),
    )


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM and its twin, with four blank disks."""
    both = pair_of(vm, state)
    yield both
    both.record(request.node.name)


def physical(pair: Pair, *disks: str) -> None:
    """Make physical volumes."""
    for number, disk in enumerate(disks):
        pair.run(lvm.create_physical(disk, disk, f"disk#1.physical_volume.{number}"), lines)


def group(pair: Pair, *disks: str, name: str = "data", options: tuple[str, ...] = ()) -> None:
    """Make a group of new physical volumes."""
    physical(pair, *disks)
    pair.run(lvm.create_group(name, disks, options, "disk#1.volume_group"), lines)


def volume(pair: Pair, size: tuple[str, str], name: str = "root", group_name: str = "data") -> int:
    """Make a logical volume; return the code that this ended with."""
    return pair.run(lvm.create_volume(group_name, name, size, (), "fs#0.logical_volume"), lines).returncode


def test_a_group_lives(pair: Pair) -> None:
    """Made, asked about, activated, extended, reduced, deactivated, removed, as its driver does it."""
    pair.run(lvm.version(), verdict)
    pair.run(lvm.group("vg_name=data"))
    group(pair, B, C, options=("--setautoactivation", "n"))
    for question in (lvm.group("vg_name=data"), lvm.uuid_of_group("data"), lvm.volumes("data"), lvm.physical()):
        pair.run(question, lines)
    pair.run(lvm.tag("data", "@node1"))
    pair.run(lvm.tag("data", "@node1", there=False))
    pair.run(lvm.activate("data"))
    assert volume(pair, ("-L", "100M")) == 0
    pair.run(lvm.inactive("data"))
    pair.run(lvm.opened("data", "root"))
    pair.run(lvm.deactivate("data"))
    pair.run(lvm.inactive("data"))
    pair.run(lvm.activate("data"))
    physical(pair, D)
    pair.run(changes("vgextend", "data", D, tool="lvm"))
    pair.run(changes("vgreduce", "data", D, tool="lvm"))
    pair.run(changes("lvremove", "-y", "data/root", tool="lvm"))
    pair.run(changes("vgremove", "data", tool="lvm"))
    for disk in (B, C, D):
        pair.run(changes("pvremove", disk, tool="lvm"))


def test_sizes_are_whole_extents(pair: Pair) -> None:
    """What is asked for is rounded up, shares are of what there is, and there is no more than that."""
    group(pair, B)
    for name, size in (("a", ("-L", "5M")), ("b", ("-L", "1m")), ("c", ("-l", "50%VG")), ("d", ("-l", "100%FREE"))):
        assert volume(pair, size, name) == 0
        pair.run(lvm.volumes("data"), lines)
    for size in (("-L", "4M"), ("-l", "1"), ("-l", "100%FREE")):
        assert volume(pair, size, "e")
    pair.run(lvm.group("vg_name=data"))


def test_a_volume_grows(pair: Pair) -> None:
    """As far as there is room, and not when it has that size already; smaller it gets by nobody's mistake."""
    group(pair, B)
    volume(pair, ("-L", "100M"))
    for size in ("200M", "200M", "100M", "2G"):
        pair.run(changes("lvextend", "-L", size, "data/root", tool="lvm"), lines)
        pair.run(lvm.volumes("data"))
    pair.run(changes("lvextend", "-L", "200M", "data/none", tool="lvm"))


def test_what_is_refused(pair: Pair) -> None:
    """Names that are taken, devices that are in use or not there or of another group, groups with volumes."""
    group(pair, B)
    group(pair, C, name="other")
    volume(pair, ("-L", "100M"))
    volume(pair, ("-L", "100M"))
    pair.run(lvm.create_group("data", (D,), (), "x"), lines)
    pair.run(lvm.create_group("third", (B,), (), "x"), lines)
    for disk in (B, "/dev/nothere"):
        pair.run(lvm.create_physical(disk, disk, "x"), lines)
    pair.run(changes("vgextend", "other", B, tool="lvm"), lines)
    pair.run(changes("vgremove", "data", tool="lvm"), lines)
    pair.run(changes("vgremove", "nothere", tool="lvm"))
    for disk in (B, D, "/dev/nothere"):
        pair.run(changes("pvremove", disk, tool="lvm"), lines)
    volume(pair, ("-L", "100M"), group_name="nothere")
    pair.run(lvm.activate("nothere"))
    pair.run(lvm.deactivate("nothere"))
    pair.run(changes("lvremove", "-y", "data/nothere", tool="lvm"))


def test_a_volume_that_is_mounted_is_in_use(pair: Pair) -> None:
    """It is neither deactivated nor removed, and its disk says who uses it."""
    group(pair, B)
    volume(pair, ("-L", "100M"))
    pair.run(formatting("ext4", "/dev/data/root", UUID), verdict)
    pair.run(mount.mount("ext4", "", "/dev/data/root", "/mnt/a"))
    pair.run(mount.at("/mnt/a"))
    pair.run(blockdev.uses(B))
    pair.run(lvm.opened("data", "root"))
    pair.run(lvm.deactivate("data"), lines)
    pair.run(changes("lvremove", "-y", "data/root", tool="lvm"), lines)
    pair.run(wipefs.erase(B, ()), verdict)
    pair.run(mount.umount("/mnt/a"))
    pair.run(lvm.deactivate("data"), lines)
    pair.run(changes("lvremove", "-y", "data/root", tool="lvm"), lines)


def test_a_device_that_is_mounted_is_no_physical_volume(pair: Pair) -> None:
    """Nor one that holds a filesystem, since nobody answers the question whether to wipe it."""
    pair.run(formatting("ext4", B, UUID), verdict)
    pair.run(lvm.create_physical(B, B, "x"), lines)
    pair.run(mount.mount("ext4", "", B, "/mnt/a"))
    pair.run(lvm.create_physical(B, B, "x"), lines)
    pair.run(lvm.create_group("data", (B,), (), "x"), lines)


def test_extents_that_are_used_again_carry_old_signatures(pair: Pair) -> None:
    """A new volume in the place of one that is gone is wiped of what is recognised there, as `--yes` allows."""
    group(pair, B)
    volume(pair, ("-L", "100M"))
    pair.run(formatting("ext4", "/dev/data/root", UUID), verdict)
    pair.run(changes("lvremove", "-y", "data/root", tool="lvm"))
    pair.run(changes("lvcreate", "-n", "root", "-L", "100M", "data", tool="lvm"), lines)
    pair.run(lvm.volumes("data"))
    volume(pair, ("-L", "100M"), "again")
    pair.run(blkid.probe("/dev/data/again"), verdict)


def test_names_with_hyphens(pair: Pair) -> None:
    """Device-mapper doubles them."""
    group(pair, B, name="with-hyphen")
    volume(pair, ("-L", "20M"), "a-b", "with-hyphen")
    pair.run(files.read_link("/dev/with-hyphen/a-b"))
    pair.run(blockdev.uses("/dev/with-hyphen/a-b"))


def test_a_group_goes_and_comes_with_its_disks(pair: Pair, vm: VM) -> None:
    """On loop devices: what is detached takes its group along, and brings it back."""
    for number in (1, 2):
        pair.run(files.truncate(f"/mnt/b/{number}", 60 * MEBIBYTE, f"disk#{number}.file"))
        pair.run(losetup.attach(f"/mnt/b/{number}", f"disk#{number}.loop"))
    loops = ("/dev/loop0", "/dev/loop1")
    group(pair, *loops, options=("--setautoactivation", "n"))
    pair.run(lvm.group("vg_name=data"))
    pair.run(losetup.detach("/dev/loop1", "/mnt/b/2"))
    vm.shell("udevadm settle")
    pair.run(lvm.group("vg_name=data"), lambda answer: answer.stdout)
    pair.run(losetup.detach("/dev/loop0", "/mnt/b/1"))
    vm.shell("udevadm settle")
    pair.run(lvm.group("vg_name=data"))
    for number in (1, 2):
        pair.run(losetup.attach(f"/mnt/b/{number}", f"disk#{number}.loop"))
    vm.shell("udevadm settle")
    pair.run(lvm.group("vg_name=data"))


def test_words_that_are_not_understood(pair: Pair) -> None:
    """An unknown option, missing words, names that cannot be."""
    for line in ("pvcreate --frobnicate /dev/vdb", "vgcreate data", "lvcreate", "vgcreate -- .. /dev/vdb", "pvcreate"):
        pair.run(changes(*line.split(), tool="lvm"), verdict)


def test_zeroes_take_the_physical_volume_away(pair: Pair) -> None:
    """What was a physical volume is none any more when its first MiB is zeroed; its group misses it."""
    group(pair, B, C)
    pair.run(blkdiscard.zero(C, 0, MEBIBYTE), verdict)
    pair.run(lvm.group("vg_name=data"), lambda answer: answer.stdout)

"""lvm2 and its simulated face: the same commands, one by one, in the VM and on a node state."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Executor
from core.tools import blkdiscard, blkid, blockdev, files, losetup, lvm, mount, wipefs
from tests.fidelity.pairs import Pair, printed, table, unordered, verdict
from tests.fidelity.test_formats import formatting
from tests.node_vm import VM
from tests.vm.pairs import DISKS, MEBIBYTE, held, pair_of, reports, together, typed

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
B, C, D, E = DISKS


def state(node: Executor) -> Any:
    """The groups with their volumes, the physical volumes, the links, and what the disks hold."""
    said = reports(
        node,
        lvm.table("vgs", "vg_name,vg_extent_count,vg_free_count,vg_missing_pv_count,lv_count,vg_tags"),
        lvm.table("lvs", "vg_name,lv_name,lv_size,lv_active,lv_device_open", "", "--units", "b", "--nosuffix"),
        lvm.table("pvs", "pv_name,vg_name,pv_missing"),
    )
    places = ("/dev/data/root", "/dev/mapper/data-root", "/dev/mapper/with--hyphen-a--b")
    links = together(node, *map(blockdev.is_block_device, places))
    return said, [answer.returncode for answer in links], held(node)


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM and its twin, with four blank disks."""
    both = pair_of(vm, state)
    yield both
    both.record(request.node.name)


def physical(pair: Pair, *disks: str) -> None:
    """Make physical volumes."""
    for number, disk in enumerate(disks):
        pair.run(lvm.create_physical(disk, disk, f"disk#1.physical_volume.{number}"), unordered)


def group(pair: Pair, *disks: str, name: str = "data", options: tuple[str, ...] = ()) -> None:
    """Make a group of new physical volumes."""
    physical(pair, *disks)
    pair.run(lvm.create_group(name, disks, options, "disk#1.volume_group"), unordered)


def volume(pair: Pair, size: tuple[str, str], name: str = "root", group_name: str = "data") -> int:
    """Make a logical volume; return the code that this ended with."""
    return pair.run(lvm.create_volume(group_name, name, size, (), "fs#0.logical_volume"), unordered).returncode


def test_a_group_and_its_volumes(pair: Pair) -> None:
    """What every driver does, from blank disks and back, and what is asked on the way; dashes are doubled by dm."""
    pair.run(lvm.version(), verdict)
    pair.run(lvm.group("vg_name=with-hyphen"))
    physical(pair, B, C)
    create = lvm.create_group("with-hyphen", (B, C), ("--setautoactivation", "n"), "disk#1.volume_group")
    pair.run(create, unordered)
    for question in (lvm.group("vg_name=with-hyphen"), lvm.uuid_of_group("with-hyphen"), lvm.physical()):
        pair.run(question, table)
    pair.run(lvm.tag("with-hyphen", "node1"))
    pair.run(lvm.activate("with-hyphen"))
    assert volume(pair, ("-L", "10M"), "a-b", "with-hyphen") == 0
    assert volume(pair, ("-l", "50%VG"), "half", "with-hyphen") == 0
    pair.run(files.read_link("/dev/with-hyphen/a-b"))
    pair.run(blockdev.size_and_uses("/dev/with-hyphen/a-b"))
    typed(pair, "lvextend -L 21M with-hyphen/a-b")
    for question in (
        lvm.volumes("with-hyphen"),
        lvm.inactive("with-hyphen"),
        lvm.uuid_of_volume("with-hyphen", "half"),
        lvm.unused("with-hyphen", "half", "").ask,
        lvm.group_of_physical("none"),
    ):
        pair.run(question, table)
    pair.run(lvm.deactivate("with-hyphen"))
    pair.run(lvm.inactive("with-hyphen"), table)
    typed(pair, "lvchange -a y with-hyphen/half")
    typed(pair, "lvchange -a n with-hyphen/half")
    typed(pair, "lvremove --yes with-hyphen/half")
    typed(pair, "lvremove --yes with-hyphen/a-b")
    pair.run(lvm.tag("with-hyphen", "node1", there=False))
    typed(pair, f"vgreduce with-hyphen {C}")
    typed(pair, f"vgextend with-hyphen {C}")
    typed(pair, "vgremove with-hyphen")
    typed(pair, f"pvremove {B}")


def test_what_is_refused(pair: Pair) -> None:
    """Devices that are missing, used, signed or of another group; names that are taken or cannot be; no such group."""
    typed(pair, "pvcreate /dev/nothere")
    pair.run(formatting("ext4", D, UUID), verdict)
    typed(pair, f"pvcreate {D}")
    pair.run(mount.mount("ext4", "", D, "/mnt/a"))
    typed(pair, f"pvcreate {D}")
    typed(pair, f"vgcreate data {D}", unordered)
    pair.run(mount.umount("/mnt/a"))
    for line in (
        f"vgcreate a/b {B}",
        f"vgcreate data {B}",
        f"vgcreate other {C}",
        f"vgcreate data {E}",
        f"vgcreate third {B}",
        f"pvcreate {B}",
        f"pvremove {B}",
        f"pvremove {E}",
        "pvremove /dev/nothere",
        f"vgextend data {B}",
        f"vgextend other {B}",
        f"vgreduce data {B}",
        "vgremove nothere",
        "lvcreate --yes -n l -L 12M nothere",
        "lvremove --yes data/nothere",
        "vgchange -a y nothere",
        "vgchange -a n nothere",
    ):
        typed(pair, line, unordered)


def test_volumes_that_cannot_be(pair: Pair) -> None:
    """Sizes are whole extents, and no more than there are; a volume grows; extents keep the signatures of the dead."""
    group(pair, B)
    for line in (
        "lvcreate --yes -n big -L 600M data",
        "lvcreate --yes -n root -L 5M data",
        "lvcreate --yes -n root -L 12M data",
        "lvcreate --yes -n b -L 1m data",
        "lvcreate --yes -n c -l 50%VG data",
        "lvcreate --yes -n d -l 100%FREE data",
        "lvcreate --yes -n e -L 4M data",
        "lvcreate --yes -n e -l 100%FREE data",
        "lvremove --yes data/d",
        "lvextend -L 12M data/root",
        "lvextend -L 12M data/root",
        "lvextend -L 5M data/root",
        "lvextend -L 600M data/root",
        "lvextend -L 12M data/none",
        "lvremove data/b",
        "vgremove data",
    ):
        typed(pair, line)
    pair.run(formatting("ext4", "/dev/data/c", UUID), verdict)
    typed(pair, "lvremove --yes data/c")
    typed(pair, "lvcreate -n root -L 100M data")
    typed(pair, "lvcreate -n again -L 100M data")
    typed(pair, "lvcreate --yes -n again -L 100M data", unordered)
    pair.run(blkid.probe("/dev/data/again"), verdict)


def test_a_volume_that_is_mounted_is_in_use(pair: Pair) -> None:
    """It is neither deactivated nor removed, and its disk says who uses it."""
    group(pair, B)
    volume(pair, ("-L", "100M"))
    pair.run(formatting("ext4", "/dev/data/root", UUID), verdict)
    pair.run(mount.mount("ext4", "", "/dev/data/root", "/mnt/a"))
    pair.run(mount.at("/mnt/a"))
    pair.run(blockdev.uses(B))
    pair.run(lvm.unused("data", "root", "").ask, table)
    pair.run(lvm.deactivate("data"), unordered)
    typed(pair, "lvremove --yes data/root")
    pair.run(wipefs.erase(B, ()), verdict)
    typed(pair, f"pvremove {B}")
    pair.run(mount.umount("/mnt/a"))
    pair.run(lvm.deactivate("data"), unordered)
    typed(pair, "lvremove --yes data/root")


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
    pair.run(lvm.group("vg_name=data"), printed)
    pair.run(losetup.detach("/dev/loop0", "/mnt/b/1"))
    vm.shell("udevadm settle")
    pair.run(lvm.group("vg_name=data"))
    for number in (1, 2):
        pair.run(losetup.attach(f"/mnt/b/{number}", f"disk#{number}.loop"))
    vm.shell("udevadm settle")
    pair.run(lvm.group("vg_name=data"))


def test_what_lvm_does_not_understand(pair: Pair) -> None:
    """An unknown option, missing words, names that cannot be."""
    for line in ("pvcreate --frobnicate /dev/vdb", "vgcreate data", "lvcreate", "vgcreate -- .. /dev/vdb", "pvcreate"):
        typed(pair, line, verdict)


def test_zeroes_take_the_physical_volume_away(pair: Pair) -> None:
    """What was a physical volume is none any more when its first MiB is zeroed; its group misses it."""
    group(pair, B, C)
    pair.run(blkdiscard.zero(C, 0, MEBIBYTE), verdict)
    pair.run(lvm.group("vg_name=data"), printed)

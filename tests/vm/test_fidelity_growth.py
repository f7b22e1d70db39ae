"""Filesystems on a logical volume that grows under them: resize2fs, xfs_growfs and btrfs while they are mounted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Executor
from core.tools import blockdev, btrfs, ext, lvm, mount, wipefs, xfs
from tests.fidelity.pairs import Pair, size, unordered, verdict, words
from tests.fidelity.test_formats import formatting
from tests.node_vm import VM
from tests.vm.pairs import held, pair_of, reports, together, typed

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
UNCHECKED = "what was mounted since it was last checked is to be checked first; the simulation does not remember that"
DEVICE, POINT = "/dev/data/root", "/mnt/a"
SECOND = 1.1
CHANGING = {
    # How many groups an xfs has, and of how many blocks, is not simulated.
    r"(agcount|agsize)=\d+": "GROUPS",
}


def state(node: Executor) -> Any:
    """The volumes, how large the device is, what is mounted, and what the disks hold."""
    volumes = lvm.table("lvs", "vg_name,lv_name,lv_size,lv_device_open", "", "--units", "b", "--nosuffix")
    asked = together(node, blockdev.size(DEVICE), mount.at(POINT))
    # Which options a kernel adds, and by which of its names a btrfs calls its device, is not asked here.
    sized, mounted = (answer.stdout for answer in asked)
    return reports(node, volumes), sized, " TARGET=" in mounted, held(node)


@pytest.fixture
def pair(vm: VM, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """The VM and its twin, with a group of two disks and a volume in it."""
    both = pair_of(vm, state, CHANGING)
    for line in ("vgcreate data /dev/vdb /dev/vdc", "lvcreate --yes -n root -L 320M data"):
        typed(both, line, unordered)
    yield both
    both.record(request.node.name)


def test_filesystems_grow_while_they_are_mounted(pair: Pair) -> None:
    """With their volume, once: then there is nothing more to do; ext says where it is mounted."""
    count = 320
    for type_ in ("ext2", "ext3", "ext4", "xfs", "btrfs"):
        pair.run(wipefs.erase(DEVICE, ()), verdict)
        pair.run(formatting(type_, DEVICE, UUID), verdict)
        tool = {"xfs": xfs, "btrfs": btrfs}.get(type_, ext)
        if tool is ext:
            # Only what was mounted in a later second than it was checked in has to be checked again.
            time.sleep(SECOND)
        pair.run(mount.mount(type_, "", DEVICE, POINT))
        ask = {"xfs": xfs.geometry(POINT), "btrfs": btrfs.usage(POINT)}.get(type_, ext.superblock(DEVICE))
        grow = tool.grow(DEVICE if tool is ext else POINT, pair.real.run(ask))
        count += 40
        typed(pair, f"lvextend -L {count}M data/root")
        for _ in range(2):
            pair.run(grow, verdict if tool is btrfs else words)
            pair.run(ask, size)
        pair.run(mount.umount(POINT))
        known = dict.fromkeys(("returncode", "answer"), UNCHECKED) if tool is ext else {}
        pair.run(grow, words, **known)
    pair.run(blockdev.size(DEVICE))

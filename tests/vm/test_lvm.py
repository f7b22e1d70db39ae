"""lvm2 in the node VM, and its simulated twin: the same commands, one by one."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.tools import blkid, lvm
from executors.simulated.tools import lvm as simulated
from tests.fidelity.pairs import Pair, table, verdict
from tests.fidelity.pairs import words as printed
from tests.node_vm.vm import VM

GIVEN = {
    "tools": {"lvm2": "2.03.16"},
    "devices": {f"/dev/vd{letter}": {"size": "512M", "serial": f"disk{letter}"} for letter in "bcde"},
    "files": {"/dev/mapper": "directory", "/mnt": "directory", "/var/lib": "directory"},
}
CHANGING = {
    r"\b[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b": "UUID",
    r"(?m)^  (?:Library|Driver|Conf).*\n": "",
}
VERSIONS = {"lvm2": "2.03.16", "e2fsprogs": "1.47.0", "mount": "2.38.1"}
"""What the VM has."""
PACKAGES = {**dict.fromkeys(simulated.PROGRAMS, "lvm2"), "mkfs.ext4": "e2fsprogs", "mount": "mount", "umount": "mount"}


def state(node: Executor) -> Any:
    """What a driver can see: groups, their volumes, and which devices are in which group."""
    groups = lvm.groups(node.run(lvm.group("")))
    return (
        [group._replace(uuid="") for group in groups],
        [
            [each._replace(uuid="") for each in lvm.parse_volumes(node.run(lvm.volumes(group.name))).values()]
            for group in groups
        ],
        [each._replace(uuid="") for each in lvm.parse_physical(node.run(lvm.physical()))],
        [blkid.tags(node.run(blkid.probe(f"/dev/vd{letter}"))).get("TYPE") for letter in "bcd"],
    )


class Both:
    """A pair to which commands are given as one types them."""

    def __init__(self, vm: VM) -> None:
        self._pair = Pair(
            vm.machine(), GIVEN, changing=CHANGING, state=state, packages=PACKAGES, version=VERSIONS.__getitem__
        )
        self.record = self._pair.record

    def reads(self, command: Command) -> Completed:
        """Ask."""
        return self._pair.run(command, table)

    def changes(self, line: str, tool: str = "lvm", **known: str) -> Completed:
        """Run a change; every return code is an answer here."""
        words = tuple(line.split())
        command = Command(words, kind="changes", accepts=tuple(range(256)), tool=tool)
        return self._pair.run(command, printed if tool == "lvm" else verdict, **known)


@pytest.fixture
def both(vm: VM, request: pytest.FixtureRequest) -> Iterator[Both]:
    """A VM that has done nothing yet, and its twin."""
    pair = Both(vm)
    yield pair
    pair.record(request.node.name)


def test_a_group_and_its_volumes(both: Both) -> None:
    """What every driver does, from blank disks and back, and what is asked on the way."""
    both.reads(lvm.group("vg_name=vg-0"))
    both.changes("pvcreate /dev/vdb")
    both.changes("pvcreate /dev/vdc")
    both.changes("vgcreate --setautoactivation n vg-0 /dev/vdb /dev/vdc")
    both.changes("vgchange --addtag @node1 vg-0")
    both.changes("vgchange -a y vg-0")
    both.changes("lvcreate --yes -n ro-ot -L 10M vg-0")
    both.changes("lvcreate --yes -n half -l 50%VG vg-0")
    both.changes("lvextend -L 21M vg-0/ro-ot")
    for command in (lvm.inactive("vg-0"), lvm.uuid_of_volume("vg-0", "half"), lvm.opened("vg-0", "half")):
        both.reads(command)
    both.changes("vgchange -a n vg-0")
    both.reads(lvm.inactive("vg-0"))
    both.changes("lvchange -a y vg-0/half")
    both.changes("lvremove --yes vg-0/half")
    both.changes("lvremove --yes vg-0/ro-ot")
    both.changes("vgchange --deltag @node1 vg-0")
    both.changes("vgreduce vg-0 /dev/vdc")
    both.changes("vgextend vg-0 /dev/vdc")
    both.changes("vgremove vg-0")
    both.changes("pvremove /dev/vdb")


def test_what_is_refused(both: Both) -> None:
    """Devices that are missing, used, signed or of another group; names, sizes and volumes that cannot be."""
    both.changes("pvcreate /dev/vdx")
    both.changes("mkfs.ext4 -q /dev/vdd", tool="ext")
    both.changes("pvcreate /dev/vdd")
    both.changes("mount /dev/vdd /mnt", tool="mount")
    both.changes("pvcreate /dev/vdd")
    both.changes("umount /mnt", tool="mount")
    both.changes("vgcreate a/b /dev/vdb")
    both.changes("vgcreate vg0 /dev/vdb")
    both.changes("vgcreate vg0 /dev/vdc")
    both.changes("pvcreate /dev/vdb")
    both.changes("pvremove /dev/vdb")
    both.changes("pvremove /dev/vdc")
    both.changes("vgextend vg0 /dev/vdb")
    both.changes("vgreduce vg0 /dev/vdb")
    both.changes("vgremove vg1")
    both.changes("lvcreate --yes -n big -L 600M vg0")
    both.changes("lvcreate --yes -n l -L 12M vg1")
    both.changes("lvcreate --yes -n l -L 12M vg0")
    both.changes("lvcreate --yes -n l -L 12M vg0")
    both.changes("lvextend -L 12M vg0/l")
    both.changes("lvextend -L 5M vg0/l")
    both.changes("lvextend -L 600M vg0/l")
    both.changes("lvremove vg0/l")
    both.changes("vgremove vg0")
    both.changes("mkfs.ext4 -q /dev/vg0/l", tool="ext")
    both.changes("mount /dev/vg0/l /mnt", tool="mount")
    both.changes("vgchange -a n vg0")
    both.changes("lvremove --yes vg0/l")
    both.changes("umount /mnt", tool="mount")
    both.changes("lvremove --yes vg0/l")
    both.changes("lvremove --yes vg0/l")
    both.changes("lvcreate -n again -L 12M vg0")
    both.changes("lvcreate --yes -n again -L 12M vg0")

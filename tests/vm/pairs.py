"""The VM and its simulated twin: the same commands on both, compared one by one (`tests.fidelity.pairs`)."""

from collections.abc import Callable, Mapping
from typing import Any

from core.answers import pick
from core.command import Command, Completed, Executor
from core.tools import blkid, blockdev, wipefs
from tests.fidelity.pairs import Pair
from tests.node_vm import VM

MEBIBYTE = 1024 * 1024
DISKS = ("/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde")
DISK_MEBIBYTES = 512
TOOLS = {
    "btrfs-progs": "6.2",
    "coreutils": "9.1",
    "diffutils": "3.8",
    "e2fsprogs": "1.47.0",
    "lvm2": "2.03.16",
    "mdadm": "4.2",
    "mount": "2.38.1",
    "udev": "252",
    "util-linux": "2.38.1",
    "xfsprogs": "6.1.0",
}
"""What the image has; the twin has the same."""
PACKAGES = {
    **dict.fromkeys(
        ("pvcreate", "pvremove", "pvs", "vgcreate", "vgremove", "vgextend", "vgreduce", "vgchange"), "lvm2"
    ),
    **dict.fromkeys(("vgs", "lvcreate", "lvremove", "lvextend", "lvchange", "lvs", "lvm", "pvresize"), "lvm2"),
    "mdadm": "mdadm",
    **dict.fromkeys(("blkid", "blockdev", "findmnt", "findfs", "lsblk", "wipefs", "blkdiscard"), "util-linux"),
    **dict.fromkeys(("mount", "umount", "losetup"), "mount"),
    **dict.fromkeys(("mkfs.ext4", "resize2fs", "dumpe2fs", "e2fsck"), "e2fsprogs"),
    "mkfs.xfs": "xfsprogs",
    "mkfs.btrfs": "btrfs-progs",
    **dict.fromkeys(("cmp",), "diffutils"),
    **dict.fromkeys(("dd", "mkdir", "test", "readlink", "truncate"), "coreutils"),
    "udevadm": "udev",
}
OF_LVM = r"\b[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b"
CHANGING = {
    OF_LVM: "LVMUUID",
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "UUID",
    r"\b[0-9a-f]{8}(?::[0-9a-f]{8}){3}\b": "MDUUID",
    r"byte \d+, line \d+": "byte N, line N",
    # The first free number: which one that is, is the kernel's affair.
    r"/dev/dm-\d+": "/dev/dm-N",
}


def pair_of(vm: VM, state: Callable[[Executor], Any], changing: Mapping[str, str] = {}) -> Pair:
    """A VM that has done nothing yet, and its twin."""
    vm.shell("mkdir -p /mnt/a /mnt/b")
    given = {
        "hostname": "node1",
        "tools": TOOLS,
        "devices": {disk: {"size": DISK_MEBIBYTES * MEBIBYTE} for disk in DISKS},
        "files": {"/mnt/a": "directory", "/mnt/b": "directory", "/dev/mapper": "directory"},
    }
    return Pair(
        vm.machine(),
        given,
        changing={**CHANGING, **changing},
        state=state,
        packages=PACKAGES,
        version=TOOLS.__getitem__,
    )


def held(node: Executor) -> list[Any]:
    """What is on the disks, who uses them, and their signatures: what every change may change."""
    found: list[Any] = []
    for disk in DISKS:
        tags = blkid.tags(node.run(blkid.probe(disk)))
        users = blockdev.users(node.run(blockdev.uses(disk)))
        signed = len(node.run(wipefs.signatures(disk)).stdout.splitlines())
        found.append((disk, tags.get("TYPE", tags.get("PTTYPE", "")), sorted(users), signed))
    return found


def changes(*argv: str, tool: str) -> Command:
    """A change that no driver makes."""
    return Command(argv, kind="changes", tool=tool)


def lines(answer: Completed) -> tuple[list[str], str]:
    """An answer whose lines come in no order."""
    return sorted(pick(answer.stdout, "lines")), answer.stderr

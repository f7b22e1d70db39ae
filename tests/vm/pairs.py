"""The VM and its simulated twin: the same commands on both, compared one by one (`tests.fidelity.pairs`)."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from core.command import Command, Completed, Executor
from core.tools import blkid, blockdev
from executors.simulated.node import SimulatedNode
from tests.fidelity.pairs import Pair, Read, words
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
    **dict.fromkeys(("mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "resize2fs", "tune2fs", "e2fsck"), "e2fsprogs"),
    **dict.fromkeys(("mkfs.xfs", "xfs_growfs", "xfs_info"), "xfsprogs"),
    **dict.fromkeys(("mkfs.btrfs", "btrfs"), "btrfs-progs"),
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


def together(node: Executor, *questions: Command) -> list[Completed]:
    """Ask several questions; in the VM in one process, since most of the time of one goes into starting it there."""
    if isinstance(node, SimulatedNode):
        return [node.run(question) for question in questions]
    script = "".join(f"{shlex.join(question.argv)} 2>&-\nprintf '\\001%s\\002' $?\n" for question in questions)
    said = node.run(Command(("sh", "-c", script), tool="files")).stdout
    parts = [part.split("\x01") for part in said.split("\x02")[:-1]]
    return [Completed(int(code), text) for text, code in parts]


def held(node: Executor) -> list[Any]:
    """What is on the disks, and who uses them: what every change may change."""
    questions = [ask(disk) for disk in DISKS for ask in (blkid.probe, blockdev.size_and_uses)]
    answers = together(node, *questions)
    found: list[Any] = []
    for disk, probed, used in zip(DISKS, answers[::2], answers[1::2], strict=True):
        tags = blkid.tags(probed)
        found.append((disk, tags.get("TYPE", tags.get("PTTYPE", "")), sorted(blockdev.users(used))))
    return found


def reports(node: Executor, *questions: Command) -> list[str]:
    """The lines of several reports of lvm, sorted; in the VM they are asked of one lvm."""
    if isinstance(node, SimulatedNode):
        answers = [node.run(question).stdout for question in questions]
    else:
        lines = "".join(f"{shlex.join(question.argv)}\n" for question in questions)
        answers = [node.run(Command(("sh", "-c", f"printf '%s' {shlex.quote(lines)} | lvm"), tool="lvm")).stdout]
    return sorted(line.strip() for answer in answers for line in answer.splitlines() if line.strip())


def typed(pair: Pair, line: str, read: Read = words, **known: str) -> Completed:
    """Run a change as one types it, whatever it ends with."""
    argv = tuple(line.split())
    tool = {"lvm2": "lvm", "e2fsprogs": "ext"}.get(PACKAGES[argv[0]], argv[0])
    return pair.run(Command(argv, kind="changes", tool=tool, accepts=tuple(range(256))), read, **known)

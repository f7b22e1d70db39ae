"""docs/fidelity.md: it says what was compared, and every storage command of a golden was."""

import re
import shlex
from collections.abc import Iterator

import pytest

from tests.fidelity import tried
from tests.fidelity.ledger import PAGE, kept, rendered
from tests.golden import GOLDENS, VERBS

LVM = ("pvcreate", "pvremove", "pvs", "vgcreate", "vgextend", "vgreduce", "vgremove", "vgchange", "vgs", "lvcreate",
       "lvextend", "lvchange", "lvremove", "lvs", "lvm")  # fmt: skip
FILESYSTEMS = ("mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "e2fsck", "tune2fs", "resize2fs",
               "xfs_growfs", "xfs_info", "xfs_admin", "btrfs")  # fmt: skip
DEVICES = ("losetup", "fallocate", "truncate", "blkdiscard", "blkid", "blockdev", "wipefs", "cmp", "dd", "lsblk",
           "findfs", "findmnt", "mount", "umount")  # fmt: skip
PROGRAMS = frozenset((*LVM, *FILESYSTEMS, *DEVICES, "mdadm", "zpool", "zfs", "rbd", "rbd-nbd"))
"""The tools of storage. Those of vxfs are nobody's to run here."""
WORDS = {"btrfs": 2, "zpool": 1, "zfs": 1, "rbd": 1, "rbd-nbd": 1, "lvm": 1}
"""How many words say what some programs are to do; of the others it is the first option."""
LOCKS, CREDENTIALS = "lock", {"-n", "--keyring", "-c"}

_SHOWN = re.compile(r"\s+[$?<] (\S.*)")
_CHECKED = re.compile(r" +\[\d+\]$")


def deed(words: list[str]) -> str:
    """What a command line does: its program, with the words or the first option that say what is done."""
    program, *rest = words
    if program == "mdadm":
        return f"mdadm {next((word.partition('=')[0] for word in rest if word.startswith('--')), '')}".strip()
    if program not in WORDS:
        option = next((word.partition("=")[0] for word in rest if re.match(r"--?[A-Za-z]", word)), "")
        return f"{program} {option}".strip()
    verbs = list(rest)
    while verbs and verbs[0] in CREDENTIALS:
        del verbs[:2]
    count = WORDS[program] + (verbs[:1] == [LOCKS])
    return " ".join((program, *verbs[:count]))


def compared() -> set[str]:
    """What was done with real tools, by the rows of the page."""
    rows = re.findall(r"^\| `(.*?)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {deed(row.split()) for row in rows if row.split()[0] in PROGRAMS}


def done() -> Iterator[str]:
    """What the goldens do with the tools of storage."""
    for path in sorted(GOLDENS.glob("*/*/*")):
        if path.name not in VERBS:
            continue
        for line in path.read_text(encoding="utf-8").splitlines():
            if shown := _SHOWN.match(line):
                words = shlex.split(_CHECKED.sub("", shown[1]))
                if words[0] in PROGRAMS:
                    yield deed(words)


def test_every_storage_command_of_a_golden_was_compared() -> None:
    """A new command in a golden needs a comparison with the real tool first."""
    assert sorted(set(done()) - compared()) == []


def test_the_page_says_what_was_kept() -> None:
    """It is made of the ledgers in tests/fidelity/compared, and of nothing else."""
    assert PAGE.read_text(encoding="utf-8") == rendered(kept(), tried.kept())


@pytest.mark.parametrize(
    "line, said",
    [
        ("lvcreate --yes -n root -L 1M data", "lvcreate --yes"),
        ("vgremove data", "vgremove"),
        ("mdadm /dev/md/x --fail /dev/sdb --remove /dev/sdb", "mdadm --fail"),
        ("rbd -n client.admin --keyring /k lock add rbd/a node1", "rbd lock add"),
        ("btrfs filesystem resize max /mnt", "btrfs filesystem resize"),
        ("mkfs.xfs -q /dev/sdb", "mkfs.xfs -q"),
    ],
)
def test_what_a_command_does(line: str, said: str) -> None:
    """It is told by the words that say so, whatever it is done to."""
    assert deed(line.split()) == said

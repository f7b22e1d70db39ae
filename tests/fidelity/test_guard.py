"""The guard on this machine: loop devices that somebody else comes to, after they were proved and before the command.

What is written there, and who uses it, is real; the words of the refusals are those that a simulated node brings about.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from core import evidence
from core.command import Command, Executor, Steps, Thing
from core.errors import Refused
from core.record import MadeThing
from core.tools import btrfs, dd, ext, files
from executors.layers.guard import Guard
from executors.layers.journal import Journal
from executors.real.machine import Machine
from svcprov.keeping import Unkept
from tests.unit.drivers.drive import service

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="loop devices and mounts need root")
SIZE = 128 * 1024 * 1024


def sh(*argv: str) -> str:
    """Run a program that has to succeed."""
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


class Loop:
    """A sparse file of this test's own, attached to a loop device; and a guarded service that may format it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.point = str(folder / "disk.img"), folder / "mnt"
        self.point.mkdir()
        sh("truncate", "-s", str(SIZE), self.file)
        self.device = sh("losetup", "-f", "--show", self.file)
        self.service = service(f"[fs#1]\ntype = ext4\ndev = {self.device}\nmnt = {self.point}\n")
        kept = Unkept()
        self.lines = kept.lines
        self.guard = Guard(Journal(Machine(), self.service.record, kept.journal_line), self.service)

    def close(self) -> None:
        """Leave nothing behind."""
        subprocess.run(("umount", "-q", str(self.point)), check=False)
        subprocess.run(("losetup", "-d", self.device), check=False, stderr=subprocess.DEVNULL)

    def made(self, kind: str, identity: str) -> None:
        """Let the record have a thing."""
        self.service.record.made[f"fs#1.{kind}"] = MadeThing(kind, identity, "fs#1", "provision")

    def write(self, offset: int, data: bytes) -> None:
        """Write to the device as somebody else might."""
        with Path(self.device).open("r+b") as device:
            device.seek(offset)
            device.write(data)

    @property
    def content(self) -> str:
        """What the file holds, as a checksum."""
        sh("sync", "-f", self.file)
        with Path(self.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def refuses(self, command: Command) -> str:
        """What the refusal of a command says; nothing was intended, and nothing has changed."""
        before = self.content
        with pytest.raises(Refused) as refusal:
            self.guard.run(command._replace(rid="fs#1", verb="provision"))
        assert (self.content, self.lines) == (before, [])
        return str(refusal.value)

    def runs(self, command: Command) -> None:
        """Run a command that has to pass, and to succeed."""
        answer = self.guard.run(command._replace(rid="fs#1", verb="provision"))
        assert answer.returncode == 0, answer

    def mkfs(self) -> Command:
        """The format that a driver has proved the device blank for; unlike others this mkfs overwrites unasked."""
        blank = Thing("device", self.device, blank=True, at=self.device)
        return ext.make_filesystem("ext4", self.device, (), "fs#1.filesystem", str(uuid4()))._replace(destroys=(blank,))


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """A blank loop device, and the proof that a driver has of it."""
    made = Loop(tmp_path)
    try:
        found = proved(evidence.look(made.device), Machine())
        assert isinstance(found, evidence.Evidence)
        assert found.is_blank
        yield made
    finally:
        made.close()


def proved(steps: Steps, node: Executor) -> object:
    """Ask the questions of a proof as the engine does; return what it found."""
    answer = None
    while True:
        try:
            question = steps.send(answer)
        except StopIteration as end:
            return end.value
        assert isinstance(question, Command)
        answer = node.run(question)


def test_a_blank_loop_device_is_formatted(loop: Loop) -> None:
    """The proof holds on a blank device, once: what was formatted is refused."""
    loop.runs(loop.mkfs())
    loop.lines.clear()
    again = loop.mkfs()
    assert "was blank, and now holds ext4, uuid " in loop.refuses(again._replace(makes=None))


def test_a_signature_that_somebody_wrote_since_is_refused(loop: Loop) -> None:
    """mkfs.ext4 would overwrite another filesystem without a question; the guard names it and does not."""
    uuid = str(uuid4())
    sh("mkfs.ext2", "-q", "-L", "payroll", "-U", uuid, loop.device)
    said = loop.refuses(loop.mkfs())
    assert f"fs#1: {loop.device} was blank, and now holds ext2, uuid {uuid}, label payroll; to destroy it: " in said
    assert said.endswith(f"svcmgr -s svc1 provision --allow-destroy {loop.device}")


def test_a_partition_table_is_refused(loop: Loop) -> None:
    """A table of partitions is no filesystem, and no blank device."""
    table = bytes(510) + b"\x55\xaa"
    entry = bytes([0, 0, 2, 0, 0x83, 0, 0, 0]) + (2048).to_bytes(4, "little") + (4096).to_bytes(4, "little")
    loop.write(0, table[:446] + entry + table[462:])
    assert "was blank, and now holds a partition table (dos)" in loop.refuses(loop.mkfs())


def test_bytes_at_either_end_are_refused(loop: Loop) -> None:
    """A database that writes to the raw device has no signature; its bytes are in the way all the same."""
    for offset in (4096 * 20, SIZE - 4096):
        loop.write(offset, b"1492 lines")
        assert "is not blank: it holds bytes without a signature" in loop.refuses(loop.mkfs())
        loop.write(offset, bytes(10))


def test_a_mounted_device_is_refused(loop: Loop) -> None:
    """Whoever mounts it first has it; no word allows the format of a mounted device."""
    sh("mkfs.ext4", "-q", loop.device)
    sh("mount", loop.device, str(loop.point))
    loop.service.allow_destroy = frozenset((loop.device,))
    assert f"fs#1: {loop.device} is in use ({loop.point}); free it" in loop.refuses(loop.mkfs())


def test_an_unreadable_device_is_refused(loop: Loop) -> None:
    """Where reading ends with an error nobody knows what is there: not even a named device is formatted then."""
    os.truncate(loop.file, SIZE // 2)
    loop.service.allow_destroy = frozenset((loop.device,))
    said = loop.refuses(loop.mkfs())
    assert "cannot be read, so nobody knows what it holds" in said
    assert "Input/output error" in said


def test_a_device_that_has_gone_is_refused(loop: Loop) -> None:
    """A question that has no answer is no proof."""
    gone = loop.mkfs()
    sh("losetup", "-d", loop.device)
    with pytest.raises(Refused):
        loop.guard.run(gone)
    assert loop.lines == []


def test_only_the_filesystem_of_the_record_is_zeroed(loop: Loop) -> None:
    """A filesystem that somebody made in the place of ours keeps its first MiB, on the device and in the file."""
    ours, theirs = str(uuid4()), str(uuid4())
    sh("mkfs.ext4", "-q", "-U", theirs, loop.device)
    for place in (loop.device, loop.file):
        lost = (Thing("filesystem", ours, at=place),)
        zero = dd.zero(place, 0, evidence.MEBIBYTE)._replace(destroys=lost)
        said = loop.refuses(zero)
        assert f"{place} holds ext4, uuid {theirs}, and filesystem {ours} was to be destroyed there" in said
    loop.runs(zero._replace(destroys=(Thing("filesystem", theirs, at=loop.file),)))


def test_a_mounted_filesystem_is_not_zeroed_through_its_file(loop: Loop) -> None:
    """The file of a loop device is in use when the device is."""
    uuid = str(uuid4())
    sh("mkfs.ext4", "-q", "-U", uuid, loop.device)
    sh("mount", loop.device, str(loop.point))
    lost = (Thing("filesystem", uuid, at=loop.file),)
    said = loop.refuses(dd.zero(loop.file, 0, evidence.MEBIBYTE)._replace(destroys=lost))
    assert f"{loop.file} is in use ({loop.point})" in said


def test_only_a_subvolume_of_the_recorded_filesystem_is_deleted(loop: Loop) -> None:
    """A subvolume of the same name in another btrfs stays."""
    ours, theirs = str(uuid4()), str(uuid4())
    sh("mkfs.btrfs", "-q", "-U", theirs, loop.device)
    sh("mount", "-o", "subvolid=0", loop.device, str(loop.point))
    sh("btrfs", "-q", "subvolume", "create", str(loop.point / "data"))
    delete = btrfs.delete_subvolume(str(loop.point / "data"))
    strange = delete._replace(destroys=(Thing("subvolume", f"{ours}:data", at=str(loop.point)),))
    assert f"{loop.device} holds btrfs, uuid {theirs}, and subvolume {ours}:data" in loop.refuses(strange)
    loop.runs(delete._replace(destroys=(Thing("subvolume", f"{theirs}:data", at=str(loop.point)),)))
    assert not (loop.point / "data").exists()


def test_a_file_in_use_is_not_removed(loop: Loop) -> None:
    """A file that is attached, or open in a process, stays; when nothing uses it any more, it goes."""
    loop.made("file", loop.file)
    remove = files.remove(loop.file, destroys=(Thing("file", loop.file),))
    assert f"{loop.file} is in use ({loop.device})" in loop.refuses(remove)
    sh("losetup", "-d", loop.device)
    with Path(loop.file).open("rb"):
        assert f"{loop.file} is in use (pid {os.getpid()})" in loop.refuses(remove)
    loop.runs(remove)
    assert not Path(loop.file).exists()

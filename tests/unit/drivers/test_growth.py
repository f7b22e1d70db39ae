"""A loop file and its filesystem grow when the service file asks for more."""

from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.drivers import mkfs_options
from core.errors import CommandFailed, ConfigError, Failed
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

TEXT = """[disk#0]
type = loop
file = /srv/l.img
size = {size}
{more}
[fs#0]
type = {type}
dev = {{disk#0.file}}
mnt = /srv/data
"""
TYPES = ("ext4", "xfs", "btrfs")
GROWS = {"ext4": "resize2fs /dev/loop0", "xfs": "xfs_growfs /srv/data",
         "btrfs": "btrfs filesystem resize max /srv/data"}  # fmt: skip


class Refuses:
    """A node on which one program fails."""

    def __init__(self, node: Executor, program: str, said: str) -> None:
        self._node, self._program, self._said = node, program, said

    def run(self, command: Command) -> Completed:
        """Fail, or answer as the node does."""
        return Completed(1, "", self._said) if command.argv[0] == self._program else self._node.run(command)


def provisioned(type_: str, size: str, *, options: str = "", more: str = "", on: Any = None) -> tuple[Any, list[Run]]:
    """Provision with a size; return the node, and what disk and filesystem did."""
    on = on or SimulatedNode(load({"files": {"/srv": "directory"}}))
    text = TEXT.format(size=size, type=type_, more=more) + (f"mnt_opt = {options}\n" if options else "")
    of = service(text)
    of.adopt = frozenset(("disk#0", "fs#0"))
    return on, [drive(of.resource(rid), "provision", on) for rid in ("disk#0", "fs#0")]


@pytest.mark.parametrize("type_", TYPES)
def test_it_grows_once(type_: str) -> None:
    """Each of them grows, and no more after that."""
    on, _ = provisioned(type_, "400M")
    _, (disk, fs) = provisioned(type_, "600M", on=on)
    assert disk.lines == ["truncate -s 629145600 /srv/l.img", "losetup -c /dev/loop0"]
    assert "grow file /srv/l.img from 400M to 600M, which cannot be taken back" in disk.notes
    assert [line for line in fs.lines if line != "btrfs device scan"] == [GROWS[type_]]
    assert f"grow the {type_} filesystem on /srv/l.img from 400M to 600M, which cannot be taken back" in fs.notes
    _, again = provisioned(type_, "600M", on=on)
    assert [run.lines for run in again] == [[], []]


@pytest.mark.parametrize("type_", TYPES)
def test_read_only_it_stays(type_: str) -> None:
    """A filesystem that is mounted read-only is not grown, and that is said."""
    on, _ = provisioned(type_, "400M", options="ro")
    _, (_, fs) = provisioned(type_, "600M", options="ro", on=on)
    assert fs.lines == []
    assert "/srv/l.img is larger than its filesystem, which is mounted read-only and stays" in fs.notes


@pytest.mark.parametrize("type_, program", [("ext4", "tune2fs"), ("xfs", "xfs_info"), ("btrfs", "btrfs")])
def test_what_cannot_be_told_stays(type_: str, program: str) -> None:
    """Where the tool says nothing of the size nothing grows."""
    on, _ = provisioned(type_, "400M")
    _, (_, fs) = provisioned(type_, "600M", on=Refuses(on, program, ""))
    assert fs.lines == []


def test_the_tools_of_then_do_not_say_it() -> None:
    """A btrfs with the tools of 2015 does not grow."""
    on, _ = provisioned("btrfs", "400M", on=SimulatedNode(
        load({"files": {"/srv": "directory"}, "tools": {"btrfs-progs": "3.12"}})))  # fmt: skip
    _, (_, fs) = provisioned("btrfs", "600M", on=on)
    assert fs.lines == []


def test_without_the_capability() -> None:
    """Who may not grow a mounted ext is told how to do it by hand; any other failure is as the tool says it."""
    on, _ = provisioned("ext4", "400M")
    with pytest.raises(Failed, match="takes CAP_SYS_RESOURCE; without it: umount /srv/data, e2fsck -f /dev/loop0"):
        provisioned("ext4", "600M", on=Refuses(on, "resize2fs", "Permission denied to resize filesystem"))
    with pytest.raises(CommandFailed, match="no room"):
        provisioned("ext4", "600M", on=Refuses(on, "resize2fs", "no room"))


def test_nothing_shrinks() -> None:
    """Both sizes are named."""
    on, _ = provisioned("ext4", "400M")
    with pytest.raises(ConfigError, match=r"disk#0.size: 300M is less than /srv/l.img has, 400M; .*write 400M"):
        provisioned("ext4", "300M", on=on)


def test_all_its_space_at_once() -> None:
    """An allocated file is made and grown by fallocate; one that a killed run left is known by its zeroes."""
    more = "allocate = true\n"
    on, (disk, _) = provisioned("ext4", "400M", more=more)
    assert disk.lines[0] == "fallocate -l 419430400 /srv/l.img"
    _, (disk, _) = provisioned("ext4", "600M", more=more, on=on)
    assert disk.lines[0] == "fallocate -l 629145600 /srv/l.img"


@pytest.mark.parametrize("allocate, content, is_ours", [
    ("true", "zero", True), ("false", "zero", False), ("true", {"type": "ext4", "uuid": "u"}, False),
])  # fmt: skip
def test_a_file_without_anything_in_it(allocate: str, content: Any, *, is_ours: bool) -> None:
    """It is used when this resource would make the very same, and is somebody's otherwise."""
    file = {"size": "400M", "allocated": "400M", "content": content}
    on = SimulatedNode(load({"files": {"/srv/l.img": file}}))
    of = service(TEXT.format(size="400M", type="ext4", more=f"allocate = {allocate}\n"))
    if is_ours:
        assert drive(of.resource("disk#0"), "provision", on).lines[0].startswith("test -f")
    else:
        with pytest.raises(Exception, match="is not recorded as this service's"):
            drive(of.resource("disk#0"), "provision", on)


def test_no_space_left() -> None:
    """A file that does not fit fails as fallocate does, and leaves what it got."""
    content = {"type": "ext4", "uuid": "u", "files": {}}
    mounts = [{"device": "/dev/sdb", "mount_point": "/srv", "type": "ext4"}]
    devices = {"/dev/sdb": {"size": "100M", "content": content}}
    on = SimulatedNode(load({"files": {"/srv": "directory"}, "devices": devices, "mounts": mounts}))
    with pytest.raises(CommandFailed, match="fallocate failed: No space left on device"):
        provisioned("ext4", "400M", more="allocate = true\n", on=on)
    assert on.tree.entry("/srv/l.img") is not None


REFUSED = {"-F": "forced", "--force": "forced", "-m uuid=": "ours"}


@pytest.mark.parametrize("words, said", [
    ("-L data -m crc=1 -q", None), ("-mcrc=1", None), ("--label data", None), ("--label=data x", "'x' is no option"),
    ("-qF", "-F: forced"), ("-LF", None), ("--force", "--force: forced"), ("-m crc=1,uuid=u", "-m uuid=: ours"),
    ("-muuid=u", "-m uuid=: ours"), ("-m", None), ("/dev/sdb", "'/dev/sdb' is no option of mkfs"), ("--", "'--' is no"),
    ("--label", None), ("--quiet", None),
])  # fmt: skip
def test_options_of_mkfs(words: str, said: str | None) -> None:
    """Letters together, values with and without a blank, long options."""
    found = mkfs_options.complaint(words, REFUSED, "Lm", ("--label",))
    assert found is None if said is None else (found or "").startswith(said)

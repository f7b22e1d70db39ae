"""Block devices that are looked at: what is mounted, what they hold, what may not be seen."""

import json
from typing import Any

import pytest

from core.command import Command, Completed
from core.engine import asked
from core.observe import begin, learn
from core.state import NodeState, Question, load
from core.tree import Tree

MEBIBYTE = 1024 * 1024
ROOT = 'SOURCE="/dev/sda" TARGET="/" FSTYPE="btrfs" OPTIONS="rw"\n'
DENIED = Completed(1, "", "dd: Operation not permitted\n")


class Answering:
    """A node that answers the lines that these begin with; with 1 any other."""

    def __init__(self, **said: Completed | str) -> None:
        self._said = {words.replace("_", " "): answer for words, answer in said.items()}
        self.lines: list[str] = []

    def run(self, command: Command) -> Completed:
        """Answer a line."""
        line = " ".join(command.argv)
        self.lines.append(line)
        found = next((said for words, said in self._said.items() if line.startswith(words)), Completed(1))
        return Completed(0, found) if isinstance(found, str) else found


def table(*disks: dict[str, Any]) -> str:
    """The answer of lsblk."""
    known = {"type": "disk", "size": 1024 * MEBIBYTE, "ro": False, "serial": None}
    return json.dumps({"blockdevices": [{**known, **disk} for disk in disks]})


def looked_at(node: Answering, path: str = "/dev/sdb", **before: Any) -> NodeState:
    """A state after somebody looked at a disk."""
    state = load({"complete": False, "devices": {path: {"size": "1G", "content": {"kind": "unseen"}}}, **before})
    asked(learn(state, [Question("content", path)]), node)
    return state


def test_a_device_of_device_mapper_is_found_by_both_names() -> None:
    """Mounts have the name of device-mapper, devices that of the kernel; a node state has it once, with a link."""
    volume = {"name": "g0-data", "path": "/dev/mapper/g0-data", "kname": "dm-0", "type": "lvm", "size": 2**20}
    disk = {"name": "sdb", "path": "/dev/sdb", "kname": "sdb", "children": [{**volume, "ro": False, "serial": None}]}
    part = {"name": "sda1", "path": "/dev/sda1", "kname": "sda1", "type": "part", "size": 2**20, "ro": False}
    first = {"name": "sda", "path": "/dev/sda", "kname": "sda", "children": [{**part, "serial": None}]}
    mounts = 'SOURCE="/dev/mapper/g0-data" TARGET="/srv" FSTYPE="ext4" OPTIONS="rw"\n'
    state = asked(begin("node1"), Answering(lsblk=table(first, disk), findmnt=mounts, ip="[]"))
    assert {path: each["holders"] for path, each in state["devices"].items()} == {
        "/dev/sda": [],
        "/dev/sda1": [],
        "/dev/sdb": ["/dev/dm-0"],
        "/dev/dm-0": [],
    }
    assert state["devices"]["/dev/dm-0"]["name"] == "g0-data"
    assert Tree(state).real("/dev/mapper/g0-data") == "/dev/dm-0"
    assert state["mounts"][0]["device"] == "/dev/dm-0"


@pytest.mark.parametrize(
    "source, point, is_seen",
    [
        ("/dev/sda[/srv/docker]", "/srv/docker", False),
        ("/dev/sda[/srv/other]", "/srv/docker", True),
        ("/dev/sdb", "/srv/docker", True),
    ],
)
def test_a_directory_that_is_mounted_on_itself_is_no_mount(source: str, point: str, is_seen: bool) -> None:  # noqa: FBT001
    """A docker daemon does that to its own, and everything is where it was; another directory there is one."""
    mounts = f'{ROOT}SOURCE="{source}" TARGET="{point}" FSTYPE="btrfs" OPTIONS="rw"\n'
    state = asked(begin("node1"), Answering(findmnt=mounts, ip="[]"))
    assert [each["mount_point"] for each in state["mounts"]] == ["/", *([point] if is_seen else [])]


def test_a_line_that_is_no_mount_is_left_out() -> None:
    """A later version of findmnt may print what nobody asked for."""
    state = asked(begin("node1"), Answering(findmnt=f"warning: nothing\n{ROOT}", ip="[]"))
    assert [each["mount_point"] for each in state["mounts"]] == ["/"]


def test_pools_are_looked_at_where_a_dataset_is_mounted() -> None:
    """Where a path leads depends on the dataset that it is in, so that is known before anybody asks for a path."""
    mounts = 'SOURCE="tank/data" TARGET="/srv" FSTYPE="zfs" OPTIONS="rw"\n'
    node = Answering(findmnt=mounts, ip="[]")
    state = asked(begin("node1"), node)
    assert "zfs imported" in state["known"]
    assert any(line.startswith("zpool list") for line in node.lines)


@pytest.mark.parametrize(
    "first, last, table, content",
    [
        (0, 0, "", {"kind": "zero"}),
        (0, 1, "", {"kind": "residue", "head": False, "tail": True}),
        (1, 0, "", {"kind": "residue", "head": True, "tail": False}),
        (0, 0, "DEVICE OFFSET TYPE\n", {"kind": "residue", "head": True, "tail": False}),
    ],
)
def test_a_disk_is_blank_when_both_ends_are_zero(first: int, last: int, table: str, content: dict[str, Any]) -> None:
    """Bytes at either end, or a signature that only wipefs knows, are residue."""
    cmp = {f"cmp -n {MEBIBYTE} -i": Completed(last), "cmp": Completed(first)}
    node = Answering(blkid=Completed(2), blockdev=f"{1024 * MEBIBYTE}\n", wipefs=table, **cmp)
    assert looked_at(node)["devices"]["/dev/sdb"]["content"] == content


@pytest.mark.parametrize(
    "said",
    [
        {"blockdev": DENIED},
        {"cmp": Completed(2, "", "cmp: /dev/sdb: Input/output error\n")},
        {"wipefs": DENIED},
        {"blkid": Completed(8, "", "blkid: ambivalent result\n")},
    ],
)
def test_what_may_not_be_read_is_unknown(said: dict[str, Completed]) -> None:
    """Not blank: an unreadable device answers as a blank one does. The state says what the tool said."""
    usual: dict[str, Completed | str] = {
        "blkid": Completed(2),
        "blockdev": f"{1024 * MEBIBYTE}\n",
        "cmp": "",
        "wipefs": "",
    }
    state = looked_at(Answering(**{**usual, **said}))
    assert state["devices"]["/dev/sdb"]["content"] == {"kind": "unknown"}
    (failed,) = said.values()
    assert state["unseen"] == [f"what /dev/sdb holds: {failed.stderr.strip()}"]


def test_the_same_failure_is_said_once() -> None:
    """A sentence for each thing that could not be seen, however often it was asked for."""
    node = Answering(blkid=Completed(2), blockdev=DENIED)
    state = looked_at(node)
    asked(learn(state, [Question("content", "/dev/sdb")]), node)
    assert state["unseen"] == ["what /dev/sdb holds: dd: Operation not permitted"]


def test_subvolumes_that_may_not_be_listed_are_said() -> None:
    """The filesystem is known all the same, as one without subvolumes."""
    said: dict[str, Completed | str] = {
        "blkid": "UUID=4711\nTYPE=btrfs\n",
        "blockdev": f"{MEBIBYTE}\n",
        "cmp": "",
        "btrfs": DENIED,
    }
    state = looked_at(Answering(**said))
    content = state["devices"]["/dev/sdb"]["content"]
    assert (content["type"], content["subvolumes"]) == ("btrfs", {})
    assert state["unseen"] == ["subvolumes of /dev/sdb: dd: Operation not permitted"]


def test_a_file_that_is_used_as_a_disk_is_looked_at() -> None:
    """What it holds is kept with the file; a directory, and what is not there, hold nothing of the kind."""
    said = {"blkid": "UUID=4711\nTYPE=ext4\n", "stat": f"{MEBIBYTE} 8\n", "cmp": ""}
    state = load({"complete": False, "files": {"/srv": "directory", "/srv/a.img": {"size": MEBIBYTE}}})
    image, *others = (Question("content", path) for path in ("/srv/a.img", "/srv", "/srv/none"))
    assert asked(learn(state, [image, *others]), Answering(**said)) == [image]
    assert state["files"]["/srv/a.img"]["content"]["uuid"] == "4711"


def test_a_tool_that_nobody_knows_to_ask_stays_unknown() -> None:
    """Neither its version nor its absence is made up."""
    state = load({"complete": False, "tools": {}})
    node = Answering()
    assert asked(learn(state, [Question("tool", "vxfs")]), node) == []
    assert (node.lines, state["tools"]) == ([], {})


def test_the_text_of_what_was_never_looked_at_stays_unknown() -> None:
    """A text is kept with its file, so the file has to be known first."""
    state = load({"complete": False})
    assert asked(learn(state, [Question("text", "/etc/motd")]), Answering(cat="hello\n")) == []
    assert Tree(state).entry("/etc/motd") is None


def test_what_is_beneath_a_mount_point_is_kept() -> None:
    """A mount point that is looked at again keeps the directory that its parent has for it."""
    place = "/srv/data|d|750|0|0||".replace("|", "\0")
    mount = {"device": "/dev/sdb", "mount_point": "/srv/data", "type": "ext4"}
    beneath = {"kind": "directory", "mode": "0700"}
    devices = {"/dev/sdb": {"size": "1G", "content": {"type": "ext4", "uuid": "4711"}}}
    files = {"/srv": "directory", "/srv/data": beneath}
    state = load({"complete": False, "devices": devices, "mounts": [mount], "files": files})
    asked(learn(state, [Question("path", "/srv/data")]), Answering(find=place))
    assert state["files"]["/srv/data"]["mode"] == "0700"
    entry = Tree(state).entry("/srv/data")
    assert entry is not None
    assert entry["mode"] == "0750"


def test_versions_are_what_tools_say_of_themselves() -> None:
    """On whichever stream they say it; one that is not installed, or says nothing, has none."""
    said: dict[str, Completed | str] = {
        "mkfs.btrfs": "mkfs.btrfs, part of btrfs-progs v6.2\n",
        "mdadm": Completed(0, "", "mdadm - v4.2 - 2021-12-30 - Debian 4.2-5\n"),
        "lvm": "what is no version\n",
    }
    state = load({"complete": False, "tools": {}})
    questions = [Question("tool", name) for name in ("btrfs-progs", "mdadm", "lvm2")]
    assert asked(learn(state, questions), Answering(**said)) == questions
    assert state["tools"] == {"btrfs-progs": "6.2", "mdadm": "4.2"}

"""Observation: what is asked ahead is what will be asked."""

from typing import ClassVar

import pytest

from core.command import Command, Completed
from core.engine import asked
from core.observe import ahead, begin, learn
from core.state import Question, load
from core.tree import Tree
from executors.simulated.node import SimulatedNode


def test_what_is_asked_ahead_is_asked() -> None:
    """Each command of `ahead` is one of `learn`, whose answers decide about all others."""
    state = load({"complete": False, "devices": {"/dev/sdb": {"size": 2**24, "content": {"kind": "unseen"}}}})
    names = ("btrfs-progs", "systemd", "nosuch")
    questions = [*(Question("tool", name) for name in names), Question("ping", "10.0.0.9")]
    questions += [Question("content", "/dev/sdb"), Question("path", "/srv")]
    early, heard = ahead(state, questions), list[Command]()

    class Silent:
        """A node that has no answer to anything."""

        def run(self, command: Command) -> Completed:
            """Hear a question."""
            heard.append(command)
            return Completed(1)

    asked(learn(state, questions), Silent())
    assert [command.argv[0] for command in early] == ["ping", "mkfs.btrfs", "blkid", "blockdev"]
    assert set(early) < set(heard)


def test_an_address_of_this_node_is_not_asked_for() -> None:
    """It would be this node that answers."""
    state = load({"interfaces": {"eth0": {"addresses": [{"address": "10.0.0.9/24", "label": ""}]}}})
    assert ahead(state, [Question("ping", "10.0.0.9")]) == []


class Mounted:
    """A node with a btrfs that is mounted: findmnt has the name of its device that btrfs was told last."""

    said: ClassVar[dict[str, str]] = {
        "lsblk": '{"blockdevices": [{"name": "sdb", "path": "/dev/sdb", "kname": "sdb", "type": "disk", '
        '"size": 1073741824, "ro": false, "serial": null}]}',
        "findmnt": 'SOURCE="/dev/g0/root[/root]" TARGET="/srv" FSTYPE="btrfs" OPTIONS="rw,subvol=/root"\n',
        "readlink": "/dev/sdb\n",
        "blkid": "UUID=4711\nTYPE=btrfs\n",
        "blockdev": "1073741824\n",
        "btrfs": "ID 256 gen 7 top level 5 path root\n",
        "find": "/srv\0d\000755\0000\0000\0\0/srv/data\0d\000755\0000\0000\0\0",
    }

    def run(self, command: Command) -> Completed:
        """Answer as its tools do."""
        return Completed(0, self.said[command.argv[0]]) if command.argv[0] in self.said else Completed(1)


def test_a_mount_is_of_its_device_by_whatever_name() -> None:
    """A device has one name in a state."""
    assert [each["device"] for each in asked(begin("here"), Mounted())["mounts"]] == ["/dev/sdb"]


def test_a_filesystem_that_is_looked_at_again_keeps_its_files() -> None:
    """What was seen at a path is known for good, also when somebody asks for its device later."""
    state = asked(begin("here"), Mounted())
    for question in (Question("path", "/srv/data"), Question("content", "/dev/sdb")):
        assert question in asked(learn(state, [question]), Mounted())
    assert Tree(state).exists("/srv/data")


@pytest.mark.parametrize("subvolume", ["", "data"])
def test_a_second_look_at_a_device_forgets_no_file(subvolume: str) -> None:
    """What was found in a filesystem is in it still when somebody looks at its device once more."""
    inside = {"files": {} if subvolume else {"/a": "text"}, "subvolumes": {"data": {"/a": "text"}} if subvolume else {}}
    content = {"type": "btrfs" if subvolume else "ext4", "uuid": "11111111-2222-4333-8444-555555555555", **inside}
    mount = {"device": "/dev/sdb", "mount_point": "/srv", "type": content["type"], "subvolume": subvolume}
    state = {
        "devices": {"/dev/sdb": {"size": "1G", "content": content}},
        "mounts": [mount],
        "files": {"/srv": "directory"},
    }
    there, seen = SimulatedNode(load(state)), load({**state, "complete": False})
    for _ in range(2):
        asked(learn(seen, [Question("content", "/dev/sdb")]), there)
        assert Tree(seen).entry("/srv/a") is not None


def test_a_device_that_was_formatted_anew_holds_nothing_that_was_seen_before() -> None:
    """Another filesystem has other files."""
    first, second = ({"type": "ext4", "uuid": f"{digit}" * 8 + "-2222-4333-8444-555555555555"} for digit in "12")
    devices = {"/dev/sdb": {"size": "1G", "content": {**first, "files": {"/a": "text"}}}}
    there = SimulatedNode(load({"devices": {"/dev/sdb": {"size": "1G", "content": second}}}))
    seen = load({"complete": False, "devices": devices})
    asked(learn(seen, [Question("content", "/dev/sdb")]), there)
    assert seen["devices"]["/dev/sdb"]["content"]["files"] == {}


@pytest.mark.parametrize(
    "source, type_, point, tree",
    [
        ("server:/srv/data", "nfs4", "/srv/a", "server:/srv/data"),
        ("tmpfs", "tmpfs", "/srv/a", "files of the tmpfs on /srv/a"),
        ("tmpfs", "tmpfs", "/run/lock", ""),
        ("tmpfs", "tmpfs", "/tmp", ""),
        ("tmpfs[/inside]", "tmpfs", "/srv/b", ""),
    ],
)
def test_the_files_of_what_has_no_device_go_with_its_mount(source: str, type_: str, point: str, tree: str) -> None:
    """They are kept apart from those of the directory beneath, unless it is a tmpfs of the system's own."""

    class Mounted:
        """A node that answers what is mounted, and nothing else."""

        def run(self, command: Command) -> Completed:
            """Answer findmnt."""
            line = f'SOURCE="{source}" TARGET="{point}" FSTYPE="{type_}" OPTIONS="rw"\n'
            return Completed(0, line) if command.argv[0] == "findmnt" else Completed(1)

    state = asked(begin("node1"), Mounted())
    assert [each["tree"] for each in state["mounts"]] == [tree]
    assert [*state["trees"]] == ([tree] if tree else [])
    if tree:
        Tree(state).put(f"{point}/file", {"kind": "directory", "mode": "0755", "docker": None})
        state["mounts"].clear()
        assert Tree(state).entry(f"{point}/file") is None

"""What the record knows to be on volumes that nobody can look at."""

from typing import Any

from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.recollection import recall
from core.record import MadeThing, Record
from core.state import NodeState
from core.state import load as load_state

UUID = "11111111-2222-4333-8444-555555555555"
FILE = """\
[disk#0]
type = amazon
volumes = vol-1a vol-2b

[fs#0]
type = btrfs
mnt = /srv/a
mnt_opt = subvol=data
dev = {var}/{svcname}/dev/disk.0.1

[fs#1]
type = ext4
mnt = /srv/b
dev = {var}/{svcname}/dev/disk.0.0
"""


def recalled(made: dict[str, MadeThing], content: dict[str, Any], **more: Any) -> NodeState:
    """The volumes of a node after the record was asked."""
    volume = {"size": "1G", "content": content, **more}
    ec2 = {"instance": "i-1", "volumes": {"vol-1a": volume, "vol-2b": volume}}
    state = load_state({"complete": False, "ec2": ec2})
    recall(state, Service("web", Document(FILE), "node1", Record(made), load))
    volumes: NodeState = state["ec2"]["volumes"]
    return volumes


def test_a_recorded_filesystem_is_on_its_volume() -> None:
    """The volume behind the link that a filesystem names holds that filesystem, with label and subvolumes of ours."""
    made = {
        "fs#0.filesystem": MadeThing("filesystem", UUID, "fs#0", "provision"),
        "fs#0.subvolume": MadeThing("subvolume", f"{UUID}:data", "fs#0", "provision"),
    }
    volumes = recalled(made, {"kind": "unseen"})
    found = volumes["vol-2b"]["content"]
    assert (found["type"], found["uuid"], found["label"], found["known"]) == ("btrfs", UUID, "web.fs.0", False)
    assert found["subvolumes"] == {"data": {}}
    assert volumes["vol-1a"]["content"] == {"kind": "unseen"}


def test_what_was_seen_is_not_supposed() -> None:
    """A volume that somebody has looked at holds what was seen, whatever the record says."""
    made = {"fs#1.filesystem": MadeThing("filesystem", UUID, "fs#1", "provision")}
    assert recalled(made, {"kind": "zero"})["vol-1a"]["content"] == {"kind": "zero"}


def test_a_volume_that_was_bought_and_not_used_is_blank() -> None:
    """What was bought for the service is as it came, unless it came from a snapshot; of others nothing is known."""
    made = {"disk#0.volume.0": MadeThing("volume", "vol-1a", "disk#0", "provision")}
    volumes = recalled(made, {"kind": "unseen"})
    assert volumes["vol-1a"]["content"] == {"kind": "zero"}
    assert volumes["vol-2b"]["content"] == {"kind": "unseen"}
    assert recalled(made, {"kind": "unseen"}, snapshot="snap-1")["vol-1a"]["content"] == {"kind": "unseen"}


def test_the_members_of_an_array_are_on_their_volumes() -> None:
    """A stopped array whose volumes are attached nowhere is there again when they are, with the filesystem in it."""
    uuid = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9"
    devs = " ".join(f"{{var}}/{{svcname}}/dev/disk.0.{number}" for number in (0, 1))
    file = f"""[disk#0]
type = amazon
volumes = vol-1a vol-2b
[disk#1]
type = md
uuid = {uuid}
devs = {devs}
level = 1
[fs#0]
type = ext4
dev = /dev/md/{{svcname}}.disk.1
mnt = /srv/data
"""
    made = {
        "disk#1.array": MadeThing("array", uuid, "disk#1", "provision"),
        "fs#0.filesystem": MadeThing("filesystem", UUID, "fs#0", "provision"),
    }
    volume = {"size": "1G", "content": {"kind": "unseen"}}
    state = load_state({"complete": False, "ec2": {"instance": "i-1", "volumes": {"vol-1a": volume, "vol-2b": volume}}})
    recall(state, Service("web", Document(file), "node1", Record(made), load))
    array = state["arrays"][uuid]
    assert (array["level"], array["devices"], array["content"]["uuid"]) == ("raid1", 2, UUID)
    assert {each["content"]["member_of"] for each in state["ec2"]["volumes"].values()} == {uuid}


NESTED = """\
[disk#0]
type = loop
file = /var/a.img
size = 100M

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = /srv/a

[disk#1]
type = loop
file = /srv/a/b.img
size = 40M

[fs#1]
type = ext4
dev = {disk#1.file}
mnt = /srv/b
"""


def hidden(made: dict[str, MadeThing], *mounted: str) -> dict[str, Any]:
    """The files that a node hides from whoever looks at it, with what is mounted where."""
    mounts = [{"device": "/dev/loop0", "mount_point": point, "type": "ext4"} for point in mounted]
    state = load_state({"complete": False, "mounts": mounts})
    return recall(state, Service("web", Document(NESTED), "node1", Record(made), load))


def test_a_disk_in_a_filesystem_that_is_not_mounted_is_what_the_record_says() -> None:
    """Its file has the size of the service file, and in it is the filesystem of the record; a new one is blank."""
    file = {"disk#1.file": MadeThing("file", "/srv/a/b.img", "disk#1", "provision")}
    filesystem = {"fs#1.filesystem": MadeThing("filesystem", UUID, "fs#1", "provision")}
    assert hidden(file).keys() == {"/srv/a/b.img"}
    assert hidden(file)["/srv/a/b.img"]["content"] == {"kind": "zero"}
    found = hidden(file | filesystem)["/srv/a/b.img"]
    assert (found["size"], found["content"]["type"], found["content"]["uuid"]) == (40 << 20, "ext4", UUID)


def test_of_a_disk_that_the_record_does_not_have_nothing_is_known() -> None:
    """It may be there, with whatever in it."""
    assert hidden({})["/srv/a/b.img"]["content"] == {"kind": "unseen"}


def test_a_disk_that_can_be_seen_is_not_recalled() -> None:
    """What is mounted can be looked into."""
    assert hidden({"disk#1.file": MadeThing("file", "/srv/a/b.img", "disk#1", "provision")}, "/srv/a") == {}


def of_volume(device: str, **state: Any) -> dict[str, Any]:
    """What a logical volume that was made for a filesystem on `device` holds after the record was asked."""
    file = f"[fs#0]\ntype = ext4\nmnt = /srv/a\ndev = {device}\n"
    volume = {"uuid": "lv-1", "content": {"kind": "unseen"}}
    groups = {"vg-0": {"name": "other"}, "vg-1": {"name": "g0", "volumes": {"data": volume}}}
    loaded = load_state({"complete": False, "volume_groups": groups, **state})
    made = {"fs#0.filesystem": MadeThing("filesystem", UUID, "fs#0", "provision")}
    recall(loaded, Service("web", Document(file), "node1", Record(made), load))
    found: dict[str, Any] = loaded["volume_groups"]["vg-1"]["volumes"]["data"]["content"]
    return found


def test_a_filesystem_is_remembered_on_a_volume_that_is_not_active() -> None:
    """Nobody can look into a volume without a device: what the record has made on it is supposed to be there."""
    for device in ("/dev/g0/data", "/dev/mapper/g0-data"):
        assert of_volume(device)["uuid"] == UUID


def test_a_volume_that_is_active_can_be_looked_at() -> None:
    """Its device is asked what it holds, and nothing is supposed."""
    dm0 = {"size": "1G", "content": {"kind": "unseen"}, "name": "g0-data"}
    link = {"kind": "link", "target": "../dm-0"}
    assert of_volume("/dev/g0/data", devices={"/dev/dm-0": dm0}, files={"/dev/g0/data": link})["kind"] == "unseen"


def test_what_is_no_volume_of_a_group_is_not_recalled_as_one() -> None:
    """A disk that is not there, and a volume of another name, say nothing about the group."""
    for device in ("/dev/sdb", "/dev/g0/logs", "/dev/other/data"):
        assert of_volume(device) == {"kind": "unseen"}

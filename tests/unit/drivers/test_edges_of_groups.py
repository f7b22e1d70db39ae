"""Groups, members and what lies beneath them, where something is half there."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.config.service import Service
from core.drivers import beneath
from core.drivers.members import Device, device_of
from core.engine import asked
from core.errors import ConfigError, Failed, Refused
from core.order import order
from core.state import copy, load
from core.tools import lvm
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

TOOLS = {"lvm2": "2.03.16", "mdadm": "4.2", "ceph-common": "16.2.15"}
GROUP = "[disk#1]\ntype = vg\nname = data\npvs = {}\n"
VOLUME = "[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = 100m\n"
LOOP = "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 300M\n"


def node(**state: Any) -> SimulatedNode:
    """A node with two disks and their tools."""
    usual: dict[str, Any] = {"devices": {"/dev/sdb": "1G", "/dev/sdc": "1G"}, "files": {"/srv": "directory"}}
    return SimulatedNode(load({"tools": TOOLS, **usual, **state}))


def provisioned(of: Service, on: SimulatedNode) -> SimulatedNode:
    """The node, on which every resource of a service was provisioned."""
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    return on


class Late:
    """A node that answers the first questions of a kind with nothing."""

    def __init__(self, on: SimulatedNode, program: str, times: int) -> None:
        self._on, self._program, self._left = on, program, times

    def run(self, command: Command) -> Completed:
        """Answer nothing as long as it is late."""
        if command.argv[0] == self._program and self._left:
            self._left -= 1
            return Completed(0)
        return self._on.run(command)


def test_a_group_that_is_tagged_is_only_activated() -> None:
    """After a reboot the tag of this node is there and the volumes are not active: one command is enough."""
    of = service(GROUP.format("/dev/sdb") + VOLUME)
    on = provisioned(of, node())
    on.run(lvm.deactivate("data"))
    assert drive(of.resource("disk#1"), "start", on).lines == ["vgchange -a y data"]
    assert drive(of.resource("disk#1"), "start", on).lines == []


def test_a_group_may_come_a_moment_after_its_devices() -> None:
    """Udev hears of them one after the other: it is waited for, and started then."""
    of = service(GROUP.format("/dev/sdb") + VOLUME)
    on = provisioned(of, node())
    drive(of.resource("disk#1"), "stop", on)
    drive(of.resource("disk#1"), "start", Late(on, "vgs", 2))
    assert drive(of.resource("disk#1"), "status", on).value.state == "up"


@pytest.mark.parametrize("word, is_error", [("/dev/sd[b-c] /dev/sd*", False), ("/dev/sdb /dev/disk/one", True)])
def test_a_device_that_is_named_twice(word: str, is_error: bool) -> None:  # noqa: FBT001
    """Patterns may overlap; a disk that is named by two names is a mistake of the file."""
    link = {"/dev/disk/one": {"kind": "link", "target": "/dev/sdb"}}
    of, on = service(GROUP.format(word)), node(files=link)
    if is_error:
        with pytest.raises(ConfigError, match="/dev/sdb and /dev/disk/one are one device"):
            drive(of.resource("disk#1"), "provision", on)
    else:
        lines = drive(of.resource("disk#1"), "provision", on).lines
        assert next(line for line in lines if line.startswith("vgcreate")).endswith("data /dev/sdb /dev/sdc")


def test_a_member_may_be_a_file() -> None:
    """An array on files is on their loop devices; a file without one has none yet."""
    on = node(files={"/srv/a.img": {"size": "300M"}})
    assert asked(device_of("/srv/a.img"), on) == Device("/srv/a.img", "", "/srv/a.img")
    drive(service(LOOP).resource("disk#0"), "start", on)
    assert asked(device_of("/srv/a.img"), on) == Device("/srv/a.img", "/dev/loop0", "/srv/a.img")
    assert asked(device_of("/srv"), on) == Device("/srv", "")


def test_what_lies_on_a_group_goes_with_the_files_beneath_it() -> None:
    """A group goes when each of its devices does: with a disk that was there before, it stays."""
    alone = service(LOOP + GROUP.format("{disk#0.file}") + VOLUME)
    both = service(LOOP + GROUP.format("{disk#0.file} /dev/sdb") + VOLUME)
    for of, goes in ((alone, True), (both, False)):
        provisioned(of, node())
        assert beneath.goes(of.resource("disk#2"), "data", "group") is goes


def test_who_uses_what_a_pattern_named_is_told_without_a_line() -> None:
    """No key has the name of the disk, so none is named."""
    theirs = {"size": "1G", "content": {"type": "ext4", "uuid": "4711"}}
    of = service(GROUP.format("/dev/sd*"))
    with pytest.raises(Refused, match="/dev/sdb is not blank") as refused:
        drive(of.resource("disk#1"), "provision", node(devices={"/dev/sdb": theirs}))
    assert "names it on line" not in str(refused.value)


def test_what_has_no_signature_is_given_up_by_name() -> None:
    """Bytes that no tool knows are somebody's data: without --allow-destroy nothing, with it no wipefs is needed."""
    residue = {"size": "1G", "content": {"kind": "residue", "head": True}}
    text = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/a\n"
    of, on = service(text), node(devices={"/dev/sdb": residue})
    with pytest.raises(Refused, match="/dev/sdb is not blank"):
        drive(of.resource("fs#0"), "provision", on)
    of.allow_destroy = frozenset(("/dev/sdb",))
    ran = drive(of.resource("fs#0"), "provision", on)
    assert not any(line.startswith("wipefs -a") for line in ran.lines)
    made = next(command for command in ran.changes if command.argv[0] == "mkfs.ext4")
    assert [thing.blank for thing in made.destroys] == [False]


def test_a_lock_that_a_client_takes_by_itself_is_no_lock() -> None:
    """Those of the feature exclusive-lock come and go with a mapping: an image that has one may be deleted."""
    text = "[disk#0]\ntype = rados\nimages = rbd/db\nsize = 500\n"
    of, on = service(text), node(ceph={"pools": ["rbd"]})
    before = copy(on.state)
    provisioned(of, on)
    lock = {"id": "auto 18446462598732840961", "locker": "client.9", "address": "10.0.0.9:0/1", "tag": ""}
    on.state["images"]["rbd/db"]["locks"].append(lock)
    drive(of.resource("disk#0"), "unprovision", on)
    assert on.state["images"] == {}
    assert same_world(before, on.state) == []


def test_a_volume_without_a_filesystem_is_remembered_as_blank() -> None:
    """What the record has of a group on disks that nobody can see: a volume on which nothing was made holds nothing."""
    of = service(LOOP + GROUP.format("{disk#0.file}") + VOLUME)
    provisioned(of, node())
    group = of.resource("disk#1")
    (found,) = group.driver.recalled(group)["volume_groups"].values()
    assert {name: each["content"] for name, each in found["volumes"].items()} == {"logs": {"kind": "zero"}}


def test_a_group_that_never_comes_is_an_error_that_says_so() -> None:
    """It was made, and none of its devices is there."""
    of = service(GROUP.format("/dev/sdb"))
    on = provisioned(of, node())
    with pytest.raises(Failed, match="volume group data is not there: none of its devices is"):
        drive(of.resource("disk#1"), "start", Late(on, "vgs", 999))

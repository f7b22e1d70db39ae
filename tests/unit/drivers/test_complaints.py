"""What drivers find wrong with a service file, before anything is done."""

import pytest

from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

FS = "[fs#0]\ntype = {}\ndev = {}\nmnt = /srv/a\nmnt_opt = {}\n"
MD = "[disk#0]\ntype = md\n"


def told(text: str) -> str:
    """The problems of a service file, in the words that its author reads."""
    return "\n".join(map(str, service(text).problems()))


@pytest.mark.parametrize(
    "text, said",
    [
        (FS.format("bind", "/srv", "rbind"), "fs#0.mnt_opt: 'rbind' has rbind; write bind: what is mounted below"),
        (FS.format("none", "/srv", "rw"), "fs#0.mnt_opt: 'rw' has no bind, and nothing else has the type none"),
        ("[fs#0]\ntype = tmpfs\nmnt = /srv/a\nsize = 10%FREE\n", "fs#0.size: '10%FREE' is a part of nothing here"),
        ("[disk#0]\ntype = loop\nfile = /srv/a\nsize = 10%FREE\n", "disk#0.size: '10%FREE' is a part of nothing here"),
        (MD + "level = 1\ndevs = /dev/sdb /dev/sdc\nuuid = 4711\n", "disk#0.uuid: '4711' is no uuid of an array"),
        (MD + "devs = /dev/sdb /dev/sdc\n", "disk#0.level: an array is made at a level; write level = 1"),
        (MD + "level = 7\ndevs = /dev/sdb /dev/sdc\n", "disk#0.level: '7' is no level of mdadm"),
    ],
)
def test_what_is_wrong(text: str, said: str) -> None:
    """The sentence names the key and what to write instead."""
    assert said in told(text)


@pytest.mark.parametrize(
    "text",
    [
        FS.format("bind", "/srv", "bind,ro"),
        FS.format("none", "/srv", "bind"),
        FS.format("none", "/srv", "rw,bind"),
        "[fs#0]\ntype = tmpfs\nmnt = /srv/a\nsize = 64M\n",
        MD + "uuid = 0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9\n",
        MD + "level = 5\ndevs = /dev/disk/by-id/ssd-*\n",
    ],
)
def test_what_is_right(text: str) -> None:
    """Nothing is said: an array that has a uuid needs no devices, and what a pattern matches is known to the node."""
    assert told(text) == ""


@pytest.mark.parametrize("chunk, level, said", [("64k", "1", True), ("64k", "5", False), ("", "1", False)])
def test_a_chunk_is_for_levels_that_have_some(chunk: str, level: str, said: bool) -> None:  # noqa: FBT001
    """A mirror ignores it, which is a warning."""
    text = MD + f"level = {level}\ndevs = /dev/sdb /dev/sdc /dev/sdd\n" + (f"chunk = {chunk}\n" if chunk else "")
    resource = service(text).resource("disk#0")
    assert bool(list(resource.driver.warnings(resource))) is said


def test_what_is_disabled_takes_no_name() -> None:
    """A volume that another section made once, and that is disabled, may be given to a new one."""
    volume = "[disk#{}]\ntype = lv\nname = logs\nvg = data\nsize = 1G\n"
    assert "disk#1.name: /dev/data/logs is already made by disk#0" in told(volume.format(0) + volume.format(1))
    assert told(volume.format(0) + "disable = true\n" + volume.format(1)) == ""


def test_a_device_is_taken_once() -> None:
    """The second to name a disk of a group is told whose it is, and under which key."""
    text = "[disk#0]\ntype = vg\nname = data\npvs = /dev/sdb\n" + FS.format("ext4", "/dev/sdb", "rw")
    assert "fs#0.dev: /dev/sdb is already one of the devices of disk#0 (line 1); name another device" in told(text)


def test_a_device_that_cannot_be_told_is_told_once() -> None:
    """A reference that leads nowhere is one problem, and no second one of the devices that it would have named."""
    volume = "[disk#{}]\ntype = lv\nname = logs\nvg = {}\nsize = 1G\n"
    text = volume.format(0, "data") + volume.format(1, "{env.none}")
    assert told(text).count("\n") == 0
    assert "disk#1.vg -> env.none" in told(text)


def test_a_bind_of_what_is_not_there_is_found() -> None:
    """A directory that nobody made is no source."""
    on = SimulatedNode(load({"files": {"/srv": "directory"}}))
    with pytest.raises(Exception, match="/srv/none"):
        drive(service(FS.format("bind", "/srv/none", "bind")).resource("fs#0"), "start", on)

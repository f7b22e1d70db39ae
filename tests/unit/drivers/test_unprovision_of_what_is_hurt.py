"""Unprovision of arrays, pools and groups that have lost a disk: what is there is erased, what is lost is named."""

from itertools import count
from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.config.service import Service
from core.drivers import beneath
from core.errors import Failed
from core.state import load
from executors.simulated import stacking
from executors.simulated.node import SimulatedNode
from tests.beforehand import happen
from tests.golden import GOLDENS, world_of
from tests.unit.drivers.drive import Run, drive, service

TOOLS = {"mdadm": "4.2", "lvm2": "2.03.16", "zfsutils-linux": "2.1.11"}
ARRAY = "[disk#0]\ntype = md\ndevs = /dev/sdb /dev/sdc\nlevel = 1\n"
GROUP = "[disk#0]\ntype = vg\nname = data\npvs = /dev/sdb /dev/sdc\n"
POOL = "[disk#0]\ntype = zpool\nname = tank\nvdev = mirror /dev/sdb /dev/sdc\n"
BLANK = {"kind": "zero"}
HURT = ("disk.md-lost", "disk.zpool-degraded", "disk.zpool-unavailable")


def node() -> SimulatedNode:
    """A node with two disks."""
    return SimulatedNode(load({"tools": TOOLS, "devices": {"/dev/sdb": "1G", "/dev/sdc": "1G"}}))


def run(of: Service, verb: str, on: Executor) -> Run:
    """Run a verb of the disk."""
    return drive(of.resource("disk#0"), verb, on)


def pull(on: SimulatedNode, *disks: str) -> None:
    """Pull disks out."""
    for disk in disks:
        stacking.going(on, disk)
        del on.state["devices"][disk]


@pytest.mark.parametrize("text", [ARRAY, POOL])
def test_what_is_there_is_erased_and_what_is_lost_is_named(text: str) -> None:
    """Running or stopped, the record lets go; a second time, nothing is done."""
    for stopped in (True, False):
        of, on = service(text), node()
        run(of, "provision", on)
        if stopped:
            run(of, "stop", on)
        pull(on, "/dev/sdc")
        notes = run(of, "unprovision", on).notes
        assert [note for note in notes if note.startswith("/dev/sdc does not exist: what it has of the")]
        assert on.state["devices"]["/dev/sdb"]["content"] == BLANK
        assert of.record.made == {}
        assert run(of, "unprovision", on).lines == []


@pytest.mark.parametrize("text", [ARRAY, POOL, GROUP])
def test_as_long_as_no_disk_is_there_nothing_is_forgotten(text: str) -> None:
    """Nobody can tell then a disk that is lost from one that is not attached."""
    of, on = service(text), node()
    run(of, "provision", on)
    run(of, "stop", on)
    pull(on, "/dev/sdb", "/dev/sdc")
    made = {**of.record.made}
    with pytest.raises(Failed, match=r"/dev/sdb /dev/sdc; attach one|data is not there, so what was made"):
        run(of, "unprovision", on)
    assert of.record.made == made


@pytest.mark.parametrize(
    "text, key",
    [(ARRAY.replace("/dev/sdc", "{other}"), "array"), (POOL.replace("/dev/sdc", "{other}"), "pool")],
    ids=["array", "pool"],
)
def test_a_device_that_can_be_brought_is_waited_for(text: str, key: str) -> None:
    """What is made of something, or given by a resource, is not lost: it is refused until it is there."""
    for other, more in (("/dev/mapper/mpatha", ""), ("/dev/sdd", "[disk#1]\ntype = raw\ndevs = /dev/sdd\n")):
        of, on = service(text.replace("{other}", other) + more), node()
        on.state["devices"][other] = {**on.state["devices"]["/dev/sdc"]}
        run(of, "provision", on)
        run(of, "stop", on)
        pull(on, other)
        with pytest.raises(Failed, match=f"device does not exist {other}: "):
            run(of, "unprovision", on)
        assert f"disk#0.{key}" in of.record.made


def test_a_pattern_does_not_say_what_is_lost() -> None:
    """It matches what is there: a group is gone only when every physical volume of it is seen without the group."""
    for lost in (True, False):
        of, on = service(GROUP.replace("/dev/sdb /dev/sdc", "/dev/sd[bc]")), node()
        run(of, "provision", on)
        (uuid,) = on.state["volume_groups"]
        del on.state["volume_groups"][uuid]
        if not lost:
            assert any("is gone already" in note for note in run(of, "unprovision", on).notes)
            assert of.record.made == {}
            continue
        pull(on, "/dev/sdc")
        with pytest.raises(Failed, match="data is not there, so what was made of it cannot be deleted"):
            run(of, "unprovision", on)


@pytest.mark.parametrize("name", HURT)
@pytest.mark.parametrize("then", ["", "reboot"])
def test_killed_anywhere_it_is_finished_by_the_next(name: str, then: str) -> None:
    """After each change, with a reboot or without: the next unprovision ends, and leaves nothing of what is there."""
    for number in count(1):
        world = world_of(GOLDENS / "drivers" / name)
        try:
            happen(world, [f"killed {number} unprovision"])
        except AssertionError:
            assert number > 1
            break
        happen(world, [then] if then else [])
        world.act("unprovision")
        assert world.record.made == {}
        assert world.state["devices"]["/dev/sdb"]["content"] == BLANK


class Unreadable:
    """A node of which a disk does not answer any more."""

    def __init__(self, inner: Executor, disk: str) -> None:
        self._inner, self._disk = inner, disk

    def run(self, command: Command) -> Completed:
        """Let reads of the disk fail as they do."""
        if self._disk in command.argv and command.argv[0] == "cmp":
            return Completed(2, "", f"cmp: {self._disk}: Input/output error\n")
        if self._disk in command.argv and command.argv[:2] == ("mdadm", "--examine"):
            return Completed(1, "", f"mdadm: No md superblock detected on {self._disk}.\n")
        return self._inner.run(command)


def test_a_member_that_cannot_be_read_is_named() -> None:
    """It is there, and dead: what is on it cannot be erased, which keeps nobody from erasing the others."""
    of, on = service(ARRAY), node()
    run(of, "provision", on)
    run(of, "stop", on)
    ran = run(of, "unprovision", Unreadable(on, "/dev/sdc"))
    assert any(note.startswith("/dev/sdc cannot be read: what it has of the array") for note in ran.notes)
    assert not any("/dev/sdc" in line for line in ran.lines)
    assert on.state["devices"]["/dev/sdb"]["content"] == BLANK
    assert of.record.made == {}


def test_a_pool_that_hangs_is_not_touched() -> None:
    """The devices of a pool that was imported when it lost them: zpool would wait for them for ever."""
    of, on = service(POOL.replace("mirror ", "")), node()
    run(of, "provision", on)
    pull(on, "/dev/sdc")
    with pytest.raises(Failed, match="tank is SUSPENDED, and zpool would wait for its devices without an end"):
        run(of, "unprovision", on)
    assert "disk#0.pool" in of.record.made


def test_a_group_from_which_a_lost_disk_was_taken() -> None:
    """As its refusal says, the lost disk is taken out of the group first; then the record lets go of both."""
    of, on = service(GROUP), node()
    run(of, "provision", on)
    pull(on, "/dev/sdc")
    with pytest.raises(Failed, match="where they are lost for good, vgreduce --removemissing data"):
        run(of, "unprovision", on)
    (held,) = on.state["volume_groups"].values()
    del held["physical_volumes"][of.record.made["disk#0.physical_volume.1"].identity]
    notes = run(of, "unprovision", on).notes
    assert [note for note in notes if "(/dev/sdc does not exist): what it holds stays on it" in note]
    assert of.record.made == {}
    assert on.state["devices"]["/dev/sdb"]["content"] == BLANK


def test_a_pool_of_the_name_that_is_not_whole_is_not_ours() -> None:
    """A stale disk says whose its pool was; it is used neither when it is found nor when somebody has imported it."""
    for name in ("returned /dev/sdc", "start"):
        world = world_of(GOLDENS / "drivers/disk.zpool-returned")
        if name == "start":
            world.act("start")
        with pytest.raises(Exception, match="is not recorded as this service's") as refused:
            world.act("provision")
        assert getattr(refused.value, "exit_code", 0) == 3
        assert world.record.made == {}


def test_a_stale_disk_is_overwritten_when_it_is_named() -> None:
    """Naming the one disk that holds something is enough, and all of it is the service's then."""
    for name in ("disk.zpool-returned", "disk.md-returned"):
        world = world_of(GOLDENS / "drivers" / name)
        world.allow = ("/dev/sdc",)
        world.act("provision")
        assert world.availstatus == "up"


def test_a_stale_disk_that_waits_for_the_others_of_its_array_is_let_go() -> None:
    """The kernel holds it for an array that cannot be started, which keeps nobody who has named the disk."""
    world = world_of(GOLDENS / "drivers/disk.md-returned")
    (uuid,) = world.state["arrays"]
    line = ("mdadm", "--assemble", "/dev/md/old", f"--uuid={uuid}", "/dev/sdc")
    SimulatedNode(world.state).run(Command(line, kind="changes", tool="mdadm"))
    assert world.state["devices"]["/dev/sdc"]["holders"]
    world.allow = ("/dev/sdc",)
    world.act("provision")
    assert world.availstatus == "up"


GIVEN = "[disk#1]\ntype = raw\ndevs = /dev/sdd\n"


@pytest.mark.parametrize(
    "name, is_lost",
    [
        ("/dev/sdc", True),
        ("/dev/disk/by-id/scsi-1", True),
        ("/dev/sdd", False),
        ("/dev/md/data", False),
        ("/dev/loop3", False),
        ("/dev/data/logs", False),
        ("/dev/mapper/mpatha", False),
        ("/srv/a.img", False),
    ],
)
def test_what_is_lost_is_a_disk_that_nobody_brings(name: str, *, is_lost: bool) -> None:
    """What others give, or is made of something, is there again when they make it."""
    resource: Any = service(f"{ARRAY}{GIVEN}").resource("disk#0")
    assert beneath.is_lost(resource, name) is is_lost

"""Filesystems: what they make, what they use, what they refuse, and what they leave."""

from typing import Any

import pytest

from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import CommandFailed, Failed, Refused
from core.state import copy, load
from executors.layers.faults import Crash
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service
from tests.worlds import Point, World

TYPES = ("ext2", "ext3", "ext4", "xfs", "btrfs")
STRANGER = {"type": "ext4", "uuid": "5a1d0c5e-8c1e-4f6a-9d41-2a7b8c9d0e1f", "files": {"/kept": "text"}}


def fs(type_: str = "ext4", dev: str = "/dev/sdb", more: str = "") -> Service:
    """A service with one filesystem."""
    return service(f"[fs#1]\ntype = {type_}\ndev = {dev}\nmnt = /srv/svc1/data\n{more}")


def node(content: Any = "zero", **state: Any) -> SimulatedNode:
    """A node with one disk."""
    device = {"size": "1G", "content": content}
    return SimulatedNode(load({"devices": {"/dev/sdb": device}, "files": {"/srv": "directory"}, **state}))


def run(of: Service, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of the filesystem."""
    return drive(of.resource("fs#1"), verb, on)


@pytest.mark.parametrize("type_", TYPES)
def test_provisioning_ends_up(type_: str) -> None:
    """After provision the filesystem is up, whatever its type."""
    of, on = fs(type_), node()
    run(of, "provision", on)
    assert run(of, "status", on).value.state == "up"


@pytest.mark.parametrize("type_", TYPES)
def test_a_second_provision_changes_nothing(type_: str) -> None:
    """Where everything is in place, no command but reads is run."""
    of, on = fs(type_), node()
    run(of, "provision", on)
    assert run(of, "provision", on).lines == []


@pytest.mark.parametrize("type_", TYPES)
def test_unprovision_is_the_inverse(type_: str) -> None:
    """After unprovision the node is as it was, the device blank, and the record empty."""
    of, on = fs(type_), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "unprovision", on)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_what_is_stopped_can_be_unprovisioned() -> None:
    """Unprovision does not need the filesystem to be mounted."""
    of, on = fs(), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "stop", on)
    run(of, "unprovision", on)
    assert same_world(before, on.state) == []


def test_stop_and_start() -> None:
    """Stop unmounts, start mounts again; each does nothing the second time and says so."""
    of, on = fs(), node()
    run(of, "provision", on)
    assert run(of, "stop", on).lines == ["umount /srv/svc1/data"]
    assert run(of, "stop", on).notes == ["fs(/dev/sdb /srv/svc1/data) is already umounted"]
    assert run(of, "start", on).lines == ["e2fsck -p /dev/sdb", "mount -t ext4 /dev/sdb /srv/svc1/data"]
    assert run(of, "start", on).notes == ["fs(/dev/sdb /srv/svc1/data) is already mounted"]


def test_each_missing_directory_is_a_thing_of_its_own() -> None:
    """The record has every directory that was made, so that each can be removed again."""
    of, on = fs(), node()
    assert "/srv/svc1/data mount point created" in run(of, "provision", on).notes
    made = [thing.identity for thing in of.record.made.values() if thing.kind == "directory"]
    assert made == ["/srv/svc1", "/srv/svc1/data"]


def test_options_are_passed_on() -> None:
    """mkfs_opt goes to mkfs, before the device; mnt_opt to mount."""
    of, on = fs(more="mkfs_opt = -m 1\nmnt_opt = noatime,loop\n"), node()
    lines = run(of, "provision", on).lines
    assert any(line.startswith("mkfs.ext4 -q -U ") and line.endswith(" -m 1 /dev/sdb") for line in lines)
    assert "mount -t ext4 -o noatime /dev/sdb /srv/svc1/data" in lines


@pytest.mark.parametrize(
    "content, said",
    [
        (STRANGER, "holds a filesystem that is not recorded as this service's: ext4, uuid 5a1d0c5e"),
        ({"type": "swap"}, "ext4 is asked for"),
        ({"type": "gpt", "mountable": False}, "is not blank: it holds sdb"),
        ("residue", "is not blank: it holds bytes without a signature"),
        ({"kind": "residue", "head": False}, "is not blank"),
        ("unknown", "cannot be read, so nobody knows what it holds"),
    ],
)
def test_what_is_not_blank_is_not_formatted(content: Any, said: str) -> None:
    """A device that holds anything, or that cannot be read, is left as it is."""
    on = node(content)
    before = copy(on.state["devices"])
    with pytest.raises(Refused, match=said):
        run(fs(), "provision", on)
    assert on.state["devices"] == before


@pytest.mark.parametrize(
    "state", [{"swaps": ["/dev/sdb"]}, {"devices": {"/dev/sdb": {"size": "1G", "holders": ["/dev/md0"]}}}]
)
def test_a_device_in_use_is_not_formatted(state: dict[str, Any]) -> None:
    """Not even when the operator has named it."""
    of = fs()
    of.allow_destroy = frozenset(("/dev/sdb",))
    with pytest.raises(Refused, match="is in use"):
        run(of, "provision", node(**state))


def test_a_refusal_ends_with_what_would_allow_it() -> None:
    """The exact options are in the sentence."""
    with pytest.raises(Refused) as refusal:
        run(fs(), "provision", node(STRANGER))
    assert "svcmgr -s svc1 provision --adopt fs#1" in str(refusal.value)
    assert "svcmgr -s svc1 provision --allow-destroy /dev/sdb" in str(refusal.value)


def test_the_operator_may_give_a_device_up() -> None:
    """With --allow-destroy DEVICE the signature is erased, and what is lost is typed."""
    of, on = fs("xfs"), node(STRANGER)
    of.allow_destroy = frozenset(("/dev/sdb",))
    ran = run(of, "provision", on)
    lost = [(command.argv[0], thing.kind) for command in ran.changes for thing in command.destroys if not thing.blank]
    assert lost == [("wipefs", "device")]
    assert on.content(on.state["devices"]["/dev/sdb"])["type"] == "xfs"


def test_a_rid_does_not_give_a_stranger_up() -> None:
    """--allow-destroy RID covers what was made for the resource, and nothing else."""
    of = fs()
    of.allow_destroy = frozenset(("fs#1",))
    with pytest.raises(Refused):
        run(of, "provision", node(STRANGER))


def test_an_adopted_filesystem_is_used_and_kept() -> None:
    """With --adopt RID it is mounted; unprovision unmounts it and leaves what it holds."""
    of, on = fs(), node(STRANGER)
    before = copy(on.state)
    of.adopt = frozenset(("fs#1",))
    run(of, "provision", on)
    assert on.tree.exists("/srv/svc1/data/kept")
    run(of, "unprovision", on)
    assert same_world(before, on.state) == []


def test_what_is_mounted_already_is_used() -> None:
    """A filesystem that is where the file says needs no record."""
    mounts = [{"device": "/dev/sdb", "mount_point": "/srv/svc1/data", "type": "ext4"}]
    on = node(STRANGER, files={"/srv/svc1/data": "directory"}, mounts=mounts)
    assert run(fs(), "provision", on).lines == []


def test_start_uses_what_the_file_names() -> None:
    """The refusal of strangers is for provision: start mounts what dev is."""
    on = node(STRANGER)
    ran = run(fs(), "start", on)
    assert ran.notes == ["create missing mountpoint /srv/svc1/data"]
    assert on.tree.exists("/srv/svc1/data/kept")


def test_a_tag_is_never_formatted() -> None:
    """A stranger's filesystem that is named by its label is refused; --allow-destroy does not help, --adopt does."""
    content = {**STRANGER, "label": "home"}
    of, on = fs(dev="LABEL=home"), node(content)
    of.allow_destroy = frozenset(("LABEL=home", "/dev/sdb"))
    with pytest.raises(Refused, match="--adopt"):
        run(of, "provision", on)
    of.adopt = frozenset(("fs#1",))
    assert "mount -t ext4 /dev/sdb /srv/svc1/data" in run(of, "provision", on).lines


def test_a_mount_hides_no_file() -> None:
    """A directory with a file in it is no mount point."""
    on = node(files={"/srv/svc1/data/kept": "text"})
    with pytest.raises(Refused, match="is not empty, and a mount would hide /srv/svc1/data/kept"):
        run(fs(), "provision", on)


def test_a_mount_point_in_use_is_refused() -> None:
    """Where another device is mounted, nothing is mounted over it."""
    mounts = [{"device": "/dev/sdc", "mount_point": "/srv/svc1/data", "type": "xfs"}]
    devices = {"/dev/sdb": "1G", "/dev/sdc": {"size": "1G", "content": {"type": "xfs"}}}
    on = node(devices=devices, files={"/srv/svc1/data": "directory"}, mounts=mounts)
    of = fs()
    with pytest.raises(Refused, match="/dev/sdc is mounted on /srv/svc1/data"):
        run(of, "start", on)
    assert run(of, "status", on).value.state == "warn"
    assert run(of, "stop", on).lines == []


@pytest.mark.parametrize(
    "dev, said",
    [
        ("/dev/sdz", "device does not exist /dev/sdz"),
        ("LABEL=gone", "no filesystem is found by LABEL=gone"),
        ("/srv/file", "is a file without a loop device"),
    ],
)
def test_a_device_that_is_not_there(dev: str, said: str) -> None:
    """The sentence says what is missing; the status is down."""
    of, on = fs(dev=dev), node(files={"/srv/file": "text"})
    with pytest.raises(Failed, match=said):
        run(of, "provision", on)
    assert run(of, "status", on).value.state == "down"


def test_half_of_a_logical_volume() -> None:
    """With vg and no size, or the other way round, and no device, the sentence says what is missing."""
    for half in ("vg = vg1", "size = 1G"):
        with pytest.raises(Failed, match="does not exist /dev/vg1/root; vg and size together make the logical volume"):
            run(fs(dev="/dev/vg1/root", more=f"{half}\n"), "provision", node())


def test_busy_says_by_whom() -> None:
    """An unmount that fails names pid, user and program; nobody is killed."""
    of, on = fs(), node(tools={"psmisc": "23.6"})
    run(of, "provision", on)
    on.state["processes"]["4711"] = {"program": "sleep", "arguments": [], "files": ["/srv/svc1/data"], "user": "root"}
    with pytest.raises(Failed, match=r"/srv/svc1/data is busy, pid 4711 \(root, sleep\)"):
        run(of, "stop", on)
    assert "4711" in on.state["processes"]


def test_a_failing_check_stops_the_start() -> None:
    """What e2fsck cannot repair by itself is not mounted."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    on.state["programs"]["e2fsck"] = {"returncode": 4, "stdout": "", "stderr": "run fsck MANUALLY\n"}
    with pytest.raises(CommandFailed, match="run fsck MANUALLY"):
        run(of, "start", on)
    assert on.state["mounts"] == []


def test_without_e2fsck_the_mount_goes_on() -> None:
    """A missing e2fsck is worth a line, not a failure."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    on.state["programs"]["e2fsck"] = {"returncode": 127, "stdout": "", "stderr": ""}
    assert run(of, "start", on).notes == ["/dev/sdb is not checked: e2fsck is not installed"]


def test_a_read_only_mount_is_a_warning() -> None:
    """Unless the file asks for it."""
    mounts = [{"device": "/dev/sdb", "mount_point": "/srv/svc1/data", "type": "ext4", "options": "ro,relatime"}]
    on = node(STRANGER, files={"/srv/svc1/data": "directory"}, mounts=mounts)
    assert run(fs(), "status", on).value.state == "warn"
    assert run(fs(more="mnt_opt = ro\n"), "status", on).value.state == "up"


def test_unprovision_keeps_a_mount_point_with_files() -> None:
    """What somebody put below the mount point is not deleted; the record keeps the directory."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    entry = {"kind": "file", "mode": "0644", "size": None, "text": "x", "allocated": 0, "content": {"kind": "zero"}}
    on.tree.put("/srv/svc1/data/kept", entry)
    assert run(of, "unprovision", on).notes[-1] == "/srv/svc1/data stays: it holds /srv/svc1/data/kept"
    assert on.tree.exists("/srv/svc1/data/kept")
    assert "fs#1.directory./srv/svc1/data" in of.record.made


def test_a_directory_that_somebody_removed_is_forgotten() -> None:
    """Unprovision does not fail over a directory that is gone."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    on.tree.remove("/srv/svc1/data")
    run(of, "unprovision", on)
    assert of.record.is_empty


def test_what_was_made_on_a_lost_device_is_not_forgotten() -> None:
    """A device that is away may come back with our filesystem on it: unprovision says so and stops."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    del on.state["devices"]["/dev/sdb"]
    with pytest.raises(Failed, match="what was made on it cannot be deleted"):
        run(of, "unprovision", on)
    assert "fs#1.filesystem" in of.record.made


def test_another_disk_under_the_same_name_is_left_alone() -> None:
    """What unprovision zeroes is known by its uuid, never by the name of the device."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    on.state["devices"]["/dev/sdb"] = node(STRANGER).state["devices"]["/dev/sdb"]
    run(of, "unprovision", on)
    assert on.content(on.state["devices"]["/dev/sdb"])["uuid"] == STRANGER["uuid"]


def test_ties() -> None:
    """It needs its device and the directory above, and gives the tree below its mount point."""
    resource = fs().resource("fs#1")
    assert set(resource.driver.needs(resource)) == {Tie("device", "/dev/sdb"), Tie("path", "/srv/svc1")}
    assert Tie("path", "/srv/svc1/data") in resource.driver.gives(resource)


def test_a_plan_with_holes_is_the_run() -> None:
    """In a preview the commands are those of the run, with holes for the uuid and nothing else."""
    of, on = fs(), node()
    planned = run(of, "provision", SimulatedNode(copy(on.state), holes=True))
    assert "mkfs.ext4 -q -U «fs#1.uuid» /dev/sdb" in planned.lines
    ran = run(fs(), "provision", on)
    assert [line.split()[0] for line in planned.lines] == [line.split()[0] for line in ran.lines]


@pytest.mark.parametrize("type_", TYPES)
def test_the_purpose_names_type_device_and_mount_point(type_: str) -> None:
    """The plan says what is mounted where."""
    here = fs(type_).resource("fs#1")
    assert here.driver.purpose(here) == f"the {type_} filesystem on /dev/sdb, mounted on /srv/svc1/data"


@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_filesystem_that_is_not_there_any_more_is_forgotten(elsewhere: bool) -> None:  # noqa: FBT001
    """Unprovision leaves what took its place, and what another device has of it is neither forgotten nor touched."""
    of, on = fs(), node()
    run(of, "provision", on)
    run(of, "stop", on)
    content, other = on.state["devices"]["/dev/sdb"]["content"], copy(node(STRANGER).state)["devices"]["/dev/sdb"]
    on.state["devices"]["/dev/sdb"] = other
    if elsewhere:
        on.state["devices"]["/dev/sdc"] = {**copy(other), "content": content}
    ran = run(of, "unprovision", on)
    said = "is on /dev/sdc now, and is let be" if elsewhere else "is gone already"
    assert any(said in note for note in ran.notes)
    assert [thing.kind for thing in of.record.made.values()] == (["filesystem"] if elsewhere else [])
    assert list(on.state["devices"]["/dev/sdb"]["content"]["files"]) == ["/kept"]


def test_a_filesystem_that_another_resource_made_stays() -> None:
    """Two resources may mount one filesystem: who only uses it does not zero it, who made it does, last."""
    text = "[fs#{0}]\ntype = xfs\ndev = /dev/sdb\nmnt = /srv/{0}\nmnt_opt = {1}\n"
    of, on = service(text.format(1, "rw") + text.format(2, "noatime")), node()
    before = copy(on.state)
    for rid in ("fs#1", "fs#2"):
        drive(of.resource(rid), "provision", on)
    drive(of.resource("fs#2"), "unprovision", on)
    assert on.state["devices"]["/dev/sdb"]["content"]["type"] == "xfs"
    drive(of.resource("fs#1"), "unprovision", on)
    assert same_world(before, on.state) == []


def test_a_format_that_nobody_recorded_is_recognised_by_its_uuid() -> None:
    """A run that was killed in mkfs, on a node that came up without the loop device: the same uuid was drawn for it."""
    text = (
        "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 10M\n[fs#0]\ntype = ext4\ndev = {disk#0.file}\nmnt = /srv/a\n"
    )
    world = World(text, load({"files": {"/srv": "directory"}}))
    steps = world.preview().steps
    made = next(step.number for step in steps if step.command.argv[0].startswith("mkfs"))
    with pytest.raises(Crash):
        world.act("provision", Point(made, "after"))
    world.reboot()
    world.act("provision")
    assert world.availstatus == "up"
    assert world.record.made["fs#0.filesystem"].identity == world.state["files"]["/srv/a.img"]["content"]["uuid"]


def test_a_filesystem_with_the_uuid_that_was_drawn_is_this_action_s() -> None:
    """It was killed in mkfs, and nobody could look afterwards: its uuid is the `Fresh` value of that very run."""
    uuid = "11111111-2222-4333-8444-555555555555"
    of, on = fs(), node({"type": "ext4", "uuid": uuid}, identifiers={"uuid": [uuid]})
    ran = run(of, "provision", on)
    assert not any(line.startswith("mkfs") for line in ran.lines)
    assert of.record.made["fs#1.filesystem"].identity == uuid
    assert any(command.undo for command in ran.changes if command.argv[0] == "blkid")

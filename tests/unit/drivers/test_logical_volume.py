"""Logical volumes, of a disk.lv and of a filesystem: how large they are, what is refused, what is left of them."""

import re

import pytest

from core.command import Command, Completed
from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import ConfigError, Failed, Refused
from core.order import order
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

GROUP = "[disk#1]\ntype = vg\nname = data\npvs = /dev/sdb\n"


def lv(size: str = "100m", more: str = "") -> Service:
    """A service with a group and a volume in it."""
    return service(f"{GROUP}[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = {size}\n{more}")


def fs(size: str = "100m", dev: str = "/dev/data/logs", vg: str = "data") -> Service:
    """A service with a group, and a filesystem on a volume that it makes."""
    return service(f"{GROUP}[fs#0]\ntype = ext4\ndev = {dev}\nmnt = /srv/logs\nvg = {vg}\nsize = {size}\n")


def node() -> SimulatedNode:
    """A node with one disk of 1G, and lvm2."""
    disk = {"/dev/sdb": "1G", "/dev/sdc": "1G"}
    return SimulatedNode(load({"tools": {"lvm2": "2.03.16"}, "devices": disk, "files": {"/srv": "directory"}}))


def run(of: Service, verb: str, on: SimulatedNode, rid: str = "disk#2") -> Run:
    """Run a verb of a resource."""
    return drive(of.resource(rid), verb, on)


def provisioned(of: Service) -> SimulatedNode:
    """A node on which every resource of a service was provisioned, in order."""
    on = node()
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    return on


def test_the_volume_is_made_and_its_ends_zeroed() -> None:
    """What is done, and in which words; a second time, nothing."""
    of, on = lv("1001m"), node()
    run(of, "provision", on, "disk#1")
    ran = run(of, "provision", on)
    assert ran.lines == [
        "lvcreate --yes -n logs -L 1001M data",
        "blkdiscard -z -o 1051721728 -l 1048576 /dev/data/logs",
        "blkdiscard -z -o 0 -l 1048576 /dev/data/logs",
        "lvs --noheadings -o lv_uuid --select vg_name=data && lv_name=logs",
    ]
    assert "size 1001m is rounded up to 1004M, extents of 4M" in ran.notes
    assert run(of, "status", on).value.state == "up"
    assert run(of, "provision", on).lines == []


@pytest.mark.parametrize(
    "size, words",
    [("100", "-L 100M"), ("1g", "-L 1024M"), ("100%FREE", "-l 100%FREE"), ("50%vg", "-l 50%VG"), ("1500k", "-L 2M")],
)
def test_sizes(size: str, words: str) -> None:
    """A size counts MiB, a share is for lvcreate to read."""
    of, on = lv(size), node()
    on.state["devices"]["/dev/sdb"]["size"] *= 2
    run(of, "provision", on, "disk#1")
    assert run(of, "provision", on).lines[0] == f"lvcreate --yes -n logs {words} data"


@pytest.mark.parametrize(
    "size, said",
    [
        ("2G", "disk#2.size: 2G takes 2G, and data has 1020M free; write less, or give the group another device"),
        ("1021m", "disk#2.size: 1021m takes 1G, and data has 1020M free"),
        ("50%PVS", "disk#2.size: 50%PVS says nothing about a new volume; write a share such as 80%FREE or 50%VG"),
    ],
)
def test_what_does_not_fit(size: str, said: str) -> None:
    """What a group has no room for is found before anything is done, with key and line."""
    of, on = lv(size), node()
    run(of, "provision", on, "disk#1")
    before = copy(on.state)
    with pytest.raises(ConfigError, match=re.escape(said)) as error:
        run(of, "provision", on)
    assert error.value.problems[0].line == 9
    assert same_world(before, on.state) == []


def test_a_full_group_has_no_share_left() -> None:
    """All of nothing is no volume."""
    of, on = lv("100%FREE"), node()
    run(of, "provision", on, "disk#1")
    run(of, "provision", on)
    more = service(f"{GROUP}[disk#2]\ntype = lv\nname = more\nvg = data\nsize = 100%FREE\n")
    with pytest.raises(ConfigError, match="100%FREE takes 4M, and data has 0 free"):
        run(more, "provision", on)


@pytest.mark.parametrize("size", ["0", "-1G", "200%FREE", "14 GG", "0%FREE"])
def test_what_is_no_size(size: str) -> None:
    """A size that says nothing is an error of the file."""
    problems = lv(size).problems()
    assert [(each.section, each.key) for each in problems] == [("disk#2", "size")]


@pytest.mark.parametrize("name", ["a/b", "..", "-l", "snapshot1", "a_rimage_0", "x" * 128])
def test_what_is_no_name(name: str) -> None:
    """Names that lvm does not take, or keeps for itself."""
    text = f"{GROUP}[disk#2]\ntype = lv\nname = {name}\nvg = data\nsize = 1g\n"
    assert [(each.section, each.key) for each in service(text).problems()] == [("disk#2", "name")]


def test_a_volume_grows() -> None:
    """A larger size makes the volume larger; what is not free is an error of the file."""
    of = lv("100m")
    on = provisioned(of)
    of.set("disk#2.size", "203m")
    ran = run(of, "provision", on)
    assert ran.lines == ["lvextend -L 203M data/logs"]
    assert run(of, "provision", on).lines == []
    of.set("disk#2.size", "5G")
    with pytest.raises(ConfigError, match="5G takes 5G, and data has 1020M free"):
        run(of, "provision", on)


def test_a_volume_does_not_shrink() -> None:
    """A smaller size is refused, with both sizes; a share asks for nothing of what is there."""
    of = lv("200m")
    on = provisioned(of)
    of.set("disk#2.size", "100m")
    with pytest.raises(
        Refused, match="disk#2: size: data/logs has 200M, and 100M is asked for on line 9: a volume is never"
    ):
        run(of, "provision", on)
    of.set("disk#2.size", "10%FREE")
    assert run(of, "provision", on).lines == []


def test_a_filesystem_grows_with_its_volume() -> None:
    """Raised, the size of a filesystem's volume is the volume's and then the filesystem's."""
    of = fs("100m")
    on = provisioned(of)
    of.set("fs#0.size", "300m")
    assert run(of, "provision", on, "fs#0").lines == ["lvextend -L 300M data/logs", "resize2fs /dev/data/logs"]


def test_a_filesystem_makes_its_volume() -> None:
    """Provisioned, it is up; unprovisioned, node and record are as they were."""
    of, on = fs(dev="/dev/mapper/data-logs"), node()
    before = copy(on.state)
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    assert run(of, "status", on, "fs#0").value.state == "up"
    for resource in reversed(order(of.resources())):
        drive(resource, "unprovision", on)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_what_old_extents_carry_is_zeroed() -> None:
    """A volume in extents that carry a filesystem of one that is gone is blank all the same."""
    of = fs()
    on = provisioned(of)
    run(of, "stop", on, "fs#0")
    group = next(iter(on.state["volume_groups"].values()))
    content = copy(group["volumes"]["logs"]["content"])
    run(of, "unprovision", on, "fs#0")
    physical = next(iter(group["physical_volumes"]))
    group["recycled"][f"{physical}:0"] = content
    ran = run(of, "provision", on, "fs#0")
    assert any(line.startswith("mkfs.ext4") for line in ran.lines)
    assert group["recycled"] == {}


def test_a_killed_run_has_left_the_volume() -> None:
    """A volume that nobody wrote into, of the size that is asked for, in a group of the service, is its own."""
    of, on = lv(), node()
    run(of, "provision", on, "disk#1")
    run(of, "provision", on)
    kept = dict(of.record.made)
    for name in ("disk#2.logical_volume", "disk#2.blank"):
        del of.record.made[name]
    run(of, "provision", on)
    assert {name: each.identity for name, each in of.record.made.items()} == {
        name: each.identity for name, each in kept.items()
    }


def test_a_volume_that_is_there_is_refused() -> None:
    """A volume of other people's is not used, unless it is adopted; then it stays when the service goes."""
    of, on = lv("200m"), node()
    run(of, "provision", on, "disk#1")
    other = service(f"{GROUP}[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = 100m\n", "svc2")
    run(other, "provision", on)
    with pytest.raises(Refused, match="there is a volume data/logs already, which is not recorded; to use it"):
        run(of, "provision", on)
    of.adopt = frozenset(("disk#2",))
    assert run(of, "provision", on).lines == ["lvextend -L 200M data/logs"]
    run(of, "unprovision", on)
    assert "logs" in next(iter(on.state["volume_groups"].values()))["volumes"]


def test_start_and_stop() -> None:
    """Stopping takes the device away, starting brings it back; each does nothing the second time."""
    of = lv()
    on = provisioned(of)
    assert run(of, "stop", on).lines == ["lvchange -a n data/logs"]
    assert run(of, "stop", on).lines == []
    assert run(of, "status", on).value.state == "down"
    assert run(of, "start", on).lines == ["lvchange -a y data/logs"]
    assert run(of, "start", on).lines == []
    with pytest.raises(Failed, match="there is no logical volume data/logs"):
        run(lv(), "start", node())


def test_a_volume_in_use_stays() -> None:
    """A volume that is mounted is neither stopped nor removed."""
    of = lv(more="[fs#0]\ntype = ext4\ndev = /dev/data/logs\nmnt = /srv/logs\n")
    on = provisioned(of)
    with pytest.raises(Failed, match="disk#2: data/logs is in use, /srv/logs"):
        run(of, "stop", on)


ROW = "  logs;{uuid};104857600;{active};{health}\n"
LACKS = """\
  WARNING: Couldn't find device with uuid aaaaaa-bbbb.
  WARNING: VG data is missing PV aaaaaa-bbbb (last written to /dev/vdc).
  WARNING: VG other is missing PV cccccc-dddd (last written to /dev/vdd).
"""


@pytest.mark.parametrize(
    "active, health, said, state, remarks",
    [
        ("active", "", "", "up", []),
        ("active", "writemostly", "", "up", []),
        ("active", "partial", LACKS, "warn", ["data/logs is not whole: its group lacks /dev/vdc"]),
        ("", "partial", LACKS, "down", ["data/logs is not whole: its group lacks /dev/vdc"]),
        ("active", "partial", "", "warn", ["data/logs is not whole: its group lacks a device"]),
        ("active", "refresh needed", "", "warn", ["data/logs: refresh needed"]),
    ],
)
def test_what_lvm_says_of_its_health(active: str, health: str, said: str, state: str, remarks: list[str]) -> None:
    """A volume that lacks a device, or is not well, is not up, and its status says which; in one command."""
    driver, resource = lv().resource("disk#2").driver, lv().resource("disk#2")
    steps = driver.status(resource)
    asked = next(steps)
    assert isinstance(asked, Command)
    assert asked.argv[0] == "lvs"
    answer = Completed(0, ROW.format(uuid="eeeeee-ffff", active=active, health=health), said)
    with pytest.raises(StopIteration) as end:
        steps.send(answer)
    assert end.value.value.state == state
    assert [remark.text for remark in end.value.value.remarks] == remarks


def test_another_group_of_the_name_tells_nothing() -> None:
    """A volume is not gone because a group of the same name, which is not that of the service, does not have it."""
    of = lv()
    on = provisioned(of)
    run(of, "stop", on, "disk#1")
    del on.state["devices"]["/dev/sdb"]
    assert on.run(Command(("vgcreate", "data", "/dev/sdc"), tool="lvm")).returncode == 0
    with pytest.raises(Refused, match="is not there, so it cannot be deleted"):
        run(of, "unprovision", on)
    assert "disk#2.logical_volume" in of.record.made


def test_without_a_group() -> None:
    """A volume needs its group, and says where that is named."""
    with pytest.raises(ConfigError, match=r"disk#2.vg: there is no volume group data on this node"):
        run(lv(), "provision", node())


def test_two_that_make_one_volume() -> None:
    """Two resources are not one volume."""
    more = "[disk#3]\ntype = lv\nname = logs\nvg = data\nsize = 1g\n"
    (problem,) = lv(more=more).problems()
    assert (problem.section, problem.key) == ("disk#3", "name")
    assert "/dev/data/logs is already made by disk#2" in problem.text


def test_the_device_is_in_the_group() -> None:
    """A filesystem whose `dev` is elsewhere than in its `vg` makes no volume, and says so."""
    (problem,) = fs(dev="/dev/other/logs").problems()
    assert (problem.section, problem.key) == ("fs#0", "dev")


def test_ties() -> None:
    """Both names of a volume lead to it, and a filesystem on one that nobody makes comes after the group."""
    of = lv()
    disk = of.resource("disk#2")
    assert list(disk.driver.gives(disk)) == [Tie("device", "/dev/data/logs"), Tie("device", "/dev/mapper/data-logs")]
    assert disk.driver.label(disk) == "lv data/logs"
    assert disk.driver.purpose(disk) == "the logical volume logs of 100m in data, active"
    plain = service(f"{GROUP}[fs#0]\ntype = ext4\ndev = /dev/data/old\nmnt = /srv/logs\n")
    assert [each.rid for each in order(plain.resources())] == ["disk#1", "fs#0"]
    needs = list(plain.resource("fs#0").driver.needs(plain.resource("fs#0")))
    assert Tie("group", "data") in needs


def test_a_circle() -> None:
    """A group on a volume of itself is an error with its whole path."""
    group = GROUP.replace("/dev/sdb", "/dev/data/logs")
    text = f"{group}[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = 1g\n"
    with pytest.raises(ConfigError, match="resources wait for each other in a circle: disk#1 -> disk#2 -> disk#1"):
        order(service(text).resources())


def test_who_gives_a_device_is_known_anew_after_a_change() -> None:
    """What is remembered of who gives what lasts until a key of the file is set."""
    of = service("[disk#1]\ntype = lv\nvg = data\nname = a\nsize = 1g\n")
    path = Tie("device", "/dev/data/a")
    assert [giver.rid for giver in of.givers(path)] == ["disk#1"]
    of.set("disk#1.name", "b")
    assert of.givers(path) == ()
    assert [giver.rid for giver in of.copy().givers(Tie("device", "/dev/mapper/data-b"))] == ["disk#1"]


def test_an_array_may_be_called_as_a_group_is() -> None:
    """Names of groups and of arrays are apart; two groups have two names, whichever of their types the file says."""
    group = "[disk#1]\ntype = lvm\nname = a\npvs = /dev/sdb\n"
    array = "[disk#2]\ntype = md\nname = a\ndevs = /dev/sdc /dev/sdd\nlevel = 1\n"
    assert service(group + array).problems() == []
    (problem,) = service(group + group.replace("#1", "#2").replace("lvm", "vg").replace("sdb", "sdc")).problems()
    assert "a is already the name of disk#1" in problem.text

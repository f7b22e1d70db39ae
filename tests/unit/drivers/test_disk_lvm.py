"""Volume groups: what they are made of, what they use, what they refuse, and what they leave."""

from typing import Any

import pytest

from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import CommandFailed, ConfigError, Failed, Refused
from core.order import order
from core.record import MadeThing
from core.state import NodeState, copy, load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.unit.drivers.drive import Run, drive, service

GROUP = "[disk#1]\ntype = lvm\nname = data\npvs = /dev/sdb /dev/sdc\n"
LABEL: dict[str, Any] = {"type": "LVM2_member", "uuid": "aaaaaa-bbbb-cccc-dddd-eeee-ffff-gggggg", "mountable": False}
OF = "GGGGGG-bbbb-cccc-dddd-eeee-ffff-gggggg"


def group(pvs: str = "/dev/sdb /dev/sdc", more: str = "") -> Service:
    """A service with one volume group."""
    return service(f"[disk#1]\ntype = lvm\nname = data\npvs = {pvs}\n{more}")


def node(devices: dict[str, Any] | None = None, **state: Any) -> SimulatedNode:
    """A node with three disks, and lvm2."""
    disks: dict[str, Any] = {"/dev/sdb": "1G", "/dev/sdc": "1G", "/dev/sdd": "1G", **(devices or {})}
    files = {"/srv": "directory", "/dev/disk/by-id/one": {"kind": "link", "target": "../../sdb"}}
    return SimulatedNode(load({"tools": {"lvm2": "2.03.16"}, "devices": disks, "files": files, **state}))


def grouped(name: str, *, of: str = OF) -> dict[str, Any]:
    """The state of a node on which sdb is the physical volume of a group."""
    facts = {"size": "1G", "extents": 255}
    return {
        "devices": {"/dev/sdb": {"size": "1G", "content": {**LABEL, "member_of": of}}},
        "volume_groups": {of: {"name": name, "physical_volumes": {LABEL["uuid"]: facts}}},
    }


def run(of: Service, verb: str, on: SimulatedNode, rid: str = "disk#1") -> Run:
    """Run a verb of a resource."""
    return drive(of.resource(rid), verb, on)


def test_the_group_is_made_and_activated() -> None:
    """What is done, and in which words."""
    of, on = group(), node()
    assert run(of, "provision", on).lines == [
        "pvcreate /dev/sdb",
        "pvcreate /dev/sdc",
        "vgcreate --setautoactivation n data /dev/sdb /dev/sdc",
        "vgchange --addtag @node1 data",
        "vgchange -a y data",
    ]
    assert run(of, "status", on).value.state == "up"


def test_a_second_provision_changes_nothing() -> None:
    """Where everything is in place, no command but reads is run."""
    of, on = group(), node()
    run(of, "provision", on)
    assert run(of, "provision", on).lines == []


def test_unprovision_is_the_inverse() -> None:
    """After unprovision the node is as it was, the devices blank, and the record empty."""
    of, on = group(), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "unprovision", on)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_stop_and_start() -> None:
    """Stopping takes the devices and the tag away, starting brings both back; each does nothing the second time."""
    of, on = group(), node()
    run(of, "provision", on)
    assert run(of, "stop", on).lines == ["vgchange --deltag @node1 data"]
    assert run(of, "stop", on).lines == []
    assert run(of, "status", on).value.state == "down"
    assert run(of, "start", on).lines == ["vgchange --addtag @node1 data", "vgchange -a y data"]
    assert run(of, "start", on).lines == []


def test_what_the_user_says_about_activation_is_not_said_twice() -> None:
    """The option that keeps udev away gives way to the user's own, and is unknown to an old lvm2."""
    ran = run(group(more="options = --setautoactivation=y -s 8M\n"), "provision", node())
    assert "vgcreate --setautoactivation=y -s 8M data /dev/sdb /dev/sdc" in ran.lines
    old = run(group(), "provision", node(tools={"lvm2": "2.02.115"}))
    assert "vgcreate data /dev/sdb /dev/sdc" in old.lines


def test_a_pattern_is_what_it_matches_now() -> None:
    """A pattern stands for the devices that it matches, each once."""
    of, on = group("/dev/sd[cd] /dev/disk/by-id/o*"), node()
    ran = run(of, "provision", on)
    assert ran.lines[:4] == [
        "pvcreate /dev/sdc",
        "pvcreate /dev/sdd",
        "pvcreate /dev/sdb",
        "vgcreate --setautoactivation n data /dev/sdc /dev/sdd /dev/sdb",
    ]
    assert ran.notes[0] == "expand /dev/sd[cd] to /dev/sdc, /dev/sdd"


def test_a_link_is_called_as_the_kernel_does() -> None:
    """To lvm, a link outside /dev is no name of a device."""
    of = group("/srv/link")
    on = node()
    on.tree.put("/srv/link", {"kind": "link", "target": "/dev/sdb"})
    assert run(of, "provision", on).lines[0] == "pvcreate /dev/sdb"


def test_a_further_device_joins() -> None:
    """A device that is added to `pvs` becomes one of the group."""
    on, of = node(), group("/dev/sdb")
    run(of, "provision", on)
    of.set("disk#1.pvs", "/dev/sdb /dev/sdc")
    assert run(of, "provision", on).lines == ["pvcreate /dev/sdc", "vgextend data /dev/sdc"]


@pytest.mark.parametrize(
    "pvs, devices, said",
    [
        ("/dev/sdx", {}, r"disk#1.pvs: there is no device /dev/sdx; attach it, or name another"),
        ("/dev/sdx*", {}, r"disk#1.pvs: nothing matches /dev/sdx\*; name devices that are there"),
        ("/dev/sdb /dev/disk/by-id/one", {}, "/dev/sdb and /dev/disk/by-id/one are one device; name each once"),
        ("/dev/sdb", {"/dev/sdb": "1M"}, "/dev/sdb has 1M, too little for a physical volume; 2M are the least"),
        ("/srv/a", {}, "/srv/a is a file without a loop device"),
    ],
)
def test_what_is_wrong_in_the_file(pvs: str, devices: dict[str, Any], said: str) -> None:
    """What `pvs` names and the node does not have is an error of the file, with its line, before anything is done."""
    on = node(devices)
    on.tree.put("/srv/a", {"kind": "file", "mode": "0644", "size": 9, "text": None, "allocated": 0, "content": {}})
    with pytest.raises(ConfigError, match=said) as error:
        run(group(pvs), "provision", on)
    assert error.value.problems[0].line == 4


@pytest.mark.parametrize(
    "content, users, said",
    [
        ({"type": "ext4", "uuid": "1234-5678"}, {}, "disk#1: /dev/sdb is not blank: it holds sdb"),
        ({"type": "gpt", "mountable": False}, {}, "disk#1: /dev/sdb is not blank: it holds"),
        ({"kind": "unknown"}, {}, "disk#1: /dev/sdb"),
        ("residue", {}, "disk#1: /dev/sdb is not blank: it holds bytes without a signature"),
        ({"type": "ext4"}, {"mounts": [("/dev/sdb", "/mnt")]}, r"disk#1: /dev/sdb is in use \(/mnt\)"),
        ("zero", {"holders": ["/dev/sdb1"]}, r"disk#1: /dev/sdb is in use \(sdb1\)"),
        (LABEL, {}, "disk#1: pvs: /dev/sdb is a physical volume that is not recorded; .*--adopt disk#1"),
    ],
)
def test_what_is_not_blank_is_refused(content: Any, users: dict[str, Any], said: str) -> None:
    """A device that holds anything, or that somebody uses, stays as it is."""
    device = {"size": "1G", "content": content, "holders": users.get("holders", [])}
    mounts = [{"device": path, "mount_point": point, "type": "ext4"} for path, point in users.get("mounts", [])]
    parts = {"/dev/sdb1": "1G"} if users.get("holders") else {}
    on = node({"/dev/sdb": device, **parts}, mounts=mounts)
    before = copy(on.state)
    with pytest.raises((Refused, CommandFailed), match=said):
        run(group("/dev/sdb"), "provision", on)
    assert same_world(before, on.state) == []


def test_what_is_named_may_be_destroyed() -> None:
    """A device whose content the operator gave up is erased, also one that had a label."""
    of = group("/dev/sdb")
    of.allow_destroy = frozenset(("/dev/sdb",))
    assert run(of, "provision", node({"/dev/sdb": {"size": "1G", "content": LABEL}})).lines[:2] == [
        "wipefs -a /dev/sdb",
        "pvcreate /dev/sdb",
    ]


def test_a_device_of_another_group_is_refused() -> None:
    """The refusal names the group that the device belongs to."""
    on = node(**{key: value for key, value in grouped("other").items() if key != "devices"})
    on.state["devices"]["/dev/sdb"]["content"] = node(grouped("other")["devices"]).state["devices"]["/dev/sdb"][
        "content"
    ]
    with pytest.raises(Refused, match="pvs: /dev/sdb belongs to volume group other"):
        run(group("/dev/sdb"), "provision", on)


def foreign(name: str = "data") -> SimulatedNode:
    """A node that has a group already."""
    state = grouped(name)
    return node(state["devices"], volume_groups=state["volume_groups"])


def test_a_group_that_is_there_is_refused() -> None:
    """A group of the name that nobody recorded is not used; the refusal names its devices."""
    with pytest.raises(Refused, match=r"already, which is not recorded \(on /dev/sdb\); to use it: .*--adopt disk#1"):
        run(group("/dev/sdc"), "provision", foreign())


def test_a_group_that_is_adopted_is_used() -> None:
    """An adopted group gets what it lacks of the devices, and stays when the service goes."""
    of, on = group("/dev/sdb /dev/sdc"), foreign()
    of.adopt = frozenset(("disk#1",))
    assert run(of, "provision", on).lines == [
        "pvcreate /dev/sdc",
        "vgextend data /dev/sdc",
        "vgchange --addtag @node1 data",
        "vgchange -a y data",
    ]
    ran = run(of, "unprovision", on)
    assert ran.lines == ["vgchange --deltag @node1 data"]
    assert "/dev/sdc stays a physical volume: it is in data" in ran.notes


def test_two_groups_of_one_name_are_refused() -> None:
    """No tool tells them apart, so nothing is done to either."""
    on = foreign()
    other = copy(on.state)["volume_groups"][OF]
    label = {**on.state["devices"]["/dev/sdb"]["content"], "uuid": LABEL["uuid"][::-1], "member_of": OF[::-1]}
    on.state["devices"]["/dev/sdc"]["content"] = label
    other["physical_volumes"] = {LABEL["uuid"][::-1]: {"size": 0, "extents": 255, "missing": False}}
    on.state["volume_groups"][OF[::-1]] = other
    with pytest.raises(Refused, match="two volume groups are called data"):
        run(group(), "provision", on)


def test_the_group_of_a_killed_run_is_recognised() -> None:
    """A group of physical volumes that this service labelled is its own, though the record does not have it."""
    of, on = group(), node()
    run(of, "provision", on)
    made = of.record.made.pop("disk#1.group")
    run(of, "provision", on)
    assert of.record.made["disk#1.group"].identity == made.identity


def test_another_service_takes_the_device() -> None:
    """A device that another action has chosen a moment ago is not labelled."""
    with pytest.raises(Failed, match="another service of this node takes /dev/sdb right now"):
        drive(group().resource("disk#1"), "provision", node(), claimed=("/dev/sdb:physical volume",))


def test_the_tag_of_another_node_is_respected() -> None:
    """A group that another node of the service has tagged may be active there."""
    of = service(f"[DEFAULT]\nnodes = node1 node2\n\n{GROUP}")
    on = node()
    run(of, "provision", on)
    run(of, "stop", on)
    next(iter(on.state["volume_groups"].values()))["tags"] = ["node2", "backup"]
    with pytest.raises(Refused, match="data has the tag of node2, and may be active there"):
        run(of, "start", on)


def started() -> tuple[Service, SimulatedNode]:
    """A service with a group and a volume that is mounted."""
    text = f"{GROUP}[fs#0]\ntype = ext4\ndev = /dev/data/root\nmnt = /srv/data\nvg = data\nsize = 100m\n"
    of, on = service(text), node()
    run(of, "provision", on)
    run(of, "provision", on, "fs#0")
    return of, on


def test_a_group_in_use_stays_active() -> None:
    """A group is not stopped below a mounted filesystem; it is said who uses it."""
    of, on = started()
    with pytest.raises(Failed, match="disk#1: data is in use, /srv/data"):
        run(of, "stop", on)


def test_a_group_with_volumes_is_not_removed() -> None:
    """What others have made in the group is not lost."""
    of, on = started()
    run(of, "stop", on, "fs#0")
    with pytest.raises(Refused, match="disk#1: data has logical volumes: root"):
        run(of, "unprovision", on)


def test_status_tells_what_is_not_active() -> None:
    """Down when nothing is active, warn when some is, or when a device is missing."""
    of, on = started()
    run(of, "stop", on, "fs#0")
    run(of, "stop", on)
    assert run(of, "status", on).value.state == "down"
    one = next(iter(on.state["volume_groups"].values()))
    one["volumes"]["other"] = {
        **one["volumes"]["root"],
        "segments": [[one["volumes"]["root"]["segments"][0][0], 99, 1]],
    }
    run(of, "start", on)
    from executors.simulated import volume_groups

    volume_groups.deactivate(on, next(iter(on.state["volume_groups"])), "other")
    found = run(of, "status", on).value
    assert (found.state, found.remarks[0].text) == ("warn", "not active: other")
    del on.state["devices"]["/dev/sdc"]
    found = run(of, "status", on).value
    assert (found.state, found.remarks[0].text) == ("warn", "1 of its devices are missing")
    with pytest.raises(Failed, match="1 of the devices of data are missing"):
        run(of, "start", on)


def test_a_group_that_is_gone_is_waited_for() -> None:
    """A recorded group may be a moment behind its devices; without one nothing is waited for."""
    of, on = group(), node()
    with pytest.raises(Failed, match="there is no volume group data; provision creates it"):
        run(of, "start", on)
    of.record.made["disk#1.group"] = MadeThing("volume group", OF, "disk#1", "provision")
    with pytest.raises(Failed, match="volume group data is not there: none of its devices is"):
        run(of, "start", on)


LOOPS = """\
[disk#1]
type = vg
name = data
pvs = {disk#0.file}
[disk#0]
type = loop
file = /srv/a.img
size = 100m
"""


def test_a_group_on_a_loop_file_comes_back_with_it() -> None:
    """A group whose loop file was detached is not there, and is there again when the file is attached."""
    of, on = service(LOOPS), node()
    assert [each.rid for each in order(of.resources())] == ["disk#0", "disk#1"]
    for rid in ("disk#0", "disk#1"):
        run(of, "provision", on, rid)
    reboot(on.state)
    after = SimulatedNode(on.state)
    assert run(of, "status", after).value.state == "down"
    for rid in ("disk#0", "disk#1"):
        run(of, "start", after, rid)
    assert run(of, "status", after).value.state == "up"


def test_a_group_goes_with_its_loop_file() -> None:
    """Unprovisioned while it is stopped, the group is forgotten, since its file is deleted."""
    of, on = service(LOOPS), node()
    before = copy(on.state)
    for verb, rids in (("provision", ("disk#0", "disk#1")), ("stop", ("disk#1", "disk#0"))):
        for rid in rids:
            run(of, verb, on, rid)
    for rid in ("disk#1", "disk#0"):
        run(of, "unprovision", on, rid)
    assert of.record.is_empty
    assert same_world(before, on.state) == []


def test_ties() -> None:
    """A group gives itself, and needs its devices; a pattern, also those of the service that it matches."""
    of = service(LOOPS.replace("{disk#0.file}", "/srv/*.img /dev/sdx"))
    disk = of.resource("disk#1")
    assert list(disk.driver.gives(disk)) == [Tie("group", "data")]
    assert list(disk.driver.needs(disk)) == [Tie("device", "/srv/a.img"), Tie("device", "/dev/sdx")]


def test_words() -> None:
    """What the status tree and the plan call it."""
    disk = group().resource("disk#1")
    assert disk.driver.label(disk) == "vg data"
    assert disk.driver.purpose(disk) == "the volume group data on /dev/sdb /dev/sdc, active"


def test_what_the_record_knows_of_a_group() -> None:
    """Of devices that are attached nowhere the record knows the labels, the group, and what is on its volumes."""
    of, on = started()
    disk = of.resource("disk#1")
    left = disk.driver.left(disk)
    assert [content["type"] for content in left.values()] == ["LVM2_member", "LVM2_member"]
    ((uuid, known),) = disk.driver.recalled(disk)["volume_groups"].items()
    state: NodeState = on.state["volume_groups"]
    assert known["volumes"]["root"]["uuid"] == state[uuid]["volumes"]["root"]["uuid"]
    assert known["volumes"]["root"]["content"]["type"] == "ext4"
    assert group().resource("disk#1").driver.recalled(group().resource("disk#1")) == {}

"""Every driver finds again what was provisioned for its resource, and nothing where nothing is."""

from pathlib import Path

import pytest

from core.command import Command
from core.record import MadeThing, Record
from core.state import loads
from executors.simulated.node import SimulatedNode
from svcprov.action import Selection
from svcprov.adoption import ReadsOnly
from tests.adopting import adopt, forget, found
from tests.conftest import REPOSITORY
from tests.golden import folders, world_of
from tests.worlds import World

PLAIN = [
    folder for folder in folders("drivers") if "-" not in folder.name or folder.name.endswith(("-2015", "-shared"))
]
DISK = "[disk#0]\ntype = loop\nfile = /srv/{svcname}/a.img\nsize = 400m\n"
LOOP = f"{DISK}[fs#0]\ntype = ext4\ndev = {{disk#0.file}}\nmnt = /srv/a\n"
EC2 = "[DEFAULT]\nnodes = node12.nsx.lab.net\n"


def _world(text: str, node: str = "debian") -> World:
    state = loads((REPOSITORY / f"fixtures/nodes/{node}.json").read_text(encoding="utf-8"))
    return World(text, state, "web")


def _things(record: Record) -> dict[str, tuple[str, str]]:
    return {name: (thing.kind, thing.identity) for name, thing in record.made.items() if thing.kind != "directory"}


@pytest.mark.parametrize("folder", PLAIN, ids=lambda folder: folder.name)
def test_what_was_provisioned_is_found_again(folder: Path) -> None:
    """The record of an adoption has the things of the one that was lost, and a plan has nothing to do."""
    world = world_of(folder)
    world.act("provision")
    first = world.record
    forget(world)
    assert [each.why for each in adopt(world) if each.why] == []
    assert _things(world.record).items() >= _things(first).items()
    assert [step.command.argv for step in world.preview().steps] == []


@pytest.mark.parametrize("folder", PLAIN, ids=lambda folder: folder.name)
def test_on_an_untouched_node_nothing_is_found(folder: Path) -> None:
    """Before it was provisioned, nothing of a resource that has anything to do is recorded."""
    world = world_of(folder)
    busy = {step.command.rid for step in world.fork().act("provision").steps}
    for each in found(world):
        assert each.rid not in busy or not each.new


def test_only_what_is_selected_is_looked_for() -> None:
    """A selection by rid leaves the others alone."""
    world = _world(LOOP)
    world.act("provision")
    forget(world)
    assert [each.rid for each in found(world, Selection(("fs#0",)))] == ["fs#0"]


def test_directories_are_those_of_the_service() -> None:
    """The mount point is, whatever it is called, and what is called like the service; nobody knows of the others."""
    world = _world(LOOP.replace("/srv/a\n", "/srv/deep/down\n"))
    world.act("provision")
    forget(world)
    adopt(world)
    directories = {thing.identity for thing in world.record.made.values() if thing.kind == "directory"}
    assert directories == {"/srv/web", "/srv/deep/down"}


def test_a_directory_that_others_use_is_nobodys() -> None:
    """One that is called like the service and holds something else was not made for it alone."""
    world = _world(LOOP.replace("/srv/a\n", "/srv/web/data\n"))
    world.act("provision")
    forget(world)
    world.state["files"]["/srv/web/readme"] = dict(world.state["files"]["/etc/localtime"])
    adopt(world)
    directories = {thing.identity for thing in world.record.made.values() if thing.kind == "directory"}
    assert directories == {"/srv/web/data"}


def test_what_the_record_has_already_is_known() -> None:
    """Nothing is recorded twice; another identity under the same name is no adoption."""
    world = _world(LOOP)
    world.act("provision")
    assert [(each.new, bool(each.known), each.why) for each in found(world)] == [({}, True, "")] * 2
    record = world.record
    record.made["fs#0.filesystem"] = MadeThing("filesystem", "11111111", "fs#0", "provision")
    world.disk.keep(record)
    told = {each.rid: each for each in found(world)}["fs#0"]
    assert "the record has 11111111, and " in told.why
    assert told.new == {}


def test_what_another_service_has_is_taken() -> None:
    """A thing that is recorded for another service is named with it; images and directories are anybody's."""
    world = _world(LOOP)
    world.act("provision")
    forget(world)
    others = {("file", "/srv/web/a.img"): "db", ("directory", "/srv/a"): "db"}
    taken = {each.rid: each.taken for each in found(world, others=others)}
    assert [(thing.identity, other) for thing, other in taken["disk#0"]] == [("/srv/web/a.img", "db")]
    assert taken["fs#0"] == ()


def test_the_first_of_two_filesystems_has_what_they_share() -> None:
    """As provisioning records it: for the first in the natural order that is up."""
    text = "".join(
        f"[fs#{at}]\ntype = btrfs\ndev = /dev/sdb\nmnt = /srv/{at}\nmnt_opt = subvol=s{at}\n" for at in (0, 1)
    )
    world = _world(text)
    world.act("provision")
    forget(world)
    umount = Command(("umount", "/srv/0"), kind="changes", tool="mount")
    assert SimulatedNode(world.state).run(umount).returncode == 0
    told = {each.rid: each for each in adopt(world)}
    assert "mount -t btrfs" in told["fs#0"].why
    assert set(told["fs#1"].new) == {"fs#1.directory./srv/1", "fs#1.filesystem", "fs#1.subvolume"}


def test_a_logical_volume_is_found_with_its_filesystem() -> None:
    """The volume that a filesystem made is recorded for it, with its zeroes: they are never made again."""
    group = "[disk#0]\ntype = vg\nname = g\npvs = /dev/sdb\n"
    world = _world(f"{group}[fs#0]\ntype = ext4\ndev = /dev/g/a\nmnt = /srv/a\nvg = g\nsize = 400m\n")
    _provisioned(world)
    adopt(world)
    assert {"fs#0.logical_volume", "fs#0.blank", "fs#0.filesystem", "disk#0.group"} < _things(world.record).keys()
    assert [step.command.argv for step in world.preview().steps] == []


def test_a_device_that_is_not_in_the_group_yet_is_none_of_it() -> None:
    """A group that lacks one of its devices is not as the file says, so nothing of it is recorded."""
    group = "[disk#0]\ntype = vg\nname = g\npvs = /dev/sdb\n"
    world = _provisioned(_world(group))
    world.disk.file = group.replace("/dev/sdb", "/dev/sdb /dev/sdc")
    assert [(each.new, each.why) for each in found(world)] == [
        ({}, "it is not up: provision would run pvcreate /dev/sdc and 1 more")
    ]


def test_a_trigger_is_nothing_to_do() -> None:
    """What is run at every provisioning does not make a resource one that is not up."""
    world = _world(LOOP + "post_provision = /bin/true\n")
    world.state["programs"] = {**world.state.get("programs", {}), "/bin/true": {"returncode": 0}}
    assert [each.why for each in found(_provisioned(world))] == ["", ""]


def _provisioned(world: World) -> World:
    world.act("provision")
    forget(world)
    return world


def test_an_optional_resource_that_is_down_is_not_up() -> None:
    """That its failure would be passed over does not make it one that is there."""
    world = _world("[fs#0]\ntype = ext4\ndev = /dev/sdx\nmnt = /srv/a\noptional = true\n")
    assert "device does not exist /dev/sdx" in found(world)[0].why


def test_the_first_address_of_an_interface_is_no_gift() -> None:
    """An instance cannot be without it, so it is never recorded as one that was assigned."""
    ip = "[ip#0]\ntype = amazon\nipname = 10.0.0.60\nipdev = eth0\n"
    assert [(each.new, each.why) for each in found(_world(f"{EC2}{ip}", "ec2"))] == [({}, "")]


@pytest.mark.parametrize("associated", [True, False])
def test_an_elastic_address_is_found_with_where_it_leads(associated: bool) -> None:  # noqa: FBT001 - the cases
    """Its allocation is recorded; that it leads to the address, only when it does."""
    world = _world(f"{EC2}[ip#0]\ntype = amazon\nipname = <allocate>\neip = <allocate>\nipdev = eth0\n", "ec2")
    _provisioned(world)
    if not associated:
        for elastic in world.state["ec2"]["elastic_addresses"].values():
            elastic.update(association=None)
    told = found(world)[0]
    assert bool(told.why) is not associated
    assert set(told.new) == ({"ip#0.address", "ip#0.eip", "ip#0.association"} if associated else set())


def test_only_questions_are_asked() -> None:
    """Whoever looks for what is there cannot change anything."""
    node = ReadsOnly(SimulatedNode(_world(LOOP).state))
    with pytest.raises(AssertionError, match="no question"):
        node.run(Command(("rm", "/etc/localtime"), kind="changes", tool="files"))

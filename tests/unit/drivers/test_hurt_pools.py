"""Pools whose devices are not all what they were: what is used, what is refused, what goes."""

from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.compare import same_world
from core.config.service import Service
from core.errors import Failed, Refused
from core.order import order
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

POOL = "[disk#0]\ntype = zpool\nname = tank\n"
MIRROR = f"{POOL}vdev = mirror /dev/sdb /dev/sdc\n"
DATASET = "[fs#0]\ntype = zfs\ndev = tank/data\nmnt = /srv/a\n"
LOOP = "[disk#{0}]\ntype = loop\nfile = /srv/{0}.img\nsize = 200M\n"
ON_FILES = LOOP.format(1) + LOOP.format(2) + LOOP.format(3)
ON_FILES += POOL + "vdev = mirror {disk#1.file} {disk#2.file} spare {disk#3.file}\n"


def node(**state: Any) -> SimulatedNode:
    """A node with four blank disks."""
    devices = {f"/dev/sd{letter}": "1G" for letter in "bcde"}
    tools = {"zfsutils-linux": "2.1.11", "lvm2": "2.03.16"}
    return SimulatedNode(load({"tools": tools, "devices": devices, "files": {"/srv": "directory"}, **state}))


def provisioned(of: Service, on: SimulatedNode) -> SimulatedNode:
    """The node, on which every resource was provisioned."""
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    return on


def run(of: Service, verb: str, on: Executor, rid: str = "disk#0") -> Run:
    """Run a verb of a resource."""
    return drive(of.resource(rid), verb, on)


def pool_of_others(on: SimulatedNode, *disks: str) -> None:
    """Somebody makes a pool and exports it."""
    for words in (("create", "tank", "mirror", *disks), ("export", "tank")):
        answer = on.run(Command(("zpool", *words), kind="changes", tool="zpool"))
        assert answer.returncode == 0, answer


def test_a_recorded_pool_needs_no_devices_in_the_file() -> None:
    """Who took `vdev` away after the pool was made has it imported by its guid."""
    made, of = service(MIRROR), service(POOL)
    on = provisioned(made, node())
    run(made, "stop", on)
    of.record.made.update(made.record.made)
    run(of, "provision", on)
    assert run(of, "status", on).value.state == "up"
    assert of.record.made == made.record.made


def test_a_pool_of_others_is_destroyed_when_each_of_its_devices_was_named() -> None:
    """One of two is not enough: what is on the other one was not given up."""
    on, of = node(), service(LOOP.format(1) + LOOP.format(2) + f"{POOL}vdev = mirror {{disk#1.file}} {{disk#2.file}}\n")
    for rid in ("disk#1", "disk#2"):
        run(of, "provision", on, rid)
    pool_of_others(on, "/srv/1.img", "/srv/2.img")
    theirs = {*on.state["pools"]}
    of.allow_destroy = frozenset(("/srv/1.img",))
    with pytest.raises(Refused, match="is not recorded as this service's"):
        run(of, "provision", on)
    of.allow_destroy = frozenset(("/srv/1.img", "/srv/2.img"))
    run(of, "provision", on)
    assert of.resource("disk#0").made("pool") not in theirs
    assert run(of, "status", on).value.state == "up"


def test_two_pools_of_one_name_are_told_apart_by_nobody_but_the_operator() -> None:
    """A start that could import either imports none, and says both guids."""
    on, of = node(), service(POOL)
    pool_of_others(on, "/dev/sdb", "/dev/sdc")
    pool_of_others(on, "/dev/sdd", "/dev/sde")
    with pytest.raises(Failed, match=r"several pools are called tank: .*; import the right one by its guid") as failed:
        run(of, "start", on)
    assert all(guid in str(failed.value) for guid in on.state["pools"])


def test_datasets_of_the_service_go_with_their_pool() -> None:
    """They are its own: nobody has to destroy them one by one."""
    of = service(MIRROR + DATASET)
    on = provisioned(of, node())
    run(of, "stop", on, "fs#0")
    run(of, "unprovision", on)
    assert on.state["pools"] == {}


def test_a_disk_that_holds_something_else_by_now_is_let_be() -> None:
    """It was taken for something else while the pool was exported: what is left of the pool goes, and only that."""
    of = service(MIRROR)
    on = provisioned(of, node())
    run(of, "stop", on)
    theirs = {"size": "1G", "content": {"type": "ext4", "uuid": "4711"}}
    on.state["devices"]["/dev/sdb"] = load({"devices": {"/dev/sdb": theirs}})["devices"]["/dev/sdb"]
    on.state["devices"].pop("/dev/sdb1", None)
    before = copy(on.state)["devices"]["/dev/sdb"]
    run(of, "unprovision", on)
    assert same_world(before, on.state["devices"]["/dev/sdb"]) == []
    assert on.state["devices"]["/dev/sdc"]["content"]["kind"] == "zero"


def test_a_pool_on_files_goes_with_its_spare() -> None:
    """Nothing on a spare says whose it is: that the service made its file does."""
    of, on = service(ON_FILES), node()
    before = copy(on.state)
    provisioned(of, on)
    for rid in ("disk#0", "disk#1", "disk#2", "disk#3"):
        run(of, "unprovision", on, rid)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_a_pool_on_files_that_are_gone_is_forgotten() -> None:
    """Files that somebody deleted need no erasing: they were the service's."""
    of = service(ON_FILES)
    on = provisioned(of, node())
    for rid in ("disk#0", "disk#1", "disk#2", "disk#3"):
        run(of, "stop", on, rid)
    for number in "123":
        del on.state["files"][f"/srv/{number}.img"]
    ran = run(of, "unprovision", on)
    assert any(note.endswith("what was made on it goes with its disk") for note in ran.notes)
    assert of.resource("disk#0").made("pool") is None


def test_a_volume_is_no_filesystem() -> None:
    """A zvol of the name cannot be mounted as zfs: the message says what it is."""
    of = service(MIRROR + DATASET)
    on = provisioned(service(MIRROR), node())
    zvol = Command(("zfs", "create", "-V", "10M", "tank/data"), kind="changes", tool="zfs")
    if on.run(zvol).returncode:
        on.run(zvol._replace(argv=("zfs", "create", "tank/data")))
        (pool,) = on.state["pools"].values()
        pool["datasets"]["tank/data"]["type"] = "volume"
    with pytest.raises(Failed, match="tank/data is a volume, and nothing that is mounted as zfs"):
        run(of, "provision", on, "fs#0")


GROUP = "[disk#9]\ntype = vg\nname = data\npvs = /dev/sde\n"
ON_VOLUMES = f"{GROUP}{POOL}vdev = mirror /dev/data/a /dev/data/b spare /dev/data/c\n"


def on_volumes(*, ours: bool) -> tuple[Service, SimulatedNode]:
    """A pool on logical volumes, which are the service's or were made by hand; it is exported."""
    volumes = "".join(
        f"[disk#{number}]\ntype = lv\nname = {name}\nvg = data\nsize = 200m\n" for number, name in enumerate("abc", 1)
    )
    of, on = service(ON_VOLUMES + (volumes if ours else "")), node()
    run(of, "provision", on, "disk#9")
    for number, name in enumerate("abc", 1):
        if ours:
            run(of, "provision", on, f"disk#{number}")
        else:
            words = ("lvcreate", "--yes", "-n", name, "-L", "200M", "data")
            assert on.run(Command(words, kind="changes", tool="lvm")).returncode == 0
    run(of, "provision", on)
    run(of, "stop", on)
    return of, on


def held(on: SimulatedNode, name: str) -> dict[str, Any]:
    """What a logical volume holds."""
    (group,) = on.state["volume_groups"].values()
    content: dict[str, Any] = group["volumes"][name]["content"]
    return content


def test_a_pool_on_volumes_leaves_them_blank() -> None:
    """Also the spare, which the service made the volume for."""
    of, on = on_volumes(ours=True)
    run(of, "unprovision", on)
    assert [held(on, name)["kind"] for name in "abc"] == ["zero"] * 3
    assert of.resource("disk#0").made("pool") is None


def test_a_spare_that_was_there_before_stays_as_it_is() -> None:
    """Nothing on it says that it was this pool's, and the service did not make it: a warning says so."""
    of, on = on_volumes(ours=False)
    before = dict(held(on, "c"))
    ran = run(of, "unprovision", on)
    assert "/dev/data/c was tank's, and stays as it is: nothing on it says so" in ran.notes
    assert held(on, "c") == before
    assert [held(on, name)["kind"] for name in "ab"] == ["zero"] * 2


@pytest.mark.parametrize(
    "content, is_erased",
    [
        ({"kind": "zero"}, False),
        ({"kind": "residue", "head": False, "tail": True}, True),
        ({"kind": "residue", "head": True, "tail": False}, True),
    ],
)
def test_a_spare_is_erased_as_far_as_anything_is_on_it(content: dict[str, Any], is_erased: bool) -> None:  # noqa: FBT001
    """A run that was killed may have erased it already, to the half or wholly."""
    of, on = on_volumes(ours=True)
    (group,) = on.state["volume_groups"].values()
    group["volumes"]["c"]["content"] = content
    ran = run(of, "unprovision", on)
    assert any("/dev/data/c" in line for line in ran.lines if line.startswith(("blkdiscard", "dd"))) is is_erased
    assert held(on, "c")["kind"] == "zero"


def test_a_volume_that_holds_a_filesystem_by_now_is_let_be() -> None:
    """Somebody took it while the pool was exported: it is named with what is on it."""
    of, on = on_volumes(ours=True)
    uuid = "11111111-2222-4333-8444-555555555555"
    theirs = {"devices": {"/dev/sdz": {"size": "200M", "content": {"type": "ext4", "uuid": uuid}}}}
    (group,) = on.state["volume_groups"].values()
    group["volumes"]["a"]["content"] = load(theirs)["devices"]["/dev/sdz"]["content"]
    ran = run(of, "unprovision", on)
    assert f"/dev/data/a holds {uuid} by now, and is let be" in ran.notes
    assert held(on, "a")["uuid"] == uuid
    assert held(on, "b")["kind"] == "zero"


def test_a_dataset_that_docker_fills_is_taken_back_without_a_look() -> None:
    """What is in it is docker's own: only that nothing else was made in it is proven."""
    on = provisioned(service(MIRROR), node())
    undone = {}
    for store in ("", "[DEFAULT]\ndocker_data_dir = /srv/a/docker\n[container#0]\ntype = docker\nrun_image = a:1\n"):
        of = service(store + MIRROR + DATASET.replace("/srv/a", "/srv/a/docker" if store else "/srv/a"))
        changes = run(of, "provision", SimulatedNode(copy(on.state)), "fs#0").changes
        create = next(command for command in changes if command.argv[:2] == ("zfs", "create"))
        undone[bool(store)] = [step.argv[0] for step in create.undo if isinstance(step, Command)]
    assert undone == {False: ["mkdir", "mount", "umount", "rmdir", "zfs"], True: ["zfs"]}


def test_a_disk_whose_partitions_the_kernel_still_has_is_read_again() -> None:
    """A run was killed after the zeroes, before the kernel heard of them: the disk is blank, and its name is free."""
    of = service(MIRROR)
    on = provisioned(of, node())
    run(of, "stop", on)
    killed = Zeroed(on)
    lines = run(of, "unprovision", killed).lines
    assert lines.index("blockdev --rereadpt /dev/sdb") < next(
        number for number, line in enumerate(lines) if line.startswith(("blkdiscard", "dd"))
    )
    assert not any(line.startswith(("blkdiscard", "dd")) and "/dev/sdb" in line for line in lines)
    assert of.resource("disk#0").made("pool") is None


class Zeroed:
    """The node, on which the first partition of the first disk holds nothing any more."""

    def __init__(self, on: SimulatedNode) -> None:
        self._on = on

    def run(self, command: Command) -> Completed:
        """Answer as the node does, but for that."""
        if command.argv[0] == "blkid" and command.argv[-1] == "/dev/sdb1":
            return Completed(2)
        return self._on.run(command)

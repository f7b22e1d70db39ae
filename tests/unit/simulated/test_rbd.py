"""The simulated rbd and rbd-nbd: what they refuse, and in which words."""

from typing import Any

import pytest

from core.answers import pick
from core.command import Command, Completed
from core.state import copy, load
from core.tools import ext, rbd
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot

NONE = rbd.Client()
MISSING = "(2) No such file or directory"
IMAGE: dict[str, Any] = {"id": "1001", "size": "64M", "features": ["layering"]}


def node(**image: Any) -> SimulatedNode:
    """A client of a cluster with one pool and one image."""
    tools = {"ceph-common": "16.2.15", "rbd-nbd": "16.2.15"}
    return SimulatedNode(load({"tools": tools, "ceph": {"pools": ["rbd"]}, "images": {"rbd/db": {**IMAGE, **image}}}))


def run(on: SimulatedNode, line: str) -> Completed:
    """Run one of the two programs as a shell would."""
    return on.run(Command(tuple(line.split()), tool="rbd"))


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("rbd info rbd/none --format json", 2, f"rbd: error opening image none: {MISSING}"),
        ("rbd info ssd/db --format json", 2, f"rbd: error opening pool 'ssd': {MISSING}"),
        ("rbd ls ssd --format json", 2, f"rbd: listing images failed: {MISSING}"),
        ("rbd create --size 64 rbd/db", 17, "rbd: create error: (17) File exists"),
        ("rbd create --size 64 ssd/db", 2, f"rbd: error opening pool 'ssd': {MISSING}"),
        ("rbd create rbd/new", 22, "rbd: must specify --size <M/G/T>"),
        ("rbd create --size big rbd/new", 1, "rbd: the argument for option '--size' is invalid"),
        ("rbd create --size 1 rbd/new --image-format 3", 1, "rbd: the argument for option '--image-format' is invalid"),
        ("rbd create --size 1 rbd/new --image-format 1", 22, "rbd: create error: (22) Invalid argument"),
        ("rbd create --size 1 rbd/a/b", 22, "rbd: invalid spec 'rbd/a/b'"),
        ("rbd resize --size 64 rbd/db", 22, "rbd: new size is equal to original size "),
        ("rbd resize --size 32 rbd/db", 22, "rbd: shrinking an image is only allowed with the --allow-shrink flag"),
        ("rbd resize rbd/db", 1, "rbd: the argument for option '--size' is invalid"),
        ("rbd rm rbd/none", 2, f"rbd: delete error: {MISSING}"),
        ("rbd rm ssd/db", 2, f"rbd: error opening pool 'ssd': {MISSING}"),
        ("rbd lock remove rbd/db node1 client.1", 2, f"rbd: releasing lock failed: {MISSING}"),
        ("rbd lock add rbd/db", 22, "rbd: lock id was not specified"),
        ("rbd unmap /dev/rbd/rbd/db", 22, "rbd: unmap failed: (22) Invalid argument"),
        ("rbd info", 22, "rbd: image name was not specified"),
        ("rbd info rbd/db more", 1, "rbd: too many arguments"),
        ("rbd info rbd/db --bogus", 1, "rbd: unrecognised option '--bogus'"),
        ("rbd info rbd/db --format yaml", 1, "rbd: the argument for option '--format' is invalid"),
        ("rbd bogus", 1, "error: unknown option 'bogus'"),
        ("rbd-nbd bogus", 1, "rbd-nbd: unknown command: bogus"),
        ("rbd-nbd map rbd/none", 1, ""),
        ("rbd-nbd unmap rbd/db", 1, "rbd-nbd: rbd/db is not mapped"),
    ],
)
def test_refusals(line: str, returncode: int, said: str) -> None:
    """Each ends with the real code and words, and changes nothing."""
    on = node()
    before = copy(on.state)
    answer = run(on, line)
    assert (answer.returncode, said in answer.stderr) == (returncode, True), answer
    assert on.state == before


def test_a_node_without_a_cluster() -> None:
    """It ends with the code of an image that is not there; the words tell."""
    on = SimulatedNode(load({"tools": {"ceph-common": "16.2.15"}}))
    for line in ("rbd info rbd/db --format json", "rbd ls rbd --format json", "rbd create --size 1 rbd/db"):
        answer = run(on, line)
        assert (answer.returncode, "couldn't connect to the cluster!" in answer.stderr) == (2, True)
    assert not rbd.is_answer(on.run(rbd.info(NONE, "rbd/db")))


def test_snapshots_and_watchers_keep_an_image() -> None:
    """`rm` says which."""
    assert run(node(snapshots=["monday"]), "rbd rm rbd/db").returncode == 39
    answer = run(node(watchers=["10.0.0.9:0/1"]), "rbd rm rbd/db")
    assert (answer.returncode, "image still has watchers" in answer.stderr) == (16, True)
    on = node()
    run(on, "rbd map rbd/db")
    assert run(on, "rbd rm rbd/db").returncode == 16


def test_locks() -> None:
    """One exclusive lock, or shared ones of one tag; a second one of the same node is another."""
    on = node()
    assert run(on, "rbd lock add rbd/db node1").returncode == 0
    assert run(on, "rbd lock add rbd/db node1").returncode == 16
    assert "different tag" in run(on, "rbd lock add rbd/db node2 --shared t").stderr
    (lock,) = rbd.parse_locks(on.run(rbd.locks(NONE, "rbd/db")))
    assert run(on, f"rbd lock remove rbd/db node1 {lock.locker}").returncode == 0
    for name in ("node1", "node2", "node2"):
        assert run(on, f"rbd lock add rbd/db {name} --shared t").returncode == 0
    assert [lock.identity for lock in rbd.parse_locks(on.run(rbd.locks(NONE, "rbd/db")))] == ["node1", "node2", "node2"]
    assert '"lock_type":"shared"' in run(on, "rbd ls -l rbd --format json").stdout


def test_a_device_of_the_kernel() -> None:
    """It has a link by the names of pool and image, and is listed until it is unmapped."""
    on = node()
    assert run(on, "rbd map rbd/db").stdout == "/dev/rbd0\n"
    assert on.device("/dev/rbd/rbd/db") is on.state["devices"]["/dev/rbd0"]
    assert rbd.devices(rbd.KRBD, on.run(rbd.mapped(rbd.KRBD))) == {"/dev/rbd0": "rbd/db"}
    assert "already mapped as /dev/rbd0" in run(on, "rbd map rbd/db").stderr
    assert on.tree.real("/dev/rbd/rbd/db") == "/dev/rbd1"
    assert run(on, "rbd unmap /dev/rbd1").returncode == 0
    assert not on.tree.exists("/dev/rbd")


def test_a_busy_device_stays() -> None:
    """What is mounted is not unmapped by the kernel's client."""
    on = node()
    run(on, "rbd map rbd/db")
    on.state["mounts"].append(
        {"device": "/dev/rbd0", "mount_point": "/mnt", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    answer = run(on, "rbd unmap /dev/rbd/rbd/db")
    assert (answer.returncode, "(16) Device or resource busy" in answer.stderr) == (16, True)


def test_a_device_that_is_no_image_is_not_unmapped() -> None:
    """Any other disk is refused."""
    on = node()
    on.state["devices"]["/dev/sdb"] = load({"devices": {"/dev/sdb": "1G"}})["devices"]["/dev/sdb"]
    assert "is not an rbd device" in run(on, "rbd unmap /dev/sdb").stderr


def test_features_that_the_kernel_lacks() -> None:
    """Krbd names them; rbd-nbd maps the image."""
    on = node(features=["layering", "journaling"])
    answer = run(on, "rbd map rbd/db")
    assert (answer.returncode, 'rbd feature disable db journaling"' in answer.stdout) == (6, True)
    assert run(on, "rbd-nbd map rbd/db").stdout == "/dev/nbd0\n"


def test_a_reboot_unmaps() -> None:
    """Images and locks stay, devices do not."""
    on = node()
    for line in ("rbd map rbd/db", "rbd-nbd map rbd/db", "rbd lock add rbd/db node1"):
        run(on, line)
    assert len(rbd.parse_watchers(on.run(rbd.watchers(NONE, "rbd/db")))) == 2
    reboot(on.state)
    assert on.state["devices"] == {}
    assert on.state["images"]["rbd/db"]["locks"] != []
    assert rbd.parse_watchers(on.run(rbd.watchers(NONE, "rbd/db"))) == []


def test_growth_reaches_the_devices() -> None:
    """Both kinds of devices notice."""
    on = node()
    run(on, "rbd map rbd/db")
    run(on, "rbd-nbd map rbd/db")
    assert run(on, "rbd resize --size 80 rbd/db").returncode == 0
    assert {device["size"] for device in on.state["devices"].values()} == {80 * 1024**2}


def test_a_filesystem_does_not_grow_with_its_image() -> None:
    """It stays as large as it was until somebody lets it grow."""
    on = node(content={"type": "ext4", "uuid": "u"})
    device = run(on, "rbd map rbd/db").stdout.strip()
    run(on, "rbd resize --size 80 rbd/db")
    assert ext.size(on.run(ext.superblock(device))) == 64 * 1024**2
    assert on.run(ext.grow(device, on.run(ext.superblock(device)))).returncode == 0
    assert ext.size(on.run(ext.superblock(device))) == 80 * 1024**2


def test_the_long_list_has_a_row_for_each_snapshot() -> None:
    """A new image has one row, from which its id is learnt."""
    on = node(snapshots=["monday"])
    run(on, "rbd create --size 1 rbd/new")
    listed = run(on, "rbd ls -l rbd --format json").stdout
    assert pick(listed, "[?image=='db'].id") == ["1001", "1001"]
    assert pick(listed, "[?image=='new'].id") == [on.state["images"]["rbd/new"]["id"]]

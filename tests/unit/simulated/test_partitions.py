"""Partitions come and go with their disk, and what they hold is there again."""

from typing import Any

from core.command import Command
from core.config.service import Service
from core.state import load
from executors.simulated import stacking
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

TOOLS = {"zfsutils-linux": "2.1.11", "mdadm": "4.2"}
POOL = "[disk#1]\ntype = zpool\nname = tank\nvdev = {}\n"
ARRAY = "[disk#0]\ntype = md\nlevel = raid1\ndevs = /dev/sdb /dev/sdc\n" + POOL.format("/dev/md/{svcname}.disk.0")


def node() -> SimulatedNode:
    """A node with two disks."""
    return SimulatedNode(load({"tools": TOOLS, "devices": {"/dev/sdb": "1G", "/dev/sdc": "1G"}}))


def both(of: Service, verb: str, on: SimulatedNode) -> list[str]:
    """Run a verb of disk and pool; return what was run for the pool."""
    order = ("disk#0", "disk#1") if verb in {"provision", "start"} else ("disk#1", "disk#0")
    lines = {rid: drive(of.resource(rid), verb, on).lines for rid in order}
    return lines["disk#1"]


def test_a_pool_is_in_a_partition_of_an_array() -> None:
    """It goes with the array when the service stops, and is imported from there when that is back."""
    on, of, first = node(), service(ARRAY), "/dev/md127p1"
    both(of, "provision", on)
    assert on.state["devices"][first]["content"]["type"] == "zfs_member"
    both(of, "stop", on)
    assert first not in on.state["devices"]
    identity = of.record.made["disk#1.pool"].identity
    assert both(of, "start", on) == [f"zpool import -N -o cachefile=none -d {first} {identity}"]
    both(of, "unprovision", on)
    assert not of.record.made


def test_what_was_in_the_partitions_of_a_volume_is_kept_with_it() -> None:
    """Detached and attached, by whatever name, it has them again."""
    volume = {"size": "1G", "zone": "us-east-1a", "attachment": {"instance": "i-1", "device": "/dev/sdf"}}
    ec2 = {"instance": "i-1", "zone": "us-east-1a", "volumes": {"vol-1": {**volume, "state": "in-use"}}}
    devices: dict[str, Any] = {"/dev/xvdf": {"size": "1G", "volume": "vol-1"}}
    on = SimulatedNode(load({"tools": TOOLS, "ec2": ec2, "devices": devices}))
    assert on.run(Command(("zpool", "create", "tank", "/dev/xvdf"), kind="changes", tool="zpool")).returncode == 0
    before = {path.removeprefix("/dev/xvdf"): device for path, device in on.state["devices"].items()}
    stacking.going(on, "/dev/xvdf")
    assert [*on.state["devices"]] == ["/dev/xvdf"]
    on.state["devices"]["/dev/xvdg"] = on.state["devices"].pop("/dev/xvdf")
    stacking.came(on, "/dev/xvdg")
    after = {path.removeprefix("/dev/xvdg"): device for path, device in on.state["devices"].items()}
    assert {name: {**device, "settled": True} for name, device in after.items()} == before
    stacking.came(on, "/dev/xvdg")
    assert len(on.state["devices"]) == len(before)


def test_of_a_recalled_partition_the_size_is_what_zpool_makes() -> None:
    """The record knows what is in it, and not how large it is."""
    parts = {"1": {"size": 0}, "9": {"size": 0}}
    content = {"type": "gpt", "mountable": False, "partitions": parts}
    on = SimulatedNode(load({"devices": {"/dev/sdb": {"size": "1G", "content": content}, "/dev/sdc": "1G"}}))
    stacking.came(on, "/dev/sdb")
    made = SimulatedNode(load({"tools": TOOLS, "devices": {"/dev/sdb": "1G"}}))
    made.run(Command(("zpool", "create", "tank", "/dev/sdb"), kind="changes", tool="zpool"))
    for name in ("/dev/sdb1", "/dev/sdb9"):
        assert on.state["devices"][name]["size"] == made.state["devices"][name]["size"]

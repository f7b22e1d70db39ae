"""Pools on whole disks that come and go: their partitions keep nobody, and links to disks have none to partitions."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.service import Service
from core.errors import Failed
from core.order import order
from core.state import load
from core.tools import blockdev
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

TOOLS = {"ceph-common": "16.2.15", "rbd-nbd": "16.2.15", "zfsutils-linux": "2.1.11", "mdadm": "4.2"}
IMAGE = "[disk#0]\ntype = rados\nimages = rbd/db\nsize = 500m\nmap = {how}\n"
POOL = "[disk#1]\ntype = zpool\nname = tank\nvdev = {var}/{svcname}/dev/disk.0.0\n"
ARRAY = "[disk#0]\ntype = md\ndevs = /dev/sdb /dev/sdc\nlevel = 1\nname = data\n"
ON_ARRAY = "[disk#1]\ntype = zpool\nname = tank\nvdev = /dev/md/data\n"


def node(**state: Any) -> SimulatedNode:
    """A client of a cluster, with ZFS and two disks."""
    disks = {"/dev/sdb": "1G", "/dev/sdc": "1G"}
    return SimulatedNode(load({"tools": TOOLS, "ceph": {"pools": ["rbd"]}, "devices": disks, **state}))


def every(verb: str, of: Service, on: SimulatedNode) -> list[str]:
    """Run a verb of every resource in its order; return the commands of it."""
    resources = order(of.resources())
    taken = resources if verb in {"provision", "start"} else reversed(resources)
    return [line for resource in taken for line in drive(resource, verb, on).lines]


def typed(on: SimulatedNode, line: str, tool: str) -> None:
    """Type a command; it has to succeed."""
    answer = on.run(Command(tuple(line.split()), kind="changes", tool=tool))
    assert answer.returncode == 0, answer


@pytest.mark.parametrize(
    "said, keepers, partitions",
    [
        ("rbd0 \nrbd0p1 \nrbd0p9 \n", [], ["rbd0p1", "rbd0p9"]),
        ("sdb \nsdb1 /srv\nsdb2 \ndata-logs \n", ["/srv", "data-logs"], ["sdb1", "sdb2"]),
        ("md0 \nmd01 \n", ["md01"], []),
        ("nvme0n1 \n", [], []),
        ("", [], []),
    ],
)
def test_a_partition_that_nobody_uses_keeps_nobody(said: str, keepers: list[str], partitions: list[str]) -> None:
    """What is mounted from a partition, or made of one, keeps its disk; the partition as such does not."""
    answer = Completed(0, said)
    assert (blockdev.keepers(answer), blockdev.partitions(answer)) == (keepers, partitions)


@pytest.mark.parametrize("how", ["krbd", "rbd-nbd"])
def test_an_image_is_unmapped_when_its_pool_is_exported(how: str) -> None:
    """The partitions that zpool has made of it go with the device, come back with it, and with them the pool."""
    of, on = service(IMAGE.replace("{how}", how) + POOL), node()
    every("provision", of, on)
    assert any("p1" in path for path in on.state["devices"])
    every("stop", of, on)
    assert [path for path in on.state["devices"] if "bd" in path.removeprefix("/dev/sdb")] == []
    assert any(line.startswith("zpool import") for line in every("start", of, on))
    every("unprovision", of, on)
    assert not of.record.made


def test_rbd_nbd_takes_no_device_from_a_pool_that_is_imported() -> None:
    """Nothing but zpool tells who has the partition open, and rbd-nbd would not mind; a pool elsewhere is nobody."""
    of, on = service(IMAGE.replace("{how}", "rbd-nbd")), node()
    every("provision", of, on)
    typed(on, "zpool create archive /dev/sdb", "zpool")
    typed(on, "zpool create payroll /dev/nbd0", "zpool")
    with pytest.raises(Failed, match=r"disk#0: rbd/db is in use \(the pool payroll\)"):
        every("stop", of, on)
    typed(on, "zpool export payroll", "zpool")
    assert "rbd-nbd unmap rbd/db" in every("stop", of, on)


def test_an_array_under_another_name_gets_its_own_though_it_has_partitions() -> None:
    """Those that zpool has made of it do not keep it, unless their pool is imported."""
    of, on = service(ARRAY + ON_ARRAY), node()
    every("provision", of, on)
    every("stop", of, on)
    uuid = of.record.made["disk#0.array"].identity
    typed(on, f"mdadm --assemble /dev/md/else --uuid={uuid} /dev/sdb /dev/sdc", "mdadm")
    lines = every("start", of, on)
    assert f"mdadm --stop /dev/disk/by-id/md-uuid-{uuid}" in lines
    assert any(line.startswith("zpool import") for line in lines)


def test_zpool_waits_for_a_link_to_the_partition() -> None:
    """A link to a disk has none to the partition beside it, but for those of udev below /dev/disk."""
    link = {"kind": "link", "target": "/dev/sdb"}
    on = node(files={"/srv": "directory", "/srv/disk": link, "/dev/disk/by-id/one": {**link, "target": "../../sdc"}})
    answer = on.run(Command(("zpool", "create", "tank", "/srv/disk"), kind="changes", tool="zpool"))
    assert answer.returncode == 1
    assert answer.stderr == "missing link: sdb was partitioned but /srv/disk1 is missing\n"
    typed(on, "zpool create tank /dev/disk/by-id/one", "zpool")

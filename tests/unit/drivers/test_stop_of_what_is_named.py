"""What `stop` does about what the file names and no record has: the inverse of `start`, and nothing beyond it."""

from typing import Any, NamedTuple

import pytest

from core.command import Command
from core.compare import same_world
from core.config.service import Service
from core.errors import Refused
from core.record import MadeThing
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

TOOLS = {"mdadm": "4.2", "lvm2": "2.03.16", "zfsutils-linux": "2.1.11"}
UUID = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9"


class Named(NamedTuple):
    """Something that somebody has made by hand, and a section that names it.

    lines: how it was made, and left down. made: the name in the record of what the resource makes. taken: what
    `stop` runs.
    """

    text: str
    lines: tuple[str, ...]
    made: tuple[str, str]
    taken: str


GROUP = Named(
    "type = vg\nname = data\npvs = /dev/sdb\n",
    ("vgcreate data /dev/sdb", "lvcreate -n logs -L 100M data", "vgchange -a n data"),
    ("group", "volume group"),
    "vgchange -a n data",
)
VOLUME = Named(
    "type = lv\nvg = data\nname = logs\nsize = 100M\n",
    GROUP.lines,
    ("logical_volume", "logical volume"),
    "lvchange -a n data/logs",
)
POOL = Named(
    "type = zpool\nname = tank\nvdev = mirror /dev/sdb /dev/sdc\n",
    ("zpool create tank mirror /dev/sdb /dev/sdc", "zpool export tank"),
    ("pool", "pool"),
    "zpool export tank",
)
ARRAY = Named(
    f"type = md\nuuid = {UUID}\ndevs = /dev/sdb /dev/sdc\nlevel = 1\n",
    (
        f"mdadm --create /dev/md/svc1.disk.0 --run --level=1 --raid-devices=2 --uuid={UUID} /dev/sdb /dev/sdc",
        f"mdadm --stop /dev/disk/by-id/md-uuid-{UUID}",
    ),
    ("array", "array"),
    f"mdadm --stop /dev/disk/by-id/md-uuid-{UUID}",
)


def typed(on: SimulatedNode, *lines: str) -> None:
    """Type commands; they have to succeed."""
    for line in lines:
        argv = tuple(line.split())
        tool = "lvm" if argv[0].startswith(("vg", "lv")) else argv[0]
        answer = on.run(Command(argv, kind="changes", tool=tool))
        assert answer.returncode == 0, answer


def of_and_on(named: Named) -> tuple[Service, SimulatedNode]:
    """A service that names it, without a record, and a node that has it."""
    on = SimulatedNode(load({"tools": TOOLS, "devices": {f"/dev/sd{letter}": "1G" for letter in "bcd"}}))
    typed(on, *named.lines)
    return service(f"[disk#0]\n{named.text}"), on


def run(of: Service, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of the disk."""
    return drive(of.resource("disk#0"), verb, on)


@pytest.mark.parametrize("named", [GROUP, VOLUME, POOL, ARRAY], ids=["group", "volume", "pool", "array"])
def test_a_service_that_starts_what_the_file_names_stops_it(named: Named) -> None:
    """Stop takes down what start has brought up, and nothing is lost: the node is as it was, and starts again."""
    of, on = of_and_on(named)
    before: Any = copy(on.state)
    for _ in range(2):
        assert run(of, "start", on).lines
        assert run(of, "status", on).value.state == "up"
        ran = run(of, "stop", on)
        assert named.taken in ran.lines
        assert not any(command.destroys for command in ran.changes)
        assert run(of, "status", on).value.state == "down"
        assert same_world(before, on.state) == []
    assert of.record.made == {}


@pytest.mark.parametrize("named", [GROUP, VOLUME, POOL], ids=["group", "volume", "pool"])
def test_what_only_has_the_name_of_what_was_made_stays(named: Named) -> None:
    """Something else than the record has is neither stopped nor started, whoever gave it the name."""
    of, on = of_and_on(named)
    run(of, "start", on)
    name, kind = named.made
    of.record.made[f"disk#0.{name}"] = MadeThing(kind, "123456", "disk#0", "provision")
    ran = run(of, "stop", on)
    assert ran.lines == []
    assert any(note.endswith("is not of this service, and stays") for note in ran.notes)
    with pytest.raises(Refused, match=r"another .* is called (tank|data)"):
        run(of, "start", on)


def test_a_pool_elsewhere_is_not_the_one_that_the_file_names() -> None:
    """A pool that start would not find again on the devices of the file is not exported."""
    of, on = of_and_on(POOL)
    typed(on, "zpool import tank")
    elsewhere = service(f"[disk#0]\n{POOL.text.replace('mirror /dev/sdb /dev/sdc', '/dev/sdd')}")
    ran = run(elsewhere, "stop", on)
    assert ran.lines == []
    assert any("is on none of the devices of vdev, and stays" in note for note in ran.notes)
    nowhere = service("[disk#0]\ntype = zpool\nname = tank\n")
    assert run(nowhere, "stop", on).lines == ["zpool export tank"]
    assert run(of, "stop", on).lines == []

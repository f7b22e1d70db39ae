"""Volume groups whose devices are not there, or from whose devices somebody has removed them."""

import pytest

from core.command import Command
from core.config.service import Service
from core.errors import Failed
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

GROUP = "[disk#1]\ntype = lvm\nname = data\npvs = /dev/sdb /dev/sdc\n"


def node() -> SimulatedNode:
    """A node with two disks, and lvm2."""
    return SimulatedNode(load({"tools": {"lvm2": "2.03.16"}, "devices": {"/dev/sdb": "1G", "/dev/sdc": "1G"}}))


def run(of: Service, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of the group."""
    return drive(of.resource("disk#1"), verb, on)


def test_what_is_gone_for_good_can_be_forgotten_only_with_its_disks() -> None:
    """What was made on devices that are not there cannot be deleted, unless the service deletes the devices."""
    of, on = service(GROUP), node()
    run(of, "provision", on)
    for path in ("/dev/sdb", "/dev/sdc"):
        del on.state["devices"][path]
    with pytest.raises(Failed, match="data is not there, so what was made of it cannot be deleted"):
        run(of, "unprovision", on)


def test_what_somebody_has_removed_is_forgotten() -> None:
    """A group and physical volumes that were removed from devices which are there leave nothing to undo."""
    of, on = service(GROUP), node()
    run(of, "provision", on)
    for line in ("vgchange -a n data", "vgremove data", "pvremove /dev/sdb"):
        assert on.run(Command(tuple(line.split()), tool="lvm")).returncode == 0
    notes = run(of, "unprovision", on).notes
    assert [note.split()[0] for note in notes if note.endswith("is gone already")] == ["volume", "physical"]
    assert of.record.made == {}


def test_a_group_that_somebody_has_removed_is_forgotten() -> None:
    """Its physical volumes are there still, and are taken back as ever."""
    of, on = service(GROUP), node()
    run(of, "provision", on)
    assert on.run(Command(("vgremove", "data"), tool="lvm")).returncode == 0
    notes = run(of, "unprovision", on).notes
    assert [note.split()[1] for note in notes if note.endswith("is gone already")] == ["group"]
    assert of.record.made == {}
    assert {on.state["devices"][path]["content"]["kind"] for path in ("/dev/sdb", "/dev/sdc")} == {"zero"}

"""vxfs: it has no uuid, so the name of its device is what it is known by."""

import pytest

from core.compare import same_world
from core.config.service import Service
from core.errors import Refused
from core.order import order
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

FS = "[fs#0]\ntype = vxfs\ndev = {0}\nmnt = /srv/a\n"
GROUP = "[disk#1]\ntype = vg\nname = data\npvs = /dev/sdb\n"
VOLUME = "[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = {0}\n"


def node() -> SimulatedNode:
    """A node with a disk, and lvm2."""
    devices = {"/dev/sdb": "1G"}
    return SimulatedNode(
        load({"tools": {"lvm2": "2.03.16", "VRTSvxfs": "7.4.1"}, "devices": devices, "files": {"/srv": "directory"}})
    )


def provisioned(of: Service, on: SimulatedNode) -> list[str]:
    """Provision every resource; return the notes."""
    return [note for resource in order(of.resources()) for note in drive(resource, "provision", on).notes]


def test_it_is_made_mounted_and_taken_back() -> None:
    """After unprovision the node is as it was, and the record empty."""
    of, on = service(FS.format("/dev/sdb")), node()
    before = copy(on.state)
    provisioned(of, on)
    assert of.record.made["fs#0.filesystem"].identity == "/dev/sdb"
    drive(of.resource("fs#0"), "unprovision", on)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_one_of_somebody_else_is_refused_by_its_type() -> None:
    """Nothing tells one VxFS from another: without a record it is a stranger, and a mark or uuid does not help."""
    stranger = {"size": "1G", "content": {"type": "vxfs", "uuid": ""}}
    on = SimulatedNode(load({"devices": {"/dev/sdb": stranger}, "files": {"/srv": "directory"}}))
    with pytest.raises(Refused, match="holds a filesystem that is not recorded as this service's: vxfs"):
        provisioned(service(FS.format("/dev/sdb")), on)
    assert on.state["devices"]["/dev/sdb"]["content"]["type"] == "vxfs"


def test_what_is_gone_is_not_zeroed() -> None:
    """A disk that was exchanged, or wiped by hand, is not this service's any more: it is said, and let be."""
    of, on = service(FS.format("/dev/sdb")), node()
    provisioned(of, on)
    drive(of.resource("fs#0"), "stop", on)
    on.state["devices"]["/dev/sdb"]["content"] = load(
        {"devices": {"/dev/sdc": {"size": "1G", "content": {"type": "xfs", "uuid": "1"}}}}
    )["devices"]["/dev/sdc"]["content"]
    ran = drive(of.resource("fs#0"), "unprovision", on)
    assert "the vxfs that was made on /dev/sdb is gone already, or the device is another" in ran.notes
    assert not any(line.startswith(("blkdiscard", "dd")) for line in ran.lines)
    assert on.state["devices"]["/dev/sdb"]["content"]["type"] == "xfs"


def test_it_does_not_grow_by_itself() -> None:
    """Nobody can ask how large a VxFS is without its tools: its volume grows, and it is let be."""
    small, large = (service(GROUP + VOLUME.format(size) + FS.format("/dev/data/logs")) for size in ("100m", "200m"))
    on = node()
    provisioned(small, on)
    large.record.made.update(small.record.made)
    notes = provisioned(large, on)
    assert not any("grow the vxfs" in note for note in notes)
    assert drive(large.resource("fs#0"), "status", on).value.state == "up"


def test_a_preview_supposes_what_the_record_has() -> None:
    """On a volume that is not active nobody can look: what was made there is a VxFS, without a uuid."""
    left = service(FS.format("/dev/sdb"))
    provisioned(left, node())
    found = left.resource("fs#0").driver.left(left.resource("fs#0"))
    assert {device: (content["type"], content["uuid"]) for device, content in found.items()} == {
        "/dev/sdb": ("vxfs", "")
    }

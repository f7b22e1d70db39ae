"""Commands that fail for a reason that no driver knows: the tool's own words are told, and nothing is guessed."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.service import Service
from core.errors import CommandFailed, Failed, Refused
from core.order import order
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

TOOLS = {"lvm2": "2.03.16", "mdadm": "4.2", "ceph-common": "16.2.15", "rbd-nbd": "16.2.15"}
GROUP = "[disk#1]\ntype = vg\nname = data\npvs = /dev/sdb\n"
VOLUME = f"{GROUP}[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = 100m\n"
IMAGE = "[disk#0]\ntype = rados\nimages = rbd/db\nsize = 500\n"
ARRAY = "[disk#0]\ntype = md\nlevel = 1\ndevs = /dev/sdb /dev/sdc\n"
FS = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/a\n"


class Failing:
    """A node on which the commands that begin with these words fail with 5."""

    def __init__(self, on: SimulatedNode, words: str, stderr: str) -> None:
        self._on, self._words, self._stderr = on, words, stderr

    def run(self, command: Command) -> Completed:
        """Fail, or answer as the node does."""
        if " ".join(command.argv).startswith(self._words):
            return Completed(5, "", self._stderr)
        return self._on.run(command)


def node() -> SimulatedNode:
    """A node with three disks, a cluster, and their tools."""
    devices = {f"/dev/sd{letter}": "1G" for letter in "bcd"}
    tools: dict[str, Any] = {"tools": TOOLS, "ceph": {"pools": ["rbd"]}}
    return SimulatedNode(load({**tools, "devices": devices, "files": {"/srv": "directory"}}))


def provisioned(of: Service) -> SimulatedNode:
    """A node on which every resource of a service was provisioned."""
    on = node()
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    return on


@pytest.mark.parametrize(
    "text, rid, words",
    [
        (VOLUME, "disk#1", "vgchange"),
        (VOLUME, "disk#2", "lvchange"),
        (IMAGE, "disk#0", "rbd unmap"),
        (ARRAY, "disk#0", "mdadm --stop"),
        (FS, "fs#0", "umount"),
    ],
)
def test_what_cannot_be_stopped_is_told_in_the_words_of_the_tool(text: str, rid: str, words: str) -> None:
    """An error of the disk is not "in use": who reads that would look for a process in vain."""
    of = service(text)
    on = provisioned(of)
    with pytest.raises(CommandFailed, match="Input/output error") as failed:
        drive(of.resource(rid), "stop", Failing(on, words, "Input/output error\n"))
    assert not isinstance(failed.value, Failed)
    assert " ".join(failed.value.argv).startswith(words)


def test_a_lock_that_cannot_be_taken_is_told_in_the_words_of_the_tool() -> None:
    """A client without the right to lock is not told that somebody else holds the lock."""
    text = f"{IMAGE}lock = exclusive\nimage_feature = layering\n"
    with pytest.raises(CommandFailed, match="Operation not permitted"):
        drive(
            service(text).resource("disk#0"), "provision", Failing(node(), "rbd lock add", "Operation not permitted\n")
        )


def test_a_filesystem_that_is_in_use_elsewhere_is_not_checked() -> None:
    """What e2fsck cannot repair, and a disk that another mount or a group has, are two things to do."""
    of = service(FS)
    on = provisioned(of)
    drive(of.resource("fs#0"), "stop", on)
    broken = Failing(on, "e2fsck", "UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.\n")
    with pytest.raises(CommandFailed, match="UNEXPECTED INCONSISTENCY"):
        drive(of.resource("fs#0"), "start", broken)
    on.state["devices"]["/dev/sdb"]["holders"].append("/dev/dm-0")
    with pytest.raises(Refused, match=r"is in use elsewhere .*neither checked nor mounted"):
        drive(of.resource("fs#0"), "start", broken)

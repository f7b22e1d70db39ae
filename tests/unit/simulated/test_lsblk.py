"""The simulated lsblk, and how its answers are read."""

import json

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import lsblk
from executors.simulated.node import SimulatedNode
from tests.unit.ec2_nodes import node

DISKS = {"/dev/sda": "20G", "/dev/sda1": "19G", "/dev/sdb": {"size": "1536M", "holders": ["/dev/md127"]}}


def run(on: SimulatedNode, *words: str) -> Completed:
    """Run lsblk as a shell would."""
    return on.run(Command(("lsblk", *words), tool="lsblk"))


def test_disks_are_listed_without_what_is_on_them() -> None:
    """`-d` lists disks, neither partitions nor arrays, and nothing that has not appeared yet."""
    on = SimulatedNode(load({"devices": {**DISKS, "/dev/md127": "1G", "/dev/sdc": {"size": "1G", "appears": 5}}}))
    assert lsblk.names(on.run(lsblk.disks())) == ["sda", "sdb"]


def test_holders_follow_their_disk() -> None:
    """Without `-d` a disk is followed by its partitions and by what is stacked on it, with their mount points."""
    mounts = [{"device": "/dev/sda1", "mount_point": "/", "type": "ext4"}]
    on = SimulatedNode(load({"devices": {**DISKS, "/dev/md127": "1G"}, "mounts": mounts}))
    assert run(on, "-nlo", "NAME,TYPE,SIZE,MOUNTPOINT").stdout.splitlines() == [
        "sda   disk 20G",
        "sda1  part 19G  /",
        "sdb   disk 1.5G",
        "md127 disk 1G",
    ]


def test_one_device_is_asked_for_by_any_of_its_names() -> None:
    """A device that is named is listed alone, also through a link."""
    on = SimulatedNode(load({"devices": DISKS, "files": {"/dev/disk/root": {"kind": "link", "target": "/dev/sdb"}}}))
    assert run(on, "-dnpbo", "KNAME,SIZE,RO", "/dev/disk/root").stdout == "/dev/sdb 1610612736 0\n"


def test_json_says_null_for_nothing() -> None:
    """`-J` answers an object for each device, with null for what a device does not have."""
    answer = json.loads(run(node("ec2-nitro"), "-dJo", "NAME,SERIAL,MOUNTPOINT").stdout)
    assert answer == {
        "blockdevices": [{"name": "nvme0n1", "serial": "vol0d8f3b5c7a9e10246", "mountpoint": "/"}],
    }


def test_a_volume_is_found_by_its_serial_number() -> None:
    """The serial number of an NVMe disk, which has no dash, is read back as the id of its volume."""
    found = lsblk.by_serial(node("ec2-nitro").run(lsblk.serials()))
    assert found == {"vol-0d8f3b5c7a9e10246": "/dev/nvme0n1"}


def test_other_serial_numbers_stay_as_they_are() -> None:
    """Serial numbers of disks that are no volumes are not changed, disks without one are left out."""
    answer = Completed(0, "sda S2HTNX0H\nsdb\nnvme1n1 vol0123abcd4567\n")
    assert lsblk.by_serial(answer) == {"S2HTNX0H": "/dev/sda", "vol-0123abcd4567": "/dev/nvme1n1"}


def test_old_versions_have_no_serial_numbers() -> None:
    """The column came with util-linux 2.23; before, it is unknown."""
    answer = node("ec2-2015").run(lsblk.serials())
    assert (answer.returncode, answer.stderr) == (1, "lsblk: unknown column: SERIAL\n")


@pytest.mark.parametrize(
    "words, code",
    [(("-dno", "COLOUR"), 1), (("--fs",), 1), (("-o",), 1), (("/dev/nope",), 32), (("/etc/localtime",), 32)],
)
def test_what_it_does_not_know_is_refused(words: tuple[str, ...], code: int) -> None:
    """Unknown columns and options end with 1, what is no block device with 32."""
    assert run(node(), *words).returncode == code


def test_headings_are_printed_unless_told_not_to() -> None:
    """Without `-n` the first line names the columns."""
    assert run(node(), "-do", "NAME,RO").stdout.splitlines()[0] == "NAME RO"

"""Labels and uuids given by hand: the check of each command holds when it has run, and not before."""

import pytest

from core.command import Command
from core.state import load
from core.tools import blkid, ext, xfs
from executors.simulated.node import SimulatedNode
from tests.unit.ec2_nodes import holds

UUID, OTHER = (f"{digit}" * 8 + "-2222-4333-8444-555555555555" for digit in "12")


def node(type_: str) -> SimulatedNode:
    """A node with a filesystem of this type."""
    return SimulatedNode(load({"devices": {"/dev/sdb": {"size": "1G", "content": {"type": type_, "uuid": UUID}}}}))


@pytest.mark.parametrize(
    "type_, command",
    [
        ("ext4", ext.set_uuid("/dev/sdb", OTHER)),
        ("ext4", ext.set_label("/dev/sdb", "data")),
        ("xfs", xfs.set_uuid("/dev/sdb", OTHER)),
        ("xfs", xfs.set_label("/dev/sdb", "data")),
    ],
)
def test_a_name_is_there_when_its_check_says_so(type_: str, command: Command) -> None:
    """A journal that lost the answer is settled by asking blkid."""
    on = node(type_)
    assert command.check is not None
    assert not holds(on, command.check)
    assert on.run(command).returncode == 0
    assert holds(on, command.check)


def test_what_xfs_admin_only_pretended_to_do_is_found_out() -> None:
    """It ends with 0 for a uuid that is none: only the check tells, and label and uuid are what they were."""
    on = node("xfs")
    command = xfs.set_uuid("/dev/sdb", "no-uuid")
    on.run(command)
    assert command.check is not None
    assert not holds(on, command.check)
    assert xfs.identity_of(on.run(xfs.identity("/dev/sdb"))) == ("", UUID)


def test_of_what_blkid_says_only_pairs_count() -> None:
    """A warning among them names nothing; a space in a label is escaped there."""
    answer = (
        SimulatedNode(load({}))
        .run(blkid.probe("/dev/sdb"))
        ._replace(stdout="blkid: a warning\nLABEL=my\\ data\nTYPE=ext4\n")
    )
    assert blkid.tags(answer) == {"LABEL": "my data", "TYPE": "ext4"}

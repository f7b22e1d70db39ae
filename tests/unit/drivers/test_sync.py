"""The sync drivers: declared, validated and shown; no action runs them."""

import pytest

from core.config.resource import Resource
from core.state import load
from core.status import Status
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

DOCKER = "[sync#0]\ntype = docker\ntarget = nodes drpnodes\n"
BTRFS = "[sync#1]\ntype = btrfs\nsrc = {svcname}.fs.0:data\ndst = {svcname}.fs.0:data\ntarget = drpnodes\n"
RSYNC = "[sync#2]\nsrc = /etc/a /etc/b\ndst = /srv\ntarget = nodes\n"
FS = "[fs#0]\ntype = btrfs\nmnt = /srv/docker\ndev = /dev/sdb\n[fs#1]\ntype = btrfs\nmnt = /srv/data\ndev = /dev/sdb\n"
NODES = "[DEFAULT]\nnodes = node1 node2\n"


def resource(text: str, rid: str) -> Resource:
    """A resource of a service of this text."""
    return service(text).resource(rid)


def status(text: str, rid: str, *files: str) -> Status:
    """The status on a node with these files."""
    found: Status = drive(resource(text, rid), "status", SimulatedNode(load({"files": dict.fromkeys(files, "")}))).value
    return found


@pytest.mark.parametrize(
    "text, rid, label",
    [
        (DOCKER, "sync#0", "docker img sync to nodes, drpnodes"),
        (BTRFS, "sync#1", "btrfs of svc1.fs.0:data to drpnodes"),
        (RSYNC, "sync#2", "rsync of /etc/a, /etc/b to nodes"),
    ],
)
def test_labels_say_what_goes_where(text: str, rid: str, label: str) -> None:
    """The labels of the status tree are those that the agent of 2015 shows."""
    here = resource(text, rid)
    assert (here.driver.label(here), here.driver.verbs_do_nothing) == (label, True)


@pytest.mark.parametrize("text, rid", [(DOCKER, "sync#0"), (RSYNC, "sync#2")])
def test_without_other_nodes_there_is_nothing_to_do(text: str, rid: str) -> None:
    """This node alone is no target; another one is, and nobody asked it."""
    alone, together = status(text, rid), status(NODES + text, rid)
    assert (alone.state, alone.remarks[0].text) == ("n/a", "no target nodes")
    assert (together.state, "node2" in together.remarks[0].text) == ("undef", True)


def test_a_btrfs_sync_warns_until_it_has_run() -> None:
    """The state file is what a sync leaves."""
    assert status(BTRFS, "sync#1").remarks[0].text == "btrfs state file not found"
    assert status(BTRFS, "sync#1", "/var/lib/opensvc/svc1_sync#1_btrfs_state").state == "up"


def test_a_label_that_nobody_makes_is_a_warning() -> None:
    """The first filesystem by mount point formats the device and gives it its name: fs.1, not fs.0."""
    here = resource(FS + BTRFS, "sync#1")
    assert list(here.driver.warnings(here)) == [
        ("src", "no resource will make the label svc1.fs.0; svc1.fs.1 will be made")
    ]
    right = resource(FS + BTRFS.replace("fs.0", "fs.1"), "sync#1")
    assert list(right.driver.warnings(right)) == []


def test_a_malformed_source_is_an_error_of_the_configuration() -> None:
    """LABEL:SUBVOLUME, both of them."""
    problems = service(BTRFS.replace("src = {svcname}.fs.0:data", "src = data")).problems()
    assert [(each.section, each.key) for each in problems] == [("sync#1", "src")]


@pytest.mark.parametrize("text", [DOCKER, BTRFS, RSYNC])
def test_a_target_that_is_no_list_of_nodes_is_an_error(text: str) -> None:
    """Targets are nodes and drpnodes."""
    wrong = text.replace("drpnodes", "frob").replace("= nodes", "= frob")
    assert {each.key for each in service(wrong).problems()} == {"target"}

"""Loop disks, filesystems and addresses: a service's whole life, and nothing left of it."""

import re
from collections.abc import Callable

import pytest

from tests.e2e.real import side_by_side
from tests.e2e.real.lab import Lab
from tests.e2e.real.services import EXT4, MOUNTED_ONLY, STORAGE, XFS


def grows(lab: Lab, point: str) -> None:
    """Raise the size, as planned, while everything is up: the filesystem has the room, and once more changes nothing.

    A mounted ext grows for those only who have CAP_SYS_RESOURCE: others are told what to do by hand, and go on.
    """
    before = int(lab.done("stat", "-f", "-c", "%b", point))
    text = lab.conf.read_text(encoding="utf-8")
    lab.conf.write_text(re.sub(r"(?m)^size = .*", "size = 520M", text), encoding="utf-8")
    plan = lab.svcmgr("plan", "--format", "json")
    run = lab.svcmgr("provision", "--format", "json")
    assert plan.code == 0, plan.err
    if "CAP_SYS_RESOURCE" in run.err + run.out:
        device = lab.done("findmnt", "-n", "-o", "SOURCE", point).strip()
        for words in (("umount", point), ("e2fsck", "-fp", device), ("resize2fs", device)):
            lab.done(*words)
        run = lab.svcmgr("provision", "--format", "json")
    else:
        found = side_by_side.pairs(plan.objects, run.objects)
        assert len(found) == 3
        assert all(pair.same for pair in found), side_by_side.table(found)
    assert run.code == 0, run.err
    assert int(lab.done("stat", "-f", "-c", "%b", point)) > before
    again = lab.svcmgr("provision", "--format", "json")
    assert (again.code, again.commands) == (0, []), again.err


@pytest.mark.parametrize("text", [STORAGE + MOUNTED_ONLY, EXT4, XFS], ids=["btrfs", "ext4", "xfs"])
def test_a_service_lives_and_leaves_nothing(lab: Lab, canary: Callable[[], bool], text: str) -> None:
    """It comes up, changes nothing when it is up, goes down and up again, and is gone without a trace."""
    before = lab.inventory()
    lab.created(text, "--provision")
    written = lab.conf.read_text(encoding="utf-8")
    assert lab.is_up()
    up = lab.inventory()
    again = lab.svcmgr("provision", "--format", "json")
    assert (again.code, again.commands) == (0, []), again.err
    assert lab.since(up) == []
    data = lab.path(f"{lab.directory}/srv/data/kept")
    data.write_text("data", encoding="utf-8")
    lab.did("stop")
    assert not lab.is_up()
    stopped = lab.inventory()
    assert (stopped.loops, stopped.mounts, stopped.addresses) == (before.loops, before.mounts, before.addresses)
    for verb in ("start", "restart"):
        ended = lab.svcmgr(verb)
        assert ended.code == 0, ended.err
        assert lab.is_up()
        assert data.read_text(encoding="utf-8") == "data"
    grows(lab, f"{lab.directory}/srv/data")
    lab.conf.write_text(written, encoding="utf-8")
    assert data.read_text(encoding="utf-8") == "data"
    gone = lab.unprovision()
    assert gone.code == 0, gone.err
    assert lab.since(before) == []
    assert lab.conf.read_text(encoding="utf-8") == written
    assert canary()


def test_what_was_planned_elsewhere_is_what_runs(lab: Lab) -> None:
    """The changes of a run are those that the observed node's file foretold, with the holes filled in."""
    lab.created(STORAGE)
    node = f"{lab.directory}/node.json"
    observed = lab.nodemgr("observe", "-o", node)
    assert observed.code == 0, observed.err
    plan = lab.svcmgr("plan", "--node", node, "--format", "json")
    run = lab.svcmgr("provision", "--format", "json")
    assert (plan.code, run.code) == (0, 0), (plan.err, run.err)
    found = side_by_side.pairs(plan.objects, run.objects)
    assert found
    assert all(pair.same for pair in found), side_by_side.table(found)


def test_a_plan_of_this_machine_is_what_runs(lab: Lab) -> None:
    """`plan` without a node file shows what `provision` then runs; showing it changes nothing."""
    lab.created(STORAGE)
    before = lab.inventory()
    plan = lab.svcmgr("plan", "--format", "json")
    assert lab.since(before) == []
    run = lab.svcmgr("provision", "--format", "json")
    assert (plan.code, run.code) == (0, 0), (plan.err, run.err)
    found = side_by_side.pairs(plan.objects, run.objects)
    assert all(pair.same for pair in found), side_by_side.table(found)


@pytest.mark.parametrize("text", [STORAGE, EXT4], ids=["btrfs", "ext4"])
def test_a_failed_provision_is_taken_back(lab: Lab, text: str) -> None:
    """`rollback` after a failure leaves what was there before; so does `provision --rollback`, at once."""
    failing = text.replace("mnt = LAB/srv/data\n", "mnt = LAB/srv/data\nblocking_post_provision = /bin/false\n")
    lab.created(failing)
    before = lab.inventory()
    failed = lab.svcmgr("provision")
    assert failed.code == 1, failed.err
    assert lab.since(before) != []
    taken_back = lab.svcmgr("rollback", "--yes")
    assert taken_back.code == 0, taken_back.err
    assert lab.since(before) == []
    at_once = lab.svcmgr("provision", "--rollback")
    assert at_once.code == 1, at_once.err
    assert lab.since(before) == []


def test_unprovision_asks_and_delete_does_both(lab: Lab) -> None:
    """Unprovisioning unasked is refused with the line that would allow it; `delete --unprovision` ends it all."""
    before = lab.inventory()
    lab.created(EXT4, "--provision")
    up = lab.inventory()
    refused = lab.svcmgr("unprovision")
    assert (refused.code, lab.since(up)) == (3, [])
    assert "--allow-destroy disk#0" in refused.err
    assert lab.svcmgr("delete").code == 3
    deleted = lab.svcmgr("delete", "--unprovision", "--allow-destroy", "disk#0", "--allow-destroy", "fs#0")
    assert deleted.code == 0, deleted.err
    assert lab.since(before) == []
    assert sorted((lab.directory / "etc").iterdir()) == []

"""Saved plans on this machine: planned here or elsewhere, applied exactly, or not at all."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.saved_plan import opened, understood
from svcprov.jsonl import command_line
from tests.e2e.real import side_by_side
from tests.e2e.real.lab import Ended, Lab
from tests.e2e.real.services import DOCKER, EXT4, STORAGE


def plan_of(lab: Lab, *words: str) -> str:
    """Save a plan of the lab's service, and return its path."""
    path = f"{lab.directory}/given/web.plan"
    ended = lab.svcmgr("plan", *words, "-o", path)
    assert ended.code == 0, ended.err
    return path


def ran_the_plan(path: str, run: Ended) -> None:
    """The changing commands of a run are those of a saved plan, with the holes filled in."""
    assert run.code == 0, run.err
    plan = understood(opened(Path(path).read_text(encoding="utf-8"), path), path)
    found = side_by_side.pairs([command_line(step.command, step.number) for step in plan.steps], run.objects)
    assert found
    assert all(pair.same for pair in found), side_by_side.table(found)


def test_a_saved_plan_of_the_whole_service_is_what_runs(docked: Lab, canary: Callable[[], bool]) -> None:
    """Disk, subvolumes, address, daemon and containers: what was saved is what runs, once; and the service is up."""
    docked.created(DOCKER)
    before = docked.inventory()
    path = plan_of(docked)
    assert docked.since(before) == []
    ran_the_plan(path, docked.svcmgr("apply", path, "--format", "json"))
    assert docked.is_up()
    again = docked.svcmgr("apply", path)
    assert (again.code, "was applied before" in again.err) == (3, True), again.err
    assert docked.unprovision().code == 0
    assert canary()


def test_a_plan_that_was_made_elsewhere_applies_here(lab: Lab) -> None:
    """A node is observed, the plan made from that file, and applied on the machine that it was observed on."""
    lab.use_default_var()
    lab.created(STORAGE)
    node = f"{lab.directory}/given/node.json"
    observed = lab.nodemgr("observe", "-o", node)
    assert observed.code == 0, observed.err
    path = plan_of(lab, "--node", node)
    ran_the_plan(path, lab.svcmgr("apply", path, "--format", "json"))
    assert lab.is_up()


def attached(lab: Lab) -> str:
    """Attach the disk of the lab's service, and return its loop device."""
    ended = lab.svcmgr("provision", "--rid", "disk#0")
    assert ended.code == 0, ended.err
    return lab.loops()[0]


CHANGES = {
    "a filesystem": "mkfs.ext4 -q DEVICE && mount DEVICE LAB/foreign && echo salaries > LAB/foreign/payroll "
    "&& umount LAB/foreign",
    "bytes": "printf salaries | dd of=DEVICE conv=notrunc status=none",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("text", [STORAGE, EXT4], ids=["btrfs", "ext4"])
def test_data_that_came_after_the_plan_is_kept(lab: Lab, text: str, change: str) -> None:
    """What somebody writes to the device after the plan was made is exit 3 or 4: not a byte of it changes, nor else."""
    lab.created(text)
    device = attached(lab)
    path = plan_of(lab)
    lab.done("mkdir", f"{lab.directory}/foreign")
    lab.done("sh", "-ec", CHANGES[change].replace("DEVICE", device).replace("LAB", str(lab.directory)))
    lab.done("sync")
    image = Path(f"{lab.directory}/disk/{lab.name}.img")
    before, data = lab.inventory(), image.read_bytes()
    ended = lab.svcmgr("apply", path)
    assert ended.code in {3, 4}, ended.err
    assert device in ended.err or str(image) in ended.err
    assert lab.since(before) == []
    assert image.read_bytes() == data


def test_data_that_comes_while_a_plan_is_applied_is_kept(lab: Lab) -> None:
    """Somebody who formats the disk right before the plan would: a prefix has run, exit 3 or 4, the data is there."""
    script = lab.script(
        "intrude", 'device=$(losetup -n -O NAME -j "$1")', 'printf salaries | dd of="$device" conv=notrunc status=none'
    )
    text = EXT4.replace("[fs#0]\n", f"[fs#0]\npre_provision = {script} LAB/disk/{lab.name}.img\n")
    lab.created(text)
    path = plan_of(lab)
    ended = lab.svcmgr("apply", path)
    assert ended.code in {3, 4}, ended.err
    assert Path(f"{lab.directory}/disk/{lab.name}.img").read_bytes().startswith(b"salaries")
    assert re.search(rf"to go on: +svcmgr -s {lab.name} apply {path}", ended.err), ended.err

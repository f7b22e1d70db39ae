"""A service that real tools show is adopted as it runs; nothing is changed to find out."""

import json
from collections.abc import Callable

import pytest

from tests.e2e.real.lab import Inventory, Lab
from tests.e2e.real.services import DOCKER, EXT4, MOUNTED_ONLY, STORAGE, XFS


def _made(lab: Lab) -> dict[str, tuple[str, str, str]]:
    text = (lab.directory / f"var/{lab.name}/record.json").read_text(encoding="utf-8")
    made = json.loads(text)["made"]
    return {name: (thing["kind"], thing["identity"], thing["rid"]) for name, thing in made.items()}


def _is_adopted(lab: Lab) -> list[str]:
    """Lose the record of a service, adopt it; return the directories of which nobody knows any more who made them."""
    first, up = _made(lab), lab.inventory()
    for name in ("record.json", "journal.jsonl", "journal.jsonl.1"):
        (lab.directory / f"var/{lab.name}/{name}").unlink(missing_ok=True)
    adopted = lab.svcmgr("adopt", "--yes")
    assert adopted.code == 0, adopted.out + adopted.err
    assert lab.since(up) == []
    again = _made(lab)
    assert all(first[name] == thing for name, thing in again.items())
    lost = [first[name] for name in first.keys() - again.keys()]
    assert {kind for kind, _, _ in lost} <= {"directory"}
    plan = lab.svcmgr("plan", "--format", "json")
    assert (plan.code, plan.commands) == (0, []), plan.err
    return sorted(
        (identity for _, identity, _ in lost if not identity.startswith(f"{lab.directory}/var")), reverse=True
    )


def _is_taken_back(lab: Lab, lost: list[str], before: Inventory) -> None:
    """Unprovision the service; the directories that nobody knows who made are empty, and there is nothing else left."""
    gone = lab.unprovision()
    assert gone.code == 0, gone.err
    for directory in lost:
        lab.path(directory).rmdir()
    assert lab.since(before) == []


@pytest.mark.parametrize("text", [STORAGE + MOUNTED_ONLY, EXT4, XFS], ids=["btrfs", "ext4", "xfs"])
def test_a_service_whose_record_was_lost_is_adopted(lab: Lab, canary: Callable[[], bool], text: str) -> None:
    """Its things are recorded again, a plan has nothing to do, and unprovision leaves empty directories at most."""
    before = lab.inventory()
    lab.created(text, "--provision")
    _is_taken_back(lab, _is_adopted(lab), before)
    assert canary()


def test_a_daemon_with_containers_is_adopted(docked: Lab) -> None:
    """The containers and images of a service's own daemon are found where they run, and deleted with the service."""
    before = docked.inventory()
    docked.created(DOCKER, "--provision")
    _is_taken_back(docked, _is_adopted(docked), before)

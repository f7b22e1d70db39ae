"""svcmgr killed at its changes: the same command goes on, `rollback` takes back, and nothing is there twice or left."""

import os
from collections.abc import Callable

import pytest

from tests.e2e.real.lab import Lab
from tests.e2e.real.plug import kills, provisioned_again, unprovisioned
from tests.e2e.real.services import STORAGE

FULL = os.environ.get("SVCPROV_FULL") == "1"
"""Every point in every way; else every change is killed in one way at least."""


@pytest.mark.parametrize("how, every, begin", [("after", 1, 0), ("before", 3, 1)])
def test_a_killed_provision_goes_on(lab: Lab, canary: Callable[[], bool], how: str, every: int, begin: int) -> None:
    """Killed at any change, the next `provision` comes to the same end as one that was let be."""
    lab.created(STORAGE)
    before = lab.inventory()
    lab.did("provision")
    whole = lab.inventory()
    unprovisioned(lab, before, 0)
    for at in kills(lab, how, ("provision",), lambda at: FULL or at % every == begin % every):
        provisioned_again(lab, whole, at)
        unprovisioned(lab, before, at)
        assert canary(), at


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_killed_provision_is_taken_back(lab: Lab, canary: Callable[[], bool], how: str) -> None:
    """Killed at any change, `rollback` leaves what was there before."""
    lab.created(STORAGE)
    before = lab.inventory()
    for at in kills(lab, how, ("provision",), lambda at: FULL or at % 3 == (how == "after")):
        back = lab.svcmgr("rollback", "--yes")
        assert back.code == 0 or "the last action came to its end" in back.err, (at, back.err)
        assert (at, lab.since(before)) == (at, [])
        assert canary(), at


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_killed_unprovision_goes_on(lab: Lab, canary: Callable[[], bool], how: str) -> None:
    """Killed at any change, the next `unprovision` leaves nothing all the same."""
    lab.created(STORAGE)
    before = lab.inventory()
    lab.did("provision")
    words = ("unprovision", "--allow-destroy", "disk#0,fs#0,fs#1")
    for at in kills(lab, how, words, lambda at: FULL or at % 4 == 1 + (how == "after")):
        unprovisioned(lab, before, at)
        assert canary(), at
        lab.did("provision")

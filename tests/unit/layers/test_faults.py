"""Faults: the change that was counted goes wrong as it was told to, and no other."""

from typing import Any

import pytest

from executors.layers.faults import TIMED_OUT, Crash, Faults
from tests.unit.layers.shelf import LIST, Shelf, put


@pytest.mark.parametrize("how, things", [("before", ["a"]), ("after", ["a", "b"])])
def test_a_kill_comes_before_or_after_the_effect(how: Any, things: list[str]) -> None:
    """The counted change took effect, or it did not; the process is gone either way."""
    shelf = Shelf()
    faults = Faults(shelf, 2, how)
    faults.run(put("a"))
    with pytest.raises(Crash):
        faults.run(put("b"))
    assert shelf.things == things


@pytest.mark.parametrize("how, things", [("timeout", []), ("lost", ["a"])])
def test_an_answer_is_lost(how: Any, things: list[str]) -> None:
    """The answer says that it failed, whether the change took effect or not."""
    shelf = Shelf()
    assert Faults(shelf, 1, how).run(put("a")).returncode == TIMED_OUT
    assert shelf.things == things


def test_only_changes_count() -> None:
    """Questions go through and are not counted."""
    faults = Faults(Shelf(), 1, "before")
    assert faults.run(LIST).stdout == "[]"
    assert faults.changes == 0


def test_what_comes_after_goes_well() -> None:
    """One fault is one fault."""
    shelf = Shelf()
    faults = Faults(shelf, 1, "timeout")
    faults.run(put("a"))
    assert faults.run(put("b")).returncode == 0
    assert (shelf.things, faults.changes) == (["b"], 2)


def test_no_handler_of_errors_sees_a_kill() -> None:
    """A kill is no exception that a driver could catch."""
    assert not issubclass(Crash, Exception)

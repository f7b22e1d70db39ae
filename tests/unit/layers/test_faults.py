"""Faults: the change that was counted goes wrong as it was told to, and no other."""

from typing import Any

import pytest

from executors.layers.faults import TIMED_OUT, Crash, Faults, failure
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


@pytest.mark.parametrize("program,code", [("aws", 254), ("mount", 32), ("mkfs.ext4", 1)])
def test_a_command_fails_in_the_manner_of_its_tool(program: str, code: int) -> None:
    """It did nothing, and its return code is the one that its tool fails with."""
    shelf = Shelf()
    faults = Faults(shelf, 1, "fails")
    assert faults.run(put("a")._replace(argv=(program,))).returncode == code
    assert faults.hit is not None
    assert shelf.things == []


def test_a_failure_is_no_answer() -> None:
    """A return code that the command accepts would be an answer: another one is taken."""
    assert failure(put("a")._replace(accepts=(0, 1, 2))).returncode == 3


def test_questions_can_fail_too() -> None:
    """Counting questions, a change goes through; what the engine asks of itself is no question."""
    shelf = Shelf()
    faults = Faults(shelf, 1, "fails", "reads")
    faults.run(put("a"))
    faults.run(LIST._replace(argv=("fresh", "uuid", "x"), tool="engine"))
    assert faults.changes == 0
    assert faults.run(LIST).returncode == 1
    assert shelf.things == ["a"]

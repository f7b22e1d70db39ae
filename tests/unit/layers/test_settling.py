"""The journal: how it decides what was in flight, and closes what was left open."""

from typing import Any

import pytest

from core.command import Check, Command
from core.errors import Ambiguous, CommandFailed
from executors.layers.faults import Crash, Faults
from tests.unit.layers.shelf import LIST, Life, Shelf, buy, has, put, states, take


@pytest.mark.parametrize("how, things", [("before", []), ("after", ["vol-1"])])
def test_settling_finds_what_was_in_flight(how: Any, things: list[str]) -> None:
    """By its witness: made, then it is bound and recorded; not made, then there is nothing."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, how)).run(buy())
    journal = life.begin()
    journal.settle()
    assert list(journal.bound.values()) == [thing.identity for thing in life.record.made.values()] == things


@pytest.mark.parametrize("how, state", [("before", "gone"), ("after", "done")])
def test_settling_asks_the_check(how: Any, state: str) -> None:
    """A change without a witness is in place when its check holds."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, how)).run(put("a", name="n"))
    journal = life.begin()
    journal.settle()
    assert states(journal) == [state]
    assert ("n" in life.record.made) is (state == "done")


def test_settling_is_remembered() -> None:
    """What was decided is not decided again."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(put("a"))
    life.begin().settle()
    assert states(life.begin()) == ["done"]


def test_without_a_check_an_intent_counts_as_done() -> None:
    """Nobody can tell, so the way back is kept."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "before")).run(put("a")._replace(check=None))
    journal = life.begin()
    journal.settle()
    assert states(journal) == ["done"]


@pytest.mark.parametrize(
    "check", [has("«v»"), Check(Command(("list",)), path="[]", text="«v»")], ids=["asked", "looked for"]
)
def test_a_check_about_an_unknown_thing_is_no_answer(check: Check) -> None:
    """An intent whose thing nothing can name is the operator's to decide, never taken for not there."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(buy(witness=False)._replace(check=check))
    with pytest.raises(Ambiguous, match="name it with --found v=ID"):
        life.begin().settle()


def test_a_change_that_makes_nothing_may_be_ambiguous_too() -> None:
    """It is named by its resource, then."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(put("a")._replace(check=has("«nobody»")))
    with pytest.raises(Ambiguous, match="«r#0»"):
        life.begin().settle()


def test_a_check_may_name_what_was_made_before() -> None:
    """A hole that is bound by now is filled before the check is asked."""
    life = Life(Shelf())
    life.begin().run(buy())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(put("a")._replace(check=has("«v»")))
    journal = life.begin()
    journal.settle()
    assert states(journal) == ["done", "done"]


def test_a_failed_check_is_no_no() -> None:
    """A check that cannot be asked decides nothing."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(put("a"))
    life.shelf.fails.add("has")
    journal = life.begin()
    strict = Check(Command(("has", "a")))
    with pytest.raises(CommandFailed):
        journal.holds(strict)


@pytest.mark.parametrize(
    "check, so",
    [
        (Check(LIST), True),
        (Check(LIST, absent=True), False),
        (Check(LIST, path="[]"), True),
        (Check(LIST, path="[]", text="a"), True),
        (Check(LIST, path="[]", text="b"), False),
        (Check(LIST, path="[]", text="b", absent=True), True),
        (Check(LIST, path="[7]"), False),
        (has("b"), False),
        (has("b", absent=True), True),
        (has("a")._replace(path="."), False),
    ],
)
def test_a_check_holds_as_it_says(check: Check, *, so: bool) -> None:
    """By return code, by what is found, by what is found among it, or by its absence."""
    assert Life(Shelf("a")).begin().holds(check) is so


def test_a_bracket_that_its_driver_closed_is_closed() -> None:
    """Nothing is left to do for the engine."""
    life = Life(Shelf())
    journal = life.begin()
    journal.run(put("t", temporary=True))
    journal.run(take("t", temporary=True))
    life.shelf.ran.clear()
    journal.close_brackets()
    assert life.shelf.changes == []
    assert states(life.begin()) == ["gone", "gone"]


def test_brackets_left_open_are_closed_last_first() -> None:
    """After a kill, what was temporary is taken away from the inside out."""
    life = Life(Shelf())
    for thing in ("outer", "inner"):
        life.begin().run(put(thing, temporary=True))
    life.shelf.ran.clear()
    life.begin().settle()
    assert life.shelf.changes == ["take inner", "take outer"]
    assert life.shelf.things == []


def test_a_bracket_that_is_gone_is_left_alone() -> None:
    """After a reboot a temporary mount is not there to be unmounted."""
    life = Life(Shelf())
    life.begin().run(put("t", temporary=True))
    life.shelf.things.clear()
    life.shelf.ran.clear()
    life.begin().settle()
    assert life.shelf.changes == []


def test_a_bracket_that_cannot_be_closed_stays_open() -> None:
    """It raises, and is tried again in the next life."""
    life = Life(Shelf())
    life.begin().run(put("t", temporary=True))
    life.shelf.fails.add("take")
    with pytest.raises(CommandFailed):
        life.begin().close_brackets()
    life.shelf.fails.clear()
    life.begin().close_brackets()
    assert life.shelf.things == []


def test_only_the_bracket_of_the_same_name_is_closed() -> None:
    """Closing one bracket says nothing about another."""
    life = Life(Shelf())
    journal = life.begin()
    journal.run(put("a", temporary=True))
    journal.run(put("b", temporary=True))
    journal.run(take("a", temporary=True))
    assert states(journal)[:2] == ["gone", "done"]


def test_closing_what_was_never_opened_is_nothing() -> None:
    """A closing command without its bracket leaves the others as they are."""
    journal = Life(Shelf("x")).begin()
    journal.run(put("a", temporary=True))
    journal.run(take("x", temporary=True))
    assert states(journal)[0] == "done"


def test_conditions_in_the_undo_of_a_bracket_are_not_its_commands() -> None:
    """Closing runs the commands only."""
    life = Life(Shelf())
    command = put("t", temporary=True)
    life.begin().run(command._replace(undo=(has("t"), *command.undo)))
    life.begin().close_brackets()
    assert life.shelf.things == []

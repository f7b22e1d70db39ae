"""The journal: how it takes back what an action did."""

from typing import Any

import pytest

from core.command import Check, Command, Completed
from core.errors import Ambiguous, CommandFailed, Refused
from core.record import MadeThing
from executors.layers.faults import Crash, Faults
from executors.layers.journal import ROLLBACK
from tests.unit.layers.shelf import Life, Shelf, buy, has, put, states, take


def test_rollback_takes_back_last_first() -> None:
    """The node is as it was, and the record is empty."""
    life = Life(Shelf("mine"))
    journal = life.begin()
    for command in (buy(), put("a", name="n"), put("b")):
        journal.run(command)
    life.shelf.ran.clear()
    life.begin().rollback()
    assert life.shelf.changes == ["take b", "take a", "take vol-1"]
    assert life.shelf.things == ["mine"]
    assert life.record.is_empty


def test_rollback_leaves_what_was_taken_away_meanwhile() -> None:
    """What is not in place any more needs no undo."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    life.shelf.things.clear()
    life.shelf.ran.clear()
    life.begin().rollback()
    assert life.shelf.changes == []


def test_rollback_can_be_called_again() -> None:
    """What was taken back stays taken back."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    life.begin().rollback()
    life.begin().rollback()
    assert life.shelf.changes == ["put a", "take a"]


def test_rollback_undoes_each_of_two_things_of_one_name() -> None:
    """When a lost thing was made again, the first one is asked for by its own identity, and is found gone."""
    life = Life(Shelf())
    life.begin().run(buy())
    life.shelf.things.clear()
    life.begin().run(buy())
    life.begin().rollback()
    assert life.shelf.things == []
    assert not any("«" in word for command in life.shelf.ran for word in command.argv)


def test_nothing_is_run_on_a_thing_that_nobody_can_name() -> None:
    """An undo whose hole was never bound stops and asks."""
    life = Life(Shelf())
    life.begin().run(buy(answer="", witness=False)._replace(check=None))
    with pytest.raises(Ambiguous, match="--forget v"):
        life.begin().rollback()


def test_a_condition_of_an_undo_can_refuse() -> None:
    """Where a check among the undo does not hold, nothing after it is run."""
    life = Life(Shelf())
    condition = has("data", absent=True)._replace(otherwise="the shelf holds data")
    life.begin().run(put("a")._replace(undo=(condition, take("a"))))
    life.shelf.things.append("data")
    with pytest.raises(Refused, match="the shelf holds data; move it away"):
        life.begin().rollback()
    assert "a" in life.shelf.things


def test_a_condition_without_words_of_its_own_is_shown() -> None:
    """The refusal says which question was not answered as it should be."""
    life = Life(Shelf("data"))
    life.begin().run(put("a")._replace(undo=(has("data", absent=True),)))
    with pytest.raises(Refused, match="has data does not hold"):
        life.begin().rollback()


def test_a_refused_rollback_goes_on_when_the_reason_is_gone() -> None:
    """After the data was moved away, the same rollback ends."""
    life = Life(Shelf("data"))
    life.begin().run(put("a")._replace(undo=(has("data", absent=True), take("a"))))
    with pytest.raises(Refused):
        life.begin().rollback()
    life.shelf.things.remove("data")
    life.begin().rollback()
    assert life.shelf.things == []


def test_a_failed_step_of_a_rollback_raises() -> None:
    """It says which command failed, and how."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    life.shelf.fails.add("take")
    with pytest.raises(CommandFailed, match="take a: return code 1"):
        life.begin().rollback()


def test_a_step_that_is_in_place_is_not_run_and_still_counts() -> None:
    """A step of an undo whose own check holds is skipped; what it unmakes leaves the record all the same."""
    life = Life(Shelf())
    life.record.made["other"] = MadeThing("thing", "b", "r#0", "provision")
    life.begin().run(put("a")._replace(undo=(take("b", unmakes=("other",)), take("a"))))
    life.begin().rollback()
    assert life.record.is_empty
    assert "take b" not in life.shelf.changes


BRACKETED = (put("t", temporary=True), take("a"), put("z"), take("t", temporary=True), take("z"))
"""An undo that brings its own bracket, as every undo must."""


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("where", ["inside", "outside"])
@pytest.mark.parametrize("at", range(1, 6))
def test_a_rollback_can_be_killed_anywhere(at: int, where: str, how: Any) -> None:
    """Whichever step of a rollback is the last of a life, the next rollback ends as an undisturbed one."""
    life = Life(Shelf())
    life.begin().run(put("a")._replace(undo=BRACKETED))
    if where == "inside":
        with pytest.raises(Crash):
            life.begin(Faults(life.shelf, at, how)).rollback()
    else:
        writes = 0
        journal = life.begin()

        def write(line: dict[str, Any], *, sync: bool = True) -> None:
            nonlocal writes
            writes += 1
            if writes == 2 * at and how == "before":
                raise Crash
            life.write(line, sync=sync)
            if writes == 2 * at:
                raise Crash

        dying = journal.again(life.shelf, life.record, write, life.save)
        with pytest.raises(Crash):
            dying.rollback()
    life.begin().rollback()
    assert life.shelf.things == []
    assert states(life.begin())[0] == "gone"


def test_commands_of_a_rollback_are_stamped() -> None:
    """The log says whose resource is rolled back."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    life.begin().rollback()
    undone = life.shelf.ran[-1]
    assert (undone.argv, undone.rid, undone.verb) == (("take", "a"), "r#0", ROLLBACK)


def test_a_condition_may_take_its_time() -> None:
    """A check of an undo that comes to hold within its seconds lets the rest run; time passes on the node."""

    class Slow(Shelf):
        def _answer(self, word: str, thing: str) -> Completed:
            if word == "sleep" and len([command for command in self.ran if command.argv[0] == "sleep"]) == 2:
                self.things.remove("busy")
            return super()._answer(word, thing)

    life = Life(Slow("busy"))
    life.begin().run(put("a")._replace(undo=(has("busy", absent=True)._replace(seconds_max=5), take("a"))))
    life.begin().rollback()
    assert [command.argv for command in life.shelf.ran if command.argv[0] == "sleep"] == [("sleep", "1")] * 2
    assert life.shelf.things == []


def test_a_condition_has_only_its_time() -> None:
    """What does not come to hold within its seconds refuses."""
    life = Life(Shelf("busy"))
    life.begin().run(put("a")._replace(undo=(has("busy", absent=True)._replace(seconds_max=3), take("a"))))
    with pytest.raises(Refused):
        life.begin().rollback()
    assert [command.argv[0] for command in life.shelf.ran].count("sleep") == 3


REACHES = put("mounted")._replace(reaches=True)
INSIDE = put("data")._replace(undo=(Check(Command(("has", "mounted"))), take("data")))


def test_a_rollback_reaches_what_a_reboot_hid() -> None:
    """A mount that a reboot took is done again, so that what lies in it can be taken back."""
    life = Life(Shelf())
    life.begin().run(REACHES)
    life.begin().run(INSIDE)
    life.shelf.things.remove("mounted")
    life.begin().rollback()
    assert life.shelf.things == []


def test_what_is_reached_anew_may_have_another_name() -> None:
    """A loop device that is attached again is known by its new name."""
    life = Life(Shelf())
    life.begin().run(buy()._replace(reaches=True))
    life.shelf.things.clear()
    life.begin().rollback()
    assert life.shelf.changes == ["buy", "buy", "take vol-2"]
    assert life.shelf.things == []


def test_what_cannot_be_reached_again_is_gone() -> None:
    """When doing it again fails, its undo has nothing to take back."""
    life = Life(Shelf())
    life.begin().run(REACHES)
    life.shelf.things.clear()
    life.shelf.fails.add("put")
    life.begin().rollback()
    assert life.shelf.changes == ["put mounted", "put mounted"]


def test_only_what_reaches_is_done_again() -> None:
    """A rollback makes nothing anew that it would only have to take back."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    life.begin().run(put("t", temporary=True)._replace(reaches=True))
    life.shelf.things.clear()
    life.shelf.ran.clear()
    life.begin().rollback()
    assert life.shelf.changes == []


def test_the_step_that_takes_a_thing_away_takes_it_out_of_the_record() -> None:
    """Killed right after the last lasting step of an undo, the record has the thing no more, and not again later."""
    life = Life(Shelf())
    life.begin().run(put("a", name="n"))
    faults = Faults(life.shelf, 1, "after")
    with pytest.raises(Crash):
        life.begin(faults).rollback()
    assert "n" in life.record.made
    journal = life.begin()
    journal.settle()
    assert "n" not in life.record.made
    life.write({"of": 0, "undone": 1})
    life.begin()
    assert "n" not in life.record.made


def test_a_rollback_that_has_to_ask_has_not_begun() -> None:
    """While it is in doubt what there is to take back, the action may still go on."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(buy())
    life.shelf.things.append("vol-x")
    with pytest.raises(Ambiguous):
        life.begin().rollback()
    assert not life.begin().rolling


@pytest.mark.parametrize("how", ["before", "after"])
def test_what_was_in_flight_may_have_been_done(how: Any) -> None:
    """A command that was killed counts among those that may have run, until it is settled."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, how)).run(put("a"))
    journal = life.begin()
    assert journal.may_have_done(lambda command: command.argv == ("put", "a"))
    journal.settle()
    assert journal.may_have_done(lambda command: command.argv == ("put", "a")) is (how == "after")

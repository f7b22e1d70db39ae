"""The journal: what it remembers, decides, closes and takes back."""

from typing import Any

import pytest

from core.command import Check, Command, Completed, Makes
from core.engine import ENGINE
from core.errors import Ambiguous, CommandFailed, Failed, Refused
from core.record import MadeThing, Record
from executors.layers.faults import Crash, Faults
from executors.layers.journal import ROLLBACK, Journal
from tests.unit.layers.shelf import LIST, Life, Shelf, buy, has, put, take

FRESH = Command(("fresh", "token", "r#0.token"), tool=ENGINE)


def states(journal: Journal) -> list[str]:
    """The states of the entries, in order."""
    return [entry.state for entry in journal.entries]


def test_reads_are_not_journalled() -> None:
    """A question leaves no line."""
    life = Life(Shelf())
    life.begin().run(LIST)
    assert life.lines == []


def test_announcements_are_not_journalled() -> None:
    """What leaves no state may be done again, so there is nothing to remember."""
    life = Life(Shelf())
    life.begin().run(put("a")._replace(kind="announces"))
    assert life.lines == []


def test_the_intent_is_on_disk_before_the_change() -> None:
    """A kill before the change took effect leaves the intent."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "before")).run(put("a"))
    assert (len(life.lines), life.shelf.things) == (1, [])
    assert states(life.begin()) == ["in flight"]


def test_a_change_needs_no_disk() -> None:
    """A journal in memory remembers as well."""
    journal = Journal(Shelf(), Record())
    assert journal.run(buy()).made == "vol-1"
    assert journal.run(FRESH).stdout == journal.run(FRESH).stdout
    assert journal.bound == {"v": "vol-1"}
    journal.rollback()
    assert journal.bound == {}


def test_a_failed_answer_leaves_the_intent_open() -> None:
    """A return code that is no answer says nothing about what happened."""
    life = Life(Shelf("a"))
    journal = life.begin()
    assert journal.run(put("a")).returncode == 1
    assert states(journal) == ["in flight"]


def test_a_made_thing_is_in_journal_and_record() -> None:
    """The answer tells the identity; it is bound, kept and saved."""
    life = Life(Shelf())
    answer = life.begin().run(buy())
    assert answer.made == "vol-1"
    assert life.begin().bound == {"v": "vol-1"}
    assert life.record.made == {"v": MadeThing("volume", "vol-1", "r#0", "provision")}
    assert life.saved == 1


def test_a_silent_answer_is_made_good_by_the_witness() -> None:
    """Where the answer does not tell, what the list has more than before is the thing."""
    life = Life(Shelf("vol-77"))
    assert life.begin().run(buy(answer="Nothing")).made == "vol-1"


def test_two_new_things_are_not_told_apart() -> None:
    """When others made something meanwhile, the operator decides."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, "after")).run(buy())
    life.shelf.things.append("vol-x")
    with pytest.raises(Ambiguous, match="«v» may be any of vol-1, vol-x"):
        life.begin().settle()


def test_a_thing_known_before_needs_no_witness() -> None:
    """An identity that we chose is made when the command is done."""
    life = Life(Shelf())
    assert life.begin().run(put("a", name="n")).made == "a"
    assert life.record.made["n"].identity == "a"


def test_a_thing_that_nothing_tells_is_made_without_identity() -> None:
    """Without answer and witness the identity is left to a later read."""
    life = Life(Shelf())
    command = buy(answer="", witness=False)
    assert life.begin().run(command).made == ""
    assert life.begin().bound == {}


@pytest.mark.parametrize("text", ["junk", "two words"])
def test_an_identity_is_of_its_kind(text: str) -> None:
    """What cannot be a volume is not taken for one: the intent stays open."""

    class Odd(Shelf):
        def _answer(self, word: str, thing: str) -> Completed:
            return Completed(0, f'{{"Id": "{text}"}}') if word == "buy" else super()._answer(word, thing)

    life = Life(Odd())
    journal = life.begin()
    with pytest.raises(Failed, match="cannot be the volume «v»"):
        journal.run(buy())
    assert states(journal) == ["in flight"]


def test_in_a_preview_the_identity_is_the_hole() -> None:
    """A simulated tool answers with the hole, which is of every kind."""

    class Preview(Shelf):
        def _answer(self, word: str, thing: str) -> Completed:
            return Completed(0, '{"Id": "«v»"}') if word == "buy" else super()._answer(word, thing)

    assert Life(Preview()).begin().run(buy()).made == "«v»"


@pytest.mark.parametrize("word", ["list", "buy"])
def test_an_answer_that_is_no_json_is_a_failed_command(word: str) -> None:
    """Text where JSON should be ends the action, with what was asked; it is not taken for nothing."""
    life = Life(Shelf())
    life.shelf.garbled.add(word)
    with pytest.raises(CommandFailed, match=f"{word}: return code 0: the answer is not the JSON it should be"):
        life.begin().run(buy())


def test_a_failed_witness_is_no_empty_list() -> None:
    """When the list cannot be had, nothing is changed."""
    life = Life(Shelf())
    life.shelf.fails.add("list")
    with pytest.raises(CommandFailed):
        life.begin().run(buy())
    assert life.shelf.changes == []


def test_a_witness_may_answer_no() -> None:
    """A return code that the witness accepts, and that is not 0, lists nothing."""
    life = Life(Shelf())
    life.shelf.fails.add("list")
    command = buy()
    makes = command.makes
    assert makes is not None
    lenient = makes._replace(witness=LIST._replace(accepts=(0, 1)))
    assert life.begin().run(command._replace(makes=lenient)).made == "vol-1"


def test_what_was_made_is_not_made_again() -> None:
    """In a later life the journal answers for a command that was done, as long as its check holds."""
    life = Life(Shelf())
    life.begin().run(buy())
    again = life.begin()
    assert again.remembers(buy())
    assert again.run(buy()) == Completed(0, made="vol-1")
    assert life.shelf.things == ["vol-1"]


def test_what_was_made_and_lost_is_made_again() -> None:
    """A thing that somebody took away is made anew, and the new one counts."""
    life = Life(Shelf())
    life.begin().run(buy())
    life.shelf.things.clear()
    assert life.begin().run(buy()).made == "vol-2"
    assert life.record.made["v"].identity == "vol-2"


def test_a_thing_that_this_action_took_away_is_not_remembered() -> None:
    """What was unmade is made again when it is asked for, though it has no check."""
    life = Life(Shelf())
    journal = life.begin()
    unchecked = put("a", name="n")._replace(check=None)
    journal.run(unchecked)
    journal.run(take("a", unmakes=("n",)))
    assert not journal.remembers(unchecked)
    assert journal.run(unchecked).returncode == 0
    assert life.shelf.things == ["a"]


def test_a_command_that_makes_nothing_is_never_remembered() -> None:
    """Only identities need a memory."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    assert not life.begin().remembers(put("a"))


def test_a_made_up_value_is_the_same_after_a_crash() -> None:
    """It is on disk before it is used."""
    life = Life(Shelf())
    value = life.begin().run(FRESH).stdout
    assert life.begin().run(FRESH).stdout == value == "fresh-1"


@pytest.mark.parametrize(("how", "things"), [("before", []), ("after", ["vol-1"])])
def test_settling_finds_what_was_in_flight(how: Any, things: list[str]) -> None:
    """By its witness: made, then it is bound and recorded; not made, then there is nothing."""
    life = Life(Shelf())
    with pytest.raises(Crash):
        life.begin(Faults(life.shelf, 1, how)).run(buy())
    journal = life.begin()
    journal.settle()
    assert list(journal.bound.values()) == [thing.identity for thing in life.record.made.values()] == things


@pytest.mark.parametrize(("how", "state"), [("before", "gone"), ("after", "done")])
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
    ("check", "so"),
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
def test_a_check_holds_as_it_says(check: Check, so: bool) -> None:
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

        def write(line: dict[str, Any]) -> None:
            nonlocal writes
            writes += 1
            if writes == 2 * at and how == "before":
                raise Crash
            life.write(line)
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


def test_the_same_memory_around_another_node() -> None:
    """A preview begins with everything that the journal knows, and writes nothing into it."""
    life = Life(Shelf())
    journal = life.begin()
    journal.run(FRESH)
    journal.run(buy())
    journal.rolling = True
    lines = list(life.lines)
    other = journal.again(Shelf("vol-2"), Record())
    assert (other.fresh, other.bound, other.rolling) == (journal.fresh, journal.bound, True)
    other.run(put("a"))
    assert (life.lines, len(journal.entries)) == (lines, 1)


def test_a_journal_remembers_that_a_rollback_began() -> None:
    """An action whose rollback began cannot go on."""
    journal = Life(Shelf()).begin()
    journal.read({"rolling": True})
    assert journal.rolling


@pytest.mark.parametrize(
    "line",
    [
        {"intent": 0},
        {"intent": 0, "command": {"is": "spell"}, "before": []},
        {"intent": 0, "command": {"is": "command"}, "before": []},
        {"intent": 1, "command": {"is": "command", "argv": ["true"]}, "before": []},
        {"of": 0, "state": "done", "made": ""},
        {"fresh": "token"},
    ],
)
def test_a_torn_line_is_an_error(line: dict[str, Any]) -> None:
    """A line that is not whole, or that stands where another is missing, is not taken in."""
    with pytest.raises((KeyError, IndexError, TypeError)):
        Life(Shelf()).begin().read(line)


def test_lines_of_other_kinds_are_passed_over() -> None:
    """A line that speaks of something else, such as how the action ended, changes nothing."""
    journal = Life(Shelf()).begin()
    journal.read({"end": "done"})
    assert (journal.entries, journal.rolling) == ([], False)


def test_an_undo_keeps_its_own_names() -> None:
    """A thing that is not kept is bound in the journal and does not enter the record."""
    life = Life(Shelf())
    makes = Makes("loop", "thing", identity="a", kept=False)
    life.begin().run(put("a")._replace(makes=makes))
    assert life.begin().bound == {"loop": "a"}
    assert life.record.is_empty


def test_has_done_knows_what_was_done_and_not_taken_back() -> None:
    """A command that was run counts until it is undone."""
    life = Life(Shelf())
    life.begin().run(put("a"))
    assert life.begin().has_done(lambda command: command.argv == ("put", "a"))
    assert not life.begin().has_done(lambda command: command.argv == ("put", "b"))
    life.begin().rollback()
    assert not life.begin().has_done(lambda command: command.argv == ("put", "a"))

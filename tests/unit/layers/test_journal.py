"""The journal: what it writes, and what it remembers."""

import json
from typing import Any

import pytest

from core.command import Command, Completed, Makes
from core.engine import ENGINE
from core.errors import Ambiguous, CommandFailed, Failed
from core.record import MadeThing, Record
from executors.layers.faults import Crash, Faults
from executors.layers.journal import Journal
from tests.unit.layers.shelf import LIST, Life, Shelf, buy, put, states, take

FRESH = Command(("fresh", "token", "r#0.token"), tool=ENGINE)


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


def test_an_answer_that_lists_everything_tells_what_is_new() -> None:
    """What was there before the command is not what it made, though its answer names it, and first."""

    class Talkative(Shelf):
        def _answer(self, word: str, thing: str) -> Completed:
            answer = super()._answer(word, thing)
            return answer._replace(stdout=json.dumps({"Ids": self.things})) if word == "buy" else answer

    assert Life(Talkative("vol-77", "vol-78")).begin().run(buy(answer="Ids[]")).made == "vol-1"


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


@pytest.mark.parametrize("makes, answer_is_synced", [(False, False), (True, True)])
def test_an_answer_is_synced_before_the_record_has_it(makes: bool, answer_is_synced: bool) -> None:  # noqa: FBT001
    """Intents are always waited for; answers only where the record, which is written next, tells what they tell."""
    life, synced = Life(Shelf()), list[bool]()

    def write(line: dict[str, Any], *, sync: bool = True) -> None:
        synced.append(sync)
        life.write(line)

    journal = Journal(life.shelf, life.record, write, life.save)
    journal.run(put("a")._replace(makes=Makes("r#0.a", "thing", identity="a") if makes else None))
    assert synced == [True, answer_is_synced]


def test_what_is_made_up_is_synced_with_its_first_use() -> None:
    """No change has the value before the intent that follows its line is on disk."""
    life, synced = Life(Shelf()), list[bool]()

    def write(line: dict[str, Any], *, sync: bool = True) -> None:
        synced.append(sync)
        life.write(line)

    journal = Journal(life.shelf, life.record, write, life.save)
    journal.run(FRESH)
    journal.run(put("a"))
    assert synced[:2] == [False, True]

"""A plan in a file says what the plan says, and is the one that was written, or it is none."""

import json
from typing import Any

import pytest

from core.command import Command, Completed, Makes, Wait
from core.plan import Plan, PlannedNote, PlannedWait, Step
from core.saved_plan import ANSWER_CHARACTERS_MAX, Origin, SavedPlanError, opened, read_of, sealed, understood, written

IDENTITY = "11111111-2222-4333-8444-555555555555"
ORIGIN = Origin("web", "provision", "n1", "REAL n1", simulated=False, made_at="now", made_by="ann")
MAKE = Command(("make", "«r#0.token»"), kind="changes", makes=Makes("r#0.thing", "volume", answer="."), rid="r#0")
USE = Command(("use", "on-«r#0.thing»"), kind="changes", rid="r#1")
ASK = Command(("ask",), accepts=(0, 2), rid="r#0")


def plan(*commands: Command) -> Plan:
    """A plan of commands; questions get the number 0."""
    made = Plan("web", "provision", ("r#0", "r#1"))
    made.made_up["r#0.token"] = "token"
    number = 0
    for command in commands:
        number += command.kind != "reads"
        made.events.append(Step(number if command.kind != "reads" else 0, command, Completed(2, "no\n")))
    return made


def file(*commands: Command, **more: Any) -> str:
    """The text of a plan's file; more: what is changed in it."""
    return sealed({**written(plan(*commands), IDENTITY, ORIGIN, "1.0", lambda text: text), **more})


def test_a_plan_is_read_back_as_it_was() -> None:
    """Commands, conditions, questions with their answers and the origin come back from the file."""
    saved = understood(opened(file(ASK, MAKE, USE), "p"), "p")
    assert saved.commands == (MAKE, USE)
    assert saved.origin == ORIGIN
    assert [tuple(read) for read in saved.reads] == [("r#0", ("ask",), 2, "no\n")]
    assert [(step.number, step.conditional) for step in saved.steps] == [(1, False), (2, False)]
    assert saved.made_up == {"r#0.token": "token"}


def test_a_conditional_step_stays_one() -> None:
    """Which steps may not be needed is part of a plan."""
    made = plan(MAKE)
    made.events.append(Step(2, USE, Completed(0), conditional=True))
    content = written(made, IDENTITY, ORIGIN, "1.0", lambda text: text)
    assert understood(content, "p").conditional == {1}


def test_the_layout_of_the_file_does_not_matter() -> None:
    """A tool that writes the same JSON otherwise has not edited the plan."""
    again = json.dumps(json.loads(file(MAKE, USE)), sort_keys=True)
    assert understood(opened(again, "p"), "p").commands == (MAKE, USE)


def test_every_value_is_under_the_seal() -> None:
    """Whatever is changed in the file, it is another plan."""
    whole = json.loads(file(MAKE, USE))
    for name in whole:
        if name not in {"format", "version"}:
            with pytest.raises(SavedPlanError, match="not as it was written"):
                opened(json.dumps({**whole, name: "changed"}), "p")


def test_a_secret_is_hidden_before_an_answer_is_cut() -> None:
    """Half of a secret at the end of what is kept of an answer would be half a secret too much."""
    answer = "x" * (ANSWER_CHARACTERS_MAX - 3) + "hunter7" + "x" * 9
    kept = read_of(Step(0, ASK, Completed(0, answer)), lambda text: text.replace("hunter7", "«»")).stdout
    assert "hun" not in kept
    assert len(kept) < ANSWER_CHARACTERS_MAX + 100


def test_long_answers_that_differ_at_their_end_differ() -> None:
    """Of what is not kept of an answer, a digest is."""
    one, other = ("x" * ANSWER_CHARACTERS_MAX + end for end in "ab")
    kept = [read_of(Step(0, ASK, Completed(0, text)), lambda text: text).stdout for text in (one, other)]
    assert kept[0] != kept[1]


def test_notes_and_waits_are_for_readers() -> None:
    """What a plan only says is in its file, and binds nobody."""
    from core.command import Note

    made = plan(MAKE)
    made.events.append(PlannedNote("r#0", Note("provisioned")))
    content = written(made, IDENTITY, ORIGIN, "1.0", lambda text: text)
    assert content["events"][-1] == {"notes": "provisioned", "rid": "r#0", "level": "info"}
    assert understood(content, "p").commands == (MAKE,)


def test_a_hole_may_name_a_part_of_what_is_made() -> None:
    """An elastic address has two identities: what names its parts is made with it."""
    part = USE._replace(argv=("use", "«r#0.thing.public»"))
    assert understood(opened(file(MAKE, part), "p"), "p").commands == (MAKE, part)


def test_a_hole_that_is_made_later_is_not_there_yet() -> None:
    """A step cannot use what a later one makes."""
    with pytest.raises(SavedPlanError, match=r"step 1 needs «r#0\.thing»"):
        understood(opened(file(USE, MAKE), "p"), "p")


def test_a_plan_changes_things() -> None:
    """A question among the steps is none that `written` wrote."""
    content = opened(file(MAKE), "p")
    content["events"][0]["command"].pop("kind")
    with pytest.raises(SavedPlanError, match="only reads"):
        understood(content, "p")


def test_a_wait_is_written_with_its_limit() -> None:
    """Who reads the file sees how long a step may take."""
    made = plan(MAKE)
    made.events.append(PlannedWait("r#0", Wait(ASK, (), 1, 120, "the volume to appear")))
    events = written(made, IDENTITY, ORIGIN, "1.0", lambda text: text)["events"]
    assert events[-1] == {"waits": "the volume to appear", "rid": "r#0", "seconds_max": 120}


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "not JSON, or not all of it"),
        ("[" * 100_000, "not JSON, or not all of it"),
        ("[]", "no saved plan"),
        ('{"format": "another"}', "no saved plan"),
        (file(MAKE, version=0), "a plan of version 0, and this svcprov runs version"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, said: str) -> None:
    """A file that is cut, another's, or of another version names its path and says to make the plan again."""
    with pytest.raises(SavedPlanError, match=f"^web.plan: .*{said}"):
        opened(text, "web.plan")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"id": "no uuid"}, "its id is 'no uuid'"),
        ({"id": 7}, "7 is no text"),
        ({"verb": "destroy"}, "'destroy' is none of"),
        ({"made_up": []}, "no plan of this version"),
        ({"events": [{"step": 2, "command": None}]}, "not numbered from 1"),
        ({"events": [{"step": 1, "command": "rm -rf /"}]}, "'rm -rf /' is no command"),
    ],
)
def test_a_plan_that_nobody_wrote_is_refused(change: dict[str, Any], said: str) -> None:
    """The seal is no secret: what was sealed must also be what `written` writes, before a word of it is run."""
    with pytest.raises(SavedPlanError, match=said):
        understood(opened(file(MAKE, **change), "p"), "p")

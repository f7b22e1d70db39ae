"""The vocabulary as JSON and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.command import Check, Command, Makes, Thing
from core.wire import decode, encode

TEXT = st.sampled_from(["", "a", "«x»", "two\nlines", "é"])
WORDS = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
ASK = st.builds(lambda argv, accepts: Command(argv, accepts=accepts), WORDS, st.sampled_from([(0,), (0, 1), ()]))
CHECK = st.builds(lambda ask, text, *, absent: Check(ask, text, text, absent=absent), ASK, TEXT, absent=st.booleans())
MAKES = st.builds(lambda name, ask: Makes(name, "thing", witness=ask, difference=True), TEXT, st.none() | ASK)
THINGS = st.lists(st.builds(Thing, TEXT, TEXT, st.booleans()), max_size=2).map(tuple)
UNDO = st.lists(st.one_of(ASK, CHECK), max_size=3).map(tuple)
COMMANDS = st.builds(
    lambda argv, stdin, makes, check, undo, destroys: Command(
        argv, stdin, "changes", makes=makes, unmakes=argv, check=check, undo=undo, destroys=destroys, temporary=True
    ),
    WORDS,
    st.none() | TEXT,
    st.none() | MAKES,
    st.none() | CHECK,
    UNDO,
    THINGS,
)


@given(COMMANDS)
def test_a_command_survives_being_written(command: Command) -> None:
    """A command through JSON is the same command, of the same types."""
    again = decode(json.loads(json.dumps(encode(command))))
    assert again == command
    assert isinstance(again, Command)
    assert all(
        isinstance(step, Check) is isinstance(was, Check) for step, was in zip(again.undo, command.undo, strict=True)
    )


def test_defaults_are_left_out() -> None:
    """What a command does not say is not written."""
    assert encode(Command(("true",))) == {"is": "command", "argv": ["true"]}


def test_words_inside_lists_and_dictionaries_are_encoded() -> None:
    """A line of a journal may hold words of the vocabulary at any depth."""
    assert encode({"command": [Thing("k", "i")], "of": 3}) == {
        "command": [{"is": "thing", "kind": "k", "identity": "i"}],
        "of": 3,
    }


def test_a_command_that_was_never_encoded_stays() -> None:
    """Memory that never was on disk is read as it is."""
    command = Command(("true",))
    assert decode(command) is command


@pytest.mark.parametrize("value", [{}, {"is": "spell"}, {"is": "command"}, {"is": "command", "argv": [], "colour": 1}])
def test_what_is_not_ours_is_an_error(value: object) -> None:
    """A value that `encode` did not write raises KeyError or TypeError."""
    with pytest.raises((KeyError, TypeError)):
        decode(value)

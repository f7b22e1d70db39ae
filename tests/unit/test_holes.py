"""Holes: filling, kinds and unification."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.command import Check, Command, Thing
from core.holes import PATTERNS, fill, fill_argv, fill_text, hole, is_hole, is_of_kind, open_holes, unify
from executors.simulated.identifiers import generated

WORD = st.from_regex(r"[a-z0-9/.-]{1,8}", fullmatch=True)
NAME = st.sampled_from(["a", "b#0.volume.0", "c"])


def test_a_hole_is_recognised() -> None:
    """`hole` writes what `is_hole` knows; a hole with text around it is none."""
    assert is_hole(hole("disk#0.volume.0"))
    assert not is_hole("/dev/«x»")


def test_known_holes_are_filled_and_others_stay() -> None:
    """Filling replaces what is bound and nothing else."""
    assert fill_argv(("attach", "«v»", "/dev/«d»"), {"v": "vol-1"}) == ("attach", "vol-1", "/dev/«d»")


def test_a_text_without_holes_is_the_same_text() -> None:
    """Filling a text that has no hole changes nothing."""
    assert fill_text("vol-1", {"vol-1": "x"}) == "vol-1"


def test_everything_of_a_command_is_filled() -> None:
    """Words, input, check, undo and losses of a command have their holes filled."""
    ask = Check(Command(("is", "«v»")), text="«v»")
    command = Command(
        ("make", "«v»"), stdin="«v»\n", check=ask, undo=(ask, Command(("drop", "«v»"))), destroys=(Thing("k", "«v»"),)
    )
    filled = fill(command, {"v": "1"})
    assert filled == Command(
        ("make", "1"),
        stdin="1\n",
        check=Check(Command(("is", "1")), text="1"),
        undo=(Check(Command(("is", "1")), text="1"), Command(("drop", "1"))),
        destroys=(Thing("k", "1"),),
    )


def test_a_command_without_input_stays_without() -> None:
    """Filling gives no input to a command that has none."""
    assert fill(Command(("true",)), {}).stdin is None


def test_open_holes_are_listed_in_order() -> None:
    """The names of the holes come in the order of the words."""
    assert open_holes(("«b»", "x", "«a»-«b»")) == ["b", "a", "b"]


@pytest.mark.parametrize("kind", sorted({*PATTERNS} - {"address", "device", "loop", "nbd"}))
def test_generated_identifiers_are_of_their_kind(kind: str) -> None:
    """What a simulated node hands out is what a hole of that kind takes."""
    assert is_of_kind(generated(kind, "seed", 7), kind)


@pytest.mark.parametrize(
    "text, kind, so",
    [
        ("10.0.0.1", "address", True),
        ("fe80::1", "address", True),
        ("bind,remount,suid", "address", False),
        ("vol-0a", "volume", True),
        ("vol-xyz", "volume", False),
        ("/dev/loop12", "loop", True),
        ("/dev/loop", "loop", False),
        ("/dev/../etc x", "device", False),
        ("any-word", "unheard-of", True),
        ("two words", "unheard-of", False),
        ("«x»", "unheard-of", False),
    ],
)
def test_text_is_of_a_kind_or_not(text: str, kind: str, *, so: bool) -> None:
    """A kind tells what can be an identity of it."""
    assert is_of_kind(text, kind) is so


def test_patterns_capture_nothing() -> None:
    """The pattern of a kind has no group of its own, since unification counts groups."""
    assert all(re.compile(pattern).groups == 0 for pattern in PATTERNS.values())


def test_equal_words_unify_without_bindings() -> None:
    """Words that are the same bind nothing, also when they are holes."""
    assert unify(("a", "«v»"), ("a", "«v»"), {}, {}) == {}


@pytest.mark.parametrize(
    "pattern, actual",
    [
        (("a",), ("a", "b")),
        (("a",), ("b",)),
        (("«v»", "x"), ("vol-1", "y")),
        (("«v»", "«v»"), ("vol-1", "vol-2")),
        (("«v»",), ("two words",)),
        (("/dev/«v»",), ("/mnt/vol-1",)),
        (("«v»-«v»",), ("a-b",)),
    ],
)
def test_different_words_do_not_unify(pattern: tuple[str, ...], actual: tuple[str, ...]) -> None:
    """Another length, another literal, two values for one hole, or more than a word: no unification."""
    assert unify(pattern, actual, {}, {}) is None


def test_a_bound_hole_stays_bound() -> None:
    """A hole that is known takes no other text."""
    assert unify(("«v»",), ("vol-2",), {"v": "vol-1"}, {}) is None


def test_a_hole_binds_only_to_text_of_its_kind() -> None:
    """A volume's hole does not swallow another word."""
    assert unify(("«v»",), ("--force",), {}, {"v": "volume"}) is None


def test_several_holes_in_one_word_are_told_apart() -> None:
    """Holes of one word bind by their kinds and what is written between them."""
    pattern, kinds = ("«a» «b»:«c»",), {"a": "volume", "b": "address"}
    bound = {"a": "vol-1", "b": "10.0.0.1", "c": "x"}
    assert unify(pattern, ("vol-1 10.0.0.1:x",), {}, kinds) == bound


def test_a_hole_twice_in_one_word_is_one_value() -> None:
    """Where a word holds a hole twice, a value is found that fits both."""
    assert unify(("«v»-«v»1",), ("x-y-x-y1",), {}, {}) == {"v": "x-y"}


def test_what_one_word_binds_holds_for_the_next() -> None:
    """Bindings go from word to word."""
    assert unify(("«v»", "/dev/«v»"), ("xvdb", "/dev/xvdb"), {}, {}) == {"v": "xvdb"}


@given(st.lists(st.one_of(WORD, NAME.map(hole)), min_size=1), st.data())
def test_a_pattern_unifies_with_its_own_filling(words: list[str], data: st.DataObject) -> None:
    """Filling holes and unifying with the result finds the filling."""
    names = sorted({*open_holes(tuple(words))})
    filling = {name: data.draw(WORD) for name in names}
    assert unify(tuple(words), fill_argv(tuple(words), filling), {}, {}) == filling

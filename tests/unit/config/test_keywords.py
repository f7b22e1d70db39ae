"""Typed keywords: which values are right, and what is said of the others."""

import pytest

from core.config.keywords import COMMON, DEFAULTS, SUBSET, Keyword, Kind, is_true


@pytest.mark.parametrize(
    "kind,value",
    [
        ("text", "any thing\nat all"), ("words", "a b\nc"), ("size", "15G"), ("size", "10%FREE"), ("boolean", "Yes"),
        ("boolean", "0"), ("integer", "-2"), ("address", "10.0.0.221"), ("address", "fd00::5"), ("path", "/srv/a b"),
        ("device", "/dev/sdb"), ("device", "LABEL=web"), ("device", "tank/data"), ("mountpoint", "/srv"),
    ],
)  # fmt: skip
def test_right_values(kind: Kind, value: str) -> None:
    """A value of its kind has no complaint."""
    assert Keyword("x", "", kind).complaint(value) is None


@pytest.mark.parametrize(
    "kind,value,said",
    [
        ("size", "15", "'15' has no unit"),
        ("boolean", "maybe", "'maybe' is neither true nor false; write one of them"),
        ("integer", "two", "'two' is not a whole number"),
        ("address", "10.0.0.256", "'10.0.0.256' is not an address"),
        ("address", "10.0.0.5.", "is not an address"),
        ("address", "localhost", "'localhost' is not an address"),
        ("address", "fd00::5::6", "is not an address"),
        ("path", "srv", "'srv' is not an absolute path; begin it with /"),
        ("path", "/a\n/b", "is more than one line"),
        ("path", "/a/../b", "goes up with .."),
        ("mountpoint", "srv", "is not an absolute path"),
        ("mountpoint", "/", "'/' is the root of the node"),
        ("mountpoint", "//./", "is the root of the node"),
        ("device", "LABEL=", "names nothing"),
        ("device", "/dev/sda /dev/sdb", "has a blank in it"),
        ("device", "/dev/../etc", "goes up with .."),
    ],
)
def test_wrong_values(kind: Kind, value: str, said: str) -> None:
    """A value that is not of its kind is told with the likely fix."""
    assert said in str(Keyword("x", "", kind).complaint(value))


@pytest.mark.parametrize("kind", ["size", "boolean", "integer", "address", "path", "device", "mountpoint", "choice"])
def test_holes_are_of_any_kind(kind: Kind) -> None:
    """What nobody knows yet is right for every kind."""
    assert Keyword("x", "", kind, candidates=("a",), syntax=lambda _: "wrong").complaint("«disk#0.volume.0»") is None


def test_candidates() -> None:
    """A value that is no candidate is told with the candidates, and with the one that was probably meant."""
    keyword = Keyword("x", "", "choice", candidates=("raid1", "raid5"))
    assert keyword.complaint("raid1") is None
    assert keyword.complaint("RAID5x") == "'RAID5x' is none of raid1, raid5; did you mean 'raid5'?"


def test_candidates_of_words() -> None:
    """Of a list, each word is a candidate."""
    keyword = Keyword("x", "", "words", candidates=("nodes", "drpnodes"))
    assert keyword.complaint("nodes drpnodes") is None
    assert "'zzz' is none of" in str(keyword.complaint("nodes zzz"))


def test_boolean_candidates() -> None:
    """A boolean is one in every spelling, whatever candidates are documented."""
    assert Keyword("x", "", "boolean", candidates=("true", "false")).complaint("yes") is None


def test_empty_values() -> None:
    """An empty value is as good as none, except where a keyword of some kind is required."""
    assert Keyword("x", "", "size").complaint("") is None
    assert Keyword("x", "", required=True).complaint("") is None
    assert Keyword("x", "", "path", required=True).complaint("") == "the value is empty"


def test_syntax() -> None:
    """A keyword may have rules of its own, which come after those of its kind."""
    keyword = Keyword("x", "", "integer", syntax=lambda value: "odd" if int(value) % 2 else None)
    assert keyword.complaint("2") is None
    assert keyword.complaint("3") == "odd"
    assert "whole number" in str(keyword.complaint("x"))


@pytest.mark.parametrize("value,true", [("TRUE", True), ("yes", True), ("1", True), ("no", False), ("", False)])
def test_is_true(value: str, true: bool) -> None:  # noqa: FBT001 - what is expected
    """Booleans are read in any case."""
    assert is_true(value) is true


@pytest.mark.parametrize("table", [COMMON, DEFAULTS, SUBSET])
def test_tables_are_documented(table: tuple[Keyword, ...]) -> None:
    """Every keyword is declared once, has a sentence, and a default that is right."""
    assert len({keyword.name for keyword in table}) == len(table)
    for keyword in table:
        assert keyword.text.endswith(".")
        assert keyword.default is None or keyword.complaint(keyword.default) is None

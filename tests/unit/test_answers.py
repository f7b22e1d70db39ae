"""What `pick` finds in the answers of tools."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.answers import pick

VOLUMES = json.dumps({"Volumes": [{"VolumeId": "vol-1", "Size": 5, "Tags": None}, {"VolumeId": "vol-2", "Name": ""}]})


def test_a_dot_is_all_of_the_text() -> None:
    """The path `.` finds the text without the blanks around it."""
    assert pick(" /dev/loop0\n", ".") == ["/dev/loop0"]


def test_a_dot_finds_nothing_in_an_empty_answer() -> None:
    """An answer of blanks holds no identity."""
    assert pick(" \n", ".") == []


def test_lines_are_each_line_that_says_something() -> None:
    """The path `lines` leaves empty lines out."""
    assert pick("a\n\n  b \n", "lines") == ["a", "b"]


@pytest.mark.parametrize(
    "path, found",
    [
        ("Volumes[].VolumeId", ["vol-1", "vol-2"]),
        ("Volumes[1].VolumeId", ["vol-2"]),
        ("Volumes[7].VolumeId", []),
        ("Volumes[].Size", ["5"]),
        ("Volumes[0]", ['{"VolumeId": "vol-1", "Size": 5, "Tags": null}']),
        ("Volumes[].Tags", []),
        ("Volumes[].Name", []),
        ("Volumes[?VolumeId=='vol-2'&&Name==''].VolumeId", ["vol-2"]),
        ("Volumes[?VolumeId=='vol-1'&&Name=='x'].VolumeId", []),
        ("Volumes[?VolumeId=='vol-3']", []),
        ("[?VolumeId=='vol-1']", []),
        ("Volumes.VolumeId", []),
        ("Snapshots[].SnapshotId", []),
        ("[].VolumeId", []),
    ],
)
def test_a_path_finds_what_jmespath_would(path: str, found: list[str]) -> None:
    """Names, positions and `[]` lead to texts; null, nothing and what is not there are left out."""
    assert pick(VOLUMES, path) == found


def test_a_condition_that_is_not_understood_is_an_error() -> None:
    """A row is chosen by texts alone; any other condition would choose all of them."""
    with pytest.raises(ValueError, match="something else in it"):
        pick(VOLUMES, "Volumes[?Size>'3'].VolumeId")


def test_an_empty_answer_holds_nothing_at_any_path() -> None:
    """An empty answer is no JSON, and no error either."""
    assert pick("", "Volumes[].VolumeId") == []


def test_a_list_of_nothing_holds_nothing() -> None:
    """A null in a list is no identity."""
    assert pick("[null]", "[]") == []


def test_an_answer_that_is_not_json_is_an_error() -> None:
    """A path into text that is no JSON raises ValueError rather than finding nothing."""
    with pytest.raises(ValueError, match="Expecting value"):
        pick("An error occurred", "Volumes[].VolumeId")


@given(st.lists(st.text(min_size=1)))
def test_a_list_of_texts_is_found_whole(texts: list[str]) -> None:
    """`[]` of a list of texts gives these texts, in order."""
    assert pick(json.dumps(texts), "[]") == texts

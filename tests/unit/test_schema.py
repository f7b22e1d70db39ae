"""Shapes of JSON values, and the errors that name their place."""

from typing import Any

import pytest

from core.schema import REQUIRED, Shape, ShapeError, choice, count, fields, flag, items, optional, size, table, text

DISK = fields({"size": (size, REQUIRED), "names": (items(text), list), "up": (flag, True)}, short=lambda n: {"size": n})


@pytest.mark.parametrize(
    "shape, value, normalised",
    [
        (text, "sdb", "sdb"),
        (flag, False, False),
        (count, 0, 0),
        (size, 512, 512),
        (size, "20G", 20 * 1024**3),
        (choice("xvd", "nvme"), "nvme", "nvme"),
        (optional(count), None, None),
        (optional(count), 3, 3),
        (items(count), [1, 2], [1, 2]),
        (table(count), {"a": 1}, {"a": 1}),
    ],
)
def test_a_good_value_is_normalised(shape: Shape, value: Any, normalised: Any) -> None:
    """A value of the shape comes back, sizes as bytes."""
    assert shape(value, "here") == normalised


@pytest.mark.parametrize(
    "shape, value, place, said",
    [
        (text, 5, "here", "5 is not a text"),
        (text, "«x»", "here", "« and » stand for values"),
        (flag, 1, "here", "neither true nor false"),
        (count, True, "here", "not a whole number"),
        (count, -1, "here", "not a whole number"),
        (count, 1.5, "here", "not a whole number"),
        (size, "20", "here", "has no unit"),
        (size, "20 apples", "here", "not a size"),
        (size, -1, "here", "is not a text"),
        (size, True, "here", "is not a text"),
        (choice("xvd", "nvme"), "sd", "here", "'sd' is none of xvd, nvme"),
        (choice("xvd"), ["xvd"], "here", "is none of xvd"),
        (items(count), {}, "here", "not a list"),
        (items(count), [0, "x"], "here[1]", "not a whole number"),
        (table(count), [], "here", "not an object"),
        (table(count), {"a": "x"}, "here.a", "not a whole number"),
        (table(count), {"«a»": 1}, "here", "« and »"),
    ],
)
def test_a_bad_value_is_named_with_its_place(shape: Shape, value: Any, place: str, said: str) -> None:
    """The error has the path of the value and says what is wrong with it."""
    with pytest.raises(ShapeError) as caught:
        shape(value, "here")
    assert caught.value.path == place
    assert said in caught.value.text


def test_the_top_of_a_file_has_a_name() -> None:
    """An error about the whole value speaks of the file."""
    with pytest.raises(ShapeError, match=r"^the file: "):
        table(count)([], "")


def test_paths_begin_without_a_dot() -> None:
    """The names at the top have no dot before them."""
    with pytest.raises(ShapeError) as caught:
        table(fields({"a": (count, 0)}))({"x": {"a": "b"}}, "")
    assert caught.value.path == "x.a"


def test_missing_fields_get_their_defaults() -> None:
    """A default that can be called is made anew for each value."""
    one, other = DISK({"size": 1}, ""), DISK({"size": 1}, "")
    assert one == {"size": 1, "names": [], "up": True}
    assert one["names"] is not other["names"]


def test_a_short_form_stands_for_an_object() -> None:
    """A value that is no object is what the object is short for."""
    assert DISK("1G", "")["size"] == 1024**3


def test_a_missing_field_that_is_required_is_named() -> None:
    """What has no default cannot be left out."""
    with pytest.raises(ShapeError, match="disk: 'size' is missing"):
        DISK({}, "disk")


def test_a_value_without_a_short_form_is_an_object() -> None:
    """Where nothing is short for it, only an object will do."""
    with pytest.raises(ShapeError, match="5 is not an object"):
        fields({"a": (count, 0)})(5, "")


def test_an_unknown_field_gets_a_suggestion() -> None:
    """A field that is nearly one of the known ones is taken for a slip."""
    with pytest.raises(ShapeError, match="unknown key 'sise'; did you mean 'size'"):
        DISK({"sise": 1}, "disk")


def test_an_unknown_field_like_no_other_gets_the_list() -> None:
    """A field that is like none of them gets all of them named."""
    with pytest.raises(ShapeError, match="unknown key 'qqq'; it may hold names, size, up"):
        DISK({"qqq": 1}, "disk")

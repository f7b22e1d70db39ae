"""Shapes of JSON values: each is a function from a value and its path to the normalised value.

A bad value is an error that names its place (`devices./dev/sdb.size`), what is wrong and what would be right.
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.config.sizes import parse_bytes
from core.errors import SvcprovError

Shape = Callable[[Any, str], Any]


class ShapeError(SvcprovError):
    """A JSON file that does not have the shape it should have; `path` is the place in it."""

    exit_code = 6

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path or 'the file'}: {text}")
        self.path, self.text = path, text


def text(value: Any, path: str) -> str:
    """A string without guillemets, which are ours."""
    if not isinstance(value, str):
        raise ShapeError(path, f"{value!r} is not a text")
    if "«" in value or "»" in value:
        raise ShapeError(path, "« and » stand for values that nobody knows yet; they cannot be part of a node's state")
    return value


def flag(value: Any, path: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ShapeError(path, f"{value!r} is neither true nor false")
    return value


def count(value: Any, path: str) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ShapeError(path, f"{value!r} is not a whole number from 0")
    return value


def size(value: Any, path: str) -> int:
    """A number of bytes, or a size with its unit (`"20G"`)."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    try:
        return parse_bytes(text(value, path))
    except ValueError as error:
        raise ShapeError(path, str(error)) from None


def choice(*words: str) -> Shape:
    """One of a few words."""

    def shape(value: Any, path: str) -> str:
        if value not in words:
            raise ShapeError(path, f"{value!r} is none of {', '.join(words)}")
        return str(value)

    return shape


def optional(inner: Shape) -> Shape:
    """`null`, or a value of the inner shape."""
    return lambda value, path: None if value is None else inner(value, path)


def items(inner: Shape) -> Shape:
    """A list of values of one shape."""

    def shape(value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise ShapeError(path, f"{value!r} is not a list")
        return [inner(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return shape


def table(inner: Shape) -> Shape:
    """An object whose keys are names and whose values have one shape."""

    def shape(value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ShapeError(path, f"{value!r} is not an object")
        return {text(name, path): inner(item, f"{path}.{name}" if path else name) for name, item in value.items()}

    return shape


REQUIRED = object()


def fields(known: Mapping[str, tuple[Shape, Any]], short: Callable[[Any], Any] | None = None) -> Shape:
    """An object with known keys, each with its shape and default (a callable default is called).

    short: turns a value that is not an object (a size for a disk, say) into the object it is short for.
    """

    def shape(value: Any, path: str) -> dict[str, Any]:
        if short is not None and not isinstance(value, dict):
            value = short(value)
        if not isinstance(value, dict):
            raise ShapeError(path, f"{value!r} is not an object")
        for name in value:
            if name not in known:
                from difflib import get_close_matches

                near = get_close_matches(str(name), known, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; it may hold {', '.join(sorted(known))}"
                raise ShapeError(path, f"unknown key {name!r}{hint}")
        normalised = {}
        for name, (inner, default) in known.items():
            if name not in value and default is REQUIRED:
                raise ShapeError(path, f"{name!r} is missing")
            given = value[name] if name in value else default() if callable(default) else default
            normalised[name] = inner(given, f"{path}.{name}" if path else name)
        return normalised

    return shape

"""The vocabulary as JSON and back: what a journal and a saved plan hold. Defaults are left out."""

from collections.abc import Mapping
from typing import Any

from core.command import Check, Command, Makes, Thing

_SHAPES: dict[str, Any] = {shape.__name__.lower(): shape for shape in (Check, Command, Makes, Thing)}


def encode(value: Any) -> Any:
    """Turn a word of the vocabulary (or a text, a number, None, a tuple of them) into JSON values."""
    name = type(value).__name__.lower()
    if name in _SHAPES:
        defaults = type(value)._field_defaults
        given = {
            field: encode(item)
            for field, item in zip(value._fields, value, strict=True)
            if field not in defaults or item != defaults[field]
        }
        return {"is": name, **given}
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`. Raises KeyError or TypeError for what `encode` did not write."""
    if isinstance(value, Mapping):
        shape = _SHAPES[value["is"]]
        return shape(**{field: decode(item) for field, item in value.items() if field != "is"})
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    return value

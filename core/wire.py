"""The vocabulary as JSON and back: what a journal and a saved plan hold. Defaults are left out."""

from collections.abc import Mapping
from typing import Any

from core.command import Check, Command, Makes, Thing

_SHAPES: dict[str, Any] = {shape.__name__.lower(): shape for shape in (Check, Command, Makes, Thing)}


def encode(value: Any) -> Any:
    """Turn words of the vocabulary, alone or in lists and dictionaries, into JSON values; other values stay."""
    name = type(value).__name__.lower()
    if name in _SHAPES:
        defaults = type(value)._field_defaults
        given = {
            field: encode(item)
            for field, item in zip(value._fields, value, strict=True)
            if field not in defaults or item != defaults[field]
        }
        return {"is": name, **given}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {field: encode(item) for field, item in value.items()}
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode` for one word of the vocabulary; one that was never encoded stays.

    Raises KeyError or TypeError for what `encode` did not write.
    """
    if isinstance(value, Mapping):
        shape = _SHAPES[value["is"]]
        return shape(**{field: decode(item) for field, item in value.items() if field != "is"})
    if isinstance(value, list):
        return tuple(decode(item) for item in value)
    return value

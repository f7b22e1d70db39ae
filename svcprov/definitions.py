"""What `--resource JSON` puts into a service file. Nothing is written here: a document is edited."""

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from core.config.document import Document
from core.config.service import split_key
from core.config.spelling import meant
from core.config.validation import GROUPS
from core.errors import UsageError

FREE = ("DEFAULT", "env")
SHOWN_CHARS_MAX = 60


def define(document: Document, definitions: Sequence[str]) -> list[str]:
    """Add what each `--resource` says; return the names of the resources that were added or changed.

    `rid` names a section; `rtype` takes the first free number from 0 in its group, or the section DEFAULT or env.
    Raises UsageError for the first definition that is not understood, and then the document is not to be used.
    """
    touched: list[str] = []
    for position, text in enumerate(definitions, 1):
        values = _parsed(text, position)
        section = _section(document, values, position)
        for option, value in values.items():
            if option not in {"rtype", "rid"}:
                _put(document, f"{section}.{option}", _text(value, option, position), f"--resource {position}")
        if section not in FREE and section not in touched:
            touched.append(section)
    return touched


def _parsed(text: str, position: int) -> dict[str, Any]:
    shown = text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}..."
    try:
        values = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        said = f"column {error.colno}: {error.msg}"
        raise UsageError(f"--resource {position}: not JSON: {said}: {shown}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--resource {position}: {error}: {shown}") from None
    if not isinstance(values, dict):
        remedy = """write one object, such as {"rtype": "fs", "type": "btrfs"}"""
        raise UsageError(f"--resource {position}: this is not an object; {remedy}: {shown}")
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name.lower() in values:
            raise ValueError(f"the key {name!r} is there twice")
        values[name.lower()] = value
    return values


def _section(document: Document, values: Mapping[str, Any], position: int) -> str:
    rid, rtype = values.get("rid"), values.get("rtype")
    for name, value in (("rid", rid), ("rtype", rtype)):
        if value is not None and not isinstance(value, str):
            raise UsageError(f"--resource {position}: {name}: {value!r} is not a text")
    if rid is not None:
        group, hash_, number = rid.partition("#")
        if rid in FREE:
            return str(rid)
        if not hash_ or not number or "#" in number:
            raise UsageError(f"--resource {position}: {rid} must be formatted as 'rtype#n', such as fs#0")
        if rtype not in {None, group}:
            raise UsageError(f"--resource {position}: rid {rid} and rtype {rtype} contradict each other")
        _known(group, position)
        return str(rid)
    if rtype is None or rtype in FREE:
        return str(rtype or "DEFAULT")
    _known(rtype, position)
    return next(f"{rtype}#{number}" for number in count() if not document.has(f"{rtype}#{number}"))


def _known(group: str, position: int) -> None:
    if group not in GROUPS and group != "subset":
        names = (*GROUPS, *FREE)
        raise UsageError(
            f"--resource {position}: unknown rtype {group!r}{meant(group, names)}; it may be {', '.join(names)}"
        )


def _text(value: Any, option: str, position: int) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case list():
            said = "is a list; write its words into one text, separated by blanks"
        case None:
            said = "is null; leave it out, or write an empty text"
        case _:
            said = "is an object; a value is a text, a number, true or false"
    raise UsageError(f"--resource {position}: {option} {said}")


def _put(document: Document, key: str, value: str, what: str) -> None:
    section, option = split_key(key)
    if "«" in value or "»" in value:
        raise UsageError(f"{what}: {key}: « and » stand for values that nobody knows yet; take them out")
    try:
        document.set(section, option, value)
    except ValueError as error:
        raise UsageError(f"{what}: {error}") from None


def checked(document: Document) -> Document:
    """The document, read again as the file that it will be. Raises ConfigError with everything wrong with it."""
    again = Document.from_bytes(document.text.encode(), document.path)
    again.check()
    return again

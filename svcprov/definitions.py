"""What `--resource JSON` puts into a service file. Nothing is written here: a document is edited."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.config.service import split_key
from core.config.spelling import meant
from core.config.validation import GROUPS
from core.errors import UsageError, beginning

NAMING = ("rtype", "rid")
FREE = ("DEFAULT", "env")
SUBSET = "subset"
_EXAMPLE = """write one such as {"rtype": "fs", "type": "btrfs"}, or a list of them"""
SHOWN_CHARS_MAX = 60
SAID_CHARS_MAX = 200
VALUE_CHARS_MAX = 65536
DEFINITIONS_MAX = 10_000

RID = r"[a-z]+#[a-z0-9]+|subset#[a-z]+:[^\s:@.]+"
"""The names of sections that are resources or subsets."""


class Definition(NamedTuple):
    """What one object says: its keys in lower case with their values, and what to call it in a message."""

    values: Mapping[str, Any]
    called: str


def define(document: Document, definitions: Sequence[str]) -> list[str]:
    """Add what each `--resource` says; return the names of the resources that were added or changed.

    A definition is a JSON object, a list of them, or `@FILE` with either. `rid` names a section; `rtype` takes the
    first free number from 0 in its group, or is the section DEFAULT or env. What is given is merged into what is there.
    Raises UsageError for the first definition that is not understood, and then the document is not to be used.
    """
    touched: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for position, text in enumerate(definitions, 1):
        for definition in _read(text, f"--resource {position}"):
            values, called = definition
            section = _section(document, definition, numbers)
            for option in (each for each in values if each not in NAMING):
                _put(document, f"{section}.{option}", _text(values[option], option, called), called)
            if section not in FREE:
                touched[section] = None
                if not document.has(section):
                    raise UsageError(f"{called}: it says nothing of {section}; give at least its type")
    return list(touched)


def _read(text: str, called: str) -> Iterator[Definition]:
    """The objects that the value of one `--resource` holds."""
    # What a file holds may be secret: only what was typed is shown.
    shown = f": {_short(text)}"
    if text.startswith("@"):
        path = text.removeprefix("@")
        called, shown = f"{called}: {_short(path)}", ""
        text = _content(path, called)
    found = _parsed(text, called, shown)
    if isinstance(found, dict):
        yield Definition(found, called)
        return
    if not isinstance(found, list):
        raise UsageError(f"{called}: this is not an object; {_EXAMPLE}{shown}")
    if not found:
        raise UsageError(f"{called}: the list is empty; {_EXAMPLE}")
    if len(found) > DEFINITIONS_MAX:
        raise UsageError(f"{called}: {len(found)} objects; one list may have {DEFINITIONS_MAX}")
    for number, item in enumerate(found, 1):
        if not isinstance(item, dict):
            raise UsageError(f"{called}, item {number}: this is not an object; {_EXAMPLE}{shown}")
        yield Definition(item, f"{called}, item {number}")


def _content(path: str, called: str) -> str:
    """The text of a file of definitions."""
    try:
        with open(path, "rb") as file:
            data = file.read(DOCUMENT_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{called}: {why}; after @ comes the file with the definitions") from None
    if len(data) > DOCUMENT_BYTES_MAX:
        raise UsageError(f"{called}: it has more than {DOCUMENT_BYTES_MAX} bytes (1 MiB)")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        said = f"byte {error.start} is not UTF-8; convert it with iconv -t UTF-8"
        raise UsageError(f"{called}: {said}") from None


def _parsed(text: str, called: str, shown: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_float=str)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise UsageError(f"{called}: not JSON: {place}: {error.msg}{shown}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{called}: {error}{shown}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name.lower() in values:
            raise ValueError(f"the key {_short(name)!r} is there twice")
        values[name.lower()] = value
    return values


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _short(text: str) -> str:
    return beginning(text, SHOWN_CHARS_MAX)


def _section(document: Document, definition: Definition, numbers: dict[str, int]) -> str:
    """The section that a definition is about. numbers: below which number a group has none that is free."""
    values, called = definition
    rid, rtype = values.get("rid"), values.get("rtype")
    for name, value in (("rid", rid), ("rtype", rtype)):
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{called}: {name}: {_short(repr(value))} is not a text")
    if rid is not None:
        return _named(rid, rtype, called)
    if rtype is None or rtype in FREE:
        return rtype or "DEFAULT"
    _known(rtype, called)
    if rtype == SUBSET:
        raise UsageError(f"{called}: a subset has a name and no number; give its rid, such as subset#fs:data")
    number = numbers.get(rtype, 0)
    while document.has(f"{rtype}#{number}"):
        number += 1
    numbers[rtype] = number
    return f"{rtype}#{number}"


def _named(rid: str, rtype: str | None, called: str) -> str:
    """The section that `rid` names, when it is the name of one."""
    if rid in FREE:
        group = rid
    else:
        group = rid.partition("#")[0]
        if not re.fullmatch(RID, rid, re.ASCII):
            raise UsageError(f"{called}: {_short(rid)} must be formatted as 'rtype#n', such as fs#0")
        _known(group, called)
    if rtype not in {None, group}:
        raise UsageError(f"{called}: rid {_short(rid)} and rtype {_short(str(rtype))} contradict each other")
    return rid


def _known(group: str, called: str) -> None:
    if group not in GROUPS and group != SUBSET:
        names = (*GROUPS, *FREE)
        said = f"unknown rtype {_short(group)!r}{meant(_short(group), names)}"
        raise UsageError(f"{called}: {said}; it may be {', '.join(names)}")


def _text(value: Any, option: str, called: str) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            said = "is a list; write its words into one text, separated by blanks"
        case None:
            said = "is null; leave it out, or write an empty text"
        case _:
            said = "is an object; a value is a text, a number, true or false"
    raise UsageError(f"{called}: {_short(option)} {said}")


def _put(document: Document, key: str, value: str, what: str) -> None:
    section, option = split_key(key)
    if "«" in value or "»" in value:
        raise UsageError(f"{what}: {_short(key)}: « and » stand for values that nobody knows yet; take them out")
    if len(value) > VALUE_CHARS_MAX:
        said = f"the value has {len(value)} characters, and may have {VALUE_CHARS_MAX}"
        raise UsageError(f"{what}: {_short(key)}: {said}")
    try:
        (option + value).encode()
        document.set(section, option, value)
    except UnicodeEncodeError:
        raise UsageError(f"{what}: {_short(key)}: half of a surrogate pair is no character; write all of it") from None
    except ValueError as error:
        raise UsageError(f"{what}: {_shorter(str(error))}") from None


def _shorter(said: str) -> str:
    """A sentence about a value, without the middle of a very long one."""
    return said if len(said) <= SAID_CHARS_MAX else f"{said[: SAID_CHARS_MAX // 2]}...{said[-SAID_CHARS_MAX // 2 :]}"


def checked(document: Document) -> Document:
    """The document, read again as the file that it will be. Raises ConfigError with everything wrong with it."""
    again = Document.from_bytes(document.text.encode(), document.path)
    again.check()
    return again

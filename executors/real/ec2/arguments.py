"""The words of an `aws ec2` command line, read with the model of the service that botocore has.

An option is a member of the operation's input, in lower case with hyphens; its kind says how its words are read. There
is no table of commands. What is not sure to mean what the CLI takes it for is not read at all: `Unread` says why.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from botocore import xform_name

from executors.real.ec2.shorthand import Malformed, parse

COMPLEX = {"structure", "list", "map"}
NUMBERS: dict[str, type] = {"integer": int, "long": int, "float": float, "double": float}
TEXTS = {"string", "timestamp"}
PAGING = {"MaxResults", "NextToken"}

OTHERWISE = {
    "authorize-security-group-egress",
    "authorize-security-group-ingress",
    "bundle-instance",
    "create-image",
    "create-network-acl-entry",
    "delete-network-acl-entry",
    "get-password-data",
    "modify-instance-attribute",
    "replace-network-acl-entry",
    "revoke-security-group-egress",
    "revoke-security-group-ingress",
    "run-instances",
}
"""Operations to which the CLI gives options that are not in the model, or other names than the model."""

_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]*)?")
_ELSEWHERE = ("file://", "fileb://", "http://", "https://")
"""A value with such a beginning stands for what is found there, in some versions of the CLI."""


class Unread(Exception):
    """The words are not known to mean anything; the text says which."""


class Request(NamedTuple):
    """An operation (`DescribeVolumes`) with its parameters; `waiter` is the one that shall ask it, or empty."""

    operation: str
    parameters: dict[str, Any]
    waiter: str = ""


class Option(NamedTuple):
    """A member of an operation's input; a flag's `value` is what the option alone says."""

    member: str
    shape: Any
    value: bool | None = None


def request(model: Any, waiters: Any, words: list[str]) -> Request:
    """Read `OPERATION OPTION...` or `wait WAITER OPTION...`. Raises Unread.

    model, waiters: botocore's `ServiceModel` and `WaiterModel` of the service.
    """
    verb, rest, waiter = words[0], words[1:], ""
    if verb == "wait":
        named = {xform_name(name, "-"): name for name in waiters.waiter_names}
        if not rest or rest[0] not in named:
            raise Unread(f"no waiter is called {' '.join(rest[:1])!r}")
        waiter = named[rest[0]]
        operation, rest = waiters.get_waiter(waiter).operation, rest[1:]
    else:
        operation = next((name for name in model.operation_names if xform_name(name, "-") == verb), "")
        if not operation:
            raise Unread(f"no operation is called {verb!r}")
        if verb in OTHERWISE:
            raise Unread(f"{verb} has options of the CLI's own")
    return Request(operation, parameters(model.operation_model(operation).input_shape, rest), waiter)


def parameters(shape: Any, words: list[str]) -> dict[str, Any]:
    """Read the options of an operation whose input has this shape. Raises Unread."""
    known = options(shape)
    found: dict[str, Any] = {}
    for name, values in _given(words):
        option = known[_whole(name, known)]
        if option.member in found:
            raise Unread(f"{name} is given twice")
        found[option.member] = _read(name, option, values)
    members: dict[str, Any] = shape.members
    missing = [
        name
        for name in shape.required_members
        if name not in found and not members[name].metadata.get("idempotencyToken")  # which botocore makes up
    ]
    if missing:
        raise Unread(f"these are required: {', '.join('--' + xform_name(name, '-') for name in missing)}")
    return found


def options(shape: Any) -> dict[str, Option]:
    """The options of an operation whose input has this shape; a flag has a second one, `--no-...`."""
    found = {}
    for member, kind in shape.members.items():
        name = xform_name(member, "-")
        if kind.type_name == "boolean":
            found[f"--{name}"], found[f"--no-{name}"] = Option(member, kind, True), Option(member, kind, False)
        else:
            found[f"--{name}"] = Option(member, kind)
    return found


def _whole(name: str, known: dict[str, Option]) -> str:
    """The option that is meant: argparse takes any beginning that only one has. Raises Unread."""
    if name in known:
        return name
    meant = [option for option in known if option.startswith(name)]
    if len(meant) != 1:
        raise Unread(f"unknown option {name}" if not meant else f"{name} may be {' or '.join(meant)}")
    return meant[0]


def _given(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the words that belong to it; `--option=word` is one of each. Raises Unread."""
    left = list(words)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if not name.startswith("--") or len(name) == len("--"):
            raise Unread(f"{name!r} belongs to no option")
        values = [value] if equals else []
        while not equals and left and (not left[0].startswith("-") or _NUMBER.fullmatch(left[0])):
            values.append(left.pop(0))
        yield name, values


def _read(name: str, option: Option, words: list[str]) -> Any:
    if option.value is not None:
        if words:
            raise Unread(f"{words[0]!r} behind {name}, which takes no value")
        return option.value
    if not words:
        raise Unread(f"{name} needs a value")
    if option.member in PAGING:
        raise Unread(f"{name} is for those who turn the pages themselves")
    if option.shape.type_name == "list":
        return _listed(name, option.shape, words)
    if len(words) > 1:
        raise Unread(f"{words[1]!r} belongs to no option")
    return _value(name, option.shape, words[0])


def _listed(name: str, shape: Any, words: list[str]) -> list[Any]:
    """Read the words of a list: one of each, or all of them in one JSON text. Raises Unread."""
    if words[0].lstrip().startswith("[") and len(words) == 1:
        whole = _json(name, words[0])
        if not isinstance(whole, list):
            raise Unread(f"{name} takes a list")
        return whole
    return [_value(name, shape.member, word) for word in words]


def _value(name: str, shape: Any, word: str) -> Any:
    """Read one word as a value of this shape: JSON, shorthand, a number or a text. Raises Unread."""
    if word.startswith(_ELSEWHERE):
        raise Unread(f"{name}: {word!r} is to be found elsewhere")
    if shape.type_name in {"structure", "map"}:
        if word.lstrip().startswith("{"):
            return _json(name, word)
        try:
            return _typed(name, shape, parse(word))
        except Malformed as error:
            raise Unread(f"{name}: {error}") from None
    if shape.type_name in NUMBERS:
        return _number(name, shape, word)
    if shape.type_name not in TEXTS:
        raise Unread(f"{name} takes a {shape.type_name}")
    return word


def _json(name: str, word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError as error:
        raise Unread(f"{name}: no JSON: {error}") from None


def _number(name: str, shape: Any, word: str) -> Any:
    try:
        return NUMBERS[shape.type_name](word)
    except ValueError:
        raise Unread(f"{name}: {word!r} is no number") from None


def _typed(name: str, shape: Any, value: Any) -> Any:
    """Give what was written in shorthand the types of a shape; botocore complains of what does not fit."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            members = shape.members
            return {key: _typed(name, members[key], each) if key in members else each for key, each in value.items()}
        case "map" if isinstance(value, dict):
            return {key: _typed(name, shape.value, each) for key, each in value.items()}
        case "list":
            return [_typed(name, shape.member, each) for each in (value if isinstance(value, list) else [value])]
        case "boolean" if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        case kind if kind in NUMBERS and isinstance(value, str):
            return _number(name, shape, value)
        case _:
            return value

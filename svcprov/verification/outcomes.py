"""Where worlds have come to, and what they held: for comparison, up to the names of what was made."""

import json
import re
from collections.abc import Callable, Container, Iterator
from functools import lru_cache, partial
from typing import Any

from core import compare
from core.compare import COUNTERS, canonical
from core.state import NodeState
from svcprov.verification.world import World

_IDENTIFIER = re.compile(
    r"vol-[0-9a-f]+|eipalloc-[0-9a-f]+|eipassoc-[0-9a-f]+|/tmp/tmp[A-Za-z0-9_]+|[0-9a-f]{64}"
    r"|\b[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b|\b1\d{18}\b"
    r"|[0-9a-f]{8}(?::[0-9a-f]{8}){3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|(?<![0-9a-z])(?:[0-9a-f]{12}|[4-9]\d{3})(?![0-9a-z])"
)
IDENTIFIER_LENGTH_MIN = 4
PASSING = {"clock", "serial", "identifiers", "seed", "state", *compare.PASSING}
"""What time alone changes; `state` is `attaching` or `attached`, `creating` or `available`."""


_SAME_WORLD = compare.PASSING.union(COUNTERS)


def alike(one: Any, other: Any, passing: Container[str] = frozenset()) -> bool:
    """Tell whether two JSON values are equal, but for the fields that are `passing`."""
    if one == other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            name in passing or alike(value, other[name], passing) for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(partial(alike, passing=passing), one, other))
    return False


class _Twins:
    """Compares two values whose identifiers may be others, each one's with one of the other's; both in one order."""

    def __init__(self, known: Container[str], passing: Container[str]) -> None:
        self._known, self._passing = known, passing
        self._names: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def alike(self, one: Any, other: Any) -> bool:
        if isinstance(one, str) and isinstance(other, str):
            return self._texts(one, other)
        if isinstance(one, dict) and isinstance(other, dict):
            return len(one) == len(other) and all(map(self._items, one.items(), other.items()))
        if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
            return len(one) == len(other) and all(map(self.alike, one, other))
        return bool(one == other)

    def _items(self, one: tuple[str, Any], other: tuple[str, Any]) -> bool:
        if not self._texts(one[0], other[0]):
            return False
        if one[0] == "pid":
            return self._texts(str(one[1]), str(other[1]))
        return one[0] in self._passing or self.alike(one[1], other[1])

    def _texts(self, one: str, other: str) -> bool:
        plain, names = _parts(one)
        if not names:
            return one == other
        other_plain, others = _parts(other)
        return plain == other_plain and all(map(self._same, names, others))

    def _same(self, name: str, other: str) -> bool:
        if name != other and (name in self._known or other in self._known):
            return False
        return self._names.setdefault(name, other) == other and self._back.setdefault(other, name) == name


@lru_cache(maxsize=8192)
def _parts(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands between the identifiers of a text, and these."""
    if len(text) < IDENTIFIER_LENGTH_MIN:
        return (text,), ()
    return tuple(_IDENTIFIER.split(text)), tuple(_IDENTIFIER.findall(text))


def same_end(one: World, other: World, passing: Container[str] = _SAME_WORLD) -> bool:
    """Tell, at little cost, that two worlds of one beginning have come to the same, up to the names of what was made.

    It may not be seen where they came there in another order: `outcome` is what decides then.
    """
    records = [each.disk.recorded() for each in (one, other)]
    made = [[(name, *thing[:3]) for name, thing in sorted(record.made.items())] for record in records]
    equal = one.disk.file == other.disk.file and made[0] == made[1] and records[0].keys == records[1].keys
    if equal and alike(one.state, other.state, passing):
        return True
    return _Twins(known(other), passing).alike(
        [one.state, one.disk.file, made[0], records[0].keys], [other.state, other.disk.file, made[1], records[1].keys]
    )


@lru_cache(maxsize=16)
def _identifiers(text: str) -> frozenset[str]:
    return frozenset(_IDENTIFIER.findall(text))


def known(world: World) -> Container[str]:
    """The identifiers that a world's user wrote, or its node had."""
    return _identifiers(world.first_text)


def masked(text: str) -> str:
    """A text without the identifiers in it."""
    return _IDENTIFIER.sub("*", text)


class Renamed:
    """Texts with identifiers renamed by first appearance; those that occur in `known` stay as they are."""

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._names: dict[str, str] = {}

    def masked(self, text: str) -> str:
        """The text without any identifier of its own."""
        return _IDENTIFIER.sub(lambda match: match[0] if match[0] in self._known else "*", text)

    def text(self, text: str) -> str:
        """The text with its identifiers renamed."""

        def named(match: re.Match[str]) -> str:
            found = match[0]
            return found if found in self._known else self._names.setdefault(found, f"<{len(self._names)}>")

        if len(text) < IDENTIFIER_LENGTH_MIN:
            return text
        return _IDENTIFIER.sub(named, text)

    def value(self, value: Any) -> Any:
        """A JSON value with the identifiers renamed, in an order that does not depend on them."""
        if isinstance(value, dict):
            pairs = [
                (name, str(inner) if name == "pid" else inner) for name, inner in value.items() if name not in PASSING
            ]
            return [(self.text(name), self.value(inner)) for name, inner in self._ordered(pairs, lambda pair: pair[0])]
        if isinstance(value, list):
            return [self.value(item) for item in self._ordered(value, json.dumps)]
        return self.text(value) if isinstance(value, str) else value

    def _ordered(self, items: list[Any], name: Callable[[Any], str]) -> list[Any]:
        """Sort by masked names; the whole items decide only between equal ones, since writing them takes time."""
        if len(items) == 1:
            return items
        groups: dict[str, list[Any]] = {}
        for item in items:
            groups.setdefault(self.masked(name(item)), []).append(item)
        return [
            item
            for key in sorted(groups)
            for item in sorted(
                groups[key], key=lambda item: self.masked(json.dumps(item, sort_keys=True)) if groups[key][1:] else ""
            )
        ]


def names_of(world: World) -> Renamed:
    """Rename what a world got, not what its user wrote or its node had."""
    return Renamed(known(world))


def outcome(world: World) -> list[str]:
    """Where a world has come to, for comparison: node, service file and record, identifiers renamed, a line each."""
    names = names_of(world)
    whole = {
        "node": canonical(world.state),
        "file": world.disk.file.split("\n"),
        "record": json.loads(world.disk.record),
    }
    # The record's order of things made is no part of it; the file's order of lines is.
    whole["file"] = {f"{number:04}": line for number, line in enumerate(whole["file"])}
    for thing in whole["record"]["made"].values():
        thing.pop("action")
    return list(_lines(names.value(whole), ""))


def _lines(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list) and value and all(isinstance(item, tuple) for item in value):
        for name, inner in value:
            yield from _lines(inner, f"{path}.{name}")
    else:
        yield f"{path} = {value!r}"


def differences(one: list[str], other: list[str]) -> list[str]:
    """The lines that only one of two outcomes has."""
    ones, others = set(one), set(other)
    return [f"- {line}" for line in one if line not in others] + [f"+ {line}" for line in other if line not in ones]


def held(state: NodeState) -> dict[str, str]:
    """Every fact of a node that somebody may care for: contents, files, mounts, addresses, volumes, containers."""
    facts: dict[str, str] = {}
    for path, device in state["devices"].items():
        if device["content"]["kind"] not in {"zero", "residue"}:
            facts[f"content of {path}"] = json.dumps(device["content"], sort_keys=True)
        if device["file"]:
            facts[f"loop {path}"] = device["file"]
    for path, entry in state["files"].items():
        facts |= _entry(path, entry)
    facts |= {f"mount {each['mount_point']}": json.dumps(each, sort_keys=True) for each in state["mounts"]}
    facts |= {
        f"address {each['address']} of {name}": each["label"]
        for name, interface in state["interfaces"].items()
        for each in interface["addresses"]
    }
    facts |= {f"process {pid}": json.dumps(each, sort_keys=True) for pid, each in state["processes"].items()}
    facts |= {
        f"logical volume {uuid}/{name}": json.dumps([volume["uuid"], volume["content"]], sort_keys=True)
        for uuid, group in state["volume_groups"].items()
        for name, volume in group["volumes"].items()
    }
    cloud = state["ec2"] or {"volumes": {}, "network_interfaces": {}, "elastic_addresses": {}}
    for identity, volume in cloud["volumes"].items():
        passing: dict[str, object] = {"ready": 0, "state": ""}
        facts[f"volume {identity}"] = json.dumps({**volume, **passing, "content": None, "attachment": None})
        if volume["content"]["kind"] != "zero":
            # A blank volume is nobody's data yet: a service that names it may attach it and put something on it.
            attachment = {**volume["attachment"], **passing} if volume["attachment"] else None
            facts[f"content of {identity}"] = json.dumps([attachment, volume["content"]], sort_keys=True)
    facts |= {
        f"address {address} of {identity}": ""
        for identity, interface in cloud["network_interfaces"].items()
        for address in interface["addresses"]
    }
    facts |= {f"elastic {key}": json.dumps(each, sort_keys=True) for key, each in cloud["elastic_addresses"].items()}
    return facts


def _entry(path: str, entry: dict[str, Any]) -> dict[str, str]:
    """The facts of a file or directory; each container and image that a daemon keeps there is a fact of its own."""
    same = {**entry, "allocated": 0} if entry["kind"] == "file" else {**entry, "docker": None}
    facts = {f"entry {path}": json.dumps(same, sort_keys=True)}
    for kind, things in (entry.get("docker") or {}).items():
        facts |= {f"{kind} of {path}: {name}": json.dumps(each, sort_keys=True) for name, each in things.items()}
    return facts


def lost(before: NodeState, after: NodeState) -> list[str]:
    """What was there before and is not there any more, or not as it was."""
    now = held(after)
    return [f"{fact}: {text} / {now.get(fact)}" for fact, text in held(before).items() if now.get(fact) != text]

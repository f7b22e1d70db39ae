"""Two states of a node, compared as an operator would."""

import json
import re
from collections.abc import Mapping
from typing import Any

COUNTERS = ("clock", "serial", "identifiers", "seed", "known", "unseen")


PASSING = frozenset(("ready", "appears", "settled", "sync", "copied_to"))
"""What time alone changes."""


def same_world(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Compare two states, but for the clock, counters, identifiers to hand out and what a registry's images cached.

    Returns the JSON paths of the differences, at most twenty; an empty list means the same world.
    """
    differences: list[str] = []
    _compare(
        canonical({name: value for name, value in one.items() if name not in COUNTERS}),
        canonical({name: value for name, value in other.items() if name not in COUNTERS}),
        "",
        differences,
    )
    return differences[:20]


def canonical(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The state with numbered devices (`/dev/dm-0`) called by what they are: the first to come has the first number."""
    names = {path.removeprefix("/dev/"): _called(device) for path, device in state.get("devices", {}).items()}
    numbered = {short: name for short, name in names.items() if name}
    if not numbered:
        return state
    pattern = re.compile(rf"(?<=[/\"])(?:{'|'.join(map(re.escape, numbered))})(?=[\"\]])")
    renamed: dict[str, Any] = json.loads(pattern.sub(lambda found: numbered[found[0]], json.dumps(state)))
    return renamed


def _called(device: Mapping[str, Any]) -> str:
    """What a device that is made of others is, whatever its number; "" for any other."""
    if device.get("name"):
        return f"mapper/{device['name']}"
    stacked = device.get("stacked")
    return f"{stacked['kind']} {stacked['of']}" if stacked else ""


def _compare(one: Any, other: Any, path: str, differences: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if name not in one:
                differences.append(f"+ {path}.{name}")
            elif name not in other:
                differences.append(f"- {path}.{name}")
            elif name not in PASSING and not (name == "images" and path.endswith(".docker")):
                _compare(one[name], other[name], f"{path}.{name}", differences)
    elif isinstance(one, list) and isinstance(other, list):
        if sorted(map(_written, one)) != sorted(map(_written, other)):
            differences.append(f"~ {path}: {one!r} / {other!r}"[:300])
    elif one != other:
        differences.append(f"~ {path}: {one!r} / {other!r}"[:300])


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)

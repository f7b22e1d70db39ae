"""Two states of a node, compared as an operator would."""

import json
from collections.abc import Mapping
from typing import Any

COUNTERS = ("clock", "serial", "identifiers", "seed", "known", "unseen")


def same_world(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Compare two states, but for the clock, counters, identifiers to hand out and what a registry's images cached.

    Returns the JSON paths of the differences, at most twenty; an empty list means the same world.
    """
    differences: list[str] = []
    _compare(
        {name: value for name, value in one.items() if name not in COUNTERS},
        {name: value for name, value in other.items() if name not in COUNTERS},
        "",
        differences,
    )
    return differences[:20]


def _compare(one: Any, other: Any, path: str, differences: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if name not in one:
                differences.append(f"+ {path}.{name}")
            elif name not in other:
                differences.append(f"- {path}.{name}")
            elif name not in {"ready", "appears"} and not (name == "images" and path.endswith(".docker")):
                _compare(one[name], other[name], f"{path}.{name}", differences)
    elif isinstance(one, list) and isinstance(other, list):
        if sorted(map(_written, one)) != sorted(map(_written, other)):
            differences.append(f"~ {path}: {one!r} / {other!r}"[:300])
    elif one != other:
        differences.append(f"~ {path}: {one!r} / {other!r}"[:300])


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True)

"""How the values of `[env]` may vary: `size.candidates = 5G 10G 20G`, or `size.range = 1G..30G`, beside `size`.

It is said for those who try a service with other values than its own, `svcmgr verify`: nothing else reads it.
"""

import re
from collections.abc import Iterator

from core.config.service import Service
from core.errors import Problem

CANDIDATES, RANGE = ".candidates", ".range"
DECLARATIONS = (CANDIDATES, RANGE)
_RANGE = re.compile(r"\s*(\d{1,15})([A-Za-z]*)\s*\.\.\s*(\d{1,15})([A-Za-z]*)\s*", re.ASCII)


def values(service: Service) -> dict[str, tuple[str, ...]]:
    """The values that each varying key of `[env]` may have, the outermost first; the one that it has is left out."""
    found: dict[str, tuple[str, ...]] = {}
    for option in service.document.options("env"):
        name, _, kind = option.rpartition(".")
        text = service.read("env", option) or ""
        if f".{kind}" in DECLARATIONS and service.document.get("env", name) is not None:
            listed = _outermost(text.split()) if f".{kind}" == CANDIDATES else _between(text)
            now = service.read("env", name)
            found[name] = tuple(dict.fromkeys(value for value in listed if value != now))
    return found


def _outermost(listed: list[str]) -> list[str]:
    """First, last, second, last but one, and so on."""
    order = sorted(range(len(listed)), key=lambda place: (min(place, len(listed) - 1 - place), place))
    return [listed[place] for place in order]


def _between(text: str) -> list[str]:
    """The ends of a range, then what lies in the middle of it, where both ends count in one unit."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return []
    low, unit, high, other = match.groups()
    ends = [f"{low}{unit}", f"{high}{other}"]
    return ends if unit != other else [*ends, f"{(int(low) + int(high)) // 2}{unit}"]


def problems(service: Service) -> Iterator[Problem]:
    """What is wrong with the declarations: of no key, without a value, or no range."""
    for option in service.document.options("env"):
        name, _, kind = option.rpartition(".")
        if f".{kind}" not in DECLARATIONS or not name:
            continue
        text = service.document.get("env", option) or ""
        if service.document.get("env", name) is None:
            yield service.problem("env", option, f"[env] has no {name} that could vary", f"add {name} = ...")
        elif f".{kind}" == CANDIDATES and not text.split():
            yield service.problem("env", option, "no candidate is given", f"write {option} = 5G 10G")
        elif f".{kind}" == RANGE and "{" not in text and not _is_range(text):
            said = f"{text!r} is no range: two numbers, the smaller one first"
            yield service.problem("env", option, said, f"write {option} = 1G..30G")


def _is_range(text: str) -> bool:
    match = _RANGE.fullmatch(text)
    return match is not None and (match[2] != match[4] or int(match[1]) <= int(match[3]))

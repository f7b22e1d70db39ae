"""up, down, warn, n/a, undef and their standby forms: what one resource is, and what many amount to."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

State = Literal["up", "down", "warn", "n/a", "undef", "stdby up", "stdby down"]


class Remark(NamedTuple):
    """A sentence about a status."""

    text: str
    level: Literal["info", "warn", "error"] = "warn"


class Status(NamedTuple):
    """What a driver says of its resource: the state, and remarks that explain it."""

    state: State
    remarks: tuple[Remark, ...] = ()
    label: str = ""
    """What the resource is, in a few words, when the node knows it better than the configuration."""


# Composites met while merging: a standby resource that is up beside one that is up, or that is down.
_UP_ON_STANDBY, _DOWN_ON_STANDBY = "stdby up with up", "stdby up with down"
_PAIRS = {
    frozenset(("up", "down")): "warn",
    frozenset(("up", "stdby up")): _UP_ON_STANDBY,
    frozenset(("up", "stdby down")): "warn",
    frozenset(("down", "stdby up")): _DOWN_ON_STANDBY,
    frozenset(("down", "stdby down")): "stdby down",
    frozenset(("stdby up", "stdby down")): "warn",
    frozenset(("up", _UP_ON_STANDBY)): _UP_ON_STANDBY,
    frozenset(("down", _DOWN_ON_STANDBY)): _DOWN_ON_STANDBY,
    frozenset(("stdby up", _UP_ON_STANDBY)): _UP_ON_STANDBY,
    frozenset(("stdby up", _DOWN_ON_STANDBY)): _DOWN_ON_STANDBY,
}


def _merge(one: str, other: str) -> str:
    if one == other or other in {"n/a", "undef"}:
        return one
    if one in {"n/a", "undef"}:
        return other
    return _PAIRS.get(frozenset((one, other)), "warn")


def merged(states: Iterable[str]) -> State:
    """What several states amount to together; `n/a` for none."""
    total = "n/a"
    for state in states:
        total = _merge(total, state)
    match total:
        case "stdby up with up":
            return "up"
        case "stdby up with down":
            return "stdby up"
        case _:
            return total  # type: ignore[return-value]


def overall(avail: State, accessory: Iterable[str]) -> State:
    """The state of the service with its accessory resources (syncs): they can only make it worse."""
    return merged((avail, *("n/a" if state in {"up", "n/a", "undef"} else "warn" for state in accessory)))


def on_standby(state: State) -> State:
    """The form that a state takes for a resource that is kept up although its service is not (`always_on`)."""
    standby: dict[str, State] = {"up": "stdby up", "down": "stdby down"}
    return standby.get(state, state)

"""How states merge: the table of the specification's agent."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.status import State, merged, on_standby, overall

STATES = st.sampled_from(get_args(State))


@pytest.mark.parametrize(
    "states, total",
    [
        ([], "n/a"),
        (["up"], "up"),
        (["up", "up"], "up"),
        (["up", "down"], "warn"),
        (["up", "warn"], "warn"),
        (["down", "down"], "down"),
        (["n/a", "up"], "up"),
        (["up", "undef"], "up"),
        (["up", "stdby up"], "up"),
        (["up", "stdby up", "up"], "up"),
        (["up", "stdby up", "down"], "warn"),
        (["up", "stdby down"], "warn"),
        (["down", "stdby up"], "stdby up"),
        (["down", "stdby up", "down"], "stdby up"),
        (["stdby up", "down", "stdby up"], "stdby up"),
        (["stdby up", "up", "stdby up"], "up"),
        (["down", "stdby down"], "stdby down"),
        (["stdby up", "stdby down"], "warn"),
        (["stdby up", "stdby up"], "stdby up"),
    ],
)
def test_states_merge(states: list[str], total: str) -> None:
    """Several states amount to what the table says."""
    assert merged(states) == total


@given(STATES)
def test_a_state_alone_is_itself(state: State) -> None:
    """One state, and the same one twice, amount to that state (undef says as little as n/a)."""
    assert merged((state, state)) == ("n/a" if state == "undef" else state)


@given(st.lists(STATES))
def test_what_does_not_apply_changes_nothing(states: list[State]) -> None:
    """`n/a` among the states has no weight."""
    assert merged([*states, "n/a"]) == merged(states)


@given(st.lists(STATES))
def test_states_merge_to_a_state(states: list[State]) -> None:
    """The composites of merging are never seen."""
    assert merged(states) in get_args(State)


@given(st.permutations(["up", "stdby up", "n/a", "up"]), st.permutations(["down", "stdby up", "undef", "down"]))
def test_the_order_of_agreeing_states_does_not_matter(up: list[str], down: list[str]) -> None:
    """Standby resources beside resources that agree amount to the same in any order."""
    assert (merged(up), merged(down)) == ("up", "stdby up")


@pytest.mark.parametrize(
    "avail, accessory, total",
    [
        ("up", ["up"], "up"),
        ("up", ["down"], "warn"),
        ("up", ["undef"], "up"),
        ("up", [], "up"),
        ("down", ["warn"], "warn"),
    ],
)
def test_accessories_can_only_make_it_worse(avail: State, accessory: list[str], total: str) -> None:
    """Syncs that are not up make the service warn, and those that are do not make it up."""
    assert overall(avail, accessory) == total


def test_standby_is_a_form_of_up_and_down() -> None:
    """A resource kept up on standby has its own words for up and down, and no others."""
    assert [on_standby(state) for state in ("up", "down", "warn")] == ["stdby up", "stdby down", "warn"]

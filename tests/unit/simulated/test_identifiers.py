"""Identifiers of a simulated node: as the real makers form them, and the same for the same node."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executors.simulated.identifiers import generated

FORMS = {
    "volume": r"vol-[0-9a-f]{17}",
    "allocation": r"eipalloc-[0-9a-f]{17}",
    "association": r"eipassoc-[0-9a-f]{17}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}",
    "token": r"[0-9a-f-]{36}",
    "filesystem": r"[0-9a-f-]{36}",
    "tmpdir": r"/tmp/tmp[0-9a-f]{6}",
    "container": r"[0-9a-f]{64}",
    "image": r"[0-9a-f]{64}",
    "pid": r"[0-9]{4,}",
    "anything": r"[0-9a-f]{12}",
}


@pytest.mark.parametrize("kind", FORMS)
def test_an_identifier_has_the_form_of_its_maker(kind: str) -> None:
    """A volume looks like a volume, a uuid like a random uuid."""
    assert re.fullmatch(FORMS[kind], generated(kind, "0a", 3))


@given(st.sampled_from(sorted(FORMS)), st.text(max_size=4), st.integers(0, 10**6))
def test_the_same_node_gives_the_same_identifier(kind: str, seed: str, serial: int) -> None:
    """Nothing random is in it."""
    assert generated(kind, seed, serial) == generated(kind, seed, serial)


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 500), st.integers(0, 500))
def test_no_identifier_is_given_twice(kind: str, one: int, other: int) -> None:
    """Another number is another identifier."""
    assert (generated(kind, "0a", one) == generated(kind, "0a", other)) is (one == other)

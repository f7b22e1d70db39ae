"""References never loop, and what is remembered of them is never stale."""

from hypothesis import given
from hypothesis import strategies as st

from core.config.document import Document
from core.config.service import Service
from core.errors import ConfigError
from core.record import Record
from tests.unit.config.declared import load

NAMES = ("a", "b", "c", "d")
REFERENCES = ("{env.#a}", "{env.b[0]}", "{env.c[$({env.d}+1)]}", "{nodes}", "{nosuch}", "{{.Name}}", "${HOME}", "env.a")
PIECES = ("{", "}", "$(1+1)", "$(", ")", "1", "x", " ")
PARTS = st.sampled_from([*(f"{{env.{name}}}" for name in NAMES), *REFERENCES, *PIECES])
TEXTS = st.lists(PARTS, max_size=4).map("".join).map(str.strip)
ENVIRONMENTS = st.fixed_dictionaries(dict.fromkeys(NAMES, TEXTS))


def service(env: dict[str, str]) -> Service:
    """Make a service with this `[env]`."""
    text = "[DEFAULT]\nnodes = n1 n2\n[env]\n" + "".join(f"{name} = {value}\n" for name, value in env.items())
    return Service("web", Document(text), "n1", Record(), load)


def values(made: Service) -> dict[str, str | None]:
    """Evaluate everything in `[env]`; an error counts as what it says without its place."""
    found: dict[str, str | None] = {}
    for name in NAMES:
        try:
            found[name] = made.value(f"env.{name}")
        except ConfigError as error:
            found[name] = f"error: {error.problems[0].key}"
    return found


@given(ENVIRONMENTS)
def test_evaluation_ends(env: dict[str, str]) -> None:
    """Whatever refers to whatever, each option has a value or an error that names it."""
    assert set(values(service(env))) == set(NAMES)


@given(ENVIRONMENTS, st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=4))
def test_nothing_stale_is_remembered(env: dict[str, str], edits: list[tuple[str, str]]) -> None:
    """After any edits, a service that remembers says what one says that is made of the new text."""
    made = service(env)
    for name, text in edits:
        values(made)
        made.set(f"env.{name}", text)
        assert values(made) == values(service({**{each: made.text(f"env.{each}") or "" for each in NAMES}}))


@given(ENVIRONMENTS)
def test_reading_order_does_not_matter(env: dict[str, str]) -> None:
    """An option has the same value whichever was read first."""
    forward, backward = service(env), service(env)
    values(forward)
    for name in reversed(NAMES):
        try:
            expected = backward.value(f"env.{name}")
        except ConfigError:
            continue
        assert forward.value(f"env.{name}") == expected

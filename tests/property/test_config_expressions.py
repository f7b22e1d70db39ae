"""Arithmetic agrees with Python's own, and never does anything else than calculate."""

from hypothesis import given
from hypothesis import strategies as st

from core.config.expressions import ExpressionError, evaluate, substitute
from core.config.sizes import UNITS, human, parse_bytes

NUMBERS = st.integers(0, 10**6).map(str) | st.floats(0, 1e6, allow_nan=False).map(repr) | st.integers(0, 4095).map(hex)
OPERATORS = st.sampled_from(["+", "-", "*", "//", "%", " + ", " * ", "/"])
SMALL = st.integers(0, 6).map(str)
TERMS = st.recursive(
    NUMBERS,
    lambda inner: (
        st.tuples(inner, OPERATORS, inner).map("".join)
        | inner.map("({})".format)
        | inner.map("-{}".format)
        | st.tuples(SMALL, st.just("**"), SMALL).map("".join)
    ),
    max_leaves=8,
)


def pythons(expression: str) -> int | float | None:
    """Calculate as Python does; None where it cannot."""
    try:
        result = eval(expression, {"__builtins__": {}})  # noqa: S307 - the second opinion, on generated arithmetic
    except (ZeroDivisionError, OverflowError):
        return None
    return result if isinstance(result, int | float) else None


def answer(expression: str) -> tuple[str, str]:
    """Calculate as we do; return the value, or the reason why there is none."""
    try:
        return substitute(f"$({expression})"), ""
    except ExpressionError as error:
        return "", error.reason


@given(TERMS)
def test_agrees_with_python(expression: str) -> None:
    """A calculation has the value that it has in Python; only an even division stays whole."""
    expected = pythons(expression)
    value, reason = answer(expression)
    if reason:
        assert expected is None or "too large" in reason
        return
    assert expected is not None
    assert eval(value) == expected or abs(eval(value) - expected) <= 1e-9 * abs(expected)  # noqa: S307 - a number


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_even_divisions_stay_whole(one: int, other: int) -> None:
    """What divides evenly is written without a point, else as Python writes it."""
    value = evaluate(f"{one}/{other}")
    assert value == (str(one // other) if one % other == 0 else repr(one / other))


@given(st.text("0123456789.+-*/%()$kMGxe ", max_size=30) | st.text(max_size=20))
def test_any_text_ends(text: str) -> None:
    """Any text is calculated or refused with a reason; nothing else happens."""
    value, reason = answer(text)
    assert bool(reason) != bool(value)


@given(st.integers(1, 1000), st.sampled_from(UNITS[1:]), st.integers(1, 1000))
def test_sizes_multiply(count: int, unit: str, times: int) -> None:
    """A size times a number is as many bytes as it should be."""
    if count * times * 1024 ** UNITS.index(unit) < 2**63:
        assert parse_bytes(evaluate(f"{count}{unit}*{times}")) == count * times * 1024 ** UNITS.index(unit)


@given(st.integers(1, 2**63 - 1))
def test_sizes_come_back(count: int) -> None:
    """What `human` writes is read as the same number of bytes."""
    assert parse_bytes(human(count)) == count

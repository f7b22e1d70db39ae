"""Arithmetic in values."""

import pytest

from core.config.expressions import LENGTH_MAX, ExpressionError, evaluate, substitute


@pytest.mark.parametrize(
    "text,value",
    [
        ("$(1+2)", "3"),
        ("$((1+2)*3)", "9"),
        ("a$(1+1)b", "a2b"),
        ("$(10//3)G", "3G"),
        ("$(7%3)", "1"),
        ("$(2**10)", "1024"),
        ("$(-3+1)", "-2"),
        ("$(2*(3+4))m", "14m"),
        ("$(0x10+1)", "17"),
        ("$(2 + 3)", "5"),
        ("$(--1)", "1"),
        ("$(7//2*2)", "6"),
        ("$(1.0*3)", "3.0"),
        ("$(4/2)", "2"),
        ("$(1/2)", "0.5"),
        ("$(1e3)", "1000.0"),
        ("$(9999999999*9999999999)", "99999999980000000001"),
        ("$(-2**2)", "-4"),
        ("$(2**-1)", "0.5"),
        ("$(2**3**2)", "512"),
        ("$(0**0)", "1"),
        ("$(2**0.5)", "1.4142135623730951"),
        ("$( 2+3 )", "5"),
        ("$(1+$(2*3))", "7"),
        ("$()", "$()"),
        ("plain (x)", "plain (x)"),
    ],
)
def test_numbers(text: str, value: str) -> None:
    """Numbers are calculated as Python does; even divisions of whole numbers stay whole; `$()` is text."""
    assert substitute(text) == value


def test_several_in_one_value() -> None:
    """A value may hold several expressions."""
    assert substitute("$(1+1) and $(2*2), that is all") == "2 and 4, that is all"


@pytest.mark.parametrize(
    "expression,value",
    [
        ("5G*2", "10G"),
        ("7E/3", "2690150177415976277B"),
        ("2*5G", "10G"),
        ("5G-1G", "4G"),
        ("1G+512m", "1536M"),
        ("10G/4", "2560M"),
        ("10G//4", "2560M"),
        ("1G/256M", "4"),
        ("1G//300M", "3"),
        ("5G%2G", "1G"),
        ("1.5g*2", "3G"),
        ("1e*1", "1E"),
        ("3GiB*1", "3G"),
        ("-(1G-2G)", "1G"),
        ("1G-1G", "0"),
    ],
)
def test_sizes(expression: str, value: str) -> None:
    """Sizes are added to sizes and multiplied by numbers, and written with the largest exact unit."""
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    "text,said",
    [
        ("$(1/0)", r"$(1/0): division by zero"),
        ("$(1G%0)", "a size % a bare number has no meaning"),
        ("$(5G//0)", "division by zero"),
        ("$(__import__('os'))", "$(__import__('os')): '__import__' is neither a number, a size nor an operator"),
        ("$(a+b)", "'a' is neither a number"),
        ("$(5&3)", "'&' is neither a number"),
        ("$(2^3)", "a power is written **"),
        ("$(1,2)", "',' is neither a number"),
        ("$(10 GB)", "'GB' is neither a number"),
        ("$(+1)", "a number is missing before '+'"),
        ("$(1+)", "a number is missing at the end"),
        ("$(1 2)", "'2' is not expected here"),
        ("$(1", "the closing parenthesis is missing"),
        ("$(()", "the closing parenthesis is missing"),
        ("$(010+1)", "'010' begins with 0: write 10"),
        ("$(5G+1)", "a size + a bare number has no meaning"),
        ("$(1/5G)", "a bare number / a size has no meaning"),
        ("$(5G*5G)", "a size * a size has no meaning"),
        ("$(1G-2G)", "a size cannot be negative"),
        ("$(9**9**9)", "the result is too large"),
        ("$(2**1e9)", "the result is too large"),
        ("$(1e308*10)", "the result is too large"),
        ("$(5G*1e308*10)", "the result is too large"),
        ("$(" + "9" * 900 + "*1)", "the result is too large"),
        ("$((-8)**0.5)", "the root of a negative number"),
        ("$(«disk#0.size»*2)", "this value is not known yet"),
        ("$(" + "(" * 60 + "1" + ")" * 60 + ")", "nested deeper than 50"),
        ("$(" + "-" * 60 + "1)", "nested deeper than 50"),
        ("$(" + "1+" * LENGTH_MAX + "1)", f"longer than {LENGTH_MAX} characters"),
    ],
)
def test_refused(text: str, said: str) -> None:
    """What has no value is refused, naming the expression and the reason; nothing is ever called."""
    with pytest.raises(ExpressionError) as caught:
        substitute(text)
    assert said in str(caught.value)


def test_an_expression_by_itself() -> None:
    """The text between the parentheses may be calculated by itself; then its own have to close, too."""
    assert evaluate("(1+2)*2") == "6"
    with pytest.raises(ExpressionError, match="the closing parenthesis is missing"):
        evaluate("(1")

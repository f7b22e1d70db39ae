"""Arithmetic in service files: `$(2 * (3 + 4))m`, `$({env.size} / 2)`, `$(5G * 2)`.

Numbers and sizes, `+ - * / // % **`, a leading minus, parentheses; what Python would answer, except that a division
that comes out even stays a whole number (`4/2` is 2). Nothing else is a word of this language, so nothing can be
called or looked up, and length, depth, exponents and results are bounded.
"""

import re
from typing import NamedTuple

from core.config.sizes import factor, human

LENGTH_MAX = 1000
DEPTH_MAX = 50
RESULT_BITS_MAX = 1024

_TOKEN = re.compile(
    r"[ \t\n]*(?:"
    r"(?P<hex>0[xX][0-9a-fA-F]+(?![\w.]))"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))"
    r"|(?P<size>[0-9]+(?:\.[0-9]+)?[kKmMgGtTpPeE](?:[iI]?[bB])?(?![\w.]))"
    r"|(?P<sign>\*\*|//|\$\(|[-+*/%()])"
    r")",
    re.ASCII,
)


class ExpressionError(ValueError):
    """An expression that has no value: the message names it and says why."""

    def __init__(self, expression: str, reason: str) -> None:
        shown = expression if len(expression) <= 60 else expression[:57] + "..."  # noqa: PLR2004 - one line
        super().__init__(f"$({shown}): {reason}")
        self.expression, self.reason = expression, reason


class Bytes(NamedTuple):
    """A size among the operands: it may be added to a size and multiplied by a number, as units demand."""

    amount: int


Operand = int | float | Bytes


def substitute(text: str) -> str:
    """Replace each `$(...)` of a text by its value; `$()` stays. Raises ExpressionError."""
    if "$(" not in text:
        return text
    parts, position = [], 0
    while (start := text.find("$(", position)) >= 0:
        end = _closing(text, start + 2)
        inner = text[start + 2 : end]
        parts.append(text[position:start])
        parts.append(evaluate(inner) if inner.strip() else text[start : end + 1])
        position = end + 1
    parts.append(text[position:])
    return "".join(parts)


def evaluate(expression: str) -> str:
    """Return the value of one expression (the text between `$(` and `)`) as a text. Raises ExpressionError."""
    if len(expression) > LENGTH_MAX:
        raise ExpressionError(expression, f"longer than {LENGTH_MAX} characters")
    parser = _Parser(expression)
    try:
        value = parser.sum(0)
        parser.end()
    except ZeroDivisionError:
        raise ExpressionError(expression, "division by zero") from None
    except OverflowError:
        raise ExpressionError(expression, "the result is too large") from None
    if not isinstance(value, Bytes):
        return repr(value)
    if value.amount < 0:
        raise ExpressionError(expression, "a size cannot be negative")
    return human(value.amount)


def _closing(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        if text[position] == "(":
            depth += 1
        elif text[position] == ")":
            depth -= 1
            if depth == 0:
                return position
    raise ExpressionError(text[start:], "the closing parenthesis is missing")


class _Parser:
    """Recursive descent over the tokens of one expression; each method reads one level of precedence."""

    __slots__ = ("expression", "position", "tokens")

    def __init__(self, expression: str) -> None:
        self.expression, self.position = expression, 0
        self.tokens: list[tuple[str, str]] = []
        position, end = 0, len(expression.rstrip(" \t\n"))
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None or match.lastgroup is None:
                raise self.error(_unknown(expression[position:].lstrip()))
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()

    def error(self, reason: str) -> ExpressionError:
        return ExpressionError(self.expression, reason)

    def take(self, *signs: str) -> str:
        """Step over the next token if it is one of the signs; return it, or nothing."""
        if self.position < len(self.tokens) and self.tokens[self.position] in [("sign", sign) for sign in signs]:
            self.position += 1
            return self.tokens[self.position - 1][1]
        return ""

    def end(self) -> None:
        if self.position < len(self.tokens):
            raise self.error(f"{self.tokens[self.position][1]!r} is not expected here")

    def sum(self, depth: int) -> Operand:
        value = self.product(depth)
        while sign := self.take("+", "-"):
            value = self.combine(value, sign, self.product(depth))
        return value

    def product(self, depth: int) -> Operand:
        value = self.negated(depth)
        while sign := self.take("*", "//", "/", "%"):
            value = self.combine(value, sign, self.negated(depth))
        return value

    def negated(self, depth: int) -> Operand:
        if depth > DEPTH_MAX:
            raise self.error(f"nested deeper than {DEPTH_MAX}")
        if not self.take("-"):
            return self.power(depth)
        value = self.negated(depth + 1)
        return Bytes(-value.amount) if isinstance(value, Bytes) else -value

    def power(self, depth: int) -> Operand:
        value = self.atom(depth)
        return self.combine(value, "**", self.negated(depth + 1)) if self.take("**") else value

    def atom(self, depth: int) -> Operand:
        if self.take("(", "$("):
            value = self.sum(depth + 1)
            if not self.take(")"):
                raise self.error("the closing parenthesis is missing")
            return value
        if self.position == len(self.tokens):
            raise self.error("a number is missing at the end")
        kind, text = self.tokens[self.position]
        if kind == "sign":
            raise self.error(f"a number is missing before {text!r}")
        if text.isdigit() and text[0] == "0" and text.strip("0"):
            raise self.error(f"{text!r} begins with 0: write {text.lstrip('0')}")
        self.position += 1
        return self.checked(_operand(kind, text))

    def checked(self, value: Operand) -> Operand:
        number = value.amount if isinstance(value, Bytes) else value
        if isinstance(number, float):
            if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - not a number
                raise OverflowError
        elif number.bit_length() > RESULT_BITS_MAX:
            raise OverflowError
        return value

    def combine(self, left: Operand, sign: str, right: Operand) -> Operand:
        if isinstance(left, Bytes) or isinstance(right, Bytes):
            return self.checked(self.sized(left, sign, right))
        return self.checked(self.powered(left, right) if sign == "**" else _calculate(left, sign, right))

    def sized(self, left: Operand, sign: str, right: Operand) -> Operand:
        """Calculate with sizes, where units agree."""
        if isinstance(left, Bytes) and isinstance(right, Bytes):
            if sign in {"/", "//"}:
                return _calculate(left.amount, sign, right.amount)
            if sign in {"+", "-", "%"}:
                return Bytes(int(_calculate(left.amount, sign, right.amount)))
        elif isinstance(left, Bytes) and sign in {"*", "/", "//"} and not isinstance(right, Bytes):
            return Bytes(int(_calculate(left.amount, sign, right)))
        elif isinstance(right, Bytes) and sign == "*" and not isinstance(left, Bytes):
            return Bytes(int(_calculate(left, sign, right.amount)))
        first, second = ("a size" if isinstance(part, Bytes) else "a bare number" for part in (left, right))
        raise self.error(f"{first} {sign} {second} has no meaning; sizes are added, and multiplied by numbers")

    def powered(self, base: float, exponent: float) -> float:
        if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
            if base.bit_length() * exponent > RESULT_BITS_MAX + exponent:
                raise OverflowError
            return int(base**exponent)
        value = base**exponent
        if isinstance(value, complex):
            raise self.error("the root of a negative number is not a number")
        return float(value) if isinstance(value, float) else int(value)


def _operand(kind: str, text: str) -> Operand:
    if kind == "hex":
        return int(text, 16)
    if kind == "size":
        digits = re.match(r"[0-9.]+", text)
        number = digits[0] if digits else ""
        whole, _, fraction = number.partition(".")
        return Bytes(int(whole + fraction) * factor(text[len(number)]) // int("1" + "0" * len(fraction)))
    return int(text) if text.isdigit() else float(text)


def _calculate(left: float, sign: str, right: float) -> int | float:
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
        case "%":
            return left % right
        case _:
            even = isinstance(left, int) and isinstance(right, int) and right != 0 and left % right == 0
            return left // right if even else left / right


def _unknown(rest: str) -> str:
    if rest.startswith("«"):
        return "this value is not known yet, and nothing is computed on it"
    if rest.startswith("^"):
        return "'^' is no operator here; a power is written **"
    word = re.match(r"[\w.]+|.", rest, re.DOTALL)
    return f"{(word[0] if word else rest)[:30]!r} is neither a number, a size nor an operator (+ - * / // % **)"

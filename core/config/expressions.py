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
    r"(\*\*|//|\$\(|[-+*/%()])"
    r"|(0[xX][0-9a-fA-F]+(?![\w.])"
    r"|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.])"
    r"|[0-9]+(?:\.[0-9]+)?[kKmMgGtTpPeE](?:[iI]?[bB])?(?![\w.])"
    r"))",
    re.ASCII,
)
_SIZE = re.compile(r"([0-9]+)(?:\.([0-9]+))?([kKmMgGtTpPeE])(?:[iI]?[bB])?", re.ASCII)
_SUMS = frozenset("+-")
_PRODUCTS = frozenset(("*", "/", "//", "%"))
_OPENING = frozenset(("(", "$("))


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
    try:
        parser = _Parser(expression)
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
    end = text.find(")", start)
    if end >= 0 and text.find("(", start, end) < 0:
        return end
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
    """Recursive descent over the tokens of one expression; each method reads one level of precedence.

    A token is a sign, or a value; the empty text stands at the end.
    """

    __slots__ = ("expression", "position", "tokens")

    def __init__(self, expression: str) -> None:
        self.expression, self.position = expression, 0
        self.tokens: list[str | Operand] = []
        position, end = 0, len(expression.rstrip(" \t\n"))
        while position < end:
            match = _TOKEN.match(expression, position)
            if match is None:
                raise self.error(_unknown(expression[position:].lstrip()))
            sign, word = match.groups()
            self.tokens.append(sign or self.operand(word))
            position = match.end()
        self.tokens.append("")

    def error(self, reason: str) -> ExpressionError:
        return ExpressionError(self.expression, reason)

    def operand(self, word: str) -> Operand:
        if word.isdigit():
            if word[0] == "0" and word.strip("0"):
                raise self.error(f"{word!r} begins with 0: write {word.lstrip('0')}")
            return self.checked(int(word))
        return self.checked(_operand(word))

    def end(self) -> None:
        token = self.tokens[self.position]
        if token != "":
            raise self.error(f"{_written(token)!r} is not expected here")

    def sum(self, depth: int) -> Operand:
        value = self.product(depth)
        while (sign := self.tokens[self.position]) in _SUMS:
            self.position += 1
            value = self.combine(value, str(sign), self.product(depth))
        return value

    def product(self, depth: int) -> Operand:
        value = self.negated(depth)
        while (sign := self.tokens[self.position]) in _PRODUCTS:
            self.position += 1
            value = self.combine(value, str(sign), self.negated(depth))
        return value

    def negated(self, depth: int) -> Operand:
        if depth > DEPTH_MAX:
            raise self.error(f"nested deeper than {DEPTH_MAX}")
        if self.tokens[self.position] != "-":
            return self.power(depth)
        self.position += 1
        value = self.negated(depth + 1)
        return Bytes(-value.amount) if isinstance(value, Bytes) else -value

    def power(self, depth: int) -> Operand:
        value = self.atom(depth)
        if self.tokens[self.position] != "**":
            return value
        self.position += 1
        return self.combine(value, "**", self.negated(depth + 1))

    def atom(self, depth: int) -> Operand:
        token = self.tokens[self.position]
        if not isinstance(token, str):
            self.position += 1
            return token
        if token in _OPENING:
            self.position += 1
            value = self.sum(depth + 1)
            if self.tokens[self.position] != ")":
                raise self.error("the closing parenthesis is missing")
            self.position += 1
            return value
        raise self.error(f"a number is missing before {token!r}" if token else "a number is missing at the end")

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
        elif isinstance(left, Bytes) and sign in _PRODUCTS - {"%"} and not isinstance(right, Bytes):
            # A part of a byte is none. Between whole numbers that is exact, however large the size is.
            sign = "//" if sign == "/" and isinstance(right, int) else sign
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


def _operand(word: str) -> Operand:
    """Read a word that is more than digits: a size, a hexadecimal number, one with a point or an exponent."""
    if word[:2] in {"0x", "0X"}:
        return int(word, 16)
    match = _SIZE.fullmatch(word)
    if match is None:
        return float(word)
    whole, fraction, unit = match[1], match[2] or "", match[3]
    return Bytes(int(whole + fraction) * factor(unit) // int("1" + "0" * len(fraction)))


def _written(token: str | Operand) -> str:
    return human(token.amount) if isinstance(token, Bytes) else str(token)


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

"""A second evaluator of references and arithmetic: slow, obvious, remembering nothing, sharing no line with ours.

It is written from docs/template-language.md: characters are looked at one by one, expressions are read by Python's own
parser, and every value is worked out anew each time that it is needed.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import floor, isfinite
from typing import Any, NamedTuple

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
WORD = LETTERS | frozenset("0123456789_")
INSIDE = WORD | frozenset("#.[]")
# `1E-1` is a tenth, `1E` alone as many bytes as there are in an exbibyte.
EXPONENT = r"[eE][+-]?[0-9]+(?![\w.])"
SIZE = re.compile(rf"(?<![\w.])([0-9]+(?:\.[0-9]+)?)(?!{EXPONENT})([kKmMgGtTpPeE])(?:[iI]?[bB])?(?![\w.])")
UNITS = "BKMGTPE"
ROUNDS = DEPTH = 32
CHARS = 65536
BITS = 1024

Key = tuple[str, str]


class Wrong(Exception):
    """There is no value; the text begins with the path to what is wrong."""


class Reference(NamedTuple):
    """What stands between braces, taken apart."""

    section: str
    is_count: bool
    option: str
    place: int | None


class Plain:
    """A service for a node.

    texts: the text of each option, by section and name, scopes included. names: the words without a section.
    defaults: what an option has where nobody wrote it, by section and option. shared: the options that a
    resource has of DEFAULT.
    """

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, str]],
        names: Mapping[str, str],
        defaults: Mapping[Key, str],
        shared: frozenset[str],
    ) -> None:
        self._texts, self._names, self._defaults, self._shared = texts, names, defaults, shared
        node = names["nodename"]
        self._scopes: tuple[str, ...] = (node,)
        self._scopes += tuple(each for each in ("nodes", "drpnodes") if node in self._listed(each))

    def _listed(self, option: str) -> list[str]:
        before = self._defaults
        self._defaults = {key: text for key, text in before.items() if key[0] == "DEFAULT"}
        try:
            return self.expand(self._find("DEFAULT", option, shared=False) or "", (("DEFAULT", option),)).split()
        except Wrong:
            return []
        finally:
            self._defaults = before

    def value(self, section: str, option: str) -> str | None:
        """Return the value of an option, None where it has none. Raises Wrong."""
        text = self._find(section, option)
        return None if text is None else self.expand(text, ((section, option),))

    def _find(self, section: str, option: str, *, shared: bool = True) -> str | None:
        options = self._texts.get(section, {})
        for scope in self._scopes:
            if f"{option}@{scope}" in options:
                return options[f"{option}@{scope}"]
        if option in options:
            return options[option]
        if shared and "#" in section and option in self._shared:
            found = self._find("DEFAULT", option, shared=False)
            if found is not None and any(name.partition("@")[0] == option for name in self._texts.get("DEFAULT", {})):
                return found
        return self._defaults.get((section, option))

    def expand(self, text: str, path: tuple[Key, ...]) -> str:
        """Evaluate a text, in rounds. Raises Wrong."""
        for _ in range(ROUNDS):
            after = self._replaced(text, path)
            if after == text:
                after = _calculated(text, path)
            if after == text:
                return text
            text = after
        raise Wrong(_at(path, f"still has references after {ROUNDS} rounds"))

    def _replaced(self, text: str, path: tuple[Key, ...]) -> str:
        result, position, length = "", 0, len(text)
        while position < len(text):
            inside = _braced(text, position)
            if inside is None:
                result += text[position]
                position += 1
                continue
            value = self._referred(inside, path)
            length += len(value) - len(inside) - 2
            if length > CHARS:
                raise Wrong(_at(path, f"the value is longer than {CHARS} characters"))
            result += value
            position += len(inside) + 2
        return result

    def _referred(self, inside: str, path: tuple[Key, ...]) -> str:
        found = _parsed(inside)
        if found is None:
            return f"{{{inside}}}"
        if isinstance(found, str):
            raise Wrong(_at(path, f"{{{inside}}}: {found}"))
        value = self._looked_up(found, path)
        words = value.split()
        if found.is_count:
            value = str(len(words))
            words = [value]
        if found.place is None:
            return value
        if found.place >= len(words):
            raise Wrong(_at(path, f"{{{inside}}}: the list has {len(words)} word{'' if len(words) == 1 else 's'}"))
        return words[found.place]

    def _looked_up(self, found: Reference, path: tuple[Key, ...]) -> str:
        resource = path[-1][0]
        if not found.section:
            if found.option in self._names:
                return self._names[found.option]
            if "#" in resource and not resource.startswith("subset#") and found.option in {"rid", "rindex"}:
                return resource if found.option == "rid" else resource.partition("#")[2]
        key = (found.section or "DEFAULT", found.option.lower())
        if key in path:
            raise Wrong(_at((*path, key), "the values refer to each other in a circle"))
        if len(path) > DEPTH:
            raise Wrong(_at((*path, key), f"more than {DEPTH} references deep"))
        text = self._find(*key)
        if text is not None:
            return self.expand(text, (*path, key))
        if not found.section and key[1] in {"rid", "rindex"}:
            said = f"{{{found.option}}} stands for the resource that it is written in, and this is none"
        elif key[0] not in self._texts and key[0] != "DEFAULT":
            said = f"there is no section {key[0]}"
        else:
            said = f"section {key[0]} has no option {key[1]}"
        raise Wrong(_at((*path, key), said))


def _at(path: tuple[Key, ...], said: str) -> str:
    return " -> ".join(".".join(key) for key in path) + f": {said}" if len(path) > 1 else said


def _braced(text: str, position: int) -> str | None:
    """What stands in the braces that begin here, None where none do that could be a reference."""
    if text[position] != "{" or text[:position].endswith("$"):
        return None
    end = position + 1
    while end < len(text) and text[end] in INSIDE:
        end += 1
    if end == position + 1 or end == len(text) or text[end] != "}":
        return None
    doubled = text[:position].endswith("{") and text[end + 1 : end + 2] == "}"
    return None if doubled else text[position + 1 : end]


def _parsed(inside: str) -> Reference | str | None:
    """A reference, what is wrong with one, or None for what is none."""
    index = None
    bare = inside
    if inside.endswith("]") and "[" in inside:
        bare, _, digits = inside[:-1].rpartition("[")
        if not digits.isdigit() or len(digits) > 9:
            return None
        index = int(digits)
    section, dot, option = bare.rpartition(".")
    is_count = option.startswith("#")
    option = option.removeprefix("#")
    if not option or not set(option) <= WORD or option[0].isdigit():
        return _dotted(inside)
    if dot:
        name, hash_, number = section.partition("#")
        if not _is_name(name) or (hash_ and (not number or not set(number) <= WORD)):
            return _dotted(inside)
    return Reference(section, is_count, option, index)


def _is_name(text: str) -> bool:
    return bool(text) and text[0] in LETTERS and set(text) <= WORD


def _dotted(inside: str) -> str | None:
    first, *others = inside.split(".")
    names = [each.removeprefix("#") for each in others]
    is_dotted = first[:1] in LETTERS and set(first) <= WORD | {"#"} and len(others) > 1
    if is_dotted and first and all(name and set(name) <= WORD for name in names):
        return "a reference has one dot"
    return None


class Size(NamedTuple):
    """Bytes."""

    amount: int


Value = int | float | Size


def _calculated(text: str, path: tuple[Key, ...]) -> str:
    """Replace every expression of a text. Of an expression without a value only that is said."""
    result, position = "", 0
    while position < len(text):
        if not text.startswith("$(", position):
            result += text[position]
            position += 1
            continue
        inside = _enclosed(text[position + 2 :])
        if inside is None:
            raise Wrong(_at(path, "$("))
        try:
            result += _result(inside) if inside.strip() else f"$({inside})"
        except (ArithmeticError, SyntaxError, TypeError, ValueError):
            raise Wrong(_at(path, "$(")) from None
        position += len(inside) + 3
    return result


def _enclosed(text: str) -> str | None:
    depth = 1
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text[:position]
    return None


def _result(expression: str) -> str:
    if len(expression) > 1000:
        raise ValueError
    expression = expression.replace("$(", "(")
    sizes: dict[str, Size] = {}

    def named(match: re.Match[str]) -> str:
        name = f"size{len(sizes)}"
        sizes[name] = Size(floor(Fraction(match[1]) * 1024 ** UNITS.index(match[2].upper())))
        return name

    if re.search(r"[^0-9.+\-*/%() \t\n]", SIZE.sub("", re.sub(r"0[xX][0-9a-fA-F]+|[0-9.][eE]", "", expression))):
        raise ValueError  # names, and what else Python reads
    code = SIZE.sub(named, expression)
    value = _bounded(_walked(ast.parse(code.strip().replace("\n", " ").replace("\t", " "), mode="eval").body, sizes))
    return _text(value)


def _walked(node: ast.expr, sizes: Mapping[str, Size]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as literal):
            return _bounded(literal)
        case ast.Name(id=name):
            return _bounded(sizes[name]) if name in sizes else _nothing()
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _walked(operand, sizes)
            return Size(-value.amount) if isinstance(value, Size) else -value
        case ast.BinOp(left=left, op=operator, right=right):
            return _bounded(_combined(_walked(left, sizes), type(operator), _walked(right, sizes)))
    return _nothing()


def _nothing() -> Value:
    raise ValueError


def _bounded(value: Value) -> Value:
    number = value.amount if isinstance(value, Size) else value
    if not isfinite(number) if isinstance(number, float) else abs(number) >= 2**BITS:
        raise OverflowError
    return value


def _combined(left: Value, operator: type[ast.operator], right: Value) -> Value:
    match left, right:
        case Size(one), Size(other):
            if operator in {ast.Div, ast.FloorDiv}:
                return _numbers(one, operator, other)
            return Size(int(_numbers(one, operator, other))) if operator in {ast.Add, ast.Sub, ast.Mod} else _nothing()
        case Size(one), (int() | float()) as other:
            if operator is ast.Div and isinstance(other, int):
                return Size(floor(Fraction(one, other)))
            allowed = {ast.Mult, ast.Div, ast.FloorDiv}
            return Size(int(_numbers(one, operator, other))) if operator in allowed else _nothing()
        case (int() | float()) as one, Size(other):
            return Size(int(_numbers(one, operator, other))) if operator is ast.Mult else _nothing()
        case (int() | float()) as one, (int() | float()) as other:
            return _numbers(one, operator, other)
    return _nothing()


def _numbers(one: float, operator: type[ast.operator], other: float) -> int | float:
    if operator is ast.Add:
        return one + other
    if operator is ast.Sub:
        return one - other
    if operator is ast.Mult:
        return one * other
    if operator is ast.FloorDiv:
        return one // other
    if operator is ast.Mod:
        return one % other
    if operator is ast.Div:
        exact = isinstance(one, int) and isinstance(other, int) and Fraction(one, other).denominator == 1
        return one // other if exact else one / other
    if operator is not ast.Pow or (isinstance(other, int) and other > 2 * BITS and abs(one) > 1):
        raise OverflowError
    power: Any = one**other
    if isinstance(power, complex):
        raise TypeError
    return int(power) if isinstance(power, int) else float(power)


def _text(value: Value) -> str:
    if not isinstance(value, Size):
        return repr(value)
    if value.amount < 0:
        raise ValueError
    return next(_written(value.amount), "0")


def _written(count: int) -> Iterator[str]:
    """The size with each unit that says it exactly, the largest first."""
    for power in range(len(UNITS) - 1, -1, -1):
        if count and count % 1024**power == 0:
            yield f"{count // 1024**power}{UNITS[power]}"

"""References in service files: `{svcname}`, `{env.size}`, `{disk#0.file}`, `{nodes[0]}`, `{#nodes}`.

A value is evaluated when it is read, the file keeps what was written. For one value: in each round every reference that
stands in it is replaced, until none is left; then every expression; and again while something changes. So an expression
may hold references, an index may be an expression (`{nodes[$({env.i}+1)]}`), and references may stand in references
(`{{env.under}.file}`). Braces that are no reference are text: `{{.Name}}`, `${HOME}`, `{}`, `{ x }`.

Whatever order values are read in, they come out the same, errors included: what is remembered of a value is how far its
references reach, too, so that one that is too deep is so for every reader.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from core.config.spelling import closest

DEPTH_MAX = 32
PASSES_MAX = 32
VALUE_CHARS_MAX = 64 * 1024
TOGETHER_CHARS_MAX = 16 * 1024 * 1024
"""How long the values that references lead to may be together: a file of 1 MiB could ask for gigabytes of them."""
LISTED_MAX = 10
GUESSES_MAX = 100
"""How many errors of one file say what may have been meant: it takes a comparison with every name, each time."""
OWN = ("rid", "rindex")
"""What a resource calls itself in its own values: `fs#1`, and the `1` of it."""

# Not after a dollar, and not between doubled braces: the one is the shell's, the other is Docker's.
_BRACES = re.compile(r"(?<!\$)\{(?!(?<=\{\{)[\w#.\[\]]+\}\})([\w#.\[\]]+)\}", re.ASCII)
_REFERENCE = re.compile(r"(?:([A-Za-z]\w*(?:#\w+)?)\.)?(#?)([A-Za-z_]\w*)(?:\[([0-9]{1,9})\])?", re.ASCII)
_TOO_MANY_DOTS = re.compile(r"[A-Za-z][\w#]*(?:\.#?\w+){2,}", re.ASCII)

Key = tuple[str, str]


class Unresolved(ValueError):
    """A value that cannot be evaluated: `text` says why, with the whole path to it; `fix` is what may help."""

    def __init__(self, text: str, fix: str = "") -> None:
        super().__init__(text)
        self.text, self.fix = text, fix


class Source(Protocol):
    """Where references look: the service."""

    def find(self, section: str, option: str) -> str | None:
        """Return the text of an option, scopes and defaults applied, before evaluation; None where there is none."""
        ...

    def has(self, section: str) -> bool:
        """Tell whether there is such a section."""
        ...

    def sections(self) -> tuple[str, ...]:
        """Return the names of the sections."""
        ...

    def options(self, section: str) -> tuple[str, ...]:
        """Return the names of the options of a section."""
        ...


class References:
    """Evaluates texts of one service, and remembers what it evaluated until what that was made of changes.

    names: what is a word of its own, without a section (`svcname`, `nodename`, `var`).
    """

    __slots__ = ("_chars", "_guesses", "_height", "_known", "_names", "_source", "_users")

    def __init__(self, names: Mapping[str, str], source: Source) -> None:
        self._names, self._source = names, source
        self._known: dict[Key, tuple[str, int]] = {}  # values, each with how many references deep it reaches
        self._users: dict[Key, set[Key]] = {}
        self._height = 0
        self._chars = 0
        self._guesses = 0

    def value(self, key: Key, text: str) -> str:
        """Return the value of an option whose text this is. Raises Unresolved, naming the path from the key."""
        known = self._known.get(key)
        return (self._evaluated(key, text, ()) if known is None else known)[0]

    def expand(self, text: str, path: tuple[Key, ...]) -> str:
        """Evaluate a text that stands where `path` ends. Raises Unresolved."""
        for _ in range(PASSES_MAX):
            before = text
            if "{" in text:
                text = self._replace(text, path)
            if text == before:
                if "$(" in text:
                    text = self._calculate(text, path)
                if text == before:
                    return text
        raise Unresolved(_along(path, f"still has references after {PASSES_MAX} rounds"))

    def forget(self, key: Key) -> None:
        """An option changed: what was evaluated from it is no longer known."""
        changed = [key]
        while changed:
            each = changed.pop()
            known = self._known.pop(each, None)
            if known is not None:
                self._chars -= len(known[0])
            changed.extend(self._users.pop(each, ()))

    def forget_all(self) -> None:
        """Something changed that every value may depend on."""
        self._known.clear()
        self._users.clear()
        self._chars = 0

    def _evaluated(self, key: Key, text: str, path: tuple[Key, ...]) -> tuple[str, int]:
        """Evaluate the text of an option that the end of a path refers to, and remember it."""
        outer, self._height = self._height, 0
        path = (*path, key)
        try:
            value = self.expand(text, path) if "{" in text or "$(" in text else text
            height = self._height
        finally:
            self._height = outer
        if self._chars + len(value) > TOGETHER_CHARS_MAX:
            said = f"the values that references lead to are together longer than {TOGETHER_CHARS_MAX} characters"
            raise Unresolved(_along(path, said))
        self._chars += len(value)
        known = self._known[key] = (value, height)
        return known

    def _replace(self, text: str, path: tuple[Key, ...]) -> str:
        """Replace every reference that stands in a text."""
        parts: list[str] = []
        position, length = 0, len(text)
        for match in _BRACES.finditer(text):
            braces = match[0]
            value = self._referred(braces, match[1], path)
            length += len(value) - len(braces)
            if length > VALUE_CHARS_MAX:
                raise Unresolved(_along(path, f"the value is longer than {VALUE_CHARS_MAX} characters"))
            start = match.start()
            parts += (text[position:start], value)
            position = start + len(braces)
        parts.append(text[position:])
        return "".join(parts)

    def _calculate(self, text: str, path: tuple[Key, ...]) -> str:
        """Replace every expression that stands in a text."""
        from core.config.expressions import ExpressionError, substitute

        try:
            return substitute(text)
        except ExpressionError as error:
            raise Unresolved(_along(path, str(error))) from None

    def _referred(self, braces: str, inside: str, path: tuple[Key, ...]) -> str:
        """Return what braces stand for; themselves, when they are no reference."""
        parts = _parts(inside)
        if parts is None:
            if _TOO_MANY_DOTS.fullmatch(inside):
                raise Unresolved(_along(path, f"{braces}: a reference has one dot"), "write {SECTION.OPTION}")
            return braces
        name, key, count, index = parts
        value = self._named(name, path) if name else None
        if value is None:
            value = self._option(braces, key, path)
        if count:
            value = str(len(_words(value)))
        return value if index is None else _word(braces, value, index, path)

    def _named(self, name: str, path: tuple[Key, ...]) -> str | None:
        """Return what a word of its own stands for; None for one that is no such word here."""
        value = self._names.get(name)
        if value is None and name in OWN:
            rid = path[-1][0]
            group, hash_, index = rid.partition("#")
            return (rid if name == "rid" else index) if hash_ and group != "subset" else None
        return value

    def _option(self, braces: str, key: Key, path: tuple[Key, ...]) -> str:
        """Return the value of an option that the end of a path refers to."""
        known = self._known.get(key)
        if known is None or len(path) + known[1] > DEPTH_MAX:
            known = self._found(braces, key, path)
        if known[1] >= self._height:
            self._height = known[1] + 1
        users = self._users.get(key)
        if users is None:
            users = self._users[key] = set()
        users.add(path[-1])
        return known[0]

    def _found(self, braces: str, key: Key, path: tuple[Key, ...]) -> tuple[str, int]:
        """Look an option up and evaluate it; what is too deep is evaluated anew, up to the reference that is."""
        if key in path:
            raise Unresolved(_along((*path, key), "the values refer to each other in a circle"))
        if len(path) > DEPTH_MAX:
            raise Unresolved(_along((*path, key), f"more than {DEPTH_MAX} references deep"))
        text = self._source.find(*key)
        if text is None:
            raise Unresolved(*self._missing(braces, key, path))
        return self._evaluated(key, text, path)

    def _missing(self, braces: str, key: Key, path: tuple[Key, ...]) -> tuple[str, str]:
        """Say that there is no such option, and what may help."""
        section, option = key
        if section == "DEFAULT" and option in OWN and "." not in braces:
            said, fix = f"{braces} stands for the resource that it is written in, and this is none", ""
        else:
            said, fix = self._unknown(braces, section, option)
        return _along((*path, key), said), fix

    def _unknown(self, braces: str, section: str, option: str) -> tuple[str, str]:
        is_section = section == "DEFAULT" or self._source.has(section)
        said = f"section {section} has no option {option}" if is_section else f"there is no section {section}"
        self._guesses += 1
        if self._guesses > GUESSES_MAX:
            return said, ""
        if not is_section:
            near = closest(section, self._source.sections())
            return said, f"did you mean {near}?" if near else ""
        options = self._source.options(section)
        if "." in braces:
            near = closest(option, options)
            listed = f"it has {', '.join(options[:LISTED_MAX])}" if options else "it has none"
            return said, f"did you mean {near}?" if near else listed
        env = {name: f"env.{name}" for name in self._source.options("env")}
        names = env | {name: name for name in (*self._names, *options)}
        near = closest(option, names)
        literal = f"braces that are no reference are written with blanks: {{ {braces[1:-1]} }}"
        return said, f"did you mean {{{names[near]}}}?" if near else literal


def _along(path: tuple[Key, ...], reason: str) -> str:
    return f"{' -> '.join('.'.join(key) for key in path)}: {reason}" if len(path) > 1 else reason


@lru_cache(maxsize=512)
def _parts(inside: str) -> tuple[str, Key, bool, int | None] | None:
    """Take a reference apart: its word, where it has no section; the option meant; whether it counts; which word of it.

    None for what is no reference.
    """
    match = _REFERENCE.fullmatch(inside)
    if match is None:
        return None
    section, count, option, index = match.groups()
    key = (section or "DEFAULT", option.lower())
    return "" if section else option, key, bool(count), None if index is None else int(index)


@lru_cache(maxsize=8)
def _words(value: str) -> tuple[str, ...]:
    """Take a list apart. A file may ask for a word of a long one in every line."""
    return tuple(value.split())


def _word(braces: str, value: str, index: int, path: tuple[Key, ...]) -> str:
    """Return one word of a list."""
    words = _words(value)
    if index >= len(words):
        has = f"{len(words)} word{'s' if len(words) != 1 else ''}"
        raise Unresolved(_along(path, f"{braces}: the list has {has}"), "the first one is [0]")
    return words[index]

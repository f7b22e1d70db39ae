"""References in service files: `{svcname}`, `{env.size}`, `{disk#0.file}`, `{nodes[0]}`, `{#nodes}`.

A value is evaluated when it is read, the file keeps what was written. For one value: references until none is left,
then arithmetic, and again while something changes, so that an expression may hold references and an index may be an
expression: `{nodes[$({env.i}+1)]}`. Braces that are no reference are text: `{{.Name}}`, `${HOME}`, `{}`, `{ x }`.
"""

import re
from collections.abc import Mapping
from typing import Protocol

from core.config.spelling import closest

DEPTH_MAX = 32
PASSES_MAX = 32
VALUE_CHARS_MAX = 64 * 1024

_BRACES = re.compile(r"(?<![{$])\{([\w#.\[\]]+)\}", re.ASCII)
_REFERENCE = re.compile(r"(?:([A-Za-z]\w*(?:#\w+)?)\.)?(#?)([A-Za-z_]\w*)(?:\[([0-9]{1,9})\])?", re.ASCII)
_TOO_MANY_DOTS = re.compile(r"[A-Za-z][\w#]*(?:\.#?\w+){2,}", re.ASCII)

Key = tuple[str, str]


class Unresolved(ValueError):
    """A value that cannot be evaluated: `text` says why, with the whole path to it; `fix` is what may help."""

    def __init__(self, text: str, fix: str = "") -> None:
        super().__init__(f"{text}; {fix}" if fix else text)
        self.text, self.fix = text, fix


class Source(Protocol):
    """Where references look: the service."""

    def find(self, section: str, option: str) -> str | None:
        """Return the text of an option, scopes and defaults applied, before evaluation; None where there is none."""
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

    __slots__ = ("_known", "_names", "_source", "_users")

    def __init__(self, names: Mapping[str, str], source: Source) -> None:
        self._names, self._source = names, source
        self._known: dict[Key, str] = {}
        self._users: dict[Key, set[Key]] = {}

    def value(self, key: Key, text: str, path: tuple[Key, ...] = ()) -> str:
        """Return the value of an option whose text this is. Raises Unresolved, naming the path from the first key."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self.expand(text, (*path, key))
        return known

    def expand(self, text: str, path: tuple[Key, ...]) -> str:
        """Evaluate a text that stands where `path` ends. Raises Unresolved."""
        for _ in range(PASSES_MAX):
            before = text
            if "{" in text:
                text = self._replace(text, path)
            if text == before:
                if "$(" in text:
                    text = _calculated(text, path)
                if text == before:
                    return text
        raise Unresolved(_along(path, f"still has references after {PASSES_MAX} rounds"))

    def forget(self, key: Key) -> None:
        """An option changed: what was evaluated from it is no longer known."""
        changed = [key]
        while changed:
            each = changed.pop()
            self._known.pop(each, None)
            changed.extend(self._users.pop(each, ()))

    def forget_all(self) -> None:
        """Something changed that every value may depend on."""
        self._known.clear()
        self._users.clear()

    def _replace(self, text: str, path: tuple[Key, ...]) -> str:
        length = len(text)

        def replacement(match: re.Match[str]) -> str:
            nonlocal length
            value = self._referred(match[0], match[1], path)
            length += len(value) - len(match[0])
            if length > VALUE_CHARS_MAX:
                raise Unresolved(_along(path, f"the value is longer than {VALUE_CHARS_MAX} characters"))
            return value

        return _BRACES.sub(replacement, text)

    def _referred(self, braces: str, inside: str, path: tuple[Key, ...]) -> str:
        match = _REFERENCE.fullmatch(inside)
        if match is None:
            if _TOO_MANY_DOTS.fullmatch(inside):
                raise Unresolved(_along(path, f"{braces}: a reference has one dot"), "write {SECTION.OPTION}")
            return braces
        section, count, option, index = match[1] or "", match[2], match[3].lower(), match[4]
        if not section and match[3] in self._names:
            value = self._names[match[3]]
        else:
            value = self._option(braces, (section or "DEFAULT", option), path, with_section=bool(section))
        if count:
            value = str(len(value.split()))
        if index is None:
            return value
        words = value.split()
        if int(index) >= len(words):
            has = f"{len(words)} word{'s' if len(words) != 1 else ''}"
            raise Unresolved(_along(path, f"{braces}: the list has {has}"), "the first one is [0]")
        return words[int(index)]

    def _option(self, braces: str, key: Key, path: tuple[Key, ...], *, with_section: bool) -> str:
        if key in path:
            raise Unresolved(_along((*path, key), "the values refer to each other in a circle"))
        if len(path) > DEPTH_MAX:
            raise Unresolved(_along((*path, key), f"more than {DEPTH_MAX} references deep"))
        text = self._source.find(*key)
        if text is None:
            reason, fix = self._missing(braces, key, with_section=with_section)
            raise Unresolved(_along((*path, key), reason), fix)
        self._users.setdefault(key, set()).add(path[-1])
        return self.value(key, text, path) if "{" in text or "$(" in text else text

    def _missing(self, braces: str, key: Key, *, with_section: bool) -> tuple[str, str]:
        section, option = key
        sections = self._source.sections()
        if with_section and section not in sections and section != "DEFAULT":
            near = closest(section, sections)
            return f"there is no section {section}", f"did you mean {near}?" if near else ""
        options = self._source.options(section)
        if with_section:
            near = closest(option, options)
            listed = f"it has {', '.join(options[:10])}" if options else "it has none"
            return f"section {section} has no option {option}", f"did you mean {near}?" if near else listed
        env = {name: f"env.{name}" for name in self._source.options("env")}
        names = env | {name: name for name in (*self._names, *options)}
        near = closest(option, names)
        literal = f"braces that are no reference are written with blanks: {{ {braces[1:-1]} }}"
        return f"section DEFAULT has no option {option}", f"did you mean {{{names[near]}}}?" if near else literal


def _along(path: tuple[Key, ...], reason: str) -> str:
    return f"{' -> '.join('.'.join(key) for key in path)}: {reason}" if len(path) > 1 else reason


def _calculated(text: str, path: tuple[Key, ...]) -> str:
    from core.config.expressions import ExpressionError, substitute

    try:
        return substitute(text)
    except ExpressionError as error:
        raise Unresolved(_along(path, str(error))) from None

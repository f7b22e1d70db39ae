"""Where in the text of a service file a name, a value or a word of it stands, for what is said about it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.config.document import Document
from core.config.section import BLANKS
from core.errors import Problem

_WORD = re.compile(r"\S+")
_QUOTED = r"'([^']+)'"
_BRACES = r"(?a)\{[\w#.\[\]]+\}|\$\([^ ]*\)"
_PATH = r"\S+\.\S+ -> (\S+)\.([^\s.:]+)"
_NAME = r"(?a)(?<!\S)env\.\w+"


class Place(NamedTuple):
    """A line and a column of the file, both from 1."""

    line: int
    column: int


class Places:
    """Finds places in one document, which must not be edited meanwhile."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._lines = document.text.removeprefix("\ufeff").split("\n")

    def name(self, section: str, option: str = "") -> Place:
        """Where an option, or the header of a section, begins."""
        line = self._document.line(section, option or None)
        text = self._lines[line - 1] if line else ""
        return Place(line, len(text) - len(text.lstrip(BLANKS)) + 1)

    def value(self, section: str, option: str) -> Place:
        """Where a value begins; of an empty one, where it would."""
        return next((place for place, _ in self._words(section, option)), self._after_separator(section, option))

    def word(self, section: str, option: str, position: int, count: int) -> Place:
        """Where a word of the evaluated value begins, which has so many: what a reference stands for has no own place.

        Words that a reference brought are said where the value begins.
        """
        words = [place for place, _ in self._words(section, option)]
        return words[position] if len(words) == count else self.value(section, option)

    def guessed(self, problem: Problem) -> Place:
        """Where what a sentence is about begins: what it quotes, or refers to, where the value has that."""
        section, option = problem.section, problem.key
        if not option or self._document.raw(section, option) is None:
            return self.name(section) if self._document.has(section) else Place(problem.line, 0)
        words = list(self._words(section, option))
        for text in _subjects(problem.text):
            for place, word in words:
                at = word.find(text)
                if at >= 0:
                    return Place(place.line, place.column + at)
        said = {each.strip(":;,") for each in problem.text.split()}
        return next((place for place, word in words if word in said), self.value(section, option))

    def _after_separator(self, section: str, option: str) -> Place:
        line = self._document.line(section, option)
        return Place(line, self._start(line, self._document.raw(section, option) or "") + 1)

    def _start(self, line: int, raw: str) -> int:
        """How many characters of the line of an option come before its value."""
        return len(self._lines[line - 1].rstrip("\r")) - len(raw.partition("\n")[0].rstrip("\r"))

    def _words(self, section: str, option: str) -> Iterator[tuple[Place, str]]:
        """The words of a value as they are written, further lines included, comments between them left out."""
        raw = self._document.raw(section, option) or ""
        first = self._document.line(section, option)
        for number, text in enumerate(raw.split("\n")):
            if number and text.lstrip(BLANKS)[:1] in {"#", ";"}:
                continue
            before = self._start(first, raw) if number == 0 else 0
            for match in _WORD.finditer(text):
                yield Place(first + number, before + match.start() + 1), match[0]


def _subjects(said: str) -> Iterator[str]:
    """What a sentence may be about, the likeliest first: a reference, what is quoted, what is named."""
    if " -> " in said and (match := re.match(_PATH, said)):
        section, option = match.groups()
        yield from (f"{{{section}.{option}", f"{{{section}.#{option}", f"{{{option}", f"{{#{option}")
    yield from re.findall(_QUOTED, said) if "'" in said else ()
    yield from re.findall(_BRACES, said) if "{" in said or "$" in said else ()
    yield from (f"{{{name}" for name in (re.findall(_NAME, said) if "env." in said else ()))

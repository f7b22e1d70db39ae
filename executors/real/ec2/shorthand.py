"""The shorthand in which aws(1) takes structures: `Name=tag:rid,Values=disk#0,disk#1`, `Tags=[{Key=a,Value=b}]`.

A structure is `key=value` pairs between commas. A value is a text, a list in brackets, a structure in braces, or texts
between commas: of `a=1,2,b=3` the 2 belongs to a, since no `=` follows it. A text in quotes may hold anything.
"""

import re
from typing import Any

_KEY = re.compile(r"[A-Za-z0-9\-_.#/:]+")
_QUOTED = re.compile(r"'(?:\\\\|\\'|[^'])*'|\"(?:\\\\|\\\"|[^\"])*\"")
_BARE = re.compile(r"(?:\\,|[^\s,'\"=\[{])(?:\\,|[^,'\"\]}])*")
_BARE_AFTER_COMMA = re.compile(r"(?:\\,|[^\s,'\"=\[{])(?:\\,|[^,'\"\]}=])*")
_BLANKS = re.compile(r"\s*")


class Malformed(ValueError):
    """The text is no shorthand."""


def parse(text: str) -> dict[str, Any]:
    """Read a structure: its keys, with texts, lists and structures. Raises Malformed."""
    reader = _Reader(text)
    found: dict[str, Any] = {}
    while True:
        key = reader.key()
        if key in found:
            raise Malformed(f"{key!r} is given twice in {text!r}")
        found[key] = reader.values()
        if reader.at_end():
            return found
        reader.expect(",")


class _Reader:
    """A text and how far it was read."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def at_end(self) -> bool:
        return self._at == len(self._text)

    def _is_at(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        return match[0]

    def expect(self, character: str) -> None:
        """Take a character, with the blanks around it. Raises Malformed."""
        self._take(_BLANKS)
        if not self._is_at(character):
            found = self._text[self._at : self._at + 1] or "its end"
            raise Malformed(f"expected {character!r}, found {found!r} in {self._text!r}")
        self._at += 1
        self._take(_BLANKS)

    def key(self) -> str:
        """Take `key=`."""
        key = self._take(_KEY)
        if key is None:
            raise Malformed(f"expected KEY=VALUE in {self._text!r}")
        self.expect("=")
        return key

    def values(self) -> Any:
        """Take the value of a pair that is not in brackets: texts between commas are one list."""
        if self.at_end():
            return ""
        if self._is_at("[") or self._is_at("{"):
            return self._value()
        texts = [self._value()]
        while not self.at_end():
            before = self._at
            self._take(_BLANKS)
            if not self._is_at(","):
                break
            self.expect(",")
            following = self._text_of(_BARE_AFTER_COMMA)
            self._take(_BLANKS)
            if following is None or not (self.at_end() or self._is_at(",")):
                self._at = before
                break
            texts.append(following)
        return texts[0] if len(texts) == 1 else texts

    def _value(self) -> Any:
        """Take one value: a list, a structure, or a text, which may be empty."""
        if self._is_at("["):
            return self._list()
        if self._is_at("{"):
            return self._structure()
        return self._text_of(_BARE) or ""

    def _text_of(self, bare: re.Pattern[str]) -> str | None:
        if (quoted := self._take(_QUOTED)) is not None:
            return quoted[1:-1].replace(f"\\{quoted[0]}", quoted[0]).replace("\\\\", "\\")
        text = self._take(bare)
        return None if text is None else text.replace("\\,", ",").rstrip()

    def _list(self) -> list[Any]:
        self.expect("[")
        found: list[Any] = []
        while not self._is_at("]"):
            found.append(self._value())
            self._take(_BLANKS)
            if not self._is_at("]"):
                self.expect(",")
        self.expect("]")
        return found

    def _structure(self) -> dict[str, Any]:
        self.expect("{")
        found: dict[str, Any] = {}
        while not self._is_at("}"):
            key = self.key()
            if key in found:
                raise Malformed(f"{key!r} is given twice in {self._text!r}")
            found[key] = self._value()
            self._take(_BLANKS)
            if not self._is_at("}"):
                self.expect(",")
        self.expect("}")
        return found

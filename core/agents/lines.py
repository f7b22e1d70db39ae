"""A service file as the agents of 2015 and 2016 read it: by the rules of Python 2's `RawConfigParser`.

What differs from the rules of today: a key that is there twice has its last value, a section that is there twice is
one, a value ends at ` ;`, and whatever is indented goes on with the value above it, comments included.
"""

import re
from typing import Literal, NamedTuple

Kind = Literal["section", "option", "other", "broken"]

_HEADER = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([^:=\s][^:=]*)[:=]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_COMMENT = re.compile(r"(?<=[ \t]);.*")


class Line(NamedTuple):
    """A header, an option with all lines of its value, or a line that says nothing.

    number: its first line, from 1. text: all of it, line ends included. section: the one that it is in (of a header,
    the one that begins), as written. option: in lower case; spelled: as written. value: what follows its separator.
    """

    number: int
    text: str
    kind: Kind
    section: str = ""
    option: str = ""
    spelled: str = ""
    value: str = ""

    @property
    def words(self) -> str:
        """The value as the agents read it: lines stripped, a comment at the end of the first one cut off."""
        first, *others = self.value.split("\n")
        first = _COMMENT.sub("", f" {first.strip()}").strip()
        further = (line.strip() for line in others if line[:1] not in {"#", ";"})
        return "\n".join((first, *filter(None, further))) if first != '""' else ""

    @property
    def comment(self) -> str:
        """The comment at the end of the first line of the value, with its semicolon; "" for none."""
        found = _COMMENT.search(f" {self.value.partition(chr(10))[0].rstrip()}")
        return "" if found is None else found[0]

    @property
    def commented(self) -> str:
        """A further line of the value that is a comment to everybody else, since it begins like one; "" for none."""
        lines = (each.strip() for each in self.value.split("\n")[1:] if each[:1].isspace())
        return next((each for each in lines if each[:1] in {"#", ";"}), "")

    @property
    def end(self) -> str:
        """How the line ends; a last line without an end gets one where another line follows."""
        return "\r\n" if self.text.endswith("\r\n") else "\n"

    def longer(self, more: str) -> "Line":
        """The option with further lines of its value."""
        return self._replace(text=self.text + more, value=self.value + more)

    def written(self, name: str, value: str) -> str:
        """The text of the option with another name, or another value of one line, and without the comment at its end.

        Everything else stays: blanks, further lines, the line's end.
        """
        lead = name if name != self.option else self.spelled
        lead += self.text[len(self.spelled) : len(self.text) - len(self.value)]
        first, feed, others = self.value.partition("\n")
        body = first.rstrip()
        bare = body.removesuffix(self.comment).rstrip() if self.comment else body
        if value != self.words:
            bare = (bare[: len(bare) - len(bare.lstrip())] or " ") + value
        return f"{lead}{bare}{first[len(body) :]}{feed}{others}"


def split(text: str) -> list[str]:
    """The lines of a text with their ends, which are line feeds and nothing else."""
    return _LINE.findall(text)


def read(text: str) -> list[Line]:
    """Read a file into its lines; joined, their texts are the file."""
    found: list[tuple[Line, list[str]]] = []  # each with the further lines of its value
    idle = 0  # how many lines since the last one that said something; they may stand within a value
    section = ""
    for number, text_of in enumerate(split(text), 1):
        bare = text_of.rstrip("\r\n")
        last = found[-1 - idle] if len(found) > idle else None
        if not bare.strip() or bare[0] in "#;":
            found.append((Line(number, text_of, "other", section), []))
            idle += 1
        elif bare[0].isspace() and last is not None and last[0].kind == "option":
            between = [line.text for line, _ in found[len(found) - idle :]]
            del found[len(found) - idle :]
            last[1].extend((*between, text_of))
            idle = 0
        else:
            line = _line(number, text_of, bare, section)
            section, idle = line.section, 0
            found.append((line, []))
    return [line if not more else line.longer("".join(more)) for line, more in found]


def _line(number: int, text: str, bare: str, section: str) -> Line:
    if header := _HEADER.match(bare):
        return Line(number, text, "section", header[1])
    option = _OPTION.match(bare)
    if option is None or not section:
        return Line(number, text, "broken", section)
    name = option[1].rstrip()
    return Line(number, text, "option", section, name.lower(), name, text[option.end() :])

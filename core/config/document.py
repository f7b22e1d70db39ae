"""The text of a service file, scanned into spans and edited in place.

Nothing is ever parsed and written again: the document keeps each piece of its text as it was, knows which pieces are
values, and an edit replaces one piece. So reading and writing give the same bytes, and a cascade changes its own line
and no other. The rules are those of Python's `RawConfigParser`, which the agent used (facts, section A): `=` or `:`,
whole-line comments, values continued on lines indented deeper than their option, names of options without case.
"""

import re
from collections.abc import Iterator

from core.config.section import BLANKS, Piece, Section
from core.errors import ConfigError, Problem

DOCUMENT_BYTES_MAX = 1024 * 1024
PROBLEMS_MAX = 100
"""How many problems of one file are told: a file of another kind would fill the screen."""

_HEADER = re.compile(r"\[([^\]]*)\][ \t]*(?:[#;].*)?$")
_SEPARATOR = re.compile(r"[=:]")
_SECTION_NAME = re.compile(r"[^\]\x00-\x20\x7f](?:[^\]\x00-\x1f\x7f]*[^\]\x00-\x20\x7f])?")
_OPTION_NAME = re.compile(r"[^=:#;\[\x00-\x20\x7f](?:[^=:\x00-\x1f\x7f]*[^=:\x00-\x20\x7f])?")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff«»]|\r(?!\n)")
_SURROGATES = range(0xD800, 0xE000)
_INDENT = "    "
_BYTE_ORDER_MARK = "\ufeff"


class Document:
    """A service file: text in, the same text out, and edits that change nothing beside what they name.

    text: the content of the file. path: its name, for messages. Making one raises nothing: what is wrong with the
    text is in `problems`, all of it at once, so that a broken file can still be shown and edited; `check` raises.
    """

    __slots__ = (
        "_added", "_first_line", "_lines", "_open_ended", "_order", "_sections", "_text", "line_end", "path", "problems"
    )  # fmt: skip

    def __init__(self, text: str, path: str = "") -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.line_end = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
        self._open_ended = bool(text) and not text.endswith("\n")
        self._order: list[Section] = [Section("", "", "")]
        self._sections: dict[str, Section] = {}
        self._added: set[str] = set()
        self._text: str | None = None
        self._first_line: dict[int, int] | None = None
        self._lines: dict[str, dict[str, int]] = {}
        if len(text) > DOCUMENT_BYTES_MAX:
            self._complain(0, "", "", *_too_large())
            self._order[0].header = text
            self._open_ended = False
            return
        self._find_forbidden(text)
        self._scan(text)
        if not self._sections and not self.problems:
            fix = "write a section such as [fs#0], or start from a template"
            self._complain(0, "", "", "the file has no section: there is nothing to act on", fix)

    @classmethod
    def from_bytes(cls, data: bytes, path: str = "") -> "Document":
        """Read the content of a file. Raises ConfigError when it is too large, or no UTF-8 text."""
        if len(data) > DOCUMENT_BYTES_MAX:
            raise ConfigError(Problem(path, 0, "", "", *_too_large()))
        try:
            return cls(data.decode("utf-8"), path)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            text = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8: this is not a text file"
            raise ConfigError(Problem(path, line, "", "", text, "convert it with iconv -t UTF-8")) from None

    def check(self) -> None:
        """Raise ConfigError with every problem of the text, when it has any."""
        if self.problems:
            raise ConfigError(*self.problems)

    def copy(self) -> "Document":
        """Make an independent document of the same text: what a preview edits."""
        copied = Document("", self.path)
        copied.line_end, copied.problems = self.line_end, self.problems.copy()
        # To scan the text once more would take ten times as long.
        copied._hold([each.copy() for each in self._order], self._added.copy(), self._open_ended)
        return copied

    def _hold(self, order: list[Section], added: set[str], open_ended: bool) -> None:  # noqa: FBT001 - a field
        self._order, self._added, self._open_ended, self._text = order, added, open_ended, None
        self._sections = {}
        for section in order:
            if section.name:
                self._sections.setdefault(section.name, section)

    @property
    def text(self) -> str:
        """The whole file as it is now."""
        if self._text is None:
            text = "".join([section.text or section.joined() for section in self._order])
            last = self._order[-1]
            end = last.pieces[-1].end if last.pieces else last.end
            self._text = text.removesuffix(end) if self._open_ended else text
        return self._text

    def sections(self) -> tuple[str, ...]:
        """The names of the sections, in the order of the file."""
        return tuple(self._sections)

    def has(self, section: str) -> bool:
        """Tell whether there is such a section."""
        return section in self._sections

    def options(self, section: str) -> tuple[str, ...]:
        """The names of a section's options in lower case, in the order of the file; none for an unknown section."""
        found = self._sections.get(section)
        return tuple(found.options) if found else ()

    def get(self, section: str, option: str) -> str | None:
        """The value as written, its continuation lines joined by newlines and stripped; None where there is none."""
        piece = self._piece(section, option)
        return None if piece is None else piece.value()

    def raw(self, section: str, option: str) -> str | None:
        """The exact text of a value, from its separator to the end of its last line: what `set_raw` puts back."""
        piece = self._piece(section, option)
        return None if piece is None else piece.raw

    def section_text(self, section: str) -> str:
        """The lines of a section, from its header on; nothing for an unknown one."""
        found = self._sections.get(section)
        return "" if found is None else found.joined()

    def line(self, section: str, option: str | None = None) -> int:
        """The line (from 1) of an option, or of its section where it has no such option; 0 for an unknown section."""
        found = self._sections.get(section)
        if found is None:
            return 0
        if self._first_line is None:
            self._first_line, self._lines, line = {}, {}, 1
            for each in self._order:
                self._first_line[id(each)] = line
                line += each.joined().count("\n")
        first = self._first_line[id(found)] + found.header.count("\n")
        if option is None or option.lower() not in found.options:
            return first
        if section not in self._lines:
            # All at once: a file in which everything is wrong asks for every one of them.
            self._lines[section], line = {}, first + 1
            for piece in found.pieces:
                self._lines[section].setdefault(piece.name, line)
                line += piece.lines()
        return self._lines[section][option.lower()]

    def set(self, section: str, option: str, value: str) -> None:
        """Give an option a value; the lines of a longer one become continuation lines.

        A missing option is added at the end of its section, a missing section at the end of the file. Raises
        ValueError for what cannot be written: control characters, a further line that would be read as a comment.
        """
        lines = [line.strip(BLANKS) for line in value.split("\n")]
        lines = [lines[0], *(line for line in lines[1:] if line)]
        _refuse_unwritable(section, option, lines)
        piece = self._piece(section, option) or self._add(section, option)
        if piece.value() == "\n".join(lines):
            return
        before, after, empty = piece.framed()
        if len(lines) > 1:
            further = f"{self.line_end}{_indent_of(piece)}"
            raw = (before + lines[0] if lines[0] else "") + "".join(further + line for line in lines[1:])
        else:
            raw = before + lines[0] + after if lines[0] else empty
        self._sections[section].put(piece, piece.holding(raw, piece.frame))
        self._changed(section)

    def set_raw(self, section: str, option: str, raw: str) -> None:
        """Put back the exact text that `raw` gave, byte for byte. A missing option is added first."""
        piece = self._piece(section, option) or self._add(section, option)
        self._sections[section].put(piece, piece.holding(raw, None))
        self._changed(section)

    def unset(self, section: str, option: str, *, prune: bool = False) -> bool:
        """Take an option out of the file; tell whether it was there.

        A section that `set` had added goes with its last option, so that unsetting it gives back the bytes before.
        prune: the section was added by an earlier process, so it goes in the same way.
        """
        found = self._sections.get(section)
        piece = found.options.pop(option.lower(), None) if found else None
        if found is None or piece is None:
            return False
        found.pieces.remove(piece)
        if not found.pieces and (prune or section in self._added):
            self._remove(found)
        self._changed(section)
        return True

    def remove(self, section: str) -> bool:
        """Take a whole section out of the file; tell whether it was there.

        The comment right above its header goes with it, unless that begins the file; the one right above the next
        header stays. Adding a section and removing it gives back the bytes before.
        """
        found = self._sections.get(section)
        if found is None:
            return False
        position = self._order.index(found)
        before, is_last = self._order[position - 1], position == len(self._order) - 1
        own = found.comment_at_end()
        if is_last and own and len(own) == len(found.after_options()):
            own = []
        if before.name and section not in self._added:
            del before.pieces[len(before.pieces) - len(before.comment_at_end()) :]
        if is_last and not own and section not in self._added and before.pieces and before.pieces[-1].is_blank:
            before.pieces.pop()
        before.pieces += own
        before.text = None
        del self._order[position], self._sections[section]
        self._added.discard(section)
        self._changed(section)
        return True

    def _piece(self, section: str, option: str) -> Piece | None:
        found = self._sections.get(section)
        return found.options.get(option.lower()) if found else None

    def _changed(self, section: str) -> None:
        self._text = self._first_line = None
        if section in self._sections:
            self._sections[section].text = None

    def _add(self, name: str, option: str) -> Piece:
        section = self._sections.get(name)
        if section is None:
            # Always one blank line more: whoever takes the section out again need not know what stood before it.
            separator = self.line_end if self.text else ""
            section = Section(name, f"{separator}[{name}]", self.line_end)
            self._order.append(section)
            self._sections[name] = section
            self._added.add(name)
        last = next(reversed(section.options.values()), None)
        indent = last.lead[: len(last.lead) - len(last.lead.lstrip(BLANKS))] if last else ""
        piece = Piece(option.lower(), f"{indent}{option} =", "", self.line_end)
        section.pieces.insert(section.pieces.index(last) + 1 if last else 0, piece)
        section.options[piece.name] = piece
        self._changed(name)
        return piece

    def _remove(self, section: Section) -> None:
        position = self._order.index(section)
        if section.name not in self._added:
            # The blank line that `_add` wrote before the header was read back as the end of the section before.
            before = self._order[position - 1]
            if before.pieces and before.pieces[-1].is_blank:
                before.pieces.pop()
                before.text = None
        del self._order[position], self._sections[section.name]
        self._added.discard(section.name)

    def _complain(self, line: int, section: str, key: str, text: str, fix: str = "", column: int = 0) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(Problem(self.path, line, section, key, text, fix, column))

    def _find_forbidden(self, text: str) -> None:
        for match in _FORBIDDEN.finditer(text):
            start = text.rfind("\n", 0, match.start()) + 1
            line, column = text.count("\n", 0, start) + 1, match.start() - start + 1
            if match[0] in "«»":
                said = f"column {column}: {match[0]} stands for values that nobody knows yet; a service file has none"
                self._complain(line, "", "", said, "take it out", column)
            else:
                said = f"column {column}: {_named(match[0])}"
                self._complain(line, "", "", said, "take it out; is this a text file?", column)
            if len(self.problems) >= PROBLEMS_MAX:
                break

    def _scan(self, text: str) -> None:
        if text.startswith(_BYTE_ORDER_MARK):
            self._order[0].header, text = _BYTE_ORDER_MARK, text[1:]
        met: dict[tuple[str, str], int] = {}
        section, option, option_indent = self._order[0], None, 0
        grown: list[str] = []  # the further lines of the option's value, each with the line end before it
        idle: list[Piece] = []  # comments and blanks since its last line: part of the value if that goes on
        for number, line, end in _lines(text, self.line_end):
            body = line.lstrip(BLANKS)
            if not body or body[0] in "#;":
                piece = Piece("", line, "", end)
                section.pieces.append(piece)
                idle.append(piece)
                continue
            indent = len(line) - len(body)
            if option is not None and indent > option_indent:
                if idle:
                    del section.pieces[-len(idle) :]
                for piece in idle:
                    grown += (option.end, piece.lead)
                    option.end = piece.end
                idle.clear()
                grown += (option.end, line)
                option.end = end
                continue
            idle.clear()
            if grown and option is not None:
                option.raw += "".join(grown)
                grown.clear()
            if body[0] == "[":
                section, option = self._open(number, line, end, met), None
            else:
                section.pieces.append(piece := self._piece_of(section, number, line, end, met))
                option, option_indent = piece, indent
        if grown and option is not None:
            option.raw += "".join(grown)

    def _open(self, number: int, line: str, end: str, met: dict[tuple[str, str], int]) -> Section:
        match = _HEADER.match(line.strip(BLANKS))
        name = match[1].strip(BLANKS) if match else ""
        section = Section(name, line, end)
        self._order.append(section)
        if not name:
            self._complain(number, "", "", f"not the header of a section: {_short(line)}", "write it as [fs#0]")
        elif name in self._sections:
            said = f"this section is already on line {met[name, '']}"
            self._complain(number, name, "", said, "join the two, or give one another number")
        else:
            self._sections[name] = section
            met[name, ""] = number
        return section

    def _piece_of(self, section: Section, number: int, line: str, end: str, met: dict[tuple[str, str], int]) -> Piece:
        separator = _SEPARATOR.search(line)
        name = line[: separator.start()].strip(BLANKS).lower() if separator else ""
        if separator is None or not name:
            piece = Piece("", line, "", end)
        else:
            piece = Piece(name, line[: separator.end()], line[separator.end() :], end)
        if section is self._order[0]:
            self._complain(number, "", "", f"text before the first section: {_short(line)}", "put [DEFAULT] above it")
        elif not name:
            fix = "write it as KEY = VALUE, or indent it to continue the value above"
            self._complain(number, section.name, "", f"neither section, option nor comment: {_short(line)}", fix)
        elif name in section.options:
            said = f"this key is already on line {met[section.name, name]}"
            self._complain(number, section.name, name, said, "keep one of them")
        else:
            section.options[name] = piece
            met[section.name, name] = number
        return piece


def _lines(text: str, line_end: str) -> Iterator[tuple[int, str, str]]:
    """Yield number, content and end of each line; the last line gets the end it lacks."""
    lines = text.split("\n")
    last = lines.pop()
    for number, line in enumerate(lines, 1):
        if line.endswith("\r"):
            yield number, line[:-1], "\r\n"
        else:
            yield number, line, "\n"
    if last:
        yield len(lines) + 1, last, line_end


def _too_large() -> tuple[str, str]:
    return (
        f"the file has more than {DOCUMENT_BYTES_MAX} bytes (1 MiB), which no service file needs",
        "is this the right file?",
    )


def _named(character: str) -> str:
    """Say what a character is that no service file has; half of one is what a byte that is no UTF-8 is read as."""
    code = ord(character)
    return f"{'half character' if code in _SURROGATES else 'control character'} 0x{code:02x}"


def _refuse_unwritable(section: str, option: str, lines: list[str]) -> None:
    named = _SECTION_NAME.fullmatch(section) and _OPTION_NAME.fullmatch(option)
    if not named or _FORBIDDEN.search(section + option):
        raise ValueError(f"[{section}] {option}: not the name of an option that a file can hold")
    for line in lines:
        if (match := _FORBIDDEN.search(line)) and match[0] not in "«»":
            raise ValueError(f"{section}.{option}: a value cannot hold the {_named(match[0])}")
    for line in lines[1:]:
        if line[0] in "#;":
            raise ValueError(f"{section}.{option}: the line {line!r} of the value would be read as a comment")


def _indent_of(piece: Piece) -> str:
    """The indentation of a value's further lines: as they have it, else one step deeper than the option."""
    own = piece.lead[: len(piece.lead) - len(piece.lead.lstrip(BLANKS))]
    for line in piece.raw.split("\n")[1:]:
        body = line.lstrip(BLANKS)
        if body.strip() and body[0] not in "#;":
            return line[: len(line) - len(body)]
    return own + _INDENT


def _short(line: str) -> str:
    text = line.strip(BLANKS)
    return repr(text if len(text) <= 40 else text[:37] + "...")  # noqa: PLR2004 - what fits beside the place

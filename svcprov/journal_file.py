"""A journal on disk: lines that are added at its end, each with a sum of itself and of all that stand before it.

By its sum a line that a disk or a hand has changed, one that is missing, and another journal behind the first are told
from what a crash leaves: a last line that is cut short, or NULs where the disk had not got to yet. A journal of an
earlier version has no sums; it is read, and gone on with, without.
"""

import json
import os
from binascii import crc32
from typing import Any, NamedTuple

from core.errors import Failed
from svcprov import shell
from svcprov.replace import write_all

FORMAT = 1
JOURNAL_BYTES_MAX = 64 * 1024 * 1024
MODE = 0o600
BEFORE_SUM = b', "sum": "'
SUM = BEFORE_SUM + b'%08x"}'
SUM_BYTES = len(SUM % 0)
KINDS: dict[str, type] = {"intent": int, "of": int, "fresh": str, "rolling": bool, "end": str}
"""The lines of a journal, each by the key that tells what it is, and the type of its value."""
WAITED_FOR = (b'"intent"', b'"rolling"', b'"end"')

Line = dict[str, Any]


class Mark(NamedTuple):
    """A place in a journal: how many lines end there, and their sum."""

    line: int
    sum: int

    def __str__(self) -> str:
        """As the record has it."""
        return f"{self.line}-{self.sum:08x}"


class Read(NamedTuple):
    """What is in a journal: its whole lines, how many bytes they take, and their marks (none without sums).

    torn: something follows that is no whole line.
    """

    lines: list[Line]
    length: int
    marks: list[Mark]
    torn: bool


class JournalFile:
    """The journal at a path. Lines are added to what is there, or `begin` a new one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._length: int | None = None
        """How many bytes of it are whole lines; what follows is cut off when a line is added."""
        self._last: Mark | None = None
        self.synced: Mark | None = None
        """The last line that this process knows to be on disk."""

    def read(self) -> Read:
        """Read it. Raises Failed, with the line and what to type, for what no crash can have left."""
        self.close()
        try:
            with open(self.path, "rb") as file:
                data = file.read(JOURNAL_BYTES_MAX + 1)
        except FileNotFoundError:
            return Read([], 0, [], torn=False)
        except OSError as error:
            raise Failed(f"{self.path}: {error.strerror}; {self._remedy()}") from None
        if len(data) > JOURNAL_BYTES_MAX:
            raise Failed(f"{self.path}: this has more than {JOURNAL_BYTES_MAX} bytes: no journal; {self._remedy()}")
        found = self._understood(data)
        self._length = found.length
        self._last = found.marks[-1] if found.marks else None
        return found

    def _understood(self, data: bytes) -> Read:
        *texts, torn = data.split(b"\n")
        lines: list[Line] = []
        marks: list[Mark] = []
        summed = any(_sum_of(text) is not None for text in texts)
        length = 0
        for number, text in enumerate(texts, 1):
            line = _line(text)
            mark = _mark(text, marks) if summed else None
            if line is None or (summed and mark is None):
                if _is_torn(texts[number - 1 :], torn, summed=summed):
                    return Read(lines, length, marks, torn=True)
                said = "this is no line of a journal" if line is None else "this is not as it was written"
                raise Failed(f"{self.path}:{number}: {said}; {self._remedy()}")
            if said := _strange(line, number):
                raise Failed(f"{self.path}:{number}: {said}; {self._remedy()}")
            line.pop("sum", None)
            lines.append(line)
            length += len(text) + 1
            marks += [] if mark is None else [mark]
        return Read(lines, length, marks, torn=bool(torn))

    @property
    def away(self) -> str:
        """The command line that takes it out of the way."""
        return shell.line(("mv", self.path, f"{self.path}.away"))

    def _remedy(self) -> str:
        return f"what an unfinished action did is not known; to go by the record alone:\n  {self.away}"

    def begin(self, header: Line) -> None:
        """Begin a new one; what was there is kept as `journal.jsonl.1`. Raises Failed, and then nothing was begun."""
        self.close()
        if os.path.exists(self.path):
            try:
                os.replace(self.path, f"{self.path}.1")
            except OSError as error:
                raise Failed(f"{self.path}: {error.strerror}: nothing was begun") from None
        self._length, self._last = None, Mark(0, 0)
        self.add(header)

    def add(self, line: Line, *, sync: bool = True) -> None:
        """Add a line. Raises Failed, and then it is not in there.

        sync: it and all before it are on disk when this returns. Without, it outlives this process, but perhaps no
        power failure.
        """
        if self._descriptor is None and self._length is None and self._last is None:
            self.read()
        text = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")
        mark = None
        if self._last is not None:
            mark = Mark(self._last.line + 1, crc32(text, self._last.sum))
            text = text[:-1] + SUM % mark.sum
        try:
            if self._descriptor is None:
                self._descriptor = self._opened()
            self._write(self._descriptor, text + b"\n", sync=sync)
        except OSError as error:
            raise Failed(
                f"{self.path}: {error.strerror or error}: what comes next would not be remembered, and was not done"
            ) from None
        self._last = mark
        self.synced = mark if sync else self.synced

    def _write(self, descriptor: int, data: bytes, *, sync: bool) -> None:
        size = os.fstat(descriptor).st_size
        try:
            write_all(descriptor, data)
            if sync:
                os.fdatasync(descriptor)
        except OSError:
            # Where not even this is possible, whoever opens it next cuts the half line off.
            self._length = size
            os.ftruncate(descriptor, size)
            raise

    def _opened(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, MODE)
        if self._length is not None:
            os.ftruncate(descriptor, self._length)
        return descriptor

    def close(self) -> None:
        """Let go of it; it can be used again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = self._length = self._last = self.synced = None


def _is_torn(texts: list[bytes], rest: bytes, *, summed: bool) -> bool:
    """Tell whether a crash can have left these lines, and this behind the last of them, of which the first is bad.

    NULs are where the disk had not got to; what waits for the disk has everything before it there.
    """
    if b"\0" in texts[0]:
        return not any(word in text for text in texts[1:] for word in WAITED_FOR)
    return not summed and len(texts) == 1 and not rest


def _line(text: bytes) -> Line | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) else None


def _sum_of(text: bytes) -> int | None:
    """The sum that stands at the end of a line; None for one without."""
    before, key, value = text.rstrip(b"\r").rpartition(BEFORE_SUM)
    try:
        return int(value.removesuffix(b'"}'), 16) if before and key and value.endswith(b'"}') else None
    except ValueError:
        return None


def _mark(text: bytes, marks: list[Mark]) -> Mark | None:
    """The mark at the end of a line behind these; None when its sum is not the one that it should be."""
    content = text.rstrip(b"\r")[:-SUM_BYTES] + b"}"
    mark = Mark(len(marks) + 1, crc32(content, marks[-1].sum if marks else 0))
    return mark if _sum_of(text) == mark.sum else None


def _strange(line: Line, number: int) -> str:
    """What is wrong with a line that is JSON, but not one that we write; "" for one that we do."""
    if number == 1:
        if not isinstance(line.get("action"), str):
            return "a journal begins with what its action is, and this does not"
        if line.get("format", FORMAT) != FORMAT:
            return f"this is format {line['format']!r}, and this svcprov reads {FORMAT}: use the newer one"
        return ""
    known = [kind for kind in KINDS if kind in line]
    if not known or not isinstance(line[known[0]], KINDS[known[0]]):
        return "another action begins here" if "action" in line else "nobody here wrote such a line"
    if "intent" in line and not isinstance(line.get("command"), dict):
        return "an intent without its command"
    return ""

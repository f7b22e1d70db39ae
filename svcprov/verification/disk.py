"""What a process leaves on disk, in memory: the journal's lines, the record and the service file."""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from core.command import Command
from core.config.document import Document
from core.config.service import Service
from core.record import Record
from core.wire import decode, encode
from executors.layers.faults import Crash, How
from svcprov.keeping import Lines

Where = Literal["inside", "outside", "disk", "questions"]
NEVER = 0


class Point(NamedTuple):
    """Where an action goes wrong: at change number `at` inside or outside the journal, or at a write to the disk.

    `questions` are the commands that only read.
    """

    at: int
    how: How = "before"
    where: Where = "inside"

    def __str__(self) -> str:
        what = {"disk": "write", "questions": "question"}.get(self.where, "change")
        return f"{self.how} {what} {self.at} ({self.where})"


UNDISTURBED = Point(NEVER)


@lru_cache(maxsize=4096)
def _written(command: Command) -> str:
    """The JSON of a command: the same few are journalled over and over."""
    return json.dumps(encode(command))


@lru_cache(maxsize=4096)
def _plain(items: tuple[tuple[str, Any], ...]) -> str:
    """The JSON of a line without a command."""
    return json.dumps(dict(items))


@lru_cache(maxsize=8192)
def _read(line: str) -> dict[str, Any]:
    """A line of the journal, as a new process reads it."""
    found: dict[str, Any] = json.loads(line)
    return found | {"command": decode(found["command"])} if "command" in found else found


@lru_cache(maxsize=256)
def scanned(text: str, path: str) -> Document:
    """The document of a text; whoever wants to edit it takes a copy."""
    return Document(text, path)


class Disk:
    """What survives a kill: the journal's lines, the record and the service file.

    `fails` is a point whose `where` is `disk`: that write is the last thing the process did, or tried to.
    """

    def __init__(self, file: str, record: Record | None = None) -> None:
        self.file, self._record = file, Record() if record is None else record
        self.journal: list[str] = []
        self._synced = 0
        """How many of its lines a power failure leaves."""
        self.writes = 0
        self.fails = UNDISTURBED
        self.service: Service | None = None
        self.watch: Callable[[Point], None] | None = None

    def copy(self) -> "Disk":
        """What is on it now, on another disk."""
        other = Disk(self.file, self._record)
        other.journal, other._synced = self.journal[:], self._synced
        return other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Disk) and self._whole() == other._whole()

    __hash__ = None  # type: ignore[assignment]  # what is on a disk changes

    def _whole(self) -> tuple[object, ...]:
        return self.journal, self.file, self._record.made, self._record.keys

    @property
    def record(self) -> str:
        """The record's file."""
        return self._record.to_json()

    def keep(self, record: Record) -> None:
        """Have this record: what was given before this world began."""
        self._record = record.copy()

    def recorded(self) -> Record:
        """The record, as a new process has it."""
        return self._record.copy()

    def _write(self, write: Callable[[], None]) -> None:
        self.writes += 1
        if self.watch is None and self.writes != self.fails.at:
            write()
            return
        before, after = (Point(self.writes, how, "disk") for how in ("before", "after"))
        if self.watch is not None:
            self.watch(before)
        if self.fails == before:
            raise Crash
        write()
        if self.watch is not None:
            self.watch(after)
        if self.fails == after:
            raise Crash

    def journal_lines(self) -> Lines:
        """The lines of the last action."""
        return [_read(line) for line in self.journal]

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Begin another action."""

        def begin() -> None:
            self.journal[:] = [json.dumps(encode(header))]
            self._synced = 1

        self._write(begin)

    def journal_line(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Add a line."""

        def add() -> None:
            if "command" in line:
                intent, command, before = line["intent"], line["command"], json.dumps(line["before"])
                text = f'{{"intent": {intent}, "command": {_written(command)}, "before": {before}}}'
            else:
                text = _plain(tuple(line.items()))
            self.journal.append(text)
            self._synced = len(self.journal) if sync else self._synced

        self._write(add)

    def lose_power(self) -> None:
        """Lose the lines that nobody waited for."""
        del self.journal[self._synced :]

    def save_record(self) -> None:
        """Keep the record as it is now."""
        record = self._acting.record.copy()
        self._write(lambda: setattr(self, "_record", record))

    def save_file(self) -> None:
        """Keep the service file as it is now."""
        text = self._acting.document.text
        self._write(lambda: setattr(self, "file", text))

    @property
    def _acting(self) -> Service:
        if self.service is None:
            raise AssertionError("nobody acts")
        return self.service

"""What was done to a service: one line when an action begins, one when it ends, in `$OSVCVAR/SERVICE/history.jsonl`.

A line is added in one write, by who holds the lock of the service. A begin without an end is an action that was killed,
or the one that runs now.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from core.errors import beginning
from svcprov.lock import holder_of, is_held
from svcprov.replace import replace, write_all
from svcprov.who import Who, boot, timestamp, who

HISTORY_BYTES_MAX = 1 << 20
"""When it has become that long, the older half is dropped."""

OWN_MODE = 0o600
WORDS_MAX = 200
WORD_CHARACTERS_MAX = 2000
"""How much of a command line is kept."""

RUNNING = "running"
KILLED = "killed"


class Entry(NamedTuple):
    """An action of the past: who did what, where, and how it ended.

    ended, changes, exit_code: None of an action that was killed or is still running. seconds: how long it took, by a
    clock that nobody sets. error: what the last failure said.
    """

    begun: str
    ended: str | None
    seconds: float | None
    by: Who
    action: str
    node: str
    result: str
    exit_code: int | None
    changes: int | None
    argv: tuple[str, ...]
    error: str

    def as_json(self) -> dict[str, Any]:
        """The object of `history --format json`."""
        known = {**self._asdict(), "argv": list(self.argv)}
        del known["by"]
        return {"type": "action", **known, **self.by._asdict()}


class History:
    """The history of a service. lock: the path of the service's lock, which tells what runs now.

    remarks: what was found odd while reading.
    """

    def __init__(self, path: str, lock: str) -> None:
        self.path, self._lock = path, lock
        self.remarks: list[str] = []
        self._number, self._since = "", 0.0

    def begin(self, action: str, node: str, argv: Sequence[str]) -> None:
        """Write that an action begins, which `end` is for. Raises OSError or Failed."""
        number, self._since = f"{os.getpid()}.{time.monotonic_ns()}", time.monotonic()
        words = [_shortened(word) for word in argv[:WORDS_MAX]] + (["..."] if len(argv) > WORDS_MAX else [])
        self._shorten()
        line = {"action": action, "node": node, "argv": words, "pid": os.getpid(), "boot": boot(), **who()._asdict()}
        self._add({"begins": number, "time": timestamp(), **line}, os.O_CREAT)
        self._number = number

    def end(self, result: str, exit_code: int, changes: int, error: str) -> None:
        """Write how the action ended, unless it took the history away, or has no beginning there. Raises OSError."""
        if not self._number:
            return
        line = {"ends": self._number, "time": timestamp(), "seconds": round(time.monotonic() - self._since, 3)}
        outcome = {"result": result, "exit_code": exit_code, "changes": changes, "error": _shortened(error)}
        try:
            self._add(line | outcome, 0)
        except FileNotFoundError:
            return

    def _add(self, line: Mapping[str, Any], flags: int) -> None:
        data = f"{json.dumps(line)}\n".encode()
        flags |= os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, OWN_MODE)
        try:
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                # A crash tore the last line; it stays for itself.
                data = b"\n" + data
            try:
                write_all(descriptor, data)
                if "ends" in line:
                    os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def _shorten(self) -> None:
        """Drop the older half of a history that has become too long."""
        try:
            if os.stat(self.path, follow_symlinks=False).st_size < HISTORY_BYTES_MAX:
                return
        except FileNotFoundError:
            return
        with open(self.path, "rb") as file:
            data = file.read()
        newer = data[data.find(b"\n", len(data) // 2) + 1 :]
        replace(self.path, newer, OWN_MODE)

    def entries(self) -> list[Entry]:
        """All actions, the newest last. Raises OSError for a history that is there and cannot be read."""
        running = self._running()
        try:
            with open(self.path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        # Asked on both sides: an action that begins or ends while the file is read was not killed.
        running = self._running() if running is None else running
        *whole, torn = data.split(b"\n")
        lines = [line for text in whole if (line := _line(text)) is not None]
        if torn and running is None:
            self.remarks.append(f"{self.path}: the last line was cut short by a crash: left out")
        if (damaged := len(whole) - len(lines)) > 0:
            self.remarks.append(f"{self.path}: lines that are none of a history: {damaged}, left out")
        ends = {line["ends"]: line for line in lines if "ends" in line}
        begins = [line for line in lines if "begins" in line]
        return [
            _entry(line, ends.get(line["begins"]), living=_of_the_living(line, running, last=line is begins[-1]))
            for line in begins
        ]

    def _running(self) -> dict[str, Any] | None:
        """Who holds the lock, as far as that is known; None when nobody does."""
        return (holder_of(self._lock) or {}) if is_held(self._lock) else None


def _line(text: bytes) -> dict[str, Any] | None:
    """A line of a history; None for what is none."""
    try:
        line = json.loads(text)
        wanted = ("result",) if "ends" in line else ("begins", "action", "user")
        return line if all(isinstance(line[name], str) for name in ("time", *wanted)) else None
    except (ValueError, KeyError, TypeError):
        return None


def _of_the_living(line: Mapping[str, Any], running: Mapping[str, Any] | None, *, last: bool) -> bool:
    """Tell whether an action without an end is the one that holds the lock."""
    if running is None or not last:
        return False
    same = (line.get("pid"), line.get("boot"))
    return (running.get("pid", same[0]), running.get("boot", same[1])) == same


def _entry(begin: Mapping[str, Any], end: Mapping[str, Any] | None, *, living: bool) -> Entry:
    by = Who(*(str(begin.get(field) or "") for field in Who._fields))
    last: Mapping[str, Any] = {"result": RUNNING if living else KILLED} if end is None else end
    words = begin.get("argv")
    return Entry(
        begun=begin["time"],
        ended=last.get("time"),
        seconds=last.get("seconds"),
        by=by,
        action=begin["action"],
        node=str(begin.get("node", "")),
        result=last["result"],
        exit_code=last.get("exit_code"),
        changes=last.get("changes"),
        argv=tuple(map(str, words)) if isinstance(words, list) else (),
        error=str(last.get("error") or ""),
    )


def _shortened(text: str) -> str:
    return beginning(text, WORD_CHARACTERS_MAX)

"""The last lines of a terminal, painted again and again, while the log grows above them.

The cursor is never hidden, nor is the terminal set to anything: whoever kills us leaves it as it was. Every painting is
one write, so that a line of the log and what is below it come together.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from select import select
from threading import RLock
from types import FrameType
from typing import NamedTuple

UP, CLEAR = "\033[{}A", "\033[J"
"""Go up some lines; clear from here to the end of the screen."""
FULL_SECONDS_MAX = 1.0
"""How long a terminal that takes nothing more is waited for before something is written again."""
SIZE_UNKNOWN = (80, 24)


class Line(NamedTuple):
    """A line, and how many columns it takes."""

    text: str
    width: int


class Region:
    """The region of a terminal. environ: tells which terminal it is."""

    def __init__(self, descriptor: int, encoding: str, environ: Mapping[str, str]) -> None:
        self._descriptor, self._encoding = descriptor, encoding
        self._reflows = _reflows(environ)
        self.lock = RLock()
        """Held while something is painted. What is composed from is changed under it, too: with a lock of its own for
        that, a signal that comes in between would leave two threads waiting for each other."""
        self._lines: Sequence[Line] = ()
        self._columns = 0
        self._lifted = 0
        self.is_over = False
        """Whether it is closed, or the terminal is: then nothing is painted any more."""

    def size(self) -> tuple[int, int]:
        """How many columns and rows there are."""
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:
            return SIZE_UNKNOWN
        # A terminal that nobody told its size says 0.
        return columns or SIZE_UNKNOWN[0], rows or SIZE_UNKNOWN[1]

    def paint(self, compose: Callable[[int, int], Sequence[Line]]) -> bool:
        """Put what is composed for this many columns and rows in the place of what was there; tell whether it is there.

        A terminal that takes nothing at the moment (Ctrl-S, a connection that hangs) is left alone: whoever wants to
        write to the log would have to wait, too.
        """
        with self.lock:
            if self._lifted or self.is_over or not self._is_ours() or not self._takes(0):
                return False
            columns, rows = self.size()
            lines = compose(columns, rows)
            if lines != self._lines or columns != self._columns:
                erasing = self._erasing()
                self._lines, self._columns = lines, columns
                self._put(erasing + self._painting())
            return not self.is_over

    def above(self, text: str) -> None:
        """Write text that ends a line, and what was painted below it."""
        with self.lock:
            erasing = self._erasing()
            if not self._is_ours() or self.size()[0] < self._columns:
                self._lines = ()
            self._put(erasing + text + self._painting())

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """While this lasts, nothing is painted, and nothing that was is there."""
        with self.lock:
            erasing, self._lines = self._erasing(), ()
            self._lifted += 1
            self._put(erasing)
        try:
            yield
        finally:
            self._lifted -= 1

    def close(self) -> None:
        """Leave nothing of it."""
        with self.lock, self.lifted():
            self.is_over = True

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """While this lasts, Ctrl-Z leaves a terminal without what was painted; it is back when the shell lets us."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            with self.lifted():
                signal.signal(signal.SIGTSTP, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGTSTP)
                signal.signal(signal.SIGTSTP, stop)

        before = signal.getsignal(signal.SIGTSTP)
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, stop)
        try:
            yield
        finally:
            if before is signal.SIG_DFL:
                signal.signal(signal.SIGTSTP, before)

    def _is_ours(self) -> bool:
        """Tell whether we are in the foreground: behind a shell's prompt there is only the log."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # the terminal of others: no shell takes it away from us
            return True

    def _painting(self) -> str:
        return "".join(f"{line.text}\n" for line in self._lines)

    def _erasing(self) -> str:
        """What takes away what is painted. A terminal that became narrower may have broken its lines."""
        if not self._lines:
            return ""
        columns = self.size()[0] if self._reflows else self._columns
        rows = sum(max(1, -(-line.width // columns)) for line in self._lines)
        return f"\r{UP.format(rows)}{CLEAR}"

    def _put(self, text: str) -> None:
        data = memoryview(text.encode(self._encoding, "backslashreplace"))
        while data and not self.is_over:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:
                self._takes(FULL_SECONDS_MAX)
            except OSError:
                self.is_over = True

    def _takes(self, seconds: float) -> bool:
        """Tell whether the terminal takes something within this time."""
        return bool(select([], [self._descriptor], [], seconds)[1])


def _reflows(environ: Mapping[str, str]) -> bool:
    """Tell whether a terminal that becomes narrower breaks the lines that are on it, as nearly all do."""
    return bool(environ.get("TMUX")) or not (environ.get("XTERM_VERSION") or environ.get("STY"))

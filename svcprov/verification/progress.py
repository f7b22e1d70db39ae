"""How far verifying has come, and how long it will take: one line on a terminal, written over itself."""

import os
import sys
from time import monotonic

EVERY_SECONDS = 0.2
CLEAR = "\r\033[K"


class Progress:
    """Writes to standard error where that is a terminal, else nothing. expected: about how many tries there will be."""

    def __init__(self, expected: int) -> None:
        self._expected, self._tried = expected, 0
        self._began = monotonic()
        self._next = 0.0
        self.is_shown = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def step(self, what: str) -> None:
        """One more try of this kind."""
        self._tried += 1
        now = monotonic()
        if self.is_shown and now >= self._next:
            self._next = now + EVERY_SECONDS
            self._write(f"{CLEAR}{self.line(what, now - self._began)}")

    def say(self, what: str) -> None:
        """Something that is no try, and takes a while."""
        if self.is_shown:
            self._write(f"{CLEAR}{what}")

    def line(self, what: str, seconds: float) -> str:
        """What is shown after so many seconds."""
        left = max(0, self._expected - self._tried) * seconds / max(1, self._tried)
        total = max(self._expected, self._tried)
        return f"verify: {self._tried} of about {total} tries: {what}; {left:.0f} s left"

    def end(self) -> None:
        """Take the line away."""
        if self.is_shown:
            self._write(CLEAR)

    @staticmethod
    def _write(text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            return

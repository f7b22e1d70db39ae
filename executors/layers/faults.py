"""Crashes and lost answers, at a point that is counted: inside the journal, or outside it."""

from typing import Literal

from core.command import Command, Completed, Executor

TIMED_OUT = 124


class Crash(BaseException):
    """The process was killed here. No `except Exception` sees it, as none sees SIGKILL."""


class Faults:
    """An executor in which the change number `at` (from 1) goes wrong.

    before, after: killed before it took effect, or after. lost: it took effect, but the answer says that it failed.
    timeout: it did nothing, and says that it timed out.
    Inside the journal, `after` is an effect without record; outside it, the record is there.
    """

    def __init__(self, inner: Executor, at: int, how: Literal["before", "after", "lost", "timeout"]) -> None:
        self._inner, self._at, self._how = inner, at, how
        self.changes = 0

    def run(self, command: Command) -> Completed:
        """Run a command, unless it is the one that goes wrong."""
        if command.kind != "changes":
            return self._inner.run(command)
        self.changes += 1
        if self.changes != self._at:
            return self._inner.run(command)
        if self._how == "before":
            raise Crash
        if self._how == "timeout":
            return Completed(TIMED_OUT, "", "timed out\n")
        self._inner.run(command)
        if self._how == "after":
            raise Crash
        return Completed(TIMED_OUT, "", "timed out\n")

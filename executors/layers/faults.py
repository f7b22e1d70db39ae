"""Crashes, lost answers and failing commands, at a point that is counted: inside the journal, or outside it."""

from typing import Literal

from core.command import Command, Completed, Executor, Kind
from core.engine import ENGINE, SVCMGR

TIMED_OUT = 124
How = Literal["before", "after", "lost", "timeout", "fails"]
FAILURES = {"aws": 254, "mount": 32, "umount": 32, "docker": 125, "blkid": 4, "mkfs.xfs": 1}
"""With what the tools fail that do not fail with the first of `FAILING`."""
FAILING = (1, 2, 3, 4, 5)


class Crash(BaseException):
    """The process was killed here. No `except Exception` sees it, as none sees SIGKILL."""


def failure(command: Command) -> Completed:
    """The answer of a command that did nothing, in the manner of its tool: a return code that is no answer."""
    usual = FAILURES.get(command.argv[0], FAILING[0])
    code = next(code for code in (usual, *FAILING) if code not in command.accepts)
    return Completed(code, "", f"{command.argv[0]}: failed\n")


class Faults:
    """An executor in which the change number `at` (from 1) goes wrong.

    before, after: killed before it took effect, or after. lost: it took effect, but the answer says that it failed.
    timeout: it did nothing, and says that it timed out. fails: it did nothing, and fails as its tool does.
    Inside the journal, `after` is an effect without record; outside it, the record is there.
    kind: `reads` counts questions in place of changes; those of the engine and about the service file are none.
    """

    def __init__(self, inner: Executor, at: int, how: How, kind: Kind = "changes") -> None:
        self._inner, self._at, self._how, self._kind = inner, at, how, kind
        self.changes = 0
        self.hit: Command | None = None
        """The command that went wrong."""

    def run(self, command: Command) -> Completed:
        """Run a command, unless it is the one that goes wrong."""
        if command.kind != self._kind or (self._kind == "reads" and command.tool in {ENGINE, SVCMGR}):
            return self._inner.run(command)
        self.changes += 1
        if self.changes != self._at:
            return self._inner.run(command)
        self.hit = command
        if self._how == "before":
            raise Crash
        if self._how == "timeout":
            return Completed(TIMED_OUT, "", "timed out\n")
        if self._how == "fails":
            return failure(command)
        self._inner.run(command)
        if self._how == "after":
            raise Crash
        return Completed(TIMED_OUT, "", "timed out\n")

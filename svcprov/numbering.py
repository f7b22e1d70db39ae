"""The numbers that the commands of a run have in its plan."""

from typing import TYPE_CHECKING

from core.command import Command
from core.holes import unify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.plan import Plan, Step


class Numbering:
    """Finds each command of a run in the plan that it follows."""

    def __init__(self) -> None:
        self._steps: Sequence[Step] = ()
        self._next = self._done = 0

    def follow(self, steps: "Sequence[Step]", done: "Plan | None" = None) -> None:
        """What is asked about from now on is a run of these steps of a plan: they are counted on from `done`."""
        self._steps, self._next = steps, 0
        self._done = 0 if done is None else len(done.steps)

    def of(self, command: Command) -> int:
        """The number that a command has in the plan; 0 for what settling or rolling back runs."""
        for position in (*range(self._next, len(self._steps)), *range(self._next)):
            planned = self._steps[position].command
            same_place = (planned.rid, planned.verb) == (command.rid, command.verb)
            if same_place and unify(planned.argv, command.argv, {}, {}) is not None:
                self._next = max(self._next, position + 1)
                number: int = self._steps[position].number
                return self._done + number
        return 0

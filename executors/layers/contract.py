"""Only what the plan shows may run.

A change that the plan does not have is not run: the node is not as the plan saw it (exit 4). A planned change may be
left out only when its check holds now; one that makes or destroys something only when this action's journal ran it.
"""

from collections.abc import Sequence
from shlex import join

from core.command import Command, Completed
from core.engine import ENGINE
from core.errors import NodeChanged
from core.holes import fill_check, unify
from executors.layers.journal import Journal


class Contract:
    """An executor around the journal. `planned`: the changes and announcements of the plan, in order."""

    def __init__(self, inner: Journal, planned: Sequence[Command]) -> None:
        self._inner, self._planned = inner, planned
        self._next = 0
        self._bound: dict[str, str] = dict(inner.bound) | inner.fresh
        self._kinds = {command.makes.name: command.makes.kind for command in planned if command.makes is not None}
        self._temporary: list[Command] = []

    def run(self, command: Command) -> Completed:
        """Run a command that the plan has. Raises NodeChanged, before anything happened, for another one."""
        if command.tool == ENGINE and command.argv[0] == "fresh":
            answer = self._inner.run(command)
            self._bound[command.argv[2]] = answer.stdout
            return answer
        if command.kind == "reads" or self._inner.remembers(command):
            return self._inner.run(command)
        self._advance(command)
        answer = self._inner.run(command)
        if command.makes is not None and answer.made:
            self._bound[command.makes.name] = answer.made
        return answer

    def _advance(self, command: Command) -> None:
        for position in range(self._next, len(self._planned)):
            if self._matches(self._planned[position], command):
                for skipped in self._planned[self._next : position]:
                    if not self._may_skip(skipped):
                        raise NodeChanged(_shown(skipped), _shown(command))
                self._next = position + 1
                return
        if self._may_repeat(command):
            return
        left = self._planned[self._next] if self._next < len(self._planned) else None
        raise NodeChanged("nothing more" if left is None else _shown(left), _shown(command))

    def _matches(self, planned: Command, command: Command) -> bool:
        if (planned.rid, planned.verb, _made(planned)) != (command.rid, command.verb, _made(command)):
            return False
        added = unify(planned.argv, command.argv, self._bound, self._kinds)
        if added is None:
            return False
        self._bound |= added
        return True

    def _may_repeat(self, command: Command) -> bool:
        """Brackets and announcements leave nothing behind, so they may come more often than planned."""
        return (command.temporary or command.kind == "announces") and any(
            self._matches(planned, command) for planned in self._planned[: self._next]
        )

    def _may_skip(self, planned: Command) -> bool:
        if planned.temporary or planned.kind == "announces":
            return True
        if planned.makes is not None or planned.destroys:
            return self._inner.remembers(planned)
        return planned.check is not None and self._inner.holds(fill_check(planned.check, self._bound))


def _made(command: Command) -> str:
    return "" if command.makes is None else command.makes.name


def _shown(command: Command) -> str:
    return f"{command.rid}: {join(command.argv)}"

"""Only what the plan shows may run.

A change that the plan does not have is not run: the node is not as the plan saw it (exit 4). A planned change may be
left out only when its check holds now; one that makes or destroys something only when this action's journal ran it.
"""

from collections.abc import Collection, Mapping, Sequence
from shlex import join
from typing import NamedTuple

from core.command import Command, Completed, Executor
from core.engine import ENGINE, FRESH
from core.errors import NodeChanged
from core.holes import fill, fill_check, open_holes, unify
from executors.layers.journal import Journal


class Terms(NamedTuple):
    """What a contract allows. commands: the changes and announcements of the plan, in order.

    conditional: the positions of those that may not be needed, which nobody could see beforehand.
    made_up: the kinds of the values that the engine makes up, by the names of their holes.
    """

    commands: Sequence[Command]
    conditional: Collection[int] = ()
    made_up: Mapping[str, str] = {}


class Contract:
    """An executor around the journal that holds a run, or its preview, to the terms of a plan.

    inner: what runs the commands, where there is a layer between this one and the journal.
    """

    def __init__(self, journal: Journal, terms: Terms, inner: Executor | None = None) -> None:
        self._journal, self._planned, self._conditional = journal, terms.commands, terms.conditional
        self._inner: Executor = journal if inner is None else inner
        self._next = 0
        self._bound: dict[str, str] = dict(journal.bound) | journal.fresh
        makes = [command.makes for command in terms.commands if command.makes is not None]
        self._kinds = {**terms.made_up, **{each.name: each.kind for each in makes}}

    def run(self, command: Command) -> Completed:
        """Run a command that the plan has. Raises NodeChanged, before anything happened, for another one."""
        if command.tool == ENGINE and command.argv[0] == FRESH:
            answer = self._inner.run(command)
            self._bound[command.argv[2]] = answer.stdout
            return answer
        if command.kind == "reads" or self._journal.remembers(command):
            return self._inner.run(command)
        self._advance(command)
        answer = self._inner.run(command)
        if command.makes is not None and answer.made:
            self._bound[command.makes.name] = answer.made
        return answer

    def finish(self) -> None:
        """Look at what was left out at the end. Raises NodeChanged where that has no reason."""
        for position in range(self._next, len(self._planned)):
            if not self._may_skip(position):
                raise NodeChanged(_shown(self._planned[position]), "nothing more")

    def _advance(self, command: Command) -> None:
        expected = self._planned[self._next] if self._next < len(self._planned) else None
        for position in range(self._next, len(self._planned)):
            added = self._unified(self._planned[position], command)
            if added is None:
                continue
            left_out = [self._planned[before] for before in range(self._next, position) if not self._may_skip(before)]
            if position > self._next:
                # What was left out may have bound a hole.
                added = self._unified(self._planned[position], command)
            if not left_out and added is not None:
                self._bound |= added
                self._next = position + 1
                return
            expected = (*left_out, self._planned[position])[0]
            break
        if not self._may_repeat(command):
            raise NodeChanged("nothing more" if expected is None else _shown(expected), _shown(command))

    def _unified(self, planned: Command, command: Command) -> dict[str, str] | None:
        """The bindings with which a command is the planned one; None when it is another."""
        if (planned.rid, planned.verb, _made(planned)) != (command.rid, command.verb, _made(command)):
            return None
        if planned.destroys and any(
            was.blank and not now.blank for was, now in zip(planned.destroys, command.destroys, strict=False)
        ):
            return None
        words, actual = _words(planned), _words(command)
        return {} if words == actual else unify(words, actual, self._bound, self._kinds)

    def _may_repeat(self, command: Command) -> bool:
        """Brackets and announcements leave nothing behind, so they may come more often than planned."""
        return (command.temporary or command.kind == "announces") and any(
            self._unified(planned, command) is not None for planned in self._planned[: self._next]
        )

    def _may_skip(self, position: int) -> bool:
        planned = self._planned[position]
        if planned.temporary or planned.kind == "announces" or position in self._conditional:
            return True
        if planned.makes is not None:
            return self._journal.remembers(fill(planned, self._bound))
        if planned.destroys and not self._journal.has_done(lambda done: self._unified(planned, done) is not None):
            return False
        check = None if planned.check is None else fill_check(planned.check, self._bound)
        if check is None or open_holes(check.ask.argv):
            return False
        if not open_holes((check.text,)):
            return self._journal.holds(check)
        # What the text names was only ever to be read from this very answer: it binds here, at its first use.
        for text in self._journal.found(check) or ():
            added = unify((check.text,), (text,), self._bound, self._kinds)
            if added is not None:
                self._bound |= added
                return not check.absent
        return False


def _made(command: Command) -> str:
    return "" if command.makes is None else command.makes.name


def _words(command: Command) -> tuple[str, ...]:
    """All that has to be as it was planned: the words, what is lost, the input."""
    if not command.destroys and command.stdin is None:
        return command.argv
    lost = tuple(word for thing in command.destroys for word in (thing.kind, thing.identity))
    return (*command.argv, *lost, *(() if command.stdin is None else (command.stdin,)))


def _shown(command: Command) -> str:
    lost = ", ".join(f"{thing.kind} {thing.identity}" for thing in command.destroys if not thing.blank)
    return f"{command.rid}: {join(command.argv)}" + (f" (destroys {lost})" if lost else "")

"""The memory of an action: the intent of each change is written before it, the answer after it.

It is needed for two things only: identities that nothing else knows (the volume that a killed `create-volume` made),
and the way back (`undo`). Everything else is asked of the node again, so a driver has no line about resuming.

A return code that is not an answer leaves the intent open: a command may fail and have worked. Open intents are
*settled* at the start of the next action, from their data alone: by what they make, or by their check.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol

from core import checks
from core.command import Check, Command, Completed, Executor, Makes
from core.engine import ENGINE, FRESH
from core.errors import Ambiguous, CommandFailed, Failed, Refused, SvcprovError
from core.holes import fill, fill_check, is_hole, is_of_kind, open_holes
from core.record import Record
from core.wire import decode
from executors.layers.undo import restart, unmaking

State = Literal["in flight", "done", "gone"]
ROLLBACK = "rollback"


def unfinished(lines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The header of the action that these lines of a journal are of, unless it came to its end, or there is none."""
    return None if not lines or "end" in lines[-1] else lines[0]


def rolling(lines: Sequence[dict[str, Any]]) -> bool:
    """Tell whether the action that these lines are of has begun to be taken back."""
    return any("rolling" in line for line in lines)


class Write(Protocol):
    """Keeps a line of a journal (a dictionary that `core.wire.encode` makes JSON of)."""

    def __call__(self, line: dict[str, Any], *, sync: bool = True) -> object:
        """Write the line; it outlives this process. sync: it, and all before it, outlives the machine's power, too."""
        ...


class Entry:
    """One change: its intent, what its witness listed before it, and what came of it.

    undone: how many steps of its undo are through.
    """

    __slots__ = ("before", "command", "made", "number", "state", "undone")

    def __init__(self, number: int, command: Command, before: tuple[str, ...]) -> None:
        self.number, self.command, self.before = number, command, before
        self.state: State = "in flight"
        self.made = ""
        self.undone = 0


class Journal:
    """An executor around an executor, for one action of one service.

    write: gets each line as it comes to be; None keeps it in memory.
    record, save_record: what the service was given, brought up to date with each answer, after the journal's line.
    """

    def __init__(
        self,
        inner: Executor,
        record: Record,
        write: Write | None = None,
        save_record: Callable[[], None] | None = None,
    ) -> None:
        self._inner, self._record, self._write, self._save_record = inner, record, write, save_record
        self.entries: list[Entry] = []
        self.fresh: dict[str, str] = {}
        self.bound: dict[str, str] = {}
        self.rolling = False
        """A rollback has begun, so the action itself cannot go on."""

    def again(
        self,
        inner: Executor,
        record: Record,
        write: Write | None = None,
        save_record: Callable[[], None] | None = None,
    ) -> "Journal":
        """The same memory around another executor: for the preview of an action that goes on."""
        other = Journal(inner, record, write, save_record)
        for line in self.lines():
            other.read(line)
        return other

    def lines(self, *, but_gone: bool = False) -> Iterator[dict[str, Any]]:
        """What `read` needs to come to the same memory. but_gone: without the changes that are not in place."""
        if self.rolling:
            yield {"rolling": True}
        for name, value in self.fresh.items():
            yield {"fresh": name, "value": value}
        for entry in self.entries:
            if but_gone and entry.state == "gone":
                continue
            number = 0 if but_gone else entry.number
            yield {"intent": number, "command": entry.command, "before": list(entry.before)}
            yield {"of": number, "state": entry.state, "made": entry.made, "undone": entry.undone}

    def read(self, line: dict[str, Any]) -> None:
        """Take in one line of an earlier life. Raises KeyError, IndexError or TypeError for a line that is not ours."""
        if "rolling" in line:
            self.rolling = True
        elif "fresh" in line:
            self.fresh[line["fresh"]] = line["value"]
        elif "intent" in line:
            if line["intent"] != len(self.entries):
                raise IndexError(f"the intent {line['intent']} stands where {len(self.entries)} should")
            self.entries.append(Entry(line["intent"], decode(line["command"]), tuple(line["before"])))
        elif "of" in line:
            entry = self.entries[line["of"]]
            entry.undone = line.get("undone", entry.undone)
            if "state" in line:
                was = entry.state
                self._take(entry, line["state"], line.get("made", entry.made))
                self._recorded(entry, was)

    def _take(self, entry: Entry, state: State, made: str) -> None:
        was, entry.state, entry.made = entry.made, state, made
        if state == "done":
            for name in entry.command.unmakes:
                self.bound.pop(name, None)
        makes = entry.command.makes
        if makes is None:
            return
        if state == "done" and made:
            self.bound[makes.name] = made
        elif state == "gone" and was and self.bound.get(makes.name) == was:
            self.bound.pop(makes.name, None)

    def _answered(self, entry: Entry, state: State, made: str = "") -> None:
        if self._write is not None:
            self._write({"of": entry.number, "state": state, "made": made}, sync=_is_needed(entry.command, state))
        was = entry.state
        self._take(entry, state, made)
        self._recorded(entry, was)
        if self._save_record is not None:
            self._save_record()

    def _recorded(self, entry: Entry, was: State) -> None:
        """Bring the record up to what the journal says, also in a later life: a kill may have come between the two."""
        if entry.state == "done":
            self._record.apply(entry.command, entry.made)
        elif was == "done" and entry.state == "gone" and entry.command.makes is not None:
            self._record.drop(entry.command.makes.name)

    def remembers(self, command: Command) -> bool:
        """Tell whether `run` would answer this command from memory."""
        makes = command.makes
        made = None if makes is None else self.bound.get(makes.name)
        return made is not None and makes is not None and self._in_place(command, {makes.name: made})

    def _in_place(self, command: Command, bound: dict[str, str]) -> bool:
        return command.check is None or self.holds(fill_check(command.check, bound))

    def has_done(self, same: Callable[[Command], bool]) -> bool:
        """Tell whether this action ran a command that is the `same`, and has not taken it back."""
        return any(entry.state == "done" and same(entry.command) for entry in self.entries)

    def done(self) -> Iterator[Command]:
        """What this action ran and has not taken back, in order."""
        return (entry.command for entry in self.entries if entry.state == "done" and entry.command.verb != ROLLBACK)

    def may_have_done(self, same: Callable[[Command], bool]) -> bool:
        """Tell whether this action ran such a command, or was killed while it did."""
        return any(entry.state != "gone" and same(entry.command) for entry in self.entries)

    def run(self, command: Command) -> Completed:
        """Run a command; changes are journalled, made-up values are remembered."""
        if command.tool == ENGINE and command.argv[0] == FRESH:
            return self._made_up(command)
        if command.kind != "changes":
            return self._inner.run(command)
        if self.remembers(command) and command.makes is not None:
            return Completed(0, made=self.bound[command.makes.name])
        before = self._listed(command.makes) if command.makes is not None and command.makes.difference else ()
        entry = Entry(len(self.entries), command, before)
        if self._write is not None:
            self._write({"intent": entry.number, "command": command, "before": list(before)})
        self.entries.append(entry)
        answer = self._inner.run(command)
        if answer.returncode not in command.accepts:
            return answer
        made = self._identity(entry, answer)
        self._answered(entry, "done", made)
        if command.temporary and not command.undo:
            self._closed(command.argv)
        return answer._replace(made=made) if made else answer

    def _made_up(self, command: Command) -> Completed:
        name = command.argv[2]
        if name not in self.fresh:
            value = self._inner.run(command).stdout
            if self._write is not None:
                # Nothing has this value before a change does, and the intent of that syncs this line with its own.
                self._write({"fresh": name, "value": value}, sync=False)
            self.fresh[name] = value
        return Completed(0, self.fresh[name])

    def _closed(self, argv: tuple[str, ...]) -> None:
        """A bracket was closed by its driver: nothing is left of it to look after."""
        for entry in reversed(self.entries):
            undo = entry.command.undo
            first = undo[0] if undo else None
            if entry.state == "done" and entry.command.temporary and isinstance(first, Command) and first.argv == argv:
                self._answered(entry, "gone")
                return

    def _listed(self, makes: Makes | None) -> tuple[str, ...]:
        if makes is None or makes.witness is None:
            return ()
        answer = self._asked(makes.witness)
        return tuple(sorted(checks.picked(makes.witness, answer, makes.path))) if answer.returncode == 0 else ()

    def _asked(self, question: Command) -> Completed:
        answer = self._inner.run(question)
        if answer.returncode not in question.accepts:
            raise CommandFailed(question.argv, answer.returncode, answer.stdout, answer.stderr)
        return answer

    def _identity(self, entry: Entry, answer: Completed | None) -> str:
        """What the entry's command made; "" when it made nothing, or when only a later read will tell."""
        makes = entry.command.makes
        if makes is None or makes.identity:
            return makes.identity if makes is not None else ""
        if makes.answer and answer is not None:
            # Some clouds answer with everything that is there now: what was there before is not what this made.
            found = [name for name in checks.picked(entry.command, answer, makes.answer) if name not in entry.before]
            if found:
                return _of_kind(found[0], makes)
        listed = [name for name in self._listed(makes) if name not in entry.before]
        if len(listed) > 1:
            raise Ambiguous(makes.name, tuple(listed))
        return _of_kind(listed[0], makes) if listed else ""

    def holds(self, check: Check) -> bool:
        """Ask a check. Raises CommandFailed when its answer is none."""
        return checks.holds(check, self._asked(check.ask))

    def found(self, check: Check) -> list[str] | None:
        """The texts among which a check looks for its own; None when its question was answered with a no."""
        return checks.found(check, self._asked(check.ask))

    def settle(self, *, reaching: bool = False) -> None:
        """Decide what was in flight, then close the brackets that were left open. The first thing of every action.

        reaching: what lies in a filesystem that a reboot has unmounted is looked for there; it is for who goes on with
        the action, or takes it back: there it would be taken for missing.
        Raises Ambiguous when more than one thing may be what an intent made.
        """
        in_flight = [entry for entry in self.entries if entry.state == "in flight"]
        if in_flight and reaching:
            self._reach()
        for entry in in_flight:
            self._decide(entry)
        self.close_brackets()
        self._record.forget_unchanged()
        if self._save_record is not None:
            self._save_record()

    def _decide(self, entry: Entry) -> None:
        command = entry.command
        makes = command.makes
        if makes is not None and makes.witness is not None and not makes.identity:
            made = self._identity(entry, None)
            self._answered(entry, "done" if made else "gone", made)
        else:
            check = None if command.check is None else fill_check(command.check, self.bound)
            if check is not None and open_holes((*check.ask.argv, check.text)):
                raise Ambiguous(makes.name if makes is not None else command.rid, ())
            # Without a check nobody can tell: it counts as done, and its undo asks before it acts.
            there = check is None or self.holds(check)
            self._answered(entry, "done" if there else "gone", makes.identity if there and makes is not None else "")

    def close_brackets(self) -> None:
        """Take away temporary mounts and directories that their driver could not, last first."""
        for entry in reversed(self.entries):
            command = entry.command
            if entry.state != "done" or not command.temporary:
                continue
            if command.undo and self._in_place(command, self.bound):
                for step in command.undo:
                    if isinstance(step, Command):
                        self._asked(fill(step, self.bound)._replace(rid=command.rid))
            self._answered(entry, "gone")

    def rollback(self, outside: Executor | None = None) -> None:
        """Take back what the action did, last first, each step through the journal: a rollback can be killed, too.

        outside: a layer around this journal, through which the steps come.
        Raises Refused when a step's condition does not hold, CommandFailed when a step fails; it can be called again.
        """
        self.settle(reaching=True)
        # Only now: while it is in doubt what there is to take back, the action may still go on instead.
        if not self.rolling and self._write is not None:
            self._write({"rolling": True})
        self.rolling = True
        self._reach()
        for entry in reversed(self.entries[:]):
            command = entry.command
            if entry.state != "done" or command.verb == ROLLBACK:
                continue
            # A later entry may have made the thing of this name again, and is undone by now.
            bound = self.bound | ({command.makes.name: entry.made} if command.makes is not None and entry.made else {})
            if entry.undone or self._in_place(command, bound):
                try:
                    self._undo(entry, bound, self if outside is None else outside)
                except SvcprovError:
                    self._leave_brackets()
                    raise
            self._answered(entry, "gone")

    def _leave_brackets(self) -> None:
        """Close what an undo that failed has opened; what cannot be closed is left for the next settling."""
        with suppress(SvcprovError):
            self.close_brackets()

    def _reach(self) -> None:
        """Do again what a reboot took, as far as it only lets us reach what the action made: mounts, loop devices."""
        for entry in self.entries:
            command = entry.command if entry.command.again is None else entry.command.again
            wanted = entry.state == "done" and command.reaches and not command.temporary and not entry.undone
            if not wanted or command.verb == ROLLBACK:
                continue
            if self._in_place(command, self.bound):
                self._name_again(entry)
                continue
            answer = self._inner.run(fill(command, self.bound))
            if answer.returncode in command.accepts and command.makes is not None:
                self._answered(entry, "done", self._identity(entry, answer))

    def _name_again(self, entry: Entry) -> None:
        """A rollback that was killed may have reached it after a reboot: it has the name that it got then."""
        makes = entry.command.makes
        listed = () if makes is None or makes.identity else self._listed(makes)
        if len(listed) == 1 and entry.made not in listed:
            self._answered(entry, "done", listed[0])

    def _undo(self, entry: Entry, bound: dict[str, str], outside: Executor) -> None:
        steps = unmaking(entry.command)
        for position in range(restart(steps, entry.undone), len(steps)):
            step = steps[position]
            if isinstance(step, Check):
                if not self._comes_to_hold(fill_check(step, bound)):
                    raise Refused(
                        step.otherwise or f"{' '.join(step.ask.argv)} does not hold", "move it away, then roll back"
                    )
            else:
                self._undo_step(fill(step, bound)._replace(rid=entry.command.rid, verb=ROLLBACK), outside)
            if self._write is not None:
                self._write({"of": entry.number, "undone": position + 1})
            entry.undone = position + 1

    def _comes_to_hold(self, check: Check) -> bool:
        for _ in range(check.seconds_max):
            if self.holds(check):
                return True
            self._inner.run(Command(("sleep", "1"), quiet=True, tool=ENGINE))
        return self.holds(check)

    def _undo_step(self, command: Command, outside: Executor) -> None:
        if unknown := open_holes(command.argv):
            raise Ambiguous(unknown[0], ())
        if command.check is not None and command.kind == "changes" and self.holds(command.check):
            for name in command.unmakes:
                self._record.drop(name)
            return
        answer = outside.run(command)
        if answer.returncode not in command.accepts:
            raise CommandFailed(command.argv, answer.returncode, answer.stdout, answer.stderr)


def _is_needed(command: Command, state: State) -> bool:
    """Tell whether an answer has to outlive a power failure by itself, not only with the next intent.

    One that names what was made does: the record is written next, and must not know more than the journal. Any other
    answer tells what the check of its intent finds again: in flight, it is settled to the same end.
    """
    return bool(command.makes or command.unmakes) or (state == "gone" and not command.temporary)


def _of_kind(identity: str, makes: Makes) -> str:
    if is_hole(identity) or is_of_kind(identity, makes.kind):
        return identity
    raise Failed(f"{identity!r} cannot be the {makes.kind} «{makes.name}»")

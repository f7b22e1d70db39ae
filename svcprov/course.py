"""How far a run has come: a row for each resource, told from what a listener hears."""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from core.command import Command, Completed, Note, Wait
from core.engine import ENGINE
from core.plan import Plan

if TYPE_CHECKING:
    from executors.real.progress import Progress

WAITING, RUNNING, DONE, FAILED, IDLE = "waiting", "running", "done", "failed", "nothing to do"


class Awaiting(NamedTuple):
    """A bounded wait. ask: the question that it repeats; text: how it goes."""

    ask: tuple[str, ...]
    text: str
    since: float
    seconds_max: int


class Row:
    """A resource, and what is known of it. purpose: what it is for."""

    def __init__(self, rid: str, purpose: str, *, idle: bool) -> None:
        self.rid, self.purpose, self._idle = rid, purpose, idle
        self.state = IDLE if idle else WAITING
        self.command = ""
        self.waits: Awaiting | None = None
        self.layers: dict[str, Progress] = {}
        """What is pulled, by its parts."""
        self.changes = 0
        self._failed = False
        self._since, self._spent = 0.0, 0.0

    def begin(self, command: Command, now: float) -> None:
        """Note that a command begins."""
        if self.state != RUNNING:
            self.state, self._since = RUNNING, now
        if self.waits is not None and command.argv != self.waits.ask:
            self.waits = None
        self.command, self._failed = " ".join(command.argv), False
        self.layers.clear()
        self.changes += command.kind != "reads" and not command.quiet

    def answer(self, *, failed: bool) -> None:
        """Note that the command has ended, and whether it failed: if none follows, so did the resource."""
        self._failed = failed
        self.layers.clear()

    def leave(self, now: float) -> None:
        """Note that something else has begun."""
        if self.state == RUNNING:
            self._spent += now - self._since
            self.state = FAILED if self._failed else IDLE if self._idle and not self.changes else DONE
            self.waits = None

    def fail(self) -> None:
        """Note that the run ends here, and not well."""
        self._failed = True

    def seconds(self, now: float) -> int:
        """How long it has been worked on."""
        return int(self._spent + (now - self._since if self.state == RUNNING else 0))


class Course:
    """The rows of a run, in the order in which they are taken. What the plan does not have is added as it is heard of.

    plan: what is going to happen; None where nobody knows it beforehand (a rollback).
    """

    def __init__(self, verb: str, plan: Plan | None, clock: Callable[[], float] = monotonic) -> None:
        self.verb, self._clock = verb, clock
        self.began = clock()
        order: Sequence[str] = () if plan is None else plan.order
        purposes: Mapping[str, str] = {} if plan is None else plan.purposes
        busy = () if plan is None else {step.command.rid for step in plan.steps}
        self.rows = [Row(rid, purposes.get(rid, ""), idle=rid not in busy) for rid in order]
        self.current: Row | None = None

    def now(self) -> float:
        """The time, on the clock of the rows."""
        return self._clock()

    def begins(self, command: Command) -> None:
        """Hear of a command."""
        if command.tool != ENGINE and command.rid:
            self._at(command.rid).begin(command, self.now())

    def ended(self, command: Command, answer: Completed) -> None:
        """Hear of an answer."""
        if command.tool != ENGINE and self.current is not None:
            self.current.answer(failed=answer.returncode not in command.accepts)

    def wait(self, rid: str, wait: Wait) -> None:
        """Hear that a wait begins; that it is over is heard from the next command that is not its question."""
        now = self.now()
        self._at(rid).waits = Awaiting(wait.ask.argv, f"waiting for {wait.subject}", now, wait.seconds_max)

    def note(self, rid: str, note: Note) -> None:
        """Hear how a wait goes."""
        row = self.current
        if row is not None and row.rid == rid and row.waits is not None and note.level == "info":
            row.waits = row.waits._replace(text=note.text)

    def progress(self, news: "Progress") -> None:
        """Hear how far the command has come that runs."""
        if self.current is not None and news.part:
            self.current.layers[news.part] = news

    def close(self, *, failed: bool) -> None:
        """Hear that nothing follows."""
        if self.current is not None:
            if failed:
                self.current.fail()
            self.current.leave(self.now())
        if not failed:
            self._pass(len(self.rows))

    def counted(self, *states: str) -> int:
        """How many rows are in one of these states."""
        return sum(row.state in states for row in self.rows)

    def _at(self, rid: str) -> Row:
        """The row of what is worked on now."""
        if self.current is not None:
            if self.current.rid == rid:
                return self.current
            self.current.leave(self.now())
        place = next((at for at, row in enumerate(self.rows) if row.rid == rid), None)
        if place is None:
            # What is no resource (DEFAULT and subsets have triggers) comes before those that have not had their turn.
            begun = [at for at, row in enumerate(self.rows) if row.state not in {WAITING, IDLE} or row.changes]
            place = max(begun, default=-1) + 1
            self.rows.insert(place, Row(rid, "", idle=False))
        self._pass(place)
        self.current = self.rows[place]
        return self.current

    def _pass(self, end: int) -> None:
        """What had its turn without a word was done already."""
        for row in self.rows[:end]:
            if row.state == WAITING:
                row.state = DONE


def duration(seconds: int) -> str:
    """A time as people read it: `34s`, `3m05s`, `1h02m`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"

"""A plan: what an action would run, in order, as its preview on a simulated node ran it."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple, Protocol

from core.command import Command, Completed, Executor, Note, Thing, Wait
from core.engine import ENGINE, FRESH, SVCMGR
from core.holes import open_holes

if TYPE_CHECKING:
    from core.state import Question


class Step(NamedTuple):
    """A command of a plan. number: from 1 for what changes or announces something, 0 for reads.

    conditional: whether it is needed cannot be seen before the steps above it have run.
    """

    number: int
    command: Command
    answer: Completed
    conditional: bool = False

    @property
    def is_cascade(self) -> bool:
        """Tell whether the step writes the service file."""
        return self.command.tool == SVCMGR

    @property
    def lost(self) -> tuple[Thing, ...]:
        """What the step destroys that was not proven blank."""
        return tuple(thing for thing in self.command.destroys if not thing.blank)


class PlannedNote(NamedTuple):
    """A line that the log would have."""

    rid: str
    note: Note


class PlannedWait(NamedTuple):
    """A bounded wait."""

    rid: str
    wait: Wait


Event = Step | PlannedNote | PlannedWait


class Plan:
    """What `verb` would do. events: everything, in order; order: the resources, in the order they are taken.

    purposes: what each of them is for, by rid, in the words of its driver when its turn has come: an address that a
    cascade writes is there by then, and what the resource itself will allocate is still as the user asked for it.
    supposed: the questions that nobody can answer beforehand, because of which steps are conditional.
    made_up: the kind of each value that the engine makes up, by the name of its hole.
    """

    def __init__(self, service: str, verb: str, order: tuple[str, ...]) -> None:
        self.service, self.verb, self.order = service, verb, order
        self.events: list[Event] = []
        self.purposes: dict[str, str] = {}
        self.supposed: tuple[Question, ...] = ()
        self.made_up: dict[str, str] = {}

    @property
    def steps(self) -> list[Step]:
        """The numbered steps: changes, announcements and cascades."""
        return [event for event in self.events if isinstance(event, Step) and event.number]

    @property
    def commands(self) -> list[Command]:
        """The commands of the numbered steps: what the contract allows."""
        return [step.command for step in self.steps]

    @property
    def conditional(self) -> frozenset[int]:
        """The positions among `commands` of those that may not be needed."""
        return frozenset(position for position, step in enumerate(self.steps) if step.conditional)

    @property
    def destructive(self) -> list[Step]:
        """The steps that would destroy content."""
        return [step for step in self.steps if step.lost]

    def of(self, rid: str) -> Iterator[Event]:
        """The events of one resource."""
        for event in self.events:
            if (event.command.rid if isinstance(event, Step) else event.rid) == rid:
                yield event

    def holes(self) -> dict[str, str]:
        """The values that nobody knows yet: their names, and the resource that makes each (in order of first use)."""
        makers = {command.makes.name: command.rid for step in self.steps if (command := step.command).makes is not None}
        found: dict[str, str] = {}
        for step in self.steps:
            for name in open_holes(step.command.argv):
                found.setdefault(name, makers.get(name, step.command.rid))
        return found


def merged(one: Plan, other: Plan, supposed: "Iterable[Question]" = ()) -> Plan:
    """Two plans of one action, under different suppositions, as one: what only one of them has is conditional."""
    from difflib import SequenceMatcher

    plan = Plan(one.service, one.verb, one.order)
    plan.purposes = other.purposes | one.purposes
    plan.supposed = tuple(supposed)
    plan.made_up = other.made_up | one.made_up
    number = 0
    keys = [_key(event) for event in one.events], [_key(event) for event in other.events]
    for what, begin, end, other_begin, other_end in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        events = one.events[begin:end] + ([] if what == "equal" else other.events[other_begin:other_end])
        for event in events:
            if isinstance(event, Step) and event.number:
                number += 1
                event = event._replace(number=number, conditional=what != "equal")  # noqa: PLW2901 - as it is entered
            plan.events.append(event)
    return plan


def _key(event: Event) -> tuple[object, ...]:
    """What makes two events of different plans the same."""
    if isinstance(event, Step):
        return (event.command.rid, event.command.verb, event.command.argv)
    return (event.rid, event.note) if isinstance(event, PlannedNote) else (event.rid, event.wait.subject)


class Remembering(Executor, Protocol):
    """An executor that answers some commands from memory, without running them: the journal."""

    def remembers(self, command: Command) -> bool:
        """Tell whether `run` would answer this command from memory."""
        ...


class Recorder:
    """Writes a plan while the engine runs: an executor around the journal, and the engine's listener.

    purpose_of: says what a resource is for; asked once for each, at the first that is heard of it.
    """

    def __init__(self, inner: Remembering, plan: Plan) -> None:
        self._inner, self._plan = inner, plan
        self._number = 0
        self._unmet = set(plan.order)
        self.purpose_of: Callable[[str], str] | None = None

    def meet(self, rid: str) -> None:
        """Enter the purpose of a resource, unless it is there: what its turn begins with."""
        if self.purpose_of is not None and rid in self._unmet:
            self._unmet.discard(rid)
            self._plan.purposes[rid] = self.purpose_of(rid)

    def run(self, command: Command) -> Completed:
        """Run a command and enter it in the plan, unless it was done already in an earlier life of the action."""
        self.meet(command.rid)
        if command.tool == ENGINE:
            if command.argv[0] == FRESH:
                _, kind, name = command.argv
                self._plan.made_up[name] = kind
            return self._inner.run(command)
        if command.kind != "reads" and self._inner.remembers(command):
            return self._inner.run(command)
        answer = self._inner.run(command)
        if command.kind == "reads":
            self._plan.events.append(Step(0, command, answer))
            return answer
        self._number += 1
        self._plan.events.append(Step(self._number, command, answer))
        return answer

    def note(self, rid: str, note: Note) -> None:
        """Enter a line of the log."""
        self.meet(rid)
        self._plan.events.append(PlannedNote(rid, note))

    def wait(self, rid: str, wait: Wait) -> None:
        """Enter a wait."""
        self.meet(rid)
        self._plan.events.append(PlannedWait(rid, wait))

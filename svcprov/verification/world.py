"""A world: a service, a node and what is kept on disk, all in memory, driven as a process drives them.

Every action of a `World` begins as a new process would: service, record and journal are read from what was saved, and
nothing else is carried over. So a `Crash` loses exactly what a kill would lose.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from core.command import Command, Completed, Executor, Note, Wait
from core.config.service import Resource, Service
from core.driver import load
from core.engine import ENGINE, Engine
from core.plan import Plan
from core.record import Record
from core.state import NodeState, copy, dumps
from core.status import State, Status, merged
from executors.layers.faults import Faults
from executors.layers.journal import unfinished
from executors.layers.log import Log
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from svcprov.action import EVERYTHING, Action, Selection, natural
from svcprov.verification.disk import NEVER, UNDISTURBED, Disk, Point, Where, scanned

NAME = "s1.example.com"
PLANS_MAX = 100
"""How many are remembered: neighbours have the same, and those of other verbs come between."""


class Heard:
    """A listener that remembers, and the outermost executor of a run: every change that was asked for."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Note]] = []
        self.waits: list[tuple[str, Wait]] = []
        self.commands: list[tuple[Command, Completed]] = []
        self.asked: list[tuple[Command, Completed]] = []

    def note(self, rid: str, note: Note) -> None:
        """A driver said something."""
        self.notes.append((rid, note))

    def wait(self, rid: str, wait: Wait) -> None:
        """A wait began."""
        self.waits.append((rid, wait))

    def begins(self, command: Command) -> None:
        """A command reaches the node."""

    def ended(self, command: Command, answer: Completed) -> None:
        """A command has run on the node."""
        self.commands.append((command, answer))

    def around(self, inner: Executor) -> Executor:
        """Wrap an executor, so that what the engine asked for is heard."""
        return _Asked(inner, self)

    @property
    def changes(self) -> list[Command]:
        """The changes and announcements that the engine asked for, in order."""
        return [command for command, _ in self.asked if command.kind != "reads" and command.tool != ENGINE]


class _Asked:
    def __init__(self, inner: Executor, heard: Heard) -> None:
        self._inner, self._heard = inner, heard

    def run(self, command: Command) -> Completed:
        """Run a command and remember that it was asked for."""
        answer = self._inner.run(command)
        self._heard.asked.append((command, answer))
        return answer


class _Watched:
    """An executor that lets `watch` look at the world before and after each change."""

    def __init__(self, inner: Executor, where: Where, watch: Callable[[Point], None]) -> None:
        self._inner, self._where, self._watch = inner, where, watch
        self._changes = 0

    def run(self, command: Command) -> Completed:
        """Run a command, looked at."""
        if command.kind != "changes":
            return self._inner.run(command)
        self._changes += 1
        self._watch(Point(self._changes, "before", self._where))
        answer = self._inner.run(command)
        self._watch(Point(self._changes, "after", self._where))
        return answer


def status_of(service: Service, node: Executor, heard: Heard) -> Iterator[tuple[Resource, Status]]:
    """Ask every resource of a service what it is, in the natural order. Raises what its driver raises."""
    engine = Engine(service, Log(node, heard), heard)
    for resource in natural(service.resources()):
        yield resource, engine.status(resource)


class Plans:
    """The plans that were made in a world and its forks: the same file, record, node and memory have the same plan.

    Most kills leave, once settled, what the one before it left; to preview that again would show nothing new.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], list[tuple[object, Plan]]] = {}

    def of(self, action: Action, world: "World") -> Plan:
        """The plan of an action that is about to begin in a world. Raises what its preview raises."""
        record = world.disk.recorded()
        key = (
            action.verb,
            world.adopt,
            world.allow,
            world.disk.file,
            world.state["clock"],
            world.state["serial"],
            len(record.made),
        )
        world_now = (world.state, record.made, record.keys, action.memory)
        known = self._known.setdefault(key, [])
        for before, plan in known:
            if before == world_now:
                return plan
        plan = action.preview()
        known.append(((copy(world.state), *world_now[1:]), plan))
        if len(self._known) > PLANS_MAX:
            del self._known[next(iter(self._known))]
        return plan


class World:
    """A service called `name` with a file, on a simulated node with a state.

    adopt, allow: what the operator named with `--adopt` and `--allow-destroy`. selection: what its actions take.
    beside: the texts of the files beside the service file, by their names.
    """

    def __init__(
        self,
        file: str,
        state: NodeState,
        name: str = NAME,
        *,
        adopt: tuple[str, ...] = (),
        allow: tuple[str, ...] = (),
        selection: Selection = EVERYTHING,
        beside: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.selection, self.beside = selection, beside
        self.first_file, self.first_state, self.name = file, copy(state), name
        self.adopt, self.allow = adopt, allow
        self.disk = Disk(file)
        self.state = copy(state)
        self.heard = Heard()
        self.faults: dict[str, Faults] = {}
        self.history: list[str] = []
        self.layer: Callable[[Executor], Executor] = lambda inner: inner
        """A layer of a test's own, right around the node."""
        self.node = SimulatedNode(self.state)
        self.plans = Plans()

    @cached_property
    def first_text(self) -> str:
        """What its user wrote and its node had, for the identifiers in it."""
        return dumps({**self.first_state, "identifiers": {}}) + self.first_file

    def fork(self) -> "World":
        """The same world once more: what happens to one does not happen to the other."""
        other: World = object.__new__(World)
        other.__dict__ |= self.__dict__
        other.disk, other.state, other.history = self.disk.copy(), copy(self.state), self.history[:]
        other.faults, other.heard, other.node = {}, Heard(), SimulatedNode(other.state)
        return other

    @property
    def service(self) -> Service:
        """The service, as a new process reads it."""
        document = scanned(self.disk.file, f"{self.name}.conf").copy()
        service = Service(self.name, document, self.state["hostname"], self.disk.recorded(), load)
        service.adopt, service.allow_destroy = frozenset(self.adopt), frozenset(self.allow)
        service.beside = self.beside.get
        return service

    @property
    def record(self) -> Record:
        """The record that is on disk."""
        return Record.from_json(self.disk.record)

    def action(self, verb: str, point: Point = UNDISTURBED) -> Action:
        """A new process that is about to act, and that goes wrong at `point`."""
        service = self.service
        self.node = SimulatedNode(self.state)
        self.heard = Heard()
        self.disk.service, self.disk.writes = service, 0
        self.disk.fails = point if point.where == "disk" else UNDISTURBED

        def faulty(where: Where) -> Callable[[Executor], Executor]:
            def around(inner: Executor) -> Executor:
                watched = inner if self.disk.watch is None else _Watched(inner, where, self.disk.watch)
                self.faults[where] = Faults(watched, point.at if point.where == where else NEVER, point.how)
                return self.faults[where]

            return around

        inside, outside = faulty("inside"), faulty("outside")

        def around_node(inner: Executor) -> Executor:
            inner = self.layer(inner)
            if point.where == "questions":
                inner = self.faults["questions"] = Faults(inner, point.at, point.how, "reads")
            return inside(inner)

        return Action(
            service, verb, self.node, lambda: self.state, self.disk, self.heard,
            selection=self.selection, around=around_node, outside=lambda inner: outside(self.heard.around(inner)),
        )  # fmt: skip

    def act(self, verb: str, point: Point = UNDISTURBED, plan: Plan | None = None) -> Plan:
        """Settle, preview and run a verb, as the command line does. Raises what the action raised, or Crash."""
        self.history.append(f"{verb}{f'  # {point}' if point.at else ''}")
        action = self.action(verb, point)
        action.settle()
        plan = self.plans.of(action, self) if plan is None else plan
        action.run(plan)
        return plan

    def preview(self, verb: str = "provision") -> Plan:
        """What a verb would do."""
        return self.action(verb).preview()

    def rollback(self, point: Point = UNDISTURBED) -> None:
        """Take back the unfinished action."""
        self.history.append(f"rollback{f'  # {point}' if point.at else ''}")
        action = self.action("rollback", point)
        action.settle()
        action.rollback()

    def kills(
        self, verb: str, plan: Plan | None = None, first: int = 0, most: int | None = None
    ) -> list[tuple[Point, "World"]]:
        """Act; return the world that a kill at each point would have left, but for those where nothing had changed.

        first, most: which of them, so that a service of a thousand resources need not be in memory as often at once.
        """
        found: list[tuple[Point, World]] = []
        last: World | None = None
        met = 0

        def watch(point: Point) -> None:
            nonlocal last, met
            if last is None or not last.same_as(self):
                last = self._killed(verb, point)
                if met >= first and (most is None or len(found) < most):
                    found.append((point, last))
                met += 1

        self._watched(verb, plan, watch)
        return found

    def kills_at(self, verb: str, first: int, every: int) -> list[tuple[Point, "World"]]:
        """Act; return what a kill at every so many points would have left, also where nothing has changed since."""
        found: list[tuple[Point, World]] = []
        met = 0

        def watch(point: Point) -> None:
            nonlocal met
            if met % every == first:
                found.append((point, self._killed(verb, point)))
            met += 1

        self._watched(verb, None, watch)
        return found

    def _killed(self, verb: str, point: Point) -> "World":
        killed = self.fork()
        killed.history[-1] = f"{verb}  # {point}"
        return killed

    def _watched(self, verb: str, plan: Plan | None, watch: Callable[[Point], None]) -> None:
        self.disk.watch = watch
        try:
            if verb == "rollback":
                self.rollback()
            else:
                self.act(verb, plan=plan)
        finally:
            self.disk.watch = None

    @property
    def is_unfinished(self) -> bool:
        """Tell whether the last action did not come to its end."""
        return unfinished(self.disk.journal_lines()) is not None

    def same_as(self, other: "World") -> bool:
        """Tell whether disk and node are in the same state."""
        return self.disk == other.disk and self.state == other.state

    def unfinish(self) -> None:
        """Forget that the last action came to its end, so that it can be rolled back whole."""
        if "end" not in json.loads(self.disk.journal.pop()):
            raise AssertionError("the last action did not come to its end")

    def status(self) -> dict[str, State]:
        """The status of each resource."""
        heard = Heard()
        asked = status_of(self.service, SimulatedNode(self.state), heard)
        states: dict[str, State] = {resource.rid: status.state for resource, status in asked}
        if any(command.kind == "changes" for command, _ in heard.commands):
            raise AssertionError("a status changed something")
        return states

    @property
    def availstatus(self) -> State:
        """What the statuses of the resources that actions take amount to."""
        statuses, service = self.status(), self.service
        return merged(statuses[each.rid] for each in service.resources() if not each.driver.verbs_do_nothing)

    def reboot(self) -> None:
        """Lose what a node loses when its power fails."""
        self.history.append("status  # after a reboot")
        self.disk.lose_power()
        reboot(self.state)

    def __repr__(self) -> str:
        from svcprov.verification.script import history

        return f"\n{history(self)}\n"

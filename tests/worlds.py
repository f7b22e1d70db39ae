"""Worlds for properties: a service, a node and what is kept on disk, all in memory, driven as a process drives them.

Every action of a `World` begins as a new process would: service, record and journal are read from what was saved, and
nothing else is carried over. So a `Crash` loses exactly what a kill would lose.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from core.command import Command, Completed, Executor, Note, Wait
from core.config.document import Document
from core.config.service import Resource, Service
from core.driver import load
from core.engine import ENGINE, Engine
from core.plan import Plan
from core.record import Record
from core.state import NodeState, copy, dumps, loads
from core.state import load as load_state
from core.status import State, Status, merged
from core.wire import encode
from executors.layers.faults import Crash, Faults
from executors.layers.log import Log
from executors.simulated.node import SimulatedNode
from svcprov.action import Action, natural
from svcprov.keeping import Lines

NAME = "s1.example.com"
NEVER = 0


Where = Literal["inside", "outside", "disk"]


class Point(NamedTuple):
    """Where an action goes wrong: at change number `at` inside or outside the journal, or at a write to the disk."""

    at: int
    how: Literal["before", "after", "lost", "timeout"] = "before"
    where: Where = "inside"

    def __str__(self) -> str:
        return f"{self.how} {'write' if self.where == 'disk' else 'change'} {self.at} ({self.where})"


UNDISTURBED = Point(NEVER)


class Disk:
    """What survives a kill: the journal's lines, the record and the service file.

    `fails` is a point whose `where` is `disk`: that write is the last thing the process did, or tried to.
    """

    def __init__(self, file: str) -> None:
        self.file, self._record = file, Record()
        self.journal: list[str] = []
        self._synced = 0
        """How many of its lines a power failure leaves."""
        self.writes = 0
        self.fails = UNDISTURBED
        self.service: Service | None = None
        self.watch: Callable[[Point], None] | None = None

    def copy(self) -> "Disk":
        """What is on it now, on another disk."""
        other = Disk(self.file)
        other.journal, other._synced, other._record = self.journal[:], self._synced, self._record.copy()
        return other

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Disk) and self._whole() == other._whole()

    __hash__ = None  # type: ignore[assignment]  # what is on a disk changes

    def _whole(self) -> tuple[object, ...]:
        return self.journal, self.file, self._record.made, self._record.keys

    @property
    def record(self) -> str:
        """The record's file."""
        return self._record.to_json()

    def _write(self, write: Callable[[], None]) -> None:
        self.writes += 1
        before, after = (Point(self.writes, how, "disk") for how in ("before", "after"))
        if self.watch is not None:
            self.watch(before)
        if self.fails == before:
            raise Crash
        write()
        if self.watch is not None:
            self.watch(after)
        if self.fails == after:
            raise Crash

    def journal_lines(self) -> Lines:
        """The lines of the last action."""
        return [json.loads(line) for line in self.journal]

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Begin another action."""

        def begin() -> None:
            self.journal[:] = [json.dumps(encode(header))]
            self._synced = 1

        self._write(begin)

    def journal_line(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Add a line."""

        def add() -> None:
            self.journal.append(json.dumps(encode(line)))
            self._synced = len(self.journal) if sync else self._synced

        self._write(add)

    def lose_power(self) -> None:
        """Lose the lines that nobody waited for."""
        del self.journal[self._synced :]

    def save_record(self) -> None:
        """Keep the record as it is now."""
        assert self.service is not None
        record = self.service.record.copy()
        self._write(lambda: setattr(self, "_record", record))

    def save_file(self) -> None:
        """Keep the service file as it is now."""
        assert self.service is not None
        text = self.service.document.text
        self._write(lambda: setattr(self, "file", text))


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


class World:
    """A service called `name` with a file, on a simulated node with a state.

    adopt, allow: what the operator named with `--adopt` and `--allow-destroy`.
    """

    def __init__(
        self, file: str, state: NodeState, name: str = NAME, *, adopt: tuple[str, ...] = (), allow: tuple[str, ...] = ()
    ) -> None:
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
        record = Record.from_json(self.disk.record)
        service = Service(
            self.name, Document(self.disk.file, f"{self.name}.conf"), self.state["hostname"], record, load
        )
        service.adopt, service.allow_destroy = frozenset(self.adopt), frozenset(self.allow)
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
        self.disk.service, self.disk.writes, self.disk.fails = service, 0, point

        def faulty(where: Where) -> Callable[[Executor], Executor]:
            def around(inner: Executor) -> Executor:
                watched = inner if self.disk.watch is None else _Watched(inner, where, self.disk.watch)
                self.faults[where] = Faults(watched, point.at if point.where == where else NEVER, point.how)
                return self.faults[where]

            return around

        inside, outside = faulty("inside"), faulty("outside")
        return Action(
            service, verb, self.node, lambda: self.state, self.disk, self.heard,
            around=lambda inner: inside(self.layer(inner)), outside=lambda inner: outside(self.heard.around(inner)),
        )  # fmt: skip

    def act(self, verb: str, point: Point = UNDISTURBED, plan: Plan | None = None) -> Plan:
        """Settle, preview and run a verb, as the command line does. Raises what the action raised, or Crash."""
        self.history.append(f"{verb}{f'  # {point}' if point.at else ''}")
        action = self.action(verb, point)
        action.settle()
        plan = action.preview() if plan is None else plan
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

    def kills(self, verb: str, plan: Plan | None = None) -> list[tuple[Point, "World"]]:
        """Act; return the world that a kill at each point would have left, but for those where nothing had changed."""
        found: list[tuple[Point, World]] = []

        def watch(point: Point) -> None:
            last = found[-1][1] if found else None
            if last is None or not last.same_as(self):
                killed = self.fork()
                killed.history[-1] = f"{verb}  # {point}"
                found.append((point, killed))

        self.disk.watch = watch
        if verb == "rollback":
            self.rollback()
        else:
            self.act(verb, plan=plan)
        self.disk.watch = None
        return found

    def same_as(self, other: "World") -> bool:
        """Tell whether disk and node are in the same state."""
        return self.disk == other.disk and self.state == other.state

    def unfinish(self) -> None:
        """Forget that the last action came to its end, so that it can be rolled back whole."""
        assert "end" in json.loads(self.disk.journal[-1])
        self.disk.journal.pop()

    def status(self) -> dict[str, State]:
        """The status of each resource."""
        heard = Heard()
        asked = status_of(self.service, SimulatedNode(self.state), heard)
        states: dict[str, State] = {resource.rid: status.state for resource, status in asked}
        assert [command for command, _ in heard.commands if command.kind == "changes"] == []
        return states

    @property
    def availstatus(self) -> State:
        """What the statuses of the resources that actions take amount to."""
        statuses, service = self.status(), self.service
        return merged(statuses[each.rid] for each in service.resources() if not each.driver.verbs_do_nothing)

    def reboot(self) -> None:
        """Lose what a node loses when its power fails."""
        from executors.simulated.reboot import reboot

        self.history.append("status  # after a reboot")
        self.disk.lose_power()
        reboot(self.state)

    def __repr__(self) -> str:
        return f"\n{self.reproduction()}\n"

    def reproduction(self, words: str = "create --config service.conf --provision") -> str:
        """A shell script that brings this world about: its service file, its node file, a command line."""
        flags = [*(f"--adopt {rid}" for rid in self.adopt), *(f"--allow-destroy {name}" for name in self.allow)]
        command = " ".join(("svcmgr", "-s", self.name, words, "--node", "node.json", *flags))
        later = [" ".join(("svcmgr", "-s", self.name, "--node node.json", *flags, done)) for done in self.history[1:]]
        return (
            f"cat > service.conf <<'END'\n{self.first_file.removesuffix(chr(10))}\nEND\n"
            f"cat > node.json <<'END'\n{short(self.first_state)}\nEND\n" + "\n".join((command, *later))
        )


def read(script: str) -> World:
    """The world of a `reproduction`."""
    match = re.fullmatch(
        r"cat > service.conf <<'END'\n(.*)\nEND\ncat > node.json <<'END'\n(.*)\nEND\nsvcmgr -s (\S+) (.*)",
        script.strip(),
        re.DOTALL,
    )
    assert match is not None, "not a reproduction"
    adopt = tuple(re.findall(r"--adopt (\S+)", match[4]))
    allow = tuple(re.findall(r"--allow-destroy (\S+)", match[4]))
    return World(match[1] + "\n", loads(match[2]), match[3], adopt=adopt, allow=allow)


def short(state: NodeState) -> str:
    """A node-state file without what every node has anyway."""
    default = load_state({})
    whole = json.loads(dumps(state))
    given = {name: value for name, value in whole.items() if state[name] != default[name]}
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in given.items()]
    return "{\n" + ",\n".join(lines) + "\n}"

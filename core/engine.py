"""Drive the resources of a service, in order, on any node.

The engine is the only part that moves. A driver's verb is a generator; the engine asks it for the next effect, has it
done, and sends back what came of it, until the generator returns. What "done" means depends on the executor that the
engine was given, and on nothing else: on a simulated node with holes it is a preview, on a real node an execution,
with faults around it a crash test. There is no mode, and nothing here asks which of these it is.

Three rules make the rest of the program simple:

1. Whatever changes anything is a `Command`. A cascade (`SetKey`) becomes `svcmgr set KEY VALUE`, a value that is made
   up (`Fresh`) becomes `fresh KIND NAME`. So the journal, the contract and the faults, which only know `run`, see all.
2. A question that failed is not a "no". An answer outside `accepts` is thrown into the driver as `CommandFailed`,
   where it ends the action unless the driver has a reason to catch it.
3. Only the engine waits. A driver says what it waits for (`Wait`); the engine asks, and lets time pass on the node,
   which on a simulated one means its clock.

A driver is never told about crashes. An action that was interrupted is simply driven again: the driver asks the node
what is there and makes what is missing, and the journal answers for what only it can know.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from core import trigger
from core.checks import has_come
from core.command import Check, Command, Completed, Executor, Fresh, Note, SetKey, Steps, UnsetKey, Wait
from core.errors import CommandFailed, Failed, SvcprovError, WaitedTooLong

if TYPE_CHECKING:
    from core.config.service import Resource, Service
    from core.driver import Holding
    from core.status import Status

ENGINE = "engine"
SVCMGR = "svcmgr"
SHARED = "--shared"
FRESH = "fresh"
"""A value that the node makes up."""
PAUSE = "pause"
"""A sleep between two questions. A node may end it when its devices have changed, and says then how long it was."""
UNDOING = {"stop", "unprovision"}
"""The verbs that go through the resources in the reverse of the natural order."""


class Listener(Protocol):
    """Who wants to know what happens: a log, a plan, a progress display."""

    def note(self, rid: str, note: Note) -> None:
        """A driver has something to say."""

    def wait(self, rid: str, wait: Wait) -> None:
        """A bounded wait begins."""


class Engine:
    """Runs verbs of resources. `executor` is the node with its layers; `listener` hears notes and waits."""

    def __init__(self, service: "Service", executor: Executor, listener: Listener) -> None:
        self._service, self._executor, self._listener = service, executor, listener

    def act(self, verb: str, resources: Iterable["Resource"]) -> None:
        """Run a verb of each resource in the given order, with its triggers.

        A failing resource ends the action, unless it is `optional`. Raises what the driver raised.
        """
        taken = list(resources)
        opens, closes = _sections(taken)
        self._triggers(verb, "pre", "DEFAULT")
        for position, resource in enumerate(taken):
            for section in opens.get(position, ()):
                self._triggers(verb, "pre", section)
            self._one(verb, resource)
            for section in closes.get(position, ()):
                self._triggers(verb, "post", section)
        self._triggers(verb, "post", "DEFAULT")

    def _one(self, verb: str, resource: "Resource") -> None:
        try:
            self._triggers(verb, "pre", resource.rid)
            self._drive(resource.rid, verb, resource.steps(verb))
            self._triggers(verb, "post", resource.rid)
        except (CommandFailed, Failed) as error:
            if not resource.optional:
                raise
            self._listener.note(resource.rid, Note(f"ignore {verb} error on optional resource: {error}", "warning"))

    def status(self, resource: "Resource") -> "Status":
        """Ask a driver what its resource is."""
        status: Status = self._drive(resource.rid, "status", resource.driver.status(resource))
        return status

    def holdings(self, resource: "Resource") -> "list[Holding]":
        """Ask a driver what its resource, which is up, has of the node."""
        found: list[Holding] = self._drive(resource.rid, "adopt", resource.driver.holds(resource))
        return found

    def _triggers(self, verb: str, when: str, section: str) -> None:
        for command, blocking in trigger.commands(self._service, section, verb, when):
            try:
                self._drive(section, verb, trigger.steps(command))
            except CommandFailed as error:
                if blocking:
                    failed = Failed(f"blocking_{when}_{verb} trigger failed: {error}")
                    failed.rid = section
                    raise failed from None
                self._listener.note(section, Note(f"{when}_{verb} trigger failed: {error}", "warning"))

    def _drive(self, rid: str, verb: str, steps: Steps) -> Any:
        answer: Any = None
        failure: SvcprovError | None = None
        while True:
            try:
                effect = steps.throw(failure) if failure is not None else steps.send(answer)
            except StopIteration as end:
                return end.value
            except SvcprovError as error:
                error.rid = error.rid or rid
                raise
            answer, failure = None, None
            try:
                answer = self._perform(rid, verb, effect)
            except (CommandFailed, WaitedTooLong) as error:
                failure = error

    def _perform(self, rid: str, verb: str, effect: Any) -> Any:
        match effect:
            case Command():
                return self._ran(rid, verb, effect)
            case Note():
                return self._listener.note(rid, effect)
            case Fresh(name, kind):
                return self._ran(rid, verb, Command((FRESH, kind, name), quiet=True, tool=ENGINE)).stdout
            case Wait():
                return self._waited(rid, verb, effect)
            case SetKey() | UnsetKey():
                command = self._cascade(effect)
                return None if command is None else self._ran(rid, verb, command)
            case _:
                raise AssertionError(f"{rid}: {effect!r} is not an effect")

    def _ran(self, rid: str, verb: str, command: Command) -> Completed:
        # What `_replace(rid=..., verb=...)` gives, at a quarter of its price: they are the last two fields.
        answer = self._executor.run(Command._make((*command[:-2], rid, verb)))
        if answer.returncode not in command.accepts:
            raise CommandFailed(command.argv, answer.returncode, answer.stdout, answer.stderr)
        return answer

    def _waited(self, rid: str, verb: str, wait: Wait) -> Completed:
        self._listener.wait(rid, wait)
        left, is_due = float(wait.seconds_max), True
        while True:
            answer = self._ran(rid, verb, wait.ask)
            if is_due and (text := wait.note(answer)):
                self._listener.note(rid, Note(text))
            if has_come(wait, answer):
                return answer
            if left < wait.every_seconds:
                raise WaitedTooLong(f"timeout waiting for {wait.subject} ({wait.seconds_max} seconds)")
            early = self._ran(rid, verb, Command((PAUSE, str(wait.every_seconds)), quiet=True, tool=ENGINE)).stdout
            is_due = not early
            left -= float(early or wait.every_seconds)

    def _cascade(self, effect: SetKey | UnsetKey) -> Command | None:
        """The command that changes the service file, or None where the file says it already."""
        key = self._service.source(effect.key) or effect.key
        before = self._service.text(key)
        if isinstance(effect, UnsetKey):
            return None if before is None else set_key(key, None, before)
        return None if before == effect.value else set_key(key, effect.value, before, shared=effect.shared)


def asked(steps: Steps, node: Executor) -> Any:
    """Drive a generator that only reads, outside of any action; return what it returns.

    Raises CommandFailed for a return code that is no answer.
    """
    answer: Completed | None = None
    while True:
        try:
            question = steps.send(answer)
        except StopIteration as end:
            return end.value
        if not isinstance(question, Command) or question.kind != "reads":
            raise AssertionError(f"{question!r} is not a question")
        answer = node.run(question)
        if answer.returncode not in question.accepts:
            raise CommandFailed(question.argv, answer.returncode, answer.stdout, answer.stderr)


def _sections(resources: list["Resource"]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Where the sets of resources that a `[subset#...]` names begin and end among the resources: by position."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for position, resource in enumerate(resources):
        if resource.subset:
            section = f"subset#{resource.group}:{resource.subset}"
            first.setdefault(section, position)
            last[section] = position
    opens: dict[int, list[str]] = {}
    closes: dict[int, list[str]] = {}
    for section, position in first.items():
        opens.setdefault(position, []).append(section)
        closes.setdefault(last[section], []).append(section)
    return opens, closes


def set_key(key: str, value: str | None, before: str | None, *, shared: bool = False) -> Command:
    """The command that gives a key of the service file another value (None: takes it out), with check and undo."""
    return _writes(key, value, shared=shared)._replace(undo=(_writes(key, before, shared=shared),))


def _writes(key: str, value: str | None, *, shared: bool) -> Command:
    words = ("unset", key) if value is None else ("set", key, value)
    return Command(
        (SVCMGR, *words, *((SHARED,) if shared else ())),
        kind="changes",
        check=Check(Command((SVCMGR, "is", *words[1:]), accepts=(0, 1), tool=SVCMGR)),
        quiet=True,
        tool=SVCMGR,
    )

"""Drives one verb of one resource on a node, without journal, contract or log: as little as a driver needs."""

from collections.abc import Collection
from typing import Any, NamedTuple

from core.answers import pick
from core.checks import has_come
from core.command import Command, Completed, Executor, Fresh, Note, SetKey, UnsetKey, Wait
from core.config.document import Document
from core.config.service import Resource, Service
from core.driver import load
from core.errors import CommandFailed, WaitedTooLong
from core.record import Record
from executors.layers.service_file import ServiceFile


class Run(NamedTuple):
    """What a verb did: its notes, its commands but the reads, and what it returned."""

    notes: list[str]
    changes: list[Command]
    value: Any

    @property
    def lines(self) -> list[str]:
        """The commands as one would type them."""
        return [" ".join(command.argv) for command in self.changes]


def service(text: str, name: str = "svc1", nodename: str = "node1") -> Service:
    """A service of this text, with the drivers of the repository and an empty record."""
    return Service(name, Document(text), nodename, Record(), load)


def drive(resource: Resource, verb: str, node: Executor, claimed: Collection[str] = ()) -> Run:
    """Run a verb to its end. claimed: what other actions have chosen. Raises what the driver raises."""
    run = Run([], [], None)
    node = ServiceFile(node, resource.service, claim=lambda name: name not in claimed)
    steps = getattr(resource.driver, verb)(resource)
    answer: Any = None
    failure: Exception | None = None
    while True:
        try:
            effect = steps.throw(failure) if failure is not None else steps.send(answer)
        except StopIteration as end:
            return run._replace(value=end.value)
        answer, failure = None, None
        try:
            answer = _perform(resource, verb, effect, node, run)
        except (CommandFailed, WaitedTooLong) as error:
            failure = error


def _perform(resource: Resource, verb: str, effect: Any, node: Executor, run: Run) -> Any:
    match effect:
        case Command():
            return _ran(resource, effect._replace(rid=resource.rid, verb=verb), node, run)
        case Wait():
            return _waited(resource, effect, node, run)
        case Fresh(name, kind):
            return node.run(Command(("fresh", kind, name), tool="engine")).stdout
        case SetKey(key, value, shared):
            if resource.service.text(key) != value:
                resource.service.record.keys[resource.service.source(key) or key] = resource.service.key_text(
                    key, value, shared=shared
                )
                resource.service.set(key, value)
        case UnsetKey(key):
            resource.service.unset(key)
        case Note(text):
            run.notes.append(text)
    return None


def _ran(resource: Resource, command: Command, node: Executor, run: Run) -> Completed:
    makes = command.makes
    before = node.run(makes.witness).stdout if makes is not None and makes.witness is not None else ""
    if command.kind != "reads":
        run.changes.append(command)
    answer = node.run(command)
    if answer.returncode not in command.accepts:
        raise CommandFailed(command.argv, answer.returncode, answer.stdout, answer.stderr)
    if makes is not None:
        found = pick(answer.stdout, makes.answer) if makes.answer else []
        if not found and makes.witness is not None:
            known = pick(before, makes.path) if makes.difference else []
            found = [one for one in pick(node.run(makes.witness).stdout, makes.path) if one not in known]
        answer = answer._replace(made=makes.identity or (found[0] if found else ""))
    resource.service.record.apply(command, answer.made)
    return answer


def _waited(resource: Resource, wait: Wait, node: Executor, run: Run) -> Completed:
    for _ in range(1 + wait.seconds_max // wait.every_seconds):
        answer = _ran(resource, wait.ask, node, run)
        if text := wait.note(answer):
            run.notes.append(text)
        if has_come(wait, answer):
            return answer
        node.run(Command(("sleep", str(wait.every_seconds)), tool="engine"))
    raise WaitedTooLong(f"timeout waiting for {wait.subject}")

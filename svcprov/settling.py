"""Settle by hand what an interrupted step made: `--found STEP=ID` and `--forget STEP`."""

from typing import TYPE_CHECKING, Any

from core.errors import UsageError
from core.holes import is_of_kind
from core.wire import decode
from executors.layers.journal import unfinished
from svcprov.files import ServiceFiles
from svcprov.keeping import Lines

if TYPE_CHECKING:
    from svcprov.invocation import Invocation
    from svcprov.node import Node


def decide(call: "Invocation", files: ServiceFiles, node: "Node") -> None:
    """Write what the operator knows into the journal and the record, before anything is asked of the node.

    Raises UsageError for a step that nobody is in doubt about.
    """
    for word in call.options.found or ():
        name, equals, identity = word.partition("=")
        if not equals or not identity:
            raise UsageError(f"--found {word}: write it as --found STEP=ID, such as disk#0.volume.0=vol-464a8f87")
        _decided(files, node, name, identity)
    for name in call.options.forget or ():
        _forgotten(files, node, name)


def _decided(files: ServiceFiles, node: "Node", name: str, identity: str) -> None:
    service = files.load(node.hostname)
    lines = files.journal_lines()
    intent = _in_doubt(lines, name)
    if intent is None:
        if _answer(lines, name) == ("done", identity):
            return
        raise UsageError(f"--found {name}={identity}: no interrupted step is in doubt about {name}")
    command = decode(intent["command"])
    if command.makes is None or not is_of_kind(identity, command.makes.kind):
        kind = "something that can be named" if command.makes is None else command.makes.kind
        raise UsageError(f"--found {name}={identity}: this is no {kind}")
    files.journal_line({"of": intent["intent"], "state": "done", "made": identity})
    service.record.apply(command, identity)
    files.save_record()


def _forgotten(files: ServiceFiles, node: "Node", name: str) -> None:
    service = files.load(node.hostname)
    lines = files.journal_lines()
    intent = _in_doubt(lines, name)
    if intent is None and name not in service.record.made:
        if _answer(lines, name)[0] == "gone":
            return
        raise UsageError(f"--forget {name}: neither an interrupted step nor the record has it")
    if intent is not None:
        files.journal_line({"of": intent["intent"], "state": "gone", "made": ""})
    service.record.drop(name)
    files.save_record()


def _in_doubt(lines: Lines, name: str) -> dict[str, Any] | None:
    """The line of the intent that made `name` and of which nobody knows what it made; None when there is none."""
    for line in reversed(_intents(lines, name)):
        state, made = _last_answer(lines, line["intent"])
        makes = line["command"].get("makes")
        if not state or (state == "done" and not made and makes and not makes.get("identity")):
            return line
    return None


def _answer(lines: Lines, name: str) -> tuple[str, str]:
    """What was decided of the last intent that made `name`: its state and what it made; nothing where nothing was."""
    intents = _intents(lines, name)
    return _last_answer(lines, intents[-1]["intent"]) if intents else ("", "")


def _intents(lines: Lines, name: str) -> Lines:
    """The intents of an unfinished action that made `name`; one that makes nothing is called by its resource."""
    if unfinished(lines) is None:
        return []
    return [line for line in lines if "intent" in line and _name(line["command"]) == name]


def _name(command: dict[str, Any]) -> str:
    makes = command.get("makes")
    return str(makes["name"] if makes else command.get("rid", ""))


def _last_answer(lines: Lines, number: int) -> tuple[str, str]:
    answers = [(line["state"], line.get("made", "")) for line in lines if line.get("of") == number and "state" in line]
    return answers[-1] if answers else ("", "")

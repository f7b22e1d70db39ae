"""Settle by hand what an interrupted step made: `--found STEP=ID` and `--forget STEP`."""

from typing import TYPE_CHECKING, Any

from core.errors import UsageError
from core.holes import is_of_kind
from core.wire import decode
from executors.layers.journal import unfinished
from svcprov.files import Lines, ServiceFiles

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
    intent = _in_flight(files.journal_lines(), name)
    if intent is None:
        raise UsageError(f"--found {name}={identity}: no interrupted step is in doubt about {name}")
    command = decode(intent["command"])
    if not is_of_kind(identity, command.makes.kind):
        raise UsageError(f"--found {name}={identity}: this is no {command.makes.kind}")
    files.journal_line({"of": intent["intent"], "state": "done", "made": identity})
    service = files.load(node.hostname)
    service.record.apply(command, identity)
    files.save_record()


def _forgotten(files: ServiceFiles, node: "Node", name: str) -> None:
    intent = _in_flight(files.journal_lines(), name)
    service = files.load(node.hostname)
    if intent is None and name not in service.record.made:
        raise UsageError(f"--forget {name}: neither an interrupted step nor the record has it")
    if intent is not None:
        files.journal_line({"of": intent["intent"], "state": "gone", "made": ""})
    service.record.drop(name)
    files.save_record()


def _in_flight(lines: Lines, name: str) -> dict[str, Any] | None:
    """The line of the intent that made `name` and has no answer; None when there is none."""
    if unfinished(lines) is None:
        return None
    answered = {line["of"] for line in lines if "of" in line and "state" in line}
    for line in reversed(lines):
        if "intent" in line and line["intent"] not in answered:
            makes = line["command"].get("makes")
            if makes is not None and makes["name"] == name:
                return line
    return None

"""`nodemgr observe`: this machine as a node-state file, with everything that the plans of its services ask for.

What a plan asks of a node is known to nobody but the plan. So each service of this node is planned, and what these
plans learn is what is written: its paths, devices, addresses, and the cloud if it has something there.
"""

import os
from collections.abc import Iterator

from core.command import Command, Completed, Note, Wait
from core.config.service import Service
from core.errors import SvcprovError
from core.observe.containers import SYSTEM
from core.observe.programs import PROBES
from core.state import NodeState, Question, dumps, loads
from svcprov.action import EVERYTHING, Action, Selection
from svcprov.files import ServiceFiles, etc, var
from svcprov.keeping import Unkept
from svcprov.machine import ThisMachine
from svcprov.node import Node

VERBS = ("provision", "start", "stop")


class Silent:
    """Hears everything, says nothing."""

    @property
    def progress(self) -> None:
        """Show nothing."""

    def note(self, rid: str, note: Note) -> None:
        """Hear a note."""

    def wait(self, rid: str, wait: Wait) -> None:
        """Hear of a wait."""

    def begins(self, command: Command) -> None:
        """Hear that a command begins."""

    def ended(self, command: Command, answer: Completed) -> None:
        """Hear that a command has ended."""

    def remark(self, text: str) -> None:
        """Hear who answered."""


def planning(service: Service, verb: str, node: Node, selection: Selection = EVERYTHING) -> Action:
    """An action that is only to be previewed: nothing of it is kept, and nobody hears of it."""
    listener, keep = Silent(), Unkept()
    return Action(
        service, verb, node.asking(listener), node.observed, keep, listener, selection=selection, learn=node.learn
    )


def learnt(service: str) -> NodeState:
    """This machine as a whole state, with everything that the plans of one service ask for, and of its neighbours.

    What nobody has asked for is not there, and what could not be seen stays unknown: nothing is asked any more.
    """
    machine = _looked_at()
    for name in dict.fromkeys((service, *_services())):
        for _ in _planned(name, machine):
            pass  # a plan that fails has learnt what it needs by then
    return whole(machine.observed())


def whole(state: NodeState) -> NodeState:
    """An observed state, taken for all that there is."""
    seen = loads(dumps({**state, "complete": True, "known": [], "unseen": []}))
    for device in seen["devices"].values():
        if device["content"]["kind"] == "unseen":
            device["content"] = {"kind": "unknown"}
    return loads(dumps(seen))


def observe() -> tuple[NodeState, list[str]]:
    """Look at this machine. Return its state, and a sentence for each service that could not be planned."""
    machine = _looked_at()
    state = machine.observed()
    failed = [f"{name}: {said}" for name in _services() for said in _planned(name, machine)]
    return state, failed


def _looked_at() -> ThisMachine:
    """This machine, with what any service may ask for looked up."""
    machine = ThisMachine("")
    questions = [Question("tool", package) for package in PROBES]
    questions += [Question("content", path) for path in machine.observed()["devices"]]
    machine.learn([*questions, Question("path", "/srv"), Question("below", "/srv"), Question("docker", SYSTEM)])
    return machine


def _services() -> list[str]:
    """The services of this node, by name."""
    try:
        return sorted(name.removesuffix(".conf") for name in os.listdir(etc()) if name.endswith(".conf"))
    except OSError:
        return []


def _planned(name: str, machine: ThisMachine) -> Iterator[str]:
    """Let the plans of a service ask what they need; say why one could not be made."""
    if name == "node":
        return
    try:
        machine.expect(name)
        files = ServiceFiles(name, var())
        service = files.load(machine.hostname)
        service.check()
        if not service.runs_here:
            return
        for verb in VERBS:
            # What it needs has been learnt by the time it fails: an address is in use, say.
            planning(service, verb, machine).inquire()
    except SvcprovError as error:
        yield str(error)

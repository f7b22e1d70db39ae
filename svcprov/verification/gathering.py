"""The case of a command line: the service and its neighbours as their authors wrote them, on a node in memory."""

import os
from collections.abc import Callable, Mapping

from core.config.document import Document
from core.config.service import Service
from core.errors import ConfigError, Failed, Refused, SvcprovError
from core.record import Record
from core.state import NodeState
from executors.layers.journal import unfinished
from svcprov.action import Selection
from svcprov.beside import names
from svcprov.files import ServiceFiles, etc
from svcprov.verification.case import Case
from svcprov.verification.world import World

STAND_IN = "secret"
"""What is tried in the place of each declared secret: a failure is printed whole."""


def gathered(
    files: ServiceFiles, service: Service, state: NodeState, selection: Selection, own_file: Callable[[], str]
) -> Case:
    """The case of a service that was checked, on a node with this state; nothing is written anywhere.

    own_file: makes the line that finishes an unfinished action, for the refusal.
    Raises Refused while an action of the service is unfinished, Failed when what it was given cannot be taken back.
    """
    if unfinished(files.journal_lines()) is not None:
        said = f"an action of {service.name} is unfinished, so nobody knows what its node has of it"
        raise Refused(said, f"`{own_file()}` finishes it")
    adopt = tuple(sorted(service.adopt))
    texts = {service.name: without_secrets(service)}
    beside = {service.name: _beside(service)}
    world = World(texts[service.name], state, service.name, adopt=adopt, selection=selection, beside=_beside(service))
    state = _taken_back(world, service.record)
    texts[service.name] = world.disk.file
    for name in others(service.name):
        other = _neighbour(name, state["hostname"])
        if other is not None:
            neighbour = World(without_secrets(other), state, name, beside=_beside(other))
            try:
                state = _taken_back(neighbour, other.record)
            except SvcprovError:
                continue  # what it has stays on the node, as anybody's would
            texts[name], beside[name] = neighbour.disk.file, neighbour.beside
    return Case(service.name, texts, state, adopt, selection, beside)


def _beside(service: Service) -> Mapping[str, str]:
    """The texts of the files that triggers of a service read, by their names."""
    texts = {name: service.beside(name) for name in names(service)}
    return {name: text for name, text in texts.items() if text is not None}


def _taken_back(world: World, record: Record) -> NodeState:
    """The node as it was before a service was given anything; the world's file is as its user wrote it then."""
    if record.is_empty:
        return world.state
    world.disk.keep(record)
    try:
        world.act("unprovision")
    except SvcprovError as error:
        remedy = f"svcmgr -s {world.name} unprovision, or verify it on a node that has nothing of it, with --node"
        raise Failed(f"{world.name} is provisioned, and cannot be taken back in memory: {error}; {remedy}") from None
    return world.state


def others(name: str) -> list[str]:
    """The other services of this node, by name."""
    try:
        names = sorted(entry.removesuffix(".conf") for entry in os.listdir(etc()) if entry.endswith(".conf"))
    except OSError:
        return []
    return [each for each in names if each not in {name, "node"}]


def _neighbour(name: str, nodename: str) -> Service | None:
    """Another service; None when it is not for this node, or is not valid: that is found when it is verified itself."""
    try:
        service = ServiceFiles(name).load(nodename)
        service.check()
    except (SvcprovError, ConfigError):
        return None
    return service if service.runs_here else None


def without_secrets(service: Service) -> str:
    """The file of a service, with something else in the place of its secrets."""
    if not service.secrets():
        return service.document.text
    document = Document(service.document.text)
    for name in service.secrets():
        document.set("env", name.removeprefix("env."), STAND_IN)
    return document.text

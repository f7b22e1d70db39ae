"""What holds of a service that nothing disturbs: where an author's mistakes show."""

from collections.abc import Callable, Iterator, Sequence

from core.config.service import Resource, Service
from core.config.sizes import human
from core.errors import SvcprovError
from core.tree import Tree
from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, FAILED, Subject, Verdict
from svcprov.verification.crashes import none, whole
from svcprov.verification.outcomes import outcome
from svcprov.verification.world import World

PREFIX = "plain"


def tries(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each property; the first one is that the service can be provisioned at all."""
    del every
    for name in PROPERTIES:
        yield replayed(subject, (PREFIX, name))


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The property that a code names. Raises ValueError for words that name none."""
    _, name = words
    if name not in PROPERTIES:
        raise ValueError(name)
    code = f"{PREFIX}:{name}"
    try:
        subject.ends()
    except SvcprovError as error:
        found = [f"provision failed: {type(error).__name__}: {error}"] if name == FIRST else []
        found += _untellable(subject.world.service) if name == "told" else []
        return Verdict(code, FAILED, tuple(found))
    try:
        what = PROPERTIES[name](subject)
    except SvcprovError as error:
        what = [f"{name}: {type(error).__name__}: {error}"]
    return Verdict(code, AS_NONE if name in _BACK else AS_UNDISTURBED, tuple(what))


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The same property, of another service."""
    yield replayed(subject, words)


def is_provisioned(subject: Subject) -> bool:
    """Tell whether an undisturbed provision goes well: nothing else can be tried otherwise."""
    try:
        subject.ends()
    except SvcprovError:
        return False
    return True


def _provisioned(subject: Subject) -> World:
    return subject.ends().whole.fork()


def _can_be(subject: Subject) -> list[str]:
    return subject.ends().taken


def _again(subject: Subject) -> list[str]:
    steps = _provisioned(subject).preview().steps
    return [f"a second provision would run {' '.join(step.command.argv)}" for step in steps]


def _up(subject: Subject) -> list[str]:
    world = _provisioned(subject)
    states = world.status()
    return [
        f"{each.rid} is {states[each.rid]} after provision"
        for each in world.service.resources()
        if not (each.disabled or each.optional or each.driver.verbs_do_nothing)
        and world.selection.takes(each)
        and states[each.rid] not in {"up", "n/a", "stdby up"}
    ]


def _valid(subject: Subject) -> list[str]:
    problems = subject.ends().whole.service.problems()
    return [f"after provision the service file is not valid: {problem}" for problem in problems]


def _told(subject: Subject) -> list[str]:
    """What is allocated has to arrive where the file says that it is told."""
    service = subject.ends().whole.service
    found = _untellable(service)
    for resource, key in _tells(service):
        if service.document.has(key.partition(".")[0]) and service.value(key) not in _values(resource):
            found.append(f"{resource.rid} tells {key} what was allocated, and it says something else")
    for resource in service.resources():
        taken = resource.group == "ip" and not resource.disabled and subject.case.selection.takes(resource)
        if taken and _is_loopback(subject, resource["ipname"]):
            said = f"{resource.rid} is {resource['ipname']} after provision, an address that every node has"
            found.append(f"{said}: nobody told it what was allocated")
    return found


def _untellable(service: Service) -> list[str]:
    return [
        f"{resource.rid} tells {key} what was allocated, and there is no {key.partition('.')[0]}"
        for resource, key in _tells(service)
        if not service.document.has(key.partition(".")[0])
    ]


def _tells(service: Service) -> list[tuple[Resource, str]]:
    """Which keys are told by which resources what these were allocated."""
    given = ((resource, tie) for resource in service.resources() for tie in resource.driver.gives(resource))
    return [(resource, tie.name) for resource, tie in given if tie.kind == "key"]


def _values(resource: Resource) -> set[str | None]:
    service = resource.service
    return {service.value(f"{resource.rid}.{option}") for option in service.options(resource.rid)}


def _is_loopback(subject: Subject, name: str) -> bool:
    return str(subject.case.state["names"].get(name, name)).startswith(("127.", "::1"))


def _room(subject: Subject) -> list[str]:
    """The files that become disks have to fit together on what they lie on, once they are full."""
    world = subject.ends().whole
    tree = Tree(world.state)
    lying: dict[str, list[tuple[str, str, int]]] = {}
    for thing in world.record.made.values():
        entry = tree.entry(thing.identity) if thing.identity.startswith("/") else None
        if entry is not None and entry["kind"] == "file" and entry["size"]:
            device = tree.place(tree.real(thing.identity)).device
            lying.setdefault(device, []).append((thing.rid, thing.identity, entry["size"]))
    roots = [mount["device"] for mount in world.state["mounts"] if mount["mount_point"] == "/"]
    found = []
    for name, files in lying.items():
        path = name or next(iter(roots), "")
        device, wanted = world.state["devices"].get(path), sum(size for _, _, size in files)
        if device is not None and wanted > device["size"]:
            listed = ", ".join(f"{rid}: {file} of {human(size)}" for rid, file, size in files)
            found.append(f"{listed}: {human(wanted)} do not fit on {path}, which has {human(device['size'])}")
    return found


def _restarted(subject: Subject) -> list[str]:
    """Down and up again, also after the power was lost, it is as it was."""
    wanted = subject.ends().whole.status()
    found = []
    for verbs in (("stop", "start"), ("start",), ("stop",), ("unprovision",)):
        world = _provisioned(subject)
        if len(verbs) == 1:
            world.reboot()
        for verb in verbs:
            world.act(verb)
        states = world.status() if verbs[-1] == "start" else wanted
        found += [f"{rid} is {states[rid]} after {' and '.join(verbs)}" for rid in wanted if states[rid] != wanted[rid]]
    return found


def _inverse(subject: Subject) -> list[str]:
    world = _provisioned(subject)
    world.act("unprovision")
    return none(world, subject.ends())


def _undone(subject: Subject) -> list[str]:
    world = _provisioned(subject)
    world.unfinish()
    world.rollback()
    return none(world, subject.ends())


def _twice(subject: Subject) -> list[str]:
    """A size, a name or an address that is there only once shows when it is asked for once more."""
    world = _provisioned(subject)
    world.act("unprovision")
    # What one who provisions for the first time would come to from here, on a node with a few counters further on.
    world.act("provision")
    return whole(world, subject.ends())


def _retemplated(subject: Subject) -> list[str]:
    world = _provisioned(subject)
    before = outcome(world)
    world.disk.file = world.first_file
    steps = [step for step in world.act("provision").steps if not step.is_cascade]
    found = [f"with the user's file back, provision would run {' '.join(step.command.argv)}" for step in steps]
    return found + ([] if outcome(world) == before else ["with the user's file back, provision leaves something else"])


FIRST = "provision"
PROPERTIES: dict[str, Callable[[Subject], list[str]]] = {
    FIRST: _can_be,
    "again": _again,
    "up": _up,
    "valid": _valid,
    "told": _told,
    "room": _room,
    "restarted": _restarted,
    "inverse": _inverse,
    "undone": _undone,
    "twice": _twice,
    "re-templated": _retemplated,
}
_BACK = frozenset(("inverse", "undone"))

"""What a service that runs already has of the node, found by questions alone, as its record would have it.

A driver says what its resource holds (`holds`). Whether the resource is up is not asked of its status but of its own
provisioning: it is previewed with the record as it would be, and a resource of which that would change anything is
not as the file says, so nothing of it is recorded. After an adoption `plan` has nothing to do for what was adopted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from core.command import Command, Completed, Executor
from core.config.service import Resource, Service
from core.driver import Holding
from core.engine import Engine, Listener
from core.errors import SvcprovError
from core.plan import Plan, Step
from core.record import MadeThing, Record
from core.trigger import TOOL as TRIGGER
from svcprov.action import Selection, acting
from svcprov.render import said_as

VERB = "adopt"
PROVISION = "provision"
SHARED = {"directory", "filesystem", "image"}
"""What several resources may hold; it is recorded for the first of them, as provisioning does."""
COMMON = {"directory", "image", "zeroes"}
"""What several services may have of one node under one name: images in daemons of their own, directories."""

Other = Mapping[tuple[str, str], str]
"""What other services of the node have recorded: the service, by kind and identity."""


class Adopted(NamedTuple):
    """A resource: what of it is new to the record and what that has already, by name; or why nothing is recorded.

    taken: the things that are recorded for other services, each with the name of that service.
    """

    rid: str
    label: str
    new: dict[str, MadeThing]
    known: dict[str, MadeThing]
    why: str = ""
    taken: tuple[tuple[MadeThing, str], ...] = ()


class ReadsOnly:
    """An executor around a node that runs questions and nothing else."""

    def __init__(self, node: Executor) -> None:
        self._node = node

    def run(self, command: Command) -> Completed:
        """Ask. Raises AssertionError for anything that is no question."""
        if command.kind != "reads":
            raise AssertionError(f"{command.argv} is no question")
        return self._node.run(command)


def adoption(
    service: Service,
    selection: Selection,
    node: Executor,
    listener: Listener,
    preview: Callable[[Service, Selection], Plan],
    others: Other,
) -> list[Adopted]:
    """Find what the selected resources hold, in the natural order. Nothing is changed, not even the record.

    node: answers questions. preview: previews the provisioning of a selection of a service.
    """
    engine = Engine(service, ReadsOnly(node), listener)
    resources = acting(service, PROVISION, selection)
    held: dict[str, list[Holding]] = {}
    failed: dict[str, str] = {}
    for resource in resources:
        try:
            held[resource.rid] = engine.holdings(resource)
        except SvcprovError as error:
            failed[resource.rid] = str(error)
    whole = service.copy()
    whole.record.made |= _things(whole.record, held.items())
    for resource in whole.resources():
        if resource.optional:
            # Else what keeps it from coming up would be passed over, and it would count as up.
            whole.set(f"{resource.rid}.optional", "false")
    failed |= _unlike(whole, tuple(held), preview)
    return list(_told(service, resources, held, failed, others))


def _things(record: Record, held: Iterable[tuple[str, list[Holding]]]) -> dict[str, MadeThing]:
    """What the record would have of these resources and does not have, in their order."""
    met = {(thing.kind, thing.identity) for thing in record.made.values()}
    found: dict[str, MadeThing] = {}
    for rid, holdings in held:
        for name, kind, identity in holdings:
            if (kind in SHARED and (kind, identity) in met) or f"{rid}.{name}" in record.made:
                continue
            met.add((kind, identity))
            found[f"{rid}.{name}"] = MadeThing(kind, identity, rid, VERB)
    return found


def _unlike(service: Service, rids: tuple[str, ...], preview: Callable[[Service, Selection], Plan]) -> dict[str, str]:
    """Say of each resource that is not as the file says in what it is not.

    Most are, so all are previewed at once, and where that finds anything, each half by itself.
    """
    said = _to_do(service, rids, preview) if rids else ""
    if not said:
        return {}
    if not rids[1:]:
        return {rids[0]: said}
    middle = len(rids) // 2
    return _unlike(service, rids[:middle], preview) | _unlike(service, rids[middle:], preview)


def _to_do(service: Service, rids: tuple[str, ...], preview: Callable[[Service, Selection], Plan]) -> str:
    """Say what provisioning some resources would do, or what keeps it from that; "" for nothing."""
    try:
        plan = preview(service, Selection(rids))
    except SvcprovError as error:
        return str(error)
    # A trigger runs at each provisioning, whatever there is to do.
    steps = [step for step in plan.steps if step.command.tool != TRIGGER]
    return f"it is not up: provision would run {_first(steps)}" if steps else ""


def _first(steps: list[Step]) -> str:
    """The first step that lasts, and how many there are beside it."""
    lasting = [step for step in steps if step.command.kind == "changes" and not step.command.temporary]
    more = f" and {len(steps) - 1} more" if steps[1:] else ""
    return f"{said_as((lasting or steps)[0])}{more}"


def _told(
    service: Service,
    resources: Iterable[Resource],
    held: Mapping[str, list[Holding]],
    failed: Mapping[str, str],
    others: Other,
) -> Iterator[Adopted]:
    made = service.record.made
    new = _things(service.record, ((rid, holdings) for rid, holdings in held.items() if rid not in failed))
    for resource in resources:
        rid, label = resource.rid, resource.driver.label(resource)
        names = {f"{rid}.{each.name}": each.identity for each in held.get(rid, ())}
        known = {name: made[name] for name in names if name in made}
        others_are = [f"the record has {known[name].identity}, and {names[name]} is there"
                      for name in known if known[name].identity != names[name]]  # fmt: skip
        if why := failed.get(rid) or "; ".join(others_are):
            yield Adopted(rid, label, {}, {}, why)
            continue
        own = {name: thing for name, thing in new.items() if thing.rid == rid}
        keys = ((thing, (thing.kind, thing.identity)) for thing in own.values() if thing.kind not in COMMON)
        yield Adopted(rid, label, own, known, taken=tuple((thing, others[key]) for thing, key in keys if key in others))

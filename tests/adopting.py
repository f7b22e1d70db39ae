"""Adopting the services of worlds: what runs is recorded, as `svcmgr adopt` does it."""

from core.config.service import Service
from core.plan import Plan
from executors.simulated.node import SimulatedNode
from svcprov.action import EVERYTHING, Action, Selection
from svcprov.adoption import PROVISION, Adopted, Other, adoption
from svcprov.keeping import Unkept
from tests.worlds import Disk, Heard, World


def found(world: World, selection: Selection = EVERYTHING, others: Other | None = None) -> list[Adopted]:
    """What an adoption finds; the world stays as it is."""
    node = SimulatedNode(world.state)

    def preview(service: Service, chosen: Selection) -> Plan:
        return Action(
            service, PROVISION, node, lambda: world.state, Unkept(), Heard(), selection=chosen
        ).preview()  # fmt: skip

    return adoption(world.service, selection, node, Heard(), preview, others or {})


def adopt(world: World) -> list[Adopted]:
    """Adopt everything: the record has what was found."""
    told = found(world)
    record = world.record
    for each in told:
        record.made |= each.new
    world.disk.keep(record)
    return told


def forget(world: World) -> None:
    """Throw record and journal away; service file and node stay."""
    world.disk = Disk(world.disk.file)

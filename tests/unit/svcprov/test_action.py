"""An action that goes on with another one, or does not."""

import pytest

from core.errors import NodeChanged, Refused
from core.state import load
from executors.layers.faults import Crash
from executors.simulated.node import SimulatedNode
from svcprov.action import Action, Selection
from tests.worlds import Heard, Point, World

DISKS = "".join(f"[disk#{n}]\ntype = loop\nfile = /srv/{n}.img\n\n" for n in range(2))
KILLED = Point(3, "after", "inside")


def again(world: World, verb: str, *rids: str) -> Action:
    """A new process that takes only these resources."""
    node = SimulatedNode(world.state)
    return Action(world.service, verb, node, lambda: world.state, world.disk, Heard(), selection=Selection(rids))


@pytest.mark.parametrize("verb", ["provision", "unprovision"])
def test_a_part_does_not_end_an_unfinished_whole(verb: str) -> None:
    """After a crash, the same verb of fewer resources is refused: it would end what others still need to be undone."""
    world = World(DISKS, load({"files": {"/srv": "directory"}}))
    if verb == "unprovision":
        world.act("provision")
    with pytest.raises(Crash):
        world.act(verb, KILLED)
    with pytest.raises(Refused, match=f"{verb} of .* is unfinished, and this would go on with a part of it"):
        again(world, verb, "disk#0").preview()
    assert again(world, verb).preview().order


def test_a_part_goes_on_with_the_same_part() -> None:
    """An interrupted action of some resources is continued by the same words, and by the whole."""
    world = World(DISKS, load({"files": {"/srv": "directory"}}))
    action = again(world, "provision", "disk#1")
    world.disk.service = world.service
    plan = action.preview()
    plan.events.remove(plan.steps[-1])
    with pytest.raises(NodeChanged):
        action.run(plan)
    assert again(world, "provision", "disk#1").preview().order == ("disk#1",)
    assert again(world, "provision").preview().order == ("disk#0", "disk#1")
    with pytest.raises(Refused):
        again(world, "provision", "disk#0").preview()


def test_what_was_deleted_is_not_rolled_back() -> None:
    """Nothing brings deleted data back, so a rollback of an unprovision that deleted some does not even begin."""
    world = World(DISKS, load({"files": {"/srv": "directory"}}), allow=("disk#0", "disk#1"))
    world.act("provision")
    with pytest.raises(Crash):
        world.act("unprovision", KILLED)
    with pytest.raises(Refused, match=r"has deleted what a rollback cannot bring back; to finish it: .*unprovision"):
        world.rollback()
    world.act("unprovision")
    assert world.record.is_empty

"""A simulated node is never left in a state that cannot be true: its file has to be read again."""

import pytest

from core.consistency import contradictions
from executors.simulated.reboot import reboot
from tests.golden import services
from tests.worlds import World


def _provisioned(world: World) -> World:
    other = world.fork()
    other.act("provision")
    return other


@pytest.mark.parametrize("verb", ["provision", "stop", "unprovision"])
@pytest.mark.parametrize("service", sorted(services()))
def test_every_state_on_the_way_is_true(service: str, verb: str) -> None:
    """Killed or rebooted anywhere in an action, what is left of the node contradicts itself nowhere."""
    world = services()[service]
    if verb != "provision":
        world = _provisioned(world)
        rids = tuple(resource.rid for resource in world.service.resources())
        world.allow = rids
    for point, killed in world.kills(verb):
        assert contradictions(killed.state) == [], point
        reboot(killed.state)
        assert contradictions(killed.state) == [], point

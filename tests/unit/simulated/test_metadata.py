"""The metadata service of a simulated instance."""

import pytest

from core.command import Command
from core.state import load
from core.tools import metadata
from executors.simulated.node import SimulatedNode
from tests.unit.ec2_nodes import node


def test_a_token_opens_the_service() -> None:
    """Version 2 hands out a token, and answers whoever brings it."""
    on = node()
    token = on.run(metadata.token()).stdout
    assert on.run(metadata.instance_id(token)).stdout == "i-40753486"


def test_a_wrong_token_is_refused() -> None:
    """A token that the service did not hand out gets no answer."""
    assert node().run(metadata.instance_id("guessed")).returncode == metadata.HTTP_ERROR


def test_the_service_of_2015_has_no_tokens() -> None:
    """Version 1 refuses to hand out a token, and answers without one."""
    on = node("ec2-2015")
    assert on.run(metadata.token()).returncode == metadata.HTTP_ERROR
    assert on.run(metadata.instance_id()).stdout == "i-40753486"


@pytest.mark.parametrize("on", [node(metadata=False), SimulatedNode(load({}))])
def test_elsewhere_nobody_answers(on: SimulatedNode) -> None:
    """A node that is no instance, or whose service is off, cannot connect."""
    assert on.run(metadata.instance_id()).returncode == metadata.CONNECTION_REFUSED


@pytest.mark.parametrize(
    "argv, code",
    [
        (("curl", "-sf", "http://169.254.169.254/latest/secret"), 22),
        (("curl", "-sf", "http://192.0.2.1/"), 7),
        (("curl", "-k", "http://169.254.169.254/"), 2),
        (("curl", "-sf"), 2),
        (("curl", "-sf", "-H", "no header", "http://169.254.169.254/"), 2),
    ],
)
def test_nothing_else_is_answered(argv: tuple[str, ...], code: int) -> None:
    """Other paths, other hosts and other options end as they end for curl."""
    assert node().run(Command(argv, tool="metadata")).returncode == code

"""Pools of ZFS and their datasets: what a node knows of them."""

from core.command import Steps
from core.state import NodeState


def everything(state: NodeState, subjects: list[str]) -> Steps:
    """Look at all of them; whatever was asked about is answered then."""
    del state
    yield from ()
    return subjects

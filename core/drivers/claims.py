"""Choosing among the free things of a node when other services choose at the same moment."""

from collections.abc import Iterable

from core.command import Command, Steps


def claim(name: str) -> Command:
    """Ask for what seems free (`alias:eth0:3`): 0 when it is this action's now, 1 when another one has chosen it."""
    from core.engine import SVCMGR

    return Command((SVCMGR, "claim", name), accepts=(0, 1), quiet=True, tool=SVCMGR)


def first(pool: str, items: Iterable[str]) -> Steps:
    """Return the first item that no other action has chosen, or None. pool: what the items are, `alias:eth0`."""
    for item in items:
        if (yield claim(f"{pool}:{item}")).returncode == 0:
            return item
    return None

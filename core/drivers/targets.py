"""The other nodes that a sync sends to: what its `target` names, without the node that it runs on."""

from core.config.resource import Resource
from core.status import Remark, Status

TARGETS = ("nodes", "drpnodes")


def other_nodes(sync: Resource) -> set[str]:
    """The nodes that `target` stands for, but this one."""
    lists = {"nodes": sync.service.nodes, "drpnodes": sync.service.drpnodes}
    return {node for target in sync.words("target") for node in lists[target]} - {sync.service.nodename}


def never_asked(sync: Resource, what: str) -> Status:
    """Not applicable where there is no other node; unknown where there is, since nothing asks them.

    what: the things on the other nodes (`images`).
    """
    others = other_nodes(sync)
    if not others:
        return Status("n/a", (Remark("no target nodes"),))
    return Status("undef", (Remark(f"the {what} on {', '.join(sorted(others))} are not looked at", "info"),))

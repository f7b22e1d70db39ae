"""What lies beneath a device: whether the service made it, and so deletes it with all that is on it."""

from typing import TYPE_CHECKING

from core.driver import Tie

if TYPE_CHECKING:
    from core.config.service import Resource

BENEATH = ("device", "group")
KEPT = ("directory", "link")
"""Made things that hold nothing."""


def goes(resource: "Resource", name: str, kind: str = "device") -> bool:
    """Tell whether a device (or a group) goes with what was made for the service: files, volumes of a cloud."""
    return _goes(resource, Tie(kind, name), frozenset((resource.rid,)))


def _goes(resource: "Resource", tie: Tie, seen: frozenset[str]) -> bool:
    givers = [giver for giver in resource.service.givers(tie) if giver.rid not in seen]
    for giver in givers:
        below = [need for need in giver.driver.needs(giver) if need.kind in BENEATH]
        if below and all(_goes(giver, need, seen | {giver.rid}) for need in below):
            return True
        if not below and any(
            thing.rid == giver.rid and thing.kind not in KEPT for thing in resource.service.record.made.values()
        ):
            return True
    return False

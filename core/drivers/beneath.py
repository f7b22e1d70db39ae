"""What lies beneath a device: whether the service made it, and so deletes it with all that is on it."""

import re
from typing import TYPE_CHECKING

from core.driver import Tie
from core.tools import lvm

if TYPE_CHECKING:
    from core.config.service import Resource

BENEATH = ("device", "group")
KEPT = ("directory", "link")
"""Made things that hold nothing."""

_MADE = re.compile(r"/dev/(md|dm-|mapper/|loop|rbd|nbd|drbd|zvol/)")
"""Devices that somebody makes of something else, and that are there again when he does."""


def is_lost(resource: "Resource", name: str) -> bool:
    """Tell whether a device that is not there is a disk that nobody here can bring: nothing of the service gives it."""
    is_disk = name.startswith("/dev/") and not _MADE.match(name) and lvm.named(name) is None
    return is_disk and not resource.service.givers(Tie("device", name))


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

"""What the record says lies where nobody can look: on a volume that is attached nowhere, in what is stopped.

A service that is stopped in the cloud has its filesystems on volumes that no node has; so has one whose images of a
Ceph cluster are not mapped. A plan to start it supposes what the record knows; the run finds what is there, and stops
where that is something else.
"""

from typing import Any

from core.config.service import Service
from core.state import NodeState
from core.tree import Tree


def recall(state: NodeState, service: Service) -> None:
    """Say of each volume, image and array that nobody has looked into what the record knows to be there, in place."""
    # What is mapped can be looked at.
    mapped = {device["stacked"]["of"] for device in state["devices"].values() if device["stacked"] is not None}
    named = {name: image for name, image in state["images"].items() if name not in mapped}
    images = {image["id"]: image for image in named.values() if image["id"]}
    volumes = {**(state["ec2"]["volumes"] if state["ec2"] else {}), **named, **images}
    inside = (volume for group in state["volume_groups"].values() for volume in group["volumes"].values())
    hidden = [*volumes.values(), *state["arrays"].values(), *inside]
    if not any(each["content"]["kind"] == "unseen" for each in hidden):
        return
    resources = service.resources()
    behind = {device: volume for each in resources for device, volume in each.driver.backing(each).items()}
    for resource in resources:
        left = resource.driver.left(resource)
        places = {device: _unseen(state, volumes, behind.get(device, "")) for device in left}
        sizes = [place["size"] for place in places.values() if place is not None]
        if sizes:
            _assembled(state, resource.driver.superblocks(resource), min(sizes))
            # A group that was looked at is as it was seen.
            state["volume_groups"] = resource.driver.recalled(resource) | state["volume_groups"]
    for resource in resources:
        for device, content in resource.driver.left(resource).items():
            place = _unseen(state, volumes, behind.get(device, "")) or _inactive(state, device)
            if place is not None:
                place["content"] = content
    for thing in service.record.made.values():
        volume = volumes.get(thing.identity) if thing.kind in {"volume", "rbd image"} else None
        if volume is not None and volume["content"]["kind"] == "unseen" and not volume.get("snapshot"):
            # Bought for the service, which has made nothing on it: killed before it was attached, it is as it came.
            volume["content"] = {"kind": "zero"}


def _unseen(state: NodeState, volumes: dict[str, Any], identity: str) -> dict[str, Any] | None:
    """The volume or array of an identity, where nobody has looked into it."""
    found: dict[str, Any] | None = volumes.get(identity) or state["arrays"].get(identity)
    return found if found is not None and found["content"]["kind"] == "unseen" else None


def _inactive(state: NodeState, device: str) -> dict[str, Any] | None:
    """The logical volume that a device is called by, where it has none now and nobody has looked into it."""
    from core.tools import lvm

    named = lvm.named(device) if state["volume_groups"] else None
    for group in state["volume_groups"].values() if named else ():
        volume: dict[str, Any] | None = group["volumes"].get(named[1]) if named and group["name"] == named[0] else None
        if volume is not None and volume["content"]["kind"] == "unseen" and not _is_active(state, device):
            return volume
    return None


def _is_active(state: NodeState, device: str) -> bool:
    return Tree(state).real(device) in state["devices"]


def _assembled(state: NodeState, superblocks: dict[str, dict[str, Any]], size: int) -> None:
    """Note what superblocks on volumes say together; how large an array is, is about what one of them has."""
    for uuid, array in superblocks.items():
        state["arrays"].setdefault(uuid, {**array, "size": size})

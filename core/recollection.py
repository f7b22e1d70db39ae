"""What the record says lies where nobody can look: on a volume that is attached nowhere, in what is stopped.

A service that is stopped in the cloud has its filesystems on volumes that no node has; so has one whose images of a
Ceph cluster are not mapped, and one whose disks are files in a filesystem of its own. A plan to start it supposes what
the record knows; the run finds what is there, and stops where that is something else.
"""

from collections.abc import Sequence
from typing import Any

from core.config.resource import Resource
from core.config.service import Service
from core.order import order
from core.state import Entry, NodeState
from core.tree import Tree

FILE = {"kind": "file", "mode": "0600", "text": None, "allocated": 0}
"""A file that a device is made of, as truncate leaves it."""


def recall(state: NodeState, service: Service) -> dict[str, Entry]:
    """Say of each volume, image and array that nobody has looked into what the record knows to be there, in place.

    Return the files that devices are made of and that lie in filesystems which are not mounted: those of the record
    with what it knows to be in them, any other with content that is unseen.
    """
    # What is mapped can be looked at.
    mapped = {device["stacked"]["of"] for device in state["devices"].values() if device["stacked"] is not None}
    named = {name: image for name, image in state["images"].items() if name not in mapped}
    images = {image["id"]: image for image in named.values() if image["id"]}
    volumes = {**(state["ec2"]["volumes"] if state["ec2"] else {}), **named, **images}
    inside = (volume for group in state["volume_groups"].values() for volume in group["volumes"].values())
    unseen = any(
        each["content"]["kind"] == "unseen" for each in (*volumes.values(), *state["arrays"].values(), *inside)
    )
    hidden = _hidden(state, service.resources())
    if not (unseen or hidden):
        return hidden
    # What lies on an array is told once its members have said that it is there.
    resources = order(service.resources())
    behind = {device: volume for each in resources for device, volume in each.driver.backing(each).items()}

    def kept_in(device: str) -> dict[str, Any] | None:
        return hidden.get(device) or _unseen(state, volumes, behind.get(device, ""))

    for resource in resources:
        places = map(kept_in, resource.driver.left(resource))
        sizes = [place["size"] for place in places if place is not None]
        for table, things in (resource.driver.recalled(resource) if sizes else {}).items():
            # How large one is, is about what one of its devices has. What was looked at is as it was seen.
            size = {} if table == "volume_groups" else {"size": min(sizes)}
            state[table] = {identity: {**thing, **size} for identity, thing in things.items()} | state[table]
    for resource in resources:
        for device, content in resource.driver.left(resource).items():
            place = kept_in(device) or _inactive(state, device)
            if place is not None:
                place["content"] = content
    for thing in service.record.made.values():
        kept = hidden if thing.kind == "file" else volumes if thing.kind in {"volume", "rbd image"} else {}
        place = kept.get(thing.identity)
        if place is not None and place["content"]["kind"] == "unseen" and not place.get("snapshot"):
            # Made for the service, which has made nothing on it: killed before it was attached, it is as it came.
            place["content"] = {"kind": "zero"}
    return hidden


def _hidden(state: NodeState, resources: Sequence[Resource]) -> dict[str, Entry]:
    """The files that the service makes devices of, and that lie below a mount point of its own which nothing is at."""
    mounted = {mount["mount_point"] for mount in state["mounts"]}
    given = (tie.name for each in resources for tie in each.driver.gives(each) if tie.kind == "path")
    tops = tuple(f"{point.rstrip('/')}/" for point in given if point not in mounted)
    files = {path: size for each in resources for path, size in each.driver.files(each).items()}
    return {
        path: {**FILE, "size": size, "content": {"kind": "unseen"}}
        for path, size in files.items()
        if path.startswith(tops)
    }


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

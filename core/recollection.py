"""What the record says lies on a volume that is attached nowhere, so that nobody can look at it.

A service that is stopped in the cloud has its filesystems on volumes that no node has; so has one whose images of a
Ceph cluster are not mapped. A plan to start it supposes what the record knows; the run finds what is there, and stops
where that is something else.
"""

from core.config.service import Service
from core.state import NodeState


def recall(state: NodeState, service: Service) -> None:
    """Say of each volume or image that nobody has looked at what the service's record knows to be on it, in place."""
    # What is mapped can be looked at.
    mapped = {device["stacked"]["of"] for device in state["devices"].values() if device["stacked"] is not None}
    named = {name: image for name, image in state["images"].items() if name not in mapped}
    images = {image["id"]: image for image in named.values() if image["id"]}
    volumes = {**(state["ec2"]["volumes"] if state["ec2"] else {}), **named, **images}
    if not any(volume["content"]["kind"] == "unseen" for volume in volumes.values()):
        return
    resources = service.resources()
    behind = {device: volume for each in resources for device, volume in each.driver.backing(each).items()}
    for resource in resources:
        for device, content in resource.driver.left(resource).items():
            volume = volumes.get(behind.get(device, ""))
            if volume is not None and volume["content"]["kind"] == "unseen":
                volume["content"] = content
    for thing in service.record.made.values():
        volume = volumes.get(thing.identity) if thing.kind in {"volume", "rbd image"} else None
        if volume is not None and volume["content"]["kind"] == "unseen" and not volume.get("snapshot"):
            # Bought for the service, which has made nothing on it: killed before it was attached, it is as it came.
            volume["content"] = {"kind": "zero"}

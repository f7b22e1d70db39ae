"""Whether a node's state can be true: what one part of it says is there, the part that has it must have.

A state that came from looking at a node says less than there is, and nothing is expected of it. One that was written by
hand is complete, and a plan that believed both of two contradicting parts would be wrong in one of them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from core.state import NodeState


class Contradiction(NamedTuple):
    """A place in a state (`mounts[1].device`), and what is not so although it says it."""

    path: str
    text: str

    def __str__(self) -> str:
        """As an error has it."""
        return f"{self.path}: {self.text}"


def contradictions(state: NodeState) -> list[Contradiction]:
    """Everything that cannot be true of a complete state, in the order of its parts."""
    if not state["complete"]:
        return []
    return [*_interfaces(state), *_devices(state), *_mounts(state), *_volumes(state)]


def _interfaces(state: NodeState) -> Iterator[Contradiction]:
    for name, network in (state["ec2"] or {"network_interfaces": {}})["network_interfaces"].items():
        if network["device"] not in state["interfaces"]:
            place = f"ec2.network_interfaces.{name}.device"
            yield Contradiction(place, f"there is no interface {network['device']}; add it to interfaces")


def _devices(state: NodeState) -> Iterator[Contradiction]:
    devices = state["devices"]
    known = (state["ec2"] or {"volumes": {}})["volumes"]
    for path, device in devices.items():
        for number, holder in enumerate(device["holders"]):
            if holder.startswith("/dev/") and holder not in devices:
                yield Contradiction(f"devices.{path}.holders[{number}]", _no_device(holder))
        if device["volume"] and device["volume"] not in known:
            yield Contradiction(f"devices.{path}.volume", f"there is no volume {device['volume']}; add it to ec2")
        if device["file"] and not _is_file(state, device["file"]):
            yield Contradiction(f"devices.{path}.file", f"there is no file {device['file']}; add it to files")


def _mounts(state: NodeState) -> Iterator[Contradiction]:
    for number, mount in enumerate(state["mounts"]):
        device = mount["device"]
        if device.startswith("/dev/") and device not in state["devices"] and device not in state["files"]:
            yield Contradiction(f"mounts[{number}].device", _no_device(device))
    for number, path in enumerate(state["swaps"]):
        if path.startswith("/dev/") and path not in state["devices"] and path not in state["files"]:
            yield Contradiction(f"swaps[{number}]", _no_device(path))


def _volumes(state: NodeState) -> Iterator[Contradiction]:
    cloud = state["ec2"]
    if cloud is None:
        return
    plugged = {device["volume"] for device in state["devices"].values()}
    for identity, volume in cloud["volumes"].items():
        attachment = volume["attachment"]
        if attachment is None or attachment["instance"] != cloud["instance"] or attachment["state"] != "attached":
            continue
        if identity not in plugged:
            said = f"it is attached here as {attachment['device']}, and no device has it as its volume"
            yield Contradiction(f"ec2.volumes.{identity}.attachment", said)


def _is_file(state: NodeState, path: str) -> bool:
    from core.tree import Tree

    entry = Tree(state).entry(path)
    return entry is not None and entry["kind"] == "file"


def _no_device(path: str) -> str:
    return f"there is no device {path}; add it to devices"

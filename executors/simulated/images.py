"""The images of a Ceph cluster on a simulated node: which there are, who has one open, and where they are mapped.

The cluster is not this node's: images, locks and snapshots outlive its reboot, mapped devices do not. A lock belongs to
a client that ended long ago, and stays until it is removed.
"""

from shlex import join
from typing import Any

from core.block_device import block_device
from core.state import Question
from executors.simulated import stacking
from executors.simulated.devices import keep_size
from executors.simulated.identifiers import digits_of
from executors.simulated.node import SimulatedNode

PREFIXES = {"krbd": "/dev/rbd", "rbd-nbd": "/dev/nbd"}
MAPPED = Question("rbd", "mapped")
SUPPOSED_BYTES = 1024 * 1024 * 1024


class Silent(Exception):
    """No monitor answers: the node is no client of a cluster."""


def cluster(node: SimulatedNode) -> dict[str, Any]:
    """What the node knows of its cluster. Raises Silent where it has none."""
    known: dict[str, Any] | None = node.state["ceph"]
    if known is not None:
        return known
    if node.state["complete"]:
        raise Silent
    # Nobody has asked yet: what is asked about an image tells.
    return {"pools": None, "default_features": ["layering"]}


def find(node: SimulatedNode, image: str, client: tuple[str, ...], verb: str = "provision") -> dict[str, Any] | None:
    """An image; None when there is none. Raises Silent.

    One that is still asked about is supposed to be missing for `provision`, and there for every other verb: so the
    rehearsal goes on, and asks about the next one in the same round.
    """
    found: dict[str, Any] | None = node.state["images"].get(image)
    if not node.state["complete"] and (found is None or not found["id"]):
        question = Question("rbd", join((*client, image)))
        node.ask(question)
        if question in node.guesses:
            raise Silent
        if question in node.questions and found is None and verb != "provision":
            supposed = {"id": "", "size": SUPPOSED_BYTES, "format": 2, "features": ["layering"], "snapshots": []}
            found = {**supposed, "watchers": [], "locks": [], "content": {"kind": "unseen"}}
            node.state["images"][image] = found
    cluster(node)
    return found


def has_pool(node: SimulatedNode, pool: str) -> bool:
    """Tell whether the cluster has a pool. Raises Silent."""
    pools = cluster(node)["pools"]
    return pools is None or pool in pools


def mapped(node: SimulatedNode, how: str) -> dict[str, str]:
    """The image behind each device that is mapped in one of the two ways."""
    devices = node.state["devices"]
    if not node.state["complete"] and any(path.startswith(tuple(PREFIXES.values())) for path in devices):
        node.ask(MAPPED)
    stacked = ((path, device["stacked"] or {}) for path, device in devices.items())
    return {path: each["of"] for path, each in stacked if each.get("kind") == "image" and each["name"] == how}


def devices_of(node: SimulatedNode, image: str) -> list[str]:
    """The devices of an image, mapped in either way."""
    return [path for how in PREFIXES for path, of in mapped(node, how).items() if of == image]


def attach(node: SimulatedNode, image: str, how: str, path: str) -> str:
    """Map an image; return its device: `path`, or the first that is free. udev makes a link to a device of krbd."""
    path = path or stacking.free(node, PREFIXES[how])
    stacked = {"kind": "image", "of": image, "name": how}
    size = node.state["images"][image]["size"]
    links = (f"/dev/rbd/{image}",) if how == "krbd" else ()
    for link in links:
        if node.tree.link(link) is not None:
            node.tree.remove(link)
    stacking.add(node, path, block_device(size, stacked=stacked), *links)
    return path


def watchers(node: SimulatedNode, image: str) -> list[str]:
    """The addresses of whoever has an image open: other nodes, and this one as often as it has mapped it."""
    here = [address(node, path) for path in devices_of(node, image)]
    return [*node.state["images"][image]["watchers"], *here]


def address(node: SimulatedNode, of: str) -> str:
    """The address of a client on this node, as the cluster sees it."""
    hosts = [
        held["address"].partition("/")[0]
        for name, interface in node.state["interfaces"].items()
        if name != "lo"
        for held in interface["configured"] or ()
    ]
    return f"{hosts[0] if hosts else '127.0.0.1'}:0/{int(digits_of(of, 8), 16)}"


def grow(node: SimulatedNode, image: str, size: int) -> None:
    """Change the size of an image; its devices notice, and a filesystem on it stays as large as it was."""
    known = node.state["images"][image]
    keep_size(known["content"], known["size"])
    known["size"] = size
    for path in devices_of(node, image):
        node.state["devices"][path]["size"] = size


def rebooted(node: SimulatedNode) -> None:
    """Lose what was mapped; nothing maps it again."""
    for path in [path for how in PREFIXES for path in mapped(node, how)]:
        stacking.remove(node, path)

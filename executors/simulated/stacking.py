"""Block devices that come and go, with their links, and what udev does when one appears that belongs to something.

What a device belongs to (a volume group, an array, a pool) is said by its signature; the module of that kind decides
whether anything is assembled or activated by itself, as the rules of udev do. It has `appeared(node, path)`,
`left(node, content)` for when a member's superblock is gone, and where something has to happen after a reboot beside
that, `rebooted(node)`.
"""

from importlib import import_module
from typing import Any

from core.state import Content
from executors.simulated.devices import PARTITION_TABLES
from executors.simulated.node import SimulatedNode

MEMBERS = {
    "LVM2_member": "executors.simulated.volume_groups",
    "linux_raid_member": "executors.simulated.arrays",
    "zfs_member": "executors.simulated.pools",
}
"""The modules that know what to do about a device with a signature."""

MAPPER = "/dev/mapper"
"""The directory of the links to what device-mapper has."""

AT_BOOT = {
    "arrays": "executors.simulated.arrays",
    "pools": "executors.simulated.pools",
    "images": "executors.simulated.images",
}
"""The modules with something to do at boot, by the table of the state that they are about."""


def add(node: SimulatedNode, path: str, device: dict[str, Any], *links: str) -> None:
    """Let a block device appear, with links to it (`/dev/mapper/svc1-root`); then udev has its turn."""
    index(node)[_key(device)] = path
    node.state["devices"][path] = device
    node.stacked_of_devices = len(node.state["devices"])
    for link in links:
        parts = link.split("/")
        depth = len(parts) - 3
        for above in ("/".join(parts[:length]) for length in range(3, len(parts))):
            # That of device-mapper is not ours to make: it outlives every device.
            if above != MAPPER and not node.tree.exists(above):
                node.tree.put(above, {"kind": "directory", "mode": "0755", "docker": None})
        target = f"{'../' * depth}{path.removeprefix('/dev/')}"
        node.tree.put(link, {"kind": "link", "target": target})
    device["settled"] = False
    if came(node, path):
        settle(node)
    else:
        _looked_at(node, path)


def remove(node: SimulatedNode, path: str) -> None:
    """Let a block device disappear with the links to it, and the directories of these that are empty then."""
    going(node, path)
    del node.state["devices"][path]
    for link in [link for link, entry in node.state["files"].items() if _leads_to(link, entry, path)]:
        node.tree.remove(link)
        above = link.rpartition("/")[0]
        while above not in {"/dev", MAPPER} and not node.tree.children(above):
            node.tree.remove(above)
            above = above.rpartition("/")[0]


def _leads_to(link: str, entry: dict[str, Any], path: str) -> bool:
    if entry["kind"] != "link" or not link.startswith("/dev/"):
        return False
    target: str = entry["target"]
    return target == path or (target.startswith("../") and f"/dev/{target.replace('../', '')}" == path)


def came(node: SimulatedNode, path: str) -> bool:
    """Let the kernel read the partition table of a disk that has come; tell whether there are partitions."""
    if not node.tree.holder(node.state["devices"][path])["content"].get("partitions"):
        return False
    from executors.simulated import partitions

    partitions.come(node, path)
    return True


def going(node: SimulatedNode, path: str) -> None:
    """Let the partitions of a disk go before it."""
    if node.tree.holder(node.state["devices"][path])["content"].get("type") in PARTITION_TABLES:
        from executors.simulated import partitions

        partitions.go(node, path)


def device_of(node: SimulatedNode, kind: str, of: str, name: str = "") -> str:
    """The device of what is stacked (a volume of a group); "" for what has none."""
    devices, key = node.state["devices"], (kind, of, name)
    path = index(node).get(key, "")
    if path and (path not in devices or _key(devices[path]) != key):
        # As many devices as before need not be the same ones.
        node.stacked_of_devices = -1
        path = index(node).get(key, "")
    return path


def index(node: SimulatedNode) -> dict[tuple[str, str, str], str]:
    """The devices of all that is stacked, which is looked for anew where devices have come or gone unheard."""
    devices = node.state["devices"]
    if node.stacked_of_devices != len(devices):
        node.stacked = {_key(device): path for path, device in reversed(devices.items()) if device["stacked"]}
        node.stacked_of_devices = len(devices)
    return node.stacked


def _key(device: dict[str, Any]) -> tuple[str, str, str]:
    stacked = device["stacked"] or {"kind": "", "of": "", "name": ""}
    return stacked["kind"], stacked["of"], stacked["name"]


def free(node: SimulatedNode, prefix: str) -> str:
    """The first path that no device has: `/dev/dm-0` for `/dev/dm-`."""
    number = 0
    while f"{prefix}{number}" in node.state["devices"]:
        number += 1
    return f"{prefix}{number}"


def settle(node: SimulatedNode) -> None:
    """Let udev do what it does about each device that has appeared and that it has not looked at yet."""
    devices = node.state["devices"]
    while waiting := [path for path, each in devices.items() if not each["settled"] and each["appears"] <= node.clock]:
        for path in waiting:
            if path in devices:
                _looked_at(node, path)


def _looked_at(node: SimulatedNode, path: str) -> None:
    device = node.state["devices"][path]
    device["settled"] = True
    content = node.tree.holder(device)["content"]
    if module := MEMBERS.get(content.get("type", "")):
        import_module(module).appeared(node, path)


def leave(node: SimulatedNode, content: Content) -> None:
    """Let a volume group, an array or a pool lose a member whose superblock was this content."""
    if module := MEMBERS.get(content["type"]):
        import_module(module).left(node, content)


def rebooted(node: SimulatedNode) -> None:
    """Let udev look at every device once more, and services at boot do what they do."""
    for device in node.state["devices"].values():
        device["settled"] = False
    settle(node)
    for table, module in AT_BOOT.items():
        if node.state[table]:
            import_module(module).rebooted(node)

"""Partitions of disks on a simulated node, as far as zpool makes them of whole disks."""

import re
from typing import Any

from core.block_device import block_device
from core.tools.zpool import first_partition
from executors.simulated.devices import MEBIBYTE, PARTITION_TABLES, SECTOR_BYTES, is_formatted
from executors.simulated.identifiers import digits_of
from executors.simulated.node import SimulatedNode

FIRST_SECTOR, RESERVED_SECTORS, TABLE_SECTORS, ALIGNED_SECTORS = 2048, 16384, 34, 2048
FRONT = 2 * MEBIBYTE
NUMBERS = range(1, 129)
"""Of the partitions that a GPT has room for."""


def of(node: SimulatedNode, disk: str) -> list[str]:
    """The partitions of a disk that the kernel has."""
    beginning, devices = first_partition(disk)[:-1], node.state["devices"]
    return sorted(path for number in NUMBERS if (path := f"{beginning}{number}") in devices)


def come(node: SimulatedNode, disk: str) -> None:
    """Let the kernel find the partitions of a disk that has come. One without a size has that which zpool gives it."""
    held = node.state["devices"][disk]
    content = node.tree.holder(held)["content"]
    sizes = _sizes(held["size"])
    for name, kept in content.get("partitions", {}).items():
        device = {**kept, "size": kept["size"] or sizes[name], "appears": held["appears"], "settled": False}
        node.state["devices"][f"{first_partition(disk)[:-1]}{name}"] = device
    if content.get("partitions"):
        content["partitions"] = {}


def go(node: SimulatedNode, disk: str) -> None:
    """Let the partitions of a disk go before the disk goes: what they hold is kept with its table."""
    there = {path.removeprefix(first_partition(disk)[:-1]): path for path in of(node, disk)}
    devices = {name: node.state["devices"].pop(path) for name, path in there.items()}
    content = node.tree.holder(node.state["devices"][disk])["content"]
    if content.get("type") in PARTITION_TABLES:
        content["partitions"] = devices


def entry(node: SimulatedNode, path: str) -> dict[str, str]:
    """What a probe says of the place of a partition that zpool made; nothing of any other device."""
    disk = re.sub(r"(?<=[a-z])[19]$|(?<=\d)p[19]$", "", path)
    devices = node.state["devices"]
    if disk == path or path not in devices or disk not in devices:
        return {}
    first = first_partition(disk)
    rest = devices.get(f"{first[:-1]}9")
    if rest is None or rest["size"] != RESERVED_SECTORS * SECTOR_BYTES:
        return {}
    named = {"PART_ENTRY_NAME": f"zfs-{digits_of(disk, 16)}"} if path == first else {}
    return {"PART_ENTRY_SCHEME": "gpt", **named, "PART_ENTRY_NUMBER": path[-1]}


def is_whole(node: SimulatedNode, path: str) -> bool:
    """Tell whether a device is a disk or an array, and neither a partition, nor a loop device, nor a logical volume."""
    device = node.state["devices"][path]
    partition = any(path in of(node, other) for other in node.state["devices"])
    volume = device["stacked"] is not None and device["stacked"]["kind"] == "logical volume"
    return not (partition or device["file"] or volume)


def split(node: SimulatedNode, disk: str) -> str:
    """Make the partitions that zpool makes of a whole disk; return the one that is for the pool."""
    first = first_partition(disk)
    for name, size in _sizes(node.state["devices"][disk]["size"]).items():
        node.state["devices"][f"{first[:-1]}{name}"] = block_device(size)
    return first


def _sizes(disk_bytes: int) -> dict[str, int]:
    """The sizes of the partitions that zpool makes: for the pool, and what it leaves free behind that."""
    last = disk_bytes // SECTOR_BYTES - TABLE_SECTORS
    length = (last - FIRST_SECTOR - RESERVED_SECTORS) // ALIGNED_SECTORS * ALIGNED_SECTORS
    return {"1": length * SECTOR_BYTES, "9": RESERVED_SECTORS * SECTOR_BYTES}


def zeroed(node: SimulatedNode, disk: str, offset: int, length: int) -> None:
    """What is left of the first partition when a part of its disk was zeroed."""
    first = node.state["devices"].get(first_partition(disk))
    if first is None or first["content"]["kind"] == "zero":
        return
    content: dict[str, Any] = first["content"]
    # Of one that nobody has looked at the worst is supposed.
    head, tail = is_formatted(content) or content.get("head", True), content.get("tail", True)
    head = head and not (offset == 0 and length >= FRONT)
    tail = tail and offset + length < node.state["devices"][disk]["size"]
    if head and is_formatted(content):
        first["content"] = {**content, "tail": tail}
    else:
        first["content"] = {"kind": "residue", "head": head, "tail": tail} if head or tail else {"kind": "zero"}
    # udev has the kernel read the table again when somebody has written to a disk.
    reread(node, disk)


def reread(node: SimulatedNode, disk: str) -> None:
    """Let the partitions go of a disk that has no partition table any more."""
    device = node.state["devices"].get(disk)
    if device is not None and node.content(device).get("type") not in PARTITION_TABLES:
        for path in of(node, disk):
            del node.state["devices"][path]

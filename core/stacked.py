"""What is made of several devices, in a node's state: volume groups, arrays, pools, and the images of a Ceph cluster.

A table is what the superblocks on the members say together, so it outlives whoever assembled it: an array that is
stopped is still here, and a volume group whose loop device was detached comes back with it. Whether anything of it is
active is told by the block devices that are `stacked` on it.
"""

from collections.abc import Callable
from typing import Any

from core.schema import REQUIRED, Shape, choice, count, fields, flag, items, size, table, text

STACKED = ("logical volume", "array", "image")
"""What a device may be: where its content is kept."""

INACTIVE = "inactive"
"""The name in `stacked` of an array that holds some of its members and is not started: it has no size, no content."""

MEBIBYTE = 1024 * 1024


def volume_groups(content: Shape) -> Shape:
    """Volume groups by uuid.

    physical_volumes: by uuid; what each offers, in extents, and whether it is `missing`. volumes: logical volumes by
    name, each in segments `[physical volume, first extent, extents]`. recycled: what free extents still carry from a
    volume that is gone, by `PHYSICAL VOLUME:first extent`.
    """
    physical = fields({"size": (size, REQUIRED), "extents": (count, REQUIRED), "missing": (flag, False)})
    volume = fields(
        {
            "uuid": (text, REQUIRED),
            "segments": (items(_segment), list),
            "tags": (items(text), list),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    group = fields(
        {
            "name": (text, REQUIRED),
            "extent_size": (size, 4 * MEBIBYTE),
            "tags": (items(text), list),
            "physical_volumes": (table(physical), dict),
            "volumes": (table(volume), dict),
            "recycled": (table(content), dict),
        }
    )
    return table(group)


def _segment(value: Any, path: str) -> list[Any]:
    member, first, length = value
    return [text(member, path), count(first, path), count(length, path)]


def arrays(content: Shape) -> Shape:
    """Arrays of md by uuid.

    level: as mdadm writes it (`raid1`). devices: how many active ones it has. members: by the uuid of the member (the
    `role` of what a device holds), its slot: `0`, `spare`, `faulty`, `-0` for one whose superblock is gone while those
    of the others still have it. name: as the superblock has it, with the host that made it (`node1:svc1`). sync: what
    it copies, to which slot (`copied_to`), until the clock is at `ready`.
    """
    array = fields(
        {
            "name": (text, REQUIRED),
            "level": (text, REQUIRED),
            "devices": (count, REQUIRED),
            "chunk": (size, 0),
            "layout": (text, ""),
            "size": (size, REQUIRED),
            "members": (table(text), dict),
            "sync": (choice("idle", "resync", "recover"), "idle"),
            "copied_to": (text, ""),
            "ready": (count, 0),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    return table(array)


def pools(content: Shape) -> Shape:
    """Pools of ZFS by name. vdevs: the words that they were created from. members: uuid of each device, its state."""
    dataset = fields(
        {
            "type": (choice("filesystem", "volume"), "filesystem"),
            "properties": (table(text), dict),
            "mounted": (flag, False),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    pool = fields(
        {
            "guid": (text, REQUIRED),
            "imported": (flag, False),
            "cachefile": (text, ""),
            "vdevs": (items(text), list),
            "members": (table(text), dict),
            "size": (size, 0),
            "properties": (table(text), dict),
            "datasets": (table(dataset), dict),
        }
    )
    return table(pool)


def images(content: Shape) -> Shape:
    """The images of a Ceph cluster by `POOL/IMAGE`."""
    image = fields(
        {
            "size": (size, REQUIRED),
            "format": (count, 2),
            "features": (items(text), list),
            "locks": (items(table(text)), list),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    return table(image)


TABLES: dict[str, Callable[[Shape], Shape]] = {
    "volume_groups": volume_groups,
    "arrays": arrays,
    "pools": pools,
    "images": images,
}


def holder(state: dict[str, Any], stacked: dict[str, str]) -> dict[str, Any]:
    """What has the `content` of a device that is stacked on something."""
    match stacked["kind"]:
        case "logical volume":
            found: dict[str, Any] = state["volume_groups"][stacked["of"]]["volumes"][stacked["name"]]
        case "array" if stacked["name"] == INACTIVE:
            found = {"content": {"kind": "zero"}}
        case "array":
            found = state["arrays"][stacked["of"]]
        case _:
            found = state["images"][stacked["of"]]
    return found

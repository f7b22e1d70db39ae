"""What is made of several devices, in a node's state: volume groups, arrays, pools, and the images of a Ceph cluster.

A table is what the superblocks on the members say together, so it outlives whoever assembled it: an array that is
stopped is still here, and a volume group whose loop device was detached comes back with it. Whether anything of it is
active is told by the block devices that are `stacked` on it.
"""

from collections.abc import Callable, Iterable
from typing import Any

from core.schema import REQUIRED, Shape, ShapeError, choice, count, fields, flag, items, optional, size, table, text

STACKED = ("logical volume", "array", "image")
"""What a device may be: where its content is kept."""

INACTIVE = "inactive"
"""The name in `stacked` of an array that holds some of its members and is not started: it has no size, no content."""

SEGMENT = ("physical volume", "first extent", "extents")
"""What a segment of a logical volume is told with."""
MEBIBYTE = 1024 * 1024
DEFAULT_FEATURES = ("layering", "exclusive-lock", "object-map", "fast-diff", "deep-flatten")
"""What an image of Ceph can do where nothing else is configured."""


def volume_groups(content: Shape) -> Shape:
    """Volume groups by uuid. autoactivation: udev activates it when all its devices are there.

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
            "autoactivation": (flag, True),
            "physical_volumes": (table(physical), dict),
            "volumes": (table(volume), dict),
            "recycled": (table(content), dict),
        }
    )
    return table(group)


def _segment(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != len(SEGMENT):
        raise ShapeError(path, f"{value!r} is not a list of {', '.join(SEGMENT)}")
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
    """Pools of ZFS by guid, which is what the labels on their devices say.

    vdevs: the words that it was created from, each device by the path at which its label is (`/dev/sdb1`). The role of
    a member is its position among these devices. datasets: by their whole names, `tank` and `tank/data`. host: who
    imported it last, where it was not exported since. Of one that is not `known` nobody has seen the datasets: it was
    not imported.
    """
    dataset = fields(
        {
            "type": (choice("filesystem", "volume"), "filesystem"),
            "properties": (table(text), dict),
            "used": (size, 24 * 1024),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    pool = fields(
        {
            "name": (text, REQUIRED),
            "imported": (flag, False),
            "known": (flag, True),
            "host": (text, ""),
            "vdevs": (items(text), list),
            "size": (size, 0),
            "properties": (table(text), dict),
            "datasets": (table(dataset), dict),
        }
    )
    return table(pool)


def pool_called(state: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The pool of this name that is imported."""
    found = (pool for pool in state["pools"].values() if pool["name"] == name and pool["imported"])
    return next(found, None)


def pool(name: str, vdevs: Iterable[str], comment: str) -> dict[str, Any]:
    """A pool that is not imported, of which nothing is known but what its labels say."""
    return {
        "name": name,
        "imported": False,
        "known": False,
        "host": "",
        "vdevs": list(vdevs),
        "size": 0,
        "properties": {"comment": comment} if comment else {},
        "datasets": {},
    }


def dataset(state: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The dataset of this name, in a pool that is imported."""
    pool = pool_called(state, name.partition("/")[0]) if state["pools"] else None
    return None if pool is None else pool["datasets"].get(name)


def images(content: Shape) -> Shape:
    """The images of a Ceph cluster by `POOL/IMAGE`.

    locks: each with its `id`, `locker` and `address`; all that are shared have the same `tag`, an exclusive one has "".
    watchers: the addresses of other nodes that have it mapped.
    """
    lock = fields({"id": (text, REQUIRED), "locker": (text, REQUIRED), "address": (text, ""), "tag": (text, "")})
    image = fields(
        {
            "id": (text, ""),
            "size": (size, REQUIRED),
            "format": (count, 2),
            "features": (items(text), lambda: [*DEFAULT_FEATURES]),
            "snapshots": (items(text), list),
            "watchers": (items(text), list),
            "locks": (items(lock), list),
            "content": (content, lambda: {"kind": "zero"}),
        }
    )
    return table(image)


CLUSTER = optional(
    fields({"pools": (items(text), list), "default_features": (items(text), lambda: [*DEFAULT_FEATURES])})
)
"""What a node knows of the Ceph cluster whose client it is; None when it is no client of any."""

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
        case "dataset":
            found = dataset(state, stacked["of"]) or {"content": {"kind": "unseen"}}
        case _:
            found = state["images"][stacked["of"]]
    return found


def volume_group(name: str, extent_size: int, tags: Iterable[str], *, autoactivation: bool) -> dict[str, Any]:
    """A volume group of which nothing is known yet but what it is called."""
    return {
        "name": name,
        "extent_size": extent_size,
        "tags": list(tags),
        "autoactivation": autoactivation,
        "physical_volumes": {},
        "volumes": {},
        "recycled": {},
    }

"""Volume groups on a simulated node: which devices they are on, their extents, what is active, what udev does.

A group is what the metadata on its physical volumes says. So it is seen as long as one of these is there, and what a
removed volume leaves in its extents is found by the next one that begins there.
"""

from collections.abc import Iterator
from typing import Any

from core.block_device import block_device
from core.state import Content, Question
from core.tools import lvm
from executors.simulated import stacking
from executors.simulated.devices import is_formatted, release
from executors.simulated.node import SimulatedNode

MEMBER = "LVM2_member"
LABEL_BYTES = 1024 * 1024
"""What the label and the metadata of a physical volume take, before its first extent."""

NOWHERE: tuple[str, dict[str, Any], Any, Any] = ("", {}, {}, None)
"""Where a physical volume is that nobody has seen: on no device that a node has."""

Group = dict[str, Any]
Segment = tuple[str, int, int]


def look(node: SimulatedNode) -> None:
    """Hear what there is: of a node that nobody has looked at, all of it is asked at once."""
    if not node.state["complete"]:
        node.ask(Question("lvm", "everything"))


def content(node: SimulatedNode, path: str) -> Content:
    """What a device holds, as far as it is known."""
    found: Content = node.tree.holder(node.state["devices"][path])["content"]
    return found


def physical_volumes(node: SimulatedNode) -> dict[str, str]:
    """The devices of the physical volumes that are there, by uuid."""
    found: dict[str, str] = {}
    for path in node.present():
        held = content(node, path)
        if held.get("type") == MEMBER:
            found.setdefault(held["uuid"], path)
    return found


def place(node: SimulatedNode, physical: str) -> str:
    """The device of a physical volume; "" for one that is not there.

    Where it was seen last is looked at first: with every device looked at each time, many groups take for ever.
    """
    path = node.members.get(physical, "")
    device = node.state["devices"].get(path)
    held = {} if device is None or device["appears"] > node.clock else node.tree.holder(device)["content"]
    if held.get("uuid") != physical or held.get("type") != MEMBER:
        node.members = physical_volumes(node)
        return node.members.get(physical, "")
    return path


def visible(node: SimulatedNode, name: str | None = None) -> dict[str, Group]:
    """The groups (of this name) with a physical volume that is there, by uuid, in the order of their names."""
    groups: dict[str, Group] = node.state["volume_groups"]
    named = {uuid: group for uuid, group in groups.items() if name is None or group["name"] == name}
    found = {
        uuid: group for uuid, group in named.items() if any(place(node, each) for each in group["physical_volumes"])
    }
    return dict(sorted(found.items(), key=lambda each: (each[1]["name"], each[0])))


def of_name(node: SimulatedNode, name: str) -> tuple[str, Group] | None:
    """The group of this name, None where there is none."""
    return next(iter(visible(node, name).items()), None)


def of_physical(node: SimulatedNode, physical: str) -> tuple[str, Group] | None:
    """The group that a physical volume is in."""
    groups = node.state["volume_groups"]
    return next(((uuid, group) for uuid, group in groups.items() if physical in group["physical_volumes"]), None)


def is_whole(node: SimulatedNode) -> bool:
    """Tell at little cost that no group lacks a device, where each is where it was seen last."""
    devices, files, seen = node.state["devices"], node.state["files"], node.labels
    now = (node.erased, len(devices), len(files), node.clock)
    if node.whole_at == now:
        return True
    for group in node.state["volume_groups"].values():
        for physical in group["physical_volumes"]:
            path, device, holder, held = seen.get(physical, NOWHERE)
            if devices.get(path) is not device or holder["content"] is not held:
                return _is_labelled_anew(node)
            if device["file"] and holder is not device and files.get(device["file"]) is not holder:
                return _is_labelled_anew(node)
    node.whole_at = now
    return True


def _is_labelled_anew(node: SimulatedNode) -> bool:
    """Look where every physical volume of every group is, once more; tell whether none is missing."""
    node.labels = {}
    for group in node.state["volume_groups"].values():
        for physical in group["physical_volumes"]:
            device = node.state["devices"].get(path := place(node, physical))
            if device is None:
                return False
            holder = node.tree.holder(device)
            node.labels[physical] = path, device, holder, holder["content"]
    return True


def missing(node: SimulatedNode, group: Group) -> list[str]:
    """The physical volumes of a group that are not there."""
    return [physical for physical in group["physical_volumes"] if not place(node, physical)]


def join(node: SimulatedNode, path: str, uuid: str) -> None:
    """Make the physical volume on a device one of a group."""
    group, held = node.state["volume_groups"][uuid], content(node, path)
    size = node.state["devices"][path]["size"]
    extents = max(0, (size - _first_extent(node, path)) // group["extent_size"])
    group["physical_volumes"][held["uuid"]] = {"size": size, "extents": extents, "missing": False}
    held["member_of"] = uuid


def _first_extent(node: SimulatedNode, path: str) -> int:
    """Where the extents of a physical volume begin: on an array, with one of its stripes."""
    stacked = node.state["devices"][path]["stacked"]
    array = node.state["arrays"].get(stacked["of"]) if stacked is not None and stacked["kind"] == "array" else None
    if array is None:
        return LABEL_BYTES
    count = array["devices"]
    striped = {"raid0": count, "raid4": count - 1, "raid5": count - 1, "raid6": count - 2, "raid10": count // 2}
    step = LABEL_BYTES
    for wanted in (array["chunk"], array["chunk"] * striped.get(array["level"], 0)):
        # What the usual beginning is a multiple of needs no other.
        step = wanted if wanted and LABEL_BYTES % wanted else step
    return -(-LABEL_BYTES // step) * step


def leave(node: SimulatedNode, path: str) -> None:
    """Take the physical volume on a device out of its group."""
    held = content(node, path)
    group = node.state["volume_groups"][held["member_of"]]
    del group["physical_volumes"][held["uuid"]]
    group["recycled"] = {
        place: left for place, left in group["recycled"].items() if not place.startswith(f"{held['uuid']}:")
    }
    held["member_of"] = ""


def extents(group: Group) -> int:
    """How many extents a group has."""
    return sum(physical["extents"] for physical in group["physical_volumes"].values())


def free(group: Group) -> int:
    """How many extents no volume has."""
    return extents(group) - sum(length for _, _, length in _taken(group))


def _taken(group: Group) -> Iterator[Segment]:
    for volume in group["volumes"].values():
        yield from map(tuple, volume["segments"])


def is_used(group: Group, physical: str) -> bool:
    """Tell whether a volume has extents on a physical volume."""
    return any(member == physical for member, _, _ in _taken(group))


def size(group: Group, name: str) -> int:
    """The size of a volume."""
    count = sum(length for _, _, length in group["volumes"][name]["segments"])
    return int(count * group["extent_size"])


def areas(group: Group) -> Iterator[Segment]:
    """The free areas, in the order of the devices."""
    for physical, facts in group["physical_volumes"].items():
        begin = 0
        taken = sorted((first, length) for member, first, length in _taken(group) if member == physical)
        for first, length in (*taken, (facts["extents"], 0)):
            if first > begin:
                yield physical, begin, first - begin
            begin = first + length


def allocate(group: Group, wanted: int) -> list[Segment]:
    """Choose so many of the free extents: of one area, if one is large enough, else of the largest first."""
    there = list(areas(group))
    whole = next((area for area in there if area[2] >= wanted), None)
    if whole is not None:
        return [(whole[0], whole[1], wanted)]
    chosen = []
    for physical, first, length in sorted(there, key=lambda area: -area[2]):
        taken = min(length, wanted)
        if taken:
            chosen.append((physical, first, taken))
        wanted -= taken
    return chosen


def recycle(group: Group, name: str) -> None:
    """Remove a volume: what it held stays in its extents."""
    volume = group["volumes"].pop(name)
    physical, first, _ = volume["segments"][0]
    if volume["content"]["kind"] != "zero":
        group["recycled"][f"{physical}:{first}"] = volume["content"]


def found_in(group: Group, segments: list[Segment]) -> Content:
    """What a volume of these segments finds in them; what lies elsewhere than at its beginning is lost in it."""
    physical, first, _ = segments[0]
    found: Content = group["recycled"].pop(f"{physical}:{first}", {"kind": "zero"})
    for member, begin, length in segments:
        for extent in range(begin, begin + length) if group["recycled"] else ():
            group["recycled"].pop(f"{member}:{extent}", None)
    return found


def device_of(node: SimulatedNode, uuid: str, name: str) -> str:
    """The device of a volume; "" for one that is not active."""
    return stacking.device_of(node, "logical volume", uuid, name)


def is_complete(node: SimulatedNode, group: Group, name: str) -> bool:
    """Tell whether every device that a volume has extents on is there."""
    return all(place(node, physical) for physical, _, _ in group["volumes"][name]["segments"])


def activate(node: SimulatedNode, uuid: str, name: str) -> None:
    """Let a volume have its device, which holds those that it has extents on."""
    if device_of(node, uuid, name):
        return
    group = node.state["volume_groups"][uuid]
    path = stacking.free(node, "/dev/dm-")
    stacked = {"kind": "logical volume", "of": uuid, "name": name}
    mapped = lvm.mapped(group["name"], name)
    device = block_device(size(group, name), name=mapped.rpartition("/")[2], stacked=stacked)
    for physical in dict.fromkeys(physical for physical, _, _ in group["volumes"][name]["segments"]):
        node.state["devices"][place(node, physical)]["holders"].append(path)
    stacking.add(node, path, device, lvm.path(group["name"], name), mapped)


def deactivate(node: SimulatedNode, uuid: str, name: str) -> None:
    """Take the device of a volume away; a loop device that was to be detached goes with its last user."""
    path = device_of(node, uuid, name)
    if not path:
        return
    stacking.remove(node, path)
    for below, device in list(node.state["devices"].items()):
        if path in device["holders"]:
            device["holders"].remove(path)
            release(node, below)


def appeared(node: SimulatedNode, path: str) -> None:
    """Activate what is complete with this device, as udev does, unless the group says that it is not to be."""
    found = of_physical(node, content(node, path)["uuid"])
    if found is None or missing(node, found[1]) or not found[1]["autoactivation"]:
        return
    uuid, group = found
    for name in group["volumes"]:
        activate(node, uuid, name)


def left(node: SimulatedNode, held: Content) -> None:
    """Let a group miss a physical volume whose label is gone; when all are gone, nothing says any more that it was."""
    group = node.state["volume_groups"].get(held["member_of"])
    if group is None or held["uuid"] not in group["physical_volumes"]:
        return
    group["physical_volumes"][held["uuid"]]["missing"] = True
    if all(physical["missing"] for physical in group["physical_volumes"].values()):
        for name in group["volumes"]:
            deactivate(node, held["member_of"], name)
            node.forget(group["volumes"][name]["content"])
        del node.state["volume_groups"][held["member_of"]]


def is_signed(held: Content) -> bool:
    """Tell whether lvm would ask before it writes over what a device holds."""
    return is_formatted(held) and held["type"] != MEMBER

"""Arrays of md on a simulated node: their superblocks on the members, who is assembled, what they copy, what udev does.

A member says by its content what it is (`member_of` the uuid of the array, `role` its own uuid); what all of them say
together is in `state["arrays"]`, whether anything is assembled or not. Assembled is what a block device is stacked on.
"""

import re
from typing import Any

from core import signature
from core.block_device import block_device
from core.stacked import INACTIVE
from core.state import Content
from executors.simulated import stacking
from executors.simulated.node import SimulatedNode

SECTOR_BYTES = 512
MEBIBYTE = 1024 * 1024
FIRST_NUMBER = 127
SUPERBLOCK_END = 8 * 1024
ANYWHERE = "any"
CAN_LOSE = {"raid1": -1, "raid4": 1, "raid5": 1, "raid6": 2, "raid10": 1}
"""How many members an array can do without; -1 for all but one."""
RESYNC_SECONDS = 60
LOST = "-"
"""What the slot of a member begins with whose superblock is gone, while those of the others still have it."""

Array = dict[str, Any]


def data_offset(size: int, chunk: int) -> int:
    """Where the data of a member of this size begins: room for a bitmap, and to reshape the array one day."""
    sectors, headroom = size // SECTOR_BYTES, 128 * MEBIBYTE // SECTOR_BYTES
    while headroom << 10 > sectors and (not chunk or headroom > chunk // SECTOR_BYTES * 2):
        headroom >>= 1
    bitmap = 0 if sectors < 128 else 256 if sectors - 128 >= 200 << 21 else 128 if sectors - 8 > 8 << 21 else 8  # noqa: PLR2004 - sectors
    step = MEBIBYTE // SECTOR_BYTES
    return -(-(24 + bitmap + headroom) // step) * MEBIBYTE


def array_size(level: str, sizes: list[int], chunk: int, copies: int = 2) -> int:
    """How large an array of members of these sizes is."""
    step = chunk or 1024
    usable = [(size - data_offset(size, chunk)) // step * step for size in sizes]
    least = min(usable)
    match level:
        case "raid1":
            return least
        case "linear" | "raid0":
            return sum(usable)
        case "raid10":
            return least * len(sizes) // copies // step * step
        case "raid6":
            return least * (len(sizes) - 2)
        case _:
            return least * (len(sizes) - 1)


def colons(uuid: str) -> str:
    """A uuid as mdadm writes it; a hole as it is."""
    digits = re.sub("[:. -]", "", uuid.lower())
    return uuid if "«" in uuid else ":".join(re.findall("." * 8, digits))


def dashes(uuid: str) -> str:
    """The uuid of an array as blkid writes it; a hole, and any other, as it is."""
    digits = uuid.replace(":", "")
    if "«" in uuid or len(digits) != 32 or ":" not in uuid:  # noqa: PLR2004 - hexadecimal digits
        return uuid
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def superblock(uuid: str, role: str, name: str) -> Content:
    """What a member holds."""
    return signature.member("linux_raid_member", uuid, uuid, name, tail=False, role=role)


def device_of(node: SimulatedNode, uuid: str) -> str:
    """The path of the block device of an array that is assembled (or holds members without being started); ""."""
    return next((path for path, each in node.state["devices"].items() if _is_of(each, uuid)), "")


def _is_of(device: dict[str, Any], uuid: str) -> bool:
    stacked = device["stacked"]
    return stacked is not None and stacked["kind"] == "array" and stacked["of"] == uuid


def is_started(node: SimulatedNode, path: str) -> bool:
    """Tell whether the array of a device is started."""
    stacked = node.state["devices"][path]["stacked"]
    return bool(stacked["name"] != INACTIVE)


def members(node: SimulatedNode, uuid: str) -> dict[str, str]:
    """The devices that are there and carry a superblock of the array: each one's path, by its own uuid."""
    found: dict[str, str] = {}
    for path, device in node.present().items():
        content = node.tree.holder(device)["content"]
        if content.get("member_of") == uuid:
            found.setdefault(content["role"], path)
    return found


def is_copying(node: SimulatedNode, array: Array) -> bool:
    """Tell whether an array still copies."""
    return bool(array["sync"] != "idle" and node.clock < array["ready"])


def lacks(node: SimulatedNode, uuid: str, present: dict[str, str]) -> int:
    """How many of the slots have no member among those that are there."""
    array = node.state["arrays"][uuid]
    slots = {slot for role, slot in array["members"].items() if role in present and slot.isdigit()}
    return int(array["devices"]) - len(slots)


def is_enough(array: Array, lacking: int) -> bool:
    """Tell whether the array can do without so many of its members."""
    spared = CAN_LOSE.get(array["level"], 0)
    return lacking <= (array["devices"] - 1 if spared < 0 else spared)


def assemble(node: SimulatedNode, uuid: str, link: str, present: dict[str, str]) -> str:
    """Start an array of the members that are there, under a link; return the path of its device.

    Nothing is written to it yet, so a member that is missing is not given up, and no spare takes its place.
    """
    array, path = node.state["arrays"][uuid], _free(node)
    for role, slot in list(array["members"].items()):
        if role in present and slot == "faulty":
            array["members"][role] = "spare"
    device = block_device(array["size"], stacked={"kind": "array", "of": uuid, "name": ""})
    hold(node, path, present)
    by_name = f"/dev/disk/by-id/md-name-{array['name']}"
    stacking.add(node, path, device, link, by_name, f"/dev/disk/by-id/md-uuid-{uuid}")
    return path


def collect(node: SimulatedNode, uuid: str, present: dict[str, str]) -> str:
    """Let the kernel hold members of an array that is not started."""
    path = _free(node)
    hold(node, path, present)
    node.state["devices"][path] = block_device(0, stacked={"kind": "array", "of": uuid, "name": INACTIVE})
    node.stacked_of_devices = -1
    return path


def hold(node: SimulatedNode, path: str, present: dict[str, str]) -> None:
    """Note that an array holds devices."""
    for member in present.values():
        if path not in node.state["devices"][member]["holders"]:
            node.state["devices"][member]["holders"].append(path)


def stop(node: SimulatedNode, path: str) -> None:
    """Stop an array; superblocks stay."""
    stacking.remove(node, path)
    for device in node.state["devices"].values():
        if path in device["holders"]:
            device["holders"].remove(path)


def _free(node: SimulatedNode) -> str:
    """The path that the next array gets: numbers are given from 127 down."""
    number = FIRST_NUMBER
    while f"/dev/md{number}" in node.state["devices"]:
        number -= 1
    return f"/dev/md{number}"


def rebuild(node: SimulatedNode, uuid: str) -> None:
    """Let a spare take the place of a member that is missing, and be copied to."""
    array = node.state["arrays"][uuid]
    path = device_of(node, uuid)
    if not path or not is_started(node, path) or array["level"] not in CAN_LOSE:
        return
    held = {role for role, each in members(node, uuid).items() if path in node.state["devices"][each]["holders"]}
    taken = {slot for role, slot in array["members"].items() if role in held}
    free = [str(slot) for slot in range(array["devices"]) if str(slot) not in taken]
    for role in sorted(role for role in held if array["members"][role] == "spare"):
        if free:
            replaced = {free[0], f"{LOST}{free[0]}"}
            array["members"] = {each: slot for each, slot in array["members"].items() if slot not in replaced}
            array["members"][role] = free.pop(0)
            begin(node, array, "recover", array["members"][role])


def begin(node: SimulatedNode, array: Array, sync: str, target: str = "") -> None:
    """Begin to copy: from one member to all others, or to the slot of one that is new."""
    array["copied_to"] = target
    array["sync"], array["ready"] = sync, node.clock + node.latency("resync", RESYNC_SECONDS)


def link_of(node: SimulatedNode, array: Array) -> str:
    """The name that udev gives an array: its own where its host is this one, else with the host in it."""
    host, colon, name = array["name"].partition(":")
    if not colon:
        return f"/dev/md/{host}_0"
    return f"/dev/md/{name if host in {node.state['hostname'], ANYWHERE} else array['name']}"


def appeared(node: SimulatedNode, path: str) -> None:
    """Do what `mdadm --incremental` does when a member appears: start its array as soon as all are there.

    Until then the kernel would hold those that are, for half a minute; here they are free.
    """
    uuid = node.tree.holder(node.state["devices"][path])["content"].get("member_of")
    array = node.state["arrays"].get(uuid)
    if array is None:
        return
    running, present = device_of(node, uuid), members(node, uuid)
    waits = bool(running) and not is_started(node, running)
    if waits:
        stop(node, running)
    elif running:
        role = node.tree.holder(node.state["devices"][path])["content"]["role"]
        if array["members"].get(role) == "spare":
            hold(node, running, {role: path})
        return
    expected = {role for role, slot in array["members"].items() if slot.lstrip(LOST).isdigit()}
    if expected and expected <= present.keys() and is_enough(array, lacks(node, uuid, present)):
        assemble(node, uuid, link_of(node, array), present)
    elif waits:
        collect(node, uuid, present)


def left(node: SimulatedNode, content: Content) -> None:
    """Forget a member whose superblock is gone, and an array of which none is left."""
    array = node.state["arrays"].get(content["member_of"])
    if array is None:
        return
    slot = array["members"].pop(content["role"], "")
    if slot.isdigit():
        # The others go on expecting it.
        array["members"][content["role"]] = f"{LOST}{slot}"
    if all(each.startswith(LOST) for each in array["members"].values()):
        del node.state["arrays"][content["member_of"]]
        node.forget(array["content"])


def rebooted(node: SimulatedNode) -> None:
    """Start arrays that lack members half a minute after boot, where they can do without."""
    for uuid, array in list(node.state["arrays"].items()):
        present = members(node, uuid)
        if device_of(node, uuid) or not present:
            continue
        if is_enough(array, lacks(node, uuid, present)):
            assemble(node, uuid, link_of(node, array), present)
        else:
            collect(node, uuid, present)

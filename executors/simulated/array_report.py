"""What mdadm prints of arrays and superblocks, in the words of mdadm 4.2."""

from typing import Any

from executors.simulated import arrays
from executors.simulated.node import SimulatedNode

KIBIBYTE = 1024
NOTHING_BESIDE_MAX = 5000 * 1024
EPOCH, DATE = 1795560337, "Tue Nov 24 22:45:37 2026"
"""When the clock of a simulated node begins: some day."""
PARITY = ("raid4", "raid5", "raid6")
NOT_REDUNDANT = ("raid0", "linear")


def detail(node: SimulatedNode, path: str, shown: str) -> str:
    """`mdadm --detail`: everything about an array that the kernel has, and a row for each member."""
    uuid = node.state["devices"][path]["stacked"]["of"]
    array = node.state["arrays"][uuid]
    if not arrays.is_started(node, path):
        return _inactive(node, path, shown)
    rows, counts = _rows(node, path, uuid)
    each = used(array) if array["level"] not in NOT_REDUNDANT else 0
    values = [
        ("Version", "1.2"),
        ("Creation Time", DATE),
        ("Raid Level", array["level"]),
        ("Array Size", _size(array["size"])),
        *([("Used Dev Size", _size(each))] if each else []),
        ("Raid Devices", str(array["devices"])),
        ("Total Devices", str(counts["working"] + counts["failed"])),
        ("Persistence", "Superblock is persistent"),
        ("", ""),
        ("Update Time", DATE),
        ("State", f"{', '.join(_states(node, array, counts))} "),
        ("Active Devices", str(counts["active"])),
        ("Working Devices", str(counts["working"])),
        ("Failed Devices", str(counts["failed"])),
        ("Spare Devices", str(counts["working"] - counts["active"])),
        ("", ""),
        *_geometry(array),
        ("Consistency Policy", "none" if array["level"] in NOT_REDUNDANT else "resync"),
        ("", ""),
        *_progress(node, array),
        ("Name", f"{array['name']}{_local(node, array)}"),
        ("UUID", uuid),
        ("Events", "17"),
        ("", ""),
    ]
    head = "".join(f"{name:>18} : {value}\n" if name else "\n" for name, value in values)
    return f"{shown}:\n{head}    Number   Major   Minor   RaidDevice State\n{rows}"


def _inactive(node: SimulatedNode, path: str, shown: str) -> str:
    """An array that holds members and is not started."""
    uuid = node.state["devices"][path]["stacked"]["of"]
    array = node.state["arrays"][uuid]
    held = [each for each in arrays.members(node, uuid).values() if path in node.state["devices"][each]["holders"]]
    minors = list(node.state["devices"])
    rows = "".join(f"{'-':>8}{254:>8}{minors.index(each) * 16:>9}{'-':>9}        {each}\n" for each in held)
    return (
        f"{shown}:\n           Version : 1.2\n        Raid Level : {array['level']}\n"
        f"     Total Devices : {len(held)}\n       Persistence : Superblock is persistent\n\n"
        f"             State : inactive\n   Working Devices : {len(held)}\n\n"
        f"              Name : {array['name']}{_local(node, array)}\n              UUID : {uuid}\n"
        f"            Events : 17\n\n    Number   Major   Minor   RaidDevice\n\n{rows}"
    )


def export(node: SimulatedNode, path: str) -> str:
    """`mdadm --detail --export`: the same as variables."""
    uuid = node.state["devices"][path]["stacked"]["of"]
    array = node.state["arrays"][uuid]
    lines = [
        f"MD_LEVEL={array['level']}",
        f"MD_DEVICES={array['devices']}",
        "MD_METADATA=1.2",
        f"MD_UUID={uuid}",
        f"MD_DEVNAME={called(node, path).removeprefix('/dev/md/')}",
        f"MD_NAME={array['name']}",
    ]
    for role, member in arrays.members(node, uuid).items():
        if path in node.state["devices"][member]["holders"]:
            slot, word = array["members"].get(role, "spare"), member.strip("/").replace("/", "_")
            lines += (f"MD_DEVICE_{word}_ROLE={slot if slot.isdigit() else 'spare'}", f"MD_DEVICE_{word}_DEV={member}")
    return "".join(f"{line}\n" for line in lines)


def scan(node: SimulatedNode, path: str) -> str:
    """A line of `mdadm --detail --scan`."""
    uuid = node.state["devices"][path]["stacked"]["of"]
    array = node.state["arrays"][uuid]
    word = "ARRAY" if arrays.is_started(node, path) else "INACTIVE-ARRAY"
    held = [role for role, each in arrays.members(node, uuid).items() if path in node.state["devices"][each]["holders"]]
    spares = sum(array["members"].get(role) == "spare" for role in held) if word == "ARRAY" else 0
    beside = f" spares={spares}" if spares else ""
    return f"{word} {called(node, path)} metadata=1.2{beside} name={array['name']} UUID={uuid}\n"


def examine(node: SimulatedNode, content: dict[str, Any]) -> str:
    """`mdadm --examine --export`: a superblock as variables."""
    array = node.state["arrays"][content["member_of"]]
    return (
        f"MD_LEVEL={array['level']}\nMD_DEVICES={array['devices']}\nMD_NAME={array['name']}\n"
        f"MD_ARRAY_SIZE={_short(array['size'])}\nMD_UUID={content['member_of']}\nMD_UPDATE_TIME={EPOCH + node.clock}\n"
        f"MD_DEV_UUID={arrays.colons(content['role'])}\nMD_EVENTS=17\n"
    )


def called(node: SimulatedNode, path: str) -> str:
    """How mdadm calls an array: by its name below /dev/md, where it has one."""
    for link, entry in node.state["files"].items():
        if link.startswith("/dev/md/") and entry["kind"] == "link" and node.tree.real(link) == path:
            return str(link)
    return path


def _rows(node: SimulatedNode, path: str, uuid: str) -> tuple[str, dict[str, int]]:
    array = node.state["arrays"][uuid]
    devices = node.state["devices"]
    held = {role: each for role, each in arrays.members(node, uuid).items() if path in devices[each]["holders"]}
    slots = {array["members"][role]: each for role, each in held.items() if array["members"].get(role, "").isdigit()}
    rebuilding = arrays.is_copying(node, array) and array["sync"] == "recover"
    lines, active, number = [], 0, 0
    for slot in map(str, range(array["devices"])):
        member = slots.get(slot)
        is_target = rebuilding and slot == array["copied_to"]
        active += member is not None and not is_target
        state = "removed" if member is None else "spare rebuilding" if is_target else "active sync"
        lines.append(_row(node, None if member is None else number, slot, state, member))
        number += 1
    rest = [(each, array["members"].get(role, "spare")) for role, each in held.items() if each not in slots.values()]
    lines += [""] if rest else []
    for member, state in sorted(rest, key=lambda item: (item[1], item[0])):
        lines.append(_row(node, number, "-", state, member))
        number += 1
    failed = sum(state == "faulty" for _, state in rest)
    return "".join(f"{line}\n" for line in lines), {"active": active, "working": len(held) - failed, "failed": failed}


def _row(node: SimulatedNode, number: int | None, slot: str, state: str, member: str | None) -> str:
    if member is None:
        return f"{'-':>8}{0:>8}{0:>9}{slot:>9}      {state}"
    minor = list(node.state["devices"]).index(member) * 16
    return f"{number:>8}{254:>8}{minor:>9}{slot:>9}      {state}   {member}"


def _states(node: SimulatedNode, array: dict[str, Any], counts: dict[str, int]) -> list[str]:
    states = ["clean"]
    if counts["active"] < array["devices"]:
        states.append("degraded")
    if arrays.is_copying(node, array):
        states.append({"resync": "resyncing", "recover": "recovering"}[array["sync"]])
    return states


def _progress(node: SimulatedNode, array: dict[str, Any]) -> list[tuple[str, str]]:
    if not arrays.is_copying(node, array):
        return []
    whole = node.latency("resync", arrays.RESYNC_SECONDS)
    done = 100 * (whole - (array["ready"] - node.clock)) // whole
    name = {"resync": "Resync Status", "recover": "Rebuild Status"}[array["sync"]]
    return [(name, f"{max(done, 0)}% complete"), ("", "")]


def _geometry(array: dict[str, Any]) -> list[tuple[str, str]]:
    if array["level"] == "raid1":
        return []
    chunk = ("Chunk Size", f"{array['chunk'] // KIBIBYTE}K")
    if array["level"] == "linear":
        return [("Rounding", chunk[1]), ("", "")]
    layout = [("Layout", array["layout"] or "-unknown-")] if array["level"] != "raid4" else []
    return [*layout, chunk, ("", "")]


def used(array: dict[str, Any]) -> int:
    """How much of each member is used."""
    size, devices = int(array["size"]), int(array["devices"])
    match array["level"]:
        case "raid1":
            return size
        case "raid10":
            return size * 2 // devices
        case "raid6":
            return size // (devices - 2)
        case _:
            return size // (devices - 1)


def _local(node: SimulatedNode, array: dict[str, Any]) -> str:
    host, colon, _ = array["name"].partition(":")
    return f"  (local to host {host})" if colon and host == node.state["hostname"] else ""


def _size(size: int) -> str:
    """A size in KiB, and in larger units where that helps: `523264 (511.00 MiB 535.82 MB)`."""
    beside = ""
    if size >= NOTHING_BESIDE_MAX:
        power, letter = next(
            ((power, letter) for power, letter in ((2, "M"), (3, "G")) if size < 2 * 1024 ** (power + 1)), (4, "T")
        )
        beside = f" ({size / 1024**power:.2f} {letter}iB {size / 1000**power:.2f} {letter}B)"
    return f"{size // KIBIBYTE}{beside}"


def _short(size: int) -> str:
    """A size as superblocks have it: `535.82MB`."""
    power, letter = next(
        ((power, letter) for power, letter in ((2, "M"), (3, "G")) if size < 2 * 1024 ** (power + 1)), (4, "T")
    )
    return f"{size / 1000**power:.2f}{letter}B"

"""What pvs, vgs and lvs report of a simulated node: fields, and the rows that a selection leaves."""

import re
from collections.abc import Callable, Iterator

from core.command import Command, Completed
from executors.simulated import volume_groups as groups
from executors.simulated.devices import shown
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options
from executors.simulated.volume_words import FAILED, MISUSED, misused

VALUES = ("--separator", "--units", "-o", "--select")
FLAGS = ("--noheadings", "--nosuffix", "--segments")
MISSING = "[unknown]"

Row = dict[str, str]

_TERM = re.compile(r"([a-z_]+)(!?=)(\S*)")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `--noheadings [--separator S] [--units b --nosuffix] -o FIELDS [--select TERM && TERM]`."""
    program, *words = command.argv
    try:
        found, names = options(words, flags=FLAGS, values=VALUES)
    except Usage as error:
        return misused(program, error)
    rows, fields = list(REPORTS[program](node)), FIELDS[program]
    if "--segments" in found:
        rows, fields = list(_segments(node)), SEGMENT_FIELDS
    chosen = found.get("-o", [""])[-1].split(",")
    if unknown := next((name for name in chosen if name not in fields), ""):
        return Completed(FAILED, "", f"  Unrecognised field: {unknown}\n")
    if names or "--noheadings" not in found or (found.get("--units", ["b"]) != ["b"]):
        return Completed(MISUSED, "", f"  {program}: only whole tables in bytes without headings are known here.\n")
    for term in filter(None, " ".join(found.get("--select", [])).split(" && ")):
        match = _TERM.fullmatch(term)
        if match is None or match[1] not in fields:
            return Completed(FAILED, "", f"  Selection syntax error at '{term}'.\n")
        rows = [row for row in rows if _is_so(row[match[1]], match[2], match[3])]
    separator = found.get("--separator", [" "])[-1]
    table = [[row[name] for name in chosen] for row in rows]
    if "--separator" not in found:
        widths = [max((len(row[position]) for row in table), default=0) for position in range(len(chosen))]
        table = [list(map(str.ljust, row, widths)) for row in table]
    return Completed(0, "".join(f"  {separator.join(row)}\n" for row in table), "".join(_warnings(node)))


def _is_so(value: str, operator: str, wanted: str) -> bool:
    """Tell whether a field has a value; a list of tags, whether it has this one."""
    return (wanted in value.split(",") if "," in value else value == wanted) is (operator == "=")


def _warnings(node: SimulatedNode) -> Iterator[str]:
    for group in groups.visible(node).values():
        for physical in groups.missing(node, group):
            yield f"  WARNING: Couldn't find device with uuid {physical}.\n"
            yield f"  WARNING: VG {group['name']} is missing PV {physical} (last written to {MISSING}).\n"


def _vgs(node: SimulatedNode) -> Iterator[Row]:
    for uuid, group in groups.visible(node).items():
        yield {
            "vg_name": group["name"],
            "vg_uuid": uuid,
            "vg_extent_size": str(group["extent_size"]),
            "vg_extent_count": str(groups.extents(group)),
            "vg_free_count": str(groups.free(group)),
            "vg_missing_pv_count": str(len(groups.missing(node, group))),
            "lv_count": str(len(group["volumes"])),
            "vg_tags": ",".join(sorted(group["tags"])),
            "vg_autoactivation": "enabled" if group["autoactivation"] else "",
        }


def _lvs(node: SimulatedNode) -> Iterator[Row]:
    for uuid, group in groups.visible(node).items():
        for name, volume in sorted(group["volumes"].items()):
            device = groups.device_of(node, uuid, name)
            yield {
                "vg_name": group["name"],
                "vg_uuid": uuid,
                "lv_name": name,
                "lv_uuid": volume["uuid"],
                "lv_size": str(groups.size(group, name)),
                "lv_active": "active" if device else "",
                "lv_device_open": ("open" if node.users(device) else "") if device else "unknown",
                "lv_tags": ",".join(sorted(volume["tags"])),
            }


def _pvs(node: SimulatedNode) -> Iterator[Row]:
    there = groups.physical_volumes(node)
    for physical, path in sorted(there.items(), key=lambda each: each[1]):
        yield _physical(node, physical, shown(node, path))
    for group in groups.visible(node).values():
        for physical in groups.missing(node, group):
            yield _physical(node, physical, MISSING)


def _physical(node: SimulatedNode, physical: str, name: str) -> Row:
    found = groups.of_physical(node, physical)
    uuid, group = ("", {"name": ""}) if found is None else found
    facts = {"size": 0, "extents": 0} if found is None else found[1]["physical_volumes"][physical]
    size, count = facts["size"], facts["extents"]
    missing = "missing" if name == MISSING else ""
    of_group = {"vg_name": group["name"], "vg_uuid": uuid}
    sizes = {"dev_size": str(size), "pv_pe_count": str(count)}
    return {"pv_name": name, "pv_uuid": physical, **of_group, **sizes, "pv_missing": missing}


def _segments(node: SimulatedNode) -> Iterator[Row]:
    for uuid, group in groups.visible(node).items():
        for name, volume in sorted(group["volumes"].items()):
            for physical, first, length in volume["segments"]:
                yield {
                    "pv_uuid": physical,
                    "vg_uuid": uuid,
                    "pvseg_start": str(first),
                    "pvseg_size": str(length),
                    "lv_name": name,
                }


REPORTS: dict[str, Callable[[SimulatedNode], Iterator[Row]]] = {"pvs": _pvs, "vgs": _vgs, "lvs": _lvs}
FIELDS = {
    "pvs": {"pv_name", "pv_uuid", "vg_name", "vg_uuid", "dev_size", "pv_pe_count", "pv_missing"},
    "vgs": {
        *("vg_name", "vg_uuid", "vg_extent_size", "vg_extent_count", "vg_free_count", "vg_missing_pv_count"),
        *("lv_count", "vg_tags", "vg_autoactivation"),
    },
    "lvs": {"vg_name", "vg_uuid", "lv_name", "lv_uuid", "lv_size", "lv_active", "lv_device_open", "lv_tags"},
}
SEGMENT_FIELDS = {"pv_uuid", "vg_uuid", "pvseg_start", "pvseg_size", "lv_name"}

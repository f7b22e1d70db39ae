"""What pvs, vgs and lvs report of a simulated node: fields, and the rows that a selection leaves.

A field is worked out when somebody asks for it: most reports select one line of many by its name, and a line of a node
with hundreds of volumes costs as much as one of a node with two.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from core.command import Command, Completed
from executors.simulated import volume_groups as groups
from executors.simulated.devices import shown
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options
from executors.simulated.volume_words import FAILED, MISUSED, misused

VALUES = ("--separator", "--units", "-o", "--select")
FLAGS = ("--noheadings", "--nosuffix", "--segments")
MISSING = "[unknown]"
NO_GROUP: groups.Group = {"name": "", "physical_volumes": {}}
NO_PHYSICAL = {"size": 0, "extents": 0}

_TERM = re.compile(r"([a-z_]+)(!?=)(\S*)")


class GroupRow(NamedTuple):
    """A line of vgs."""

    node: SimulatedNode
    uuid: str
    group: groups.Group


class VolumeRow(NamedTuple):
    """A line of lvs."""

    node: SimulatedNode
    uuid: str
    group: groups.Group
    name: str
    volume: dict[str, Any]

    @property
    def device(self) -> str:
        """The device of the volume, "" for one that is not active."""
        return groups.device_of(self.node, self.uuid, self.name)

    @property
    def opened(self) -> str:
        """Whether somebody uses it."""
        return ("open" if self.node.users(self.device) else "") if self.device else "unknown"

    @property
    def health(self) -> str:
        """What is wrong with it: a device that it has extents on is missing."""
        lost = groups.missing(self.node, self.group)
        return "partial" if any(segment[0] in lost for segment in self.volume["segments"]) else ""


class PhysicalRow(NamedTuple):
    """A line of pvs; of a device that is missing, without a path."""

    node: SimulatedNode
    physical: str
    path: str

    @property
    def group(self) -> tuple[str, groups.Group]:
        """The group that it is in, and its uuid."""
        return groups.of_physical(self.node, self.physical) or ("", NO_GROUP)

    @property
    def facts(self) -> dict[str, Any]:
        """What it offers to its group."""
        return self.group[1]["physical_volumes"].get(self.physical, NO_PHYSICAL)  # type: ignore[no-any-return]


class SegmentRow(NamedTuple):
    """A line of pvs --segments: extents of a volume."""

    uuid: str
    name: str
    segment: tuple[str, int, int]


Selected = Mapping[str, str]
"""The fields that have to have a value, so that what has another need not be looked at."""
Report = Callable[[SimulatedNode, Selected], Iterator[Any]]
Fields = Mapping[str, Callable[[Any], str]]


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `--noheadings [--separator S] [--units b --nosuffix] -o FIELDS [--select TERM && TERM]`."""
    program, *words = command.argv
    try:
        found, names = options(words, flags=FLAGS, values=VALUES)
    except Usage as error:
        return misused(program, error)
    report, fields = REPORTS["segments" if "--segments" in found else program]
    chosen = found.get("-o", [""])[-1].split(",")
    if unknown := next((name for name in chosen if name not in fields), ""):
        return Completed(FAILED, "", f"  Unrecognised field: {unknown}\n")
    if names or "--noheadings" not in found or (found.get("--units", ["b"]) != ["b"]):
        return Completed(MISUSED, "", f"  {program}: only whole tables in bytes without headings are known here.\n")
    terms = []
    for term in filter(None, " ".join(found.get("--select", [])).split(" && ")):
        match = _TERM.fullmatch(term)
        if match is None or match[1] not in fields:
            return Completed(FAILED, "", f"  Selection syntax error at '{term}'.\n")
        terms.append((match[1], match[2], match[3]))
    rows = report(node, {name: wanted for name, operator, wanted in terms if operator == "="})
    left = [row for row in rows if all(_is_so(fields[name](row), *rest) for name, *rest in terms)]
    separator = found.get("--separator", [" "])[-1]
    table = [[fields[name](row) for name in chosen] for row in left]
    if "--separator" not in found:
        widths = [max((len(row[position]) for row in table), default=0) for position in range(len(chosen))]
        table = [list(map(str.ljust, row, widths)) for row in table]
    return Completed(0, "".join(f"  {separator.join(row)}\n" for row in table), "".join(_warnings(node)))


def _is_so(value: str, operator: str, wanted: str) -> bool:
    """Tell whether a field has a value; a list of tags, whether it has this one."""
    return (wanted in value.split(",") if "," in value else value == wanted) is (operator == "=")


def _warnings(node: SimulatedNode) -> Iterator[str]:
    if groups.is_whole(node):
        return
    for group in groups.visible(node).values():
        for physical in groups.missing(node, group):
            yield f"  WARNING: Couldn't find device with uuid {physical}.\n"
            yield f"  WARNING: VG {group['name']} is missing PV {physical} (last written to {MISSING}).\n"


def _vgs(node: SimulatedNode, selected: Selected) -> Iterator[GroupRow]:
    for uuid, group in groups.visible(node, selected.get("vg_name")).items():
        yield GroupRow(node, uuid, group)


def _lvs(node: SimulatedNode, selected: Selected) -> Iterator[VolumeRow]:
    for uuid, group in groups.visible(node, selected.get("vg_name")).items():
        for name, volume in sorted(group["volumes"].items()):
            yield VolumeRow(node, uuid, group, name, volume)


def _pvs(node: SimulatedNode, _selected: Selected) -> Iterator[PhysicalRow]:
    there = groups.physical_volumes(node)
    for physical, path in sorted(there.items(), key=lambda each: each[1]):
        yield PhysicalRow(node, physical, path)
    for group in groups.visible(node).values():
        for physical in groups.missing(node, group):
            yield PhysicalRow(node, physical, "")


def _segments(node: SimulatedNode, _selected: Selected) -> Iterator[SegmentRow]:
    for uuid, group in groups.visible(node).items():
        for name, volume in sorted(group["volumes"].items()):
            for segment in volume["segments"]:
                yield SegmentRow(uuid, name, segment)


OF_GROUPS: Fields = {
    "vg_name": lambda row: row.group["name"],
    "vg_uuid": lambda row: row.uuid,
    "vg_extent_size": lambda row: str(row.group["extent_size"]),
    "vg_extent_count": lambda row: str(groups.extents(row.group)),
    "vg_free_count": lambda row: str(groups.free(row.group)),
    "vg_missing_pv_count": lambda row: str(len(groups.missing(row.node, row.group))),
    "lv_count": lambda row: str(len(row.group["volumes"])),
    "vg_tags": lambda row: ",".join(sorted(row.group["tags"])),
    "vg_autoactivation": lambda row: "enabled" if row.group["autoactivation"] else "",
}
OF_VOLUMES: Fields = {
    "vg_name": lambda row: row.group["name"],
    "vg_uuid": lambda row: row.uuid,
    "lv_name": lambda row: row.name,
    "lv_uuid": lambda row: row.volume["uuid"],
    "lv_size": lambda row: str(groups.size(row.group, row.name)),
    "lv_active": lambda row: "active" if row.device else "",
    "lv_device_open": lambda row: row.opened,
    "lv_health_status": lambda row: row.health,
    "lv_tags": lambda row: ",".join(sorted(row.volume["tags"])),
}
OF_PHYSICAL: Fields = {
    "pv_name": lambda row: shown(row.node, row.path) if row.path else MISSING,
    "pv_uuid": lambda row: row.physical,
    "vg_name": lambda row: row.group[1]["name"],
    "vg_uuid": lambda row: row.group[0],
    "dev_size": lambda row: str(row.facts["size"]),
    "pv_pe_count": lambda row: str(row.facts["extents"]),
    "pv_missing": lambda row: "" if row.path else "missing",
}
OF_SEGMENTS: Fields = {
    "pv_uuid": lambda row: row.segment[0],
    "vg_uuid": lambda row: row.uuid,
    "pvseg_start": lambda row: str(row.segment[1]),
    "pvseg_size": lambda row: str(row.segment[2]),
    "lv_name": lambda row: row.name,
}
REPORTS: dict[str, tuple[Report, Fields]] = {
    "pvs": (_pvs, OF_PHYSICAL),
    "vgs": (_vgs, OF_GROUPS),
    "lvs": (_lvs, OF_VOLUMES),
    "segments": (_segments, OF_SEGMENTS),
}

"""lvcreate, lvextend, lvchange and lvremove on a simulated node."""

import re

from core.command import Command
from core.config.sizes import parse_bytes
from core.tools import lvm
from executors.simulated import volume_groups as groups
from executors.simulated.devices import keep_size
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage
from executors.simulated.volume_words import (
    MISUSED,
    Refusal,
    any_group,
    in_use,
    is_answered,
    switch,
    whole_group,
    wipe,
)

MEBIBYTE = 1024 * 1024
_SHARE = re.compile(r"(\d+)%(FREE|VG|PVS)", re.IGNORECASE)
_SIGNATURES = ("Failed to wipe signatures on logical volume {}.", "Aborting. Failed to wipe start of new LV.")


def create(node: SimulatedNode, command: Command, found: Options, words: list[str], out: list[str]) -> None:
    """Make a volume: lvcreate [--yes] -n NAME -L SIZE|-l SHARE GROUP."""
    group_name, *more = words
    name = found.get("-n", [""])[-1]
    if more or not name:
        raise Refusal("Only linear volumes with a name, anywhere in their group, are known here.", code=MISUSED)
    if "/" in name:
        said = f'Inconsistent volume group names given: "{name.partition("/")[0]}" and "{group_name}"'
        raise Refusal(said, "Run `lvcreate --help' for more information.", code=MISUSED)
    if lvm.complaint(name, volume=True) is not None:
        raise Refusal(f'Logical volume name "{name}" is invalid.', code=MISUSED)
    uuid, group = whole_group(node, group_name)
    wanted = _extents(group, found, out, "Rounding up size to full physical extent {}")
    if name in group["volumes"]:
        raise Refusal(f'Logical Volume "{name}" already exists in volume group "{group_name}"')
    if not wanted:
        raise Refusal("Calculated size of logical volume is 0 extents. Needs to be larger.")
    if wanted > (free := groups.free(group)):
        said = f'Volume group "{group_name}" has insufficient free space ({free} extents): {wanted} required.'
        raise Refusal(said)
    segments = groups.allocate(group, wanted)
    held, device = groups.found_in(group, segments), lvm.path(group_name, name)
    if held["kind"] == "signature":
        try:
            wipe(held, device, found, out, _SIGNATURES[0].format(f"{group_name}/{name}"), _SIGNATURES[1])
        except Refusal:
            group["recycled"][f"{segments[0][0]}:{segments[0][1]}"] = held
            raise
        held = {"kind": "residue", "head": True, "tail": True}
    group["volumes"][name] = {
        "uuid": node.identifier("logical volume", command),
        "segments": [list(segment) for segment in segments],
        "tags": [word.removeprefix("@") for word in found.get("--addtag", [])],
        "content": held,
    }
    groups.activate(node, uuid, name)
    out.append(f'Logical volume "{name}" created.')


def _extents(group: groups.Group, found: Options, out: list[str], rounding: str) -> int:
    """How many extents are asked for. Raises Usage for what is no size."""
    if ("-L" in found) == ("-l" in found):
        raise Usage("Please specify either size or extents")
    if "-l" in found:
        share = _SHARE.fullmatch(found["-l"][-1])
        if share is None:
            raise Usage(f"Invalid argument for --extents: {found['-l'][-1]}")
        whole = groups.free(group) if share[2].upper() == "FREE" else groups.extents(group)
        return int(share[1]) * whole // 100
    try:
        size = parse_bytes(found["-L"][-1], "M")
    except ValueError:
        raise Usage(f"Invalid argument for --size: {found['-L'][-1]}") from None
    wanted = -(-size // group["extent_size"])
    if size % group["extent_size"]:
        out.append(rounding.format(_human(wanted * group["extent_size"])))
    return int(wanted)


def _human(count: int) -> str:
    """A size as lvm writes it: `12.00 MiB`."""
    size, unit = count / MEBIBYTE, 0
    while size >= 1024:  # noqa: PLR2004 - units are powers of 1024
        size, unit = size / 1024, unit + 1
    return f"{size:.2f} {'MGTPE'[unit]}iB"


def extend(node: SimulatedNode, _command: Command, found: Options, words: list[str], out: list[str]) -> None:
    """Enlarge a volume: lvextend -L SIZE GROUP/NAME."""
    group_name, name = _full(words[0])
    uuid, group = whole_group(node, group_name)
    if name not in group["volumes"]:
        raise Refusal(f"Logical volume {name} not found in volume group {group_name}.")
    wanted = _extents(group, found, out, "Rounding size to boundary between physical extents: {}.")
    segments = group["volumes"][name]["segments"]
    now = sum(length for _, _, length in segments)
    if wanted == now:
        raise Refusal(f"New size ({wanted} extents) matches existing size ({now} extents).")
    if wanted < now:
        raise Refusal(f"New size given ({wanted} extents) not larger than existing size ({now} extents)")
    if wanted - now > (free := groups.free(group)):
        raise Refusal(f"Insufficient free space: {wanted - now} extents needed, but only {free} available")
    before = _human(groups.size(group, name))
    keep_size(group["volumes"][name]["content"], groups.size(group, name))
    for physical, first, length in _growth(group, segments[-1], wanted - now):
        last = segments[-1]
        if (last[0], last[1] + last[2]) == (physical, first):
            last[2] += length
        else:
            segments.append([physical, first, length])
    if device := groups.device_of(node, uuid, name):
        node.state["devices"][device]["size"] = groups.size(group, name)
        below = (node.state["devices"][groups.place(node, physical)] for physical, _, _ in segments)
        for holders in (each["holders"] for each in below):
            if device not in holders:
                holders.append(device)
    after = _human(groups.size(group, name))
    out.append(
        f"Size of logical volume {words[0]} changed from {before} ({now} extents) to {after} ({wanted} extents)."
    )
    out.append(f"Logical volume {words[0]} successfully resized.")


def _growth(group: groups.Group, last: list[str | int], wanted: int) -> list[groups.Segment]:
    """The extents that a volume grows by: those behind its last one, as far as they are free, then others."""
    chosen: list[groups.Segment] = []
    behind = (last[0], int(last[1]) + int(last[2]))
    area = next((area for area in groups.areas(group) if area[:2] == behind), None)
    if area is not None:
        chosen.append((area[0], area[1], min(area[2], wanted)))
    left = wanted - sum(length for _, _, length in chosen)
    if left:
        others = {**group, "volumes": {**group["volumes"], "": {"segments": chosen}}}
        chosen += groups.allocate(others, left)
    return chosen


def _full(word: str) -> tuple[str, str]:
    """The group and the name of `GROUP/NAME`, or of a path below /dev."""
    if (found := lvm.named(word)) is not None:
        return found
    group, slash, name = word.partition("/")
    if not slash:
        raise Refusal(f'"{word}": Invalid path for Logical Volume.', code=MISUSED)
    return group, name


def change(node: SimulatedNode, _command: Command, found: Options, words: list[str], _out: list[str]) -> None:
    """Switch volumes: lvchange -a y|n GROUP/NAME."""
    for word in words:
        group_name, name = _full(word)
        uuid, group = any_group(node, group_name)
        if name not in group["volumes"]:
            raise Refusal(f'Failed to find logical volume "{word}"')
        switch(node, uuid, [name], found.get("-a", ["y"])[-1])


def remove(node: SimulatedNode, _command: Command, found: Options, words: list[str], out: list[str]) -> None:
    """Remove volumes: lvremove [--yes] GROUP/NAME."""
    for word in words:
        group_name, name = _full(word)
        uuid, group = whole_group(node, group_name)
        if name not in group["volumes"]:
            raise Refusal(f'Failed to find logical volume "{word}"')
        device = groups.device_of(node, uuid, name)
        if device and (use := in_use(node, device)):
            raise Refusal(f"Logical volume {word} {use}")
        if device and not is_answered(found):
            what = f"Do you really want to remove active logical volume {word}? [y/n]: [n]"
            raise Refusal(what, f"Logical volume {word} not removed.")
        groups.deactivate(node, uuid, name)
        groups.recycle(group, name)
        out.append(f'Logical volume "{name}" successfully removed.')

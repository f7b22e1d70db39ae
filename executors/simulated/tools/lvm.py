"""lvm2 on a simulated node, without a terminal: what would be asked is answered with no, unless `--yes` is given."""

from collections.abc import Callable

from core.command import Command, Completed
from core.config.sizes import parse_bytes
from core.stacked import volume_group
from core.tools import lvm
from executors.simulated import logical_volumes, volume_reports
from executors.simulated import volume_groups as groups
from executors.simulated.devices import PARTITION_TABLES, signature
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage, options
from executors.simulated.volume_words import MISUSED, YES, Refusal, any_group, misused, switch, whole_group, wipe

PROGRAMS = dict.fromkeys(
    (
        *("lvm", "pvs", "vgs", "lvs", "pvcreate", "pvremove", "vgcreate", "vgextend", "vgreduce", "vgremove"),
        *("vgchange", "lvcreate", "lvextend", "lvchange", "lvremove"),
    ),
    "lvm2",
)


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer the reports that core.tools.lvm asks for, and its changes."""
    program, *words = command.argv
    if command.argv == ("lvm", "version"):
        return Completed(0, f"  LVM version:     {node.state['tools']['lvm2']}(2) (2022-05-18)\n")
    if program == "lvm":
        return Completed(MISUSED, "", f"  No such command '{' '.join(words)}'.  Try 'help'.\n")
    groups.look(node)
    if program in volume_reports.REPORTS:
        return volume_reports.run(node, command)
    act, flags, values, least = CHANGES[program]
    out: list[str] = []
    try:
        found, operands = options(words, flags=flags, values=_known(node, values), least=least)
        act(node, command, found, operands, out)
    except Usage as error:
        return misused(program, error)
    except Refusal as refusal:
        return refusal.answer(out)
    return Completed(0, "".join(f"  {line}\n" for line in out))


def _known(node: SimulatedNode, values: tuple[str, ...]) -> tuple[str, ...]:
    is_new = node.version("lvm2") >= lvm.AUTOACTIVATION_SINCE
    return values if is_new else tuple(name for name in values if name != "--setautoactivation")


def _path(node: SimulatedNode, path: str) -> str:
    """The device of this name. lvm knows those below /dev only: a link elsewhere that leads to one is none."""
    if node.device(path) is None or not path.startswith(("/dev/", "«")):
        raise Refusal(f"No device found for {path}.")
    return node.tree.real(path)


def _filtered(node: SimulatedNode, path: str, named: str) -> None:
    """Refuse what lvm never takes."""
    device, held = node.state["devices"][path], node.content(node.state["devices"][path])
    if held.get("type") in PARTITION_TABLES:
        raise Refusal(f"Cannot use {named}: device is partitioned")
    if device["stacked"] is not None and device["stacked"]["kind"] == "logical volume":
        raise Refusal(f"Cannot use {named}: device is an LV")
    if device["size"] < lvm.PHYSICAL_BYTES_MIN:
        raise Refusal(f"Cannot use {named}: device is too small (pv_min_size)")
    if device["read_only"]:
        raise Refusal(f"Error opening device {named} for writing at 0 length 512.")


def _label(node: SimulatedNode, command: Command, named: str, found: Options, out: list[str]) -> None:
    """Make a physical volume of a device; an unused one becomes another, without a word."""
    path = _path(node, named)
    held = groups.content(node, path)
    _filtered(node, path, named)
    if held.get("type") == groups.MEMBER and (taken := groups.of_physical(node, held["uuid"])) is not None:
        of = taken[1]["name"]
        raise Refusal(
            f'Can\'t initialize physical volume "{named}" of volume group "{of}" without -ff',
            f"{named}: physical volume not initialized.",
        )
    if node.users(path):
        busy = f"Can't open {named} exclusively.  Mounted filesystem?"
        opened = f"Error opening device {named} for reading at 0 length"
        raise Refusal(
            busy, busy, f"{opened} 512.", busy, f"{opened} 4096.", f"Cannot use {named}: device has a signature"
        )
    held = node.content(node.state["devices"][path])
    if groups.is_signed(held):
        wipe(held, named, found, out)
    uuid = node.identifier("physical volume", command)
    label = signature(groups.MEMBER, uuid, tail=bool(held.get("tail", held["kind"] != "zero")))
    node.set_content(node.state["devices"][path], {**label, "mountable": False})
    out.append(f'Physical volume "{named}" successfully created.')


def _pvcreate(node: SimulatedNode, command: Command, found: Options, devices: list[str], out: list[str]) -> None:
    for named in devices:
        _label(node, command, named, found, out)


def _pvremove(node: SimulatedNode, _command: Command, _found: Options, devices: list[str], out: list[str]) -> None:
    for named in devices:
        path = _path(node, named)
        held = groups.content(node, path)
        if held.get("type") != groups.MEMBER:
            raise Refusal(f"No PV found on device {named}.")
        if (taken := groups.of_physical(node, held["uuid"])) is not None:
            raise Refusal(
                f"PV {named} is used by VG {taken[1]['name']} so please use vgreduce first.",
                "(If you are certain you need pvremove, then confirm by using --force twice.)",
                f"{named}: physical volume label not removed.",
            )
        left = {"kind": "residue", "head": True, "tail": held["tail"]}
        node.set_content(node.state["devices"][path], left)
        out.append(f'Labels on physical volume "{named}" successfully wiped.')


def _vgcreate(node: SimulatedNode, command: Command, found: Options, words: list[str], out: list[str]) -> None:
    name, *devices = words
    wrong = f'New volume group name "{name}" is invalid.'
    if lvm.complaint(name) is not None:
        why = "Name contains invalid character, valid set includes: [a-zA-Z0-9.-_+]."
        raise Refusal(why, wrong, "Run `vgcreate --help' for more information.", code=MISUSED)
    if groups.of_name(node, name) is not None:
        raise Refusal(f"A volume group called {name} already exists.")
    if node.tree.exists(f"/dev/{name}"):
        why = f"/dev/{name}: already exists in filesystem"
        raise Refusal(why, wrong, "Run `vgcreate --help' for more information.", code=MISUSED)
    for named in devices:
        _usable(node, command, named, found, out)
    size = found.get("-s", found.get("--physicalextentsize", ["4M"]))[-1]
    uuid = node.identifier("volume group", command)
    tags = [word.removeprefix("@") for word in found.get("--addtag", [])]
    activates = found.get("--setautoactivation", ["y"])[-1] == "y"
    node.state["volume_groups"][uuid] = volume_group(name, parse_bytes(size, "M"), tags, autoactivation=activates)
    for named in devices:
        groups.join(node, _path(node, named), uuid)
    out.append(f'Volume group "{name}" successfully created')


def _usable(node: SimulatedNode, command: Command, named: str, found: Options, out: list[str]) -> None:
    """See that a device can become one of a group: what is no physical volume yet becomes one."""
    try:
        path = _path(node, named)
    except Refusal as refusal:
        raise Refusal(*refusal.lines, "Command requires all devices to be found.") from None
    held = groups.content(node, path)
    if held.get("type") == groups.MEMBER and (taken := groups.of_physical(node, held["uuid"])) is not None:
        raise Refusal(
            f"Physical volume '{named}' is already in volume group '{taken[1]['name']}'",
            f"Unable to add physical volume '{named}' to volume group '{taken[1]['name']}'",
            f"{named}: physical volume not initialized.",
        )
    if held.get("type") != groups.MEMBER:
        _label(node, command, named, found, out)


def _vgextend(node: SimulatedNode, command: Command, found: Options, words: list[str], out: list[str]) -> None:
    name, *devices = words
    uuid, _ = whole_group(node, name)
    for named in devices:
        path = _path(node, named)
        _usable(node, command, named, found, out)
        groups.join(node, path, uuid)
    out.append(f'Volume group "{name}" successfully extended')


def _vgreduce(node: SimulatedNode, _command: Command, _found: Options, words: list[str], out: list[str]) -> None:
    name, *devices = words
    uuid, group = whole_group(node, name)
    for named in devices:
        path = _path(node, named)
        held = groups.content(node, path)
        if held.get("member_of") != uuid:
            raise Refusal(f'Physical Volume "{named}" not found in Volume Group "{name}".')
        if groups.is_used(group, held["uuid"]):
            raise Refusal(f'Physical volume "{named}" still in use')
        if len(group["physical_volumes"]) == 1:
            raise Refusal(f'Can\'t remove final physical volume "{named}" from volume group "{name}"')
        groups.leave(node, path)
        out.append(f'Removed "{named}" from volume group "{name}"')


def _vgremove(node: SimulatedNode, _command: Command, _found: Options, words: list[str], out: list[str]) -> None:
    for name in words:
        uuid, group = whole_group(node, name)
        if group["volumes"]:
            what = f'Do you really want to remove volume group "{name}" containing {len(group["volumes"])} logical'
            raise Refusal(f"{what} volumes? [y/n]: [n]", f'Volume group "{name}" not removed')
        for path in groups.physical_volumes(node).values():
            if groups.content(node, path)["member_of"] == uuid:
                groups.leave(node, path)
        del node.state["volume_groups"][uuid]
        out.append(f'Volume group "{name}" successfully removed')


def _vgchange(node: SimulatedNode, _command: Command, found: Options, words: list[str], out: list[str]) -> None:
    for name in words:
        if "-a" not in found:
            _, group = whole_group(node, name)
            _tag(group, found)
            out.append(f'Volume group "{name}" successfully changed')
            continue
        uuid, group = any_group(node, name)
        switch(node, uuid, list(group["volumes"]), found["-a"][-1], group_too=True)
        active = sum(bool(groups.device_of(node, uuid, volume)) for volume in group["volumes"])
        out.append(f'{active} logical volume(s) in volume group "{name}" now active')


def _tag(group: groups.Group, found: Options) -> None:
    added = [word.removeprefix("@") for word in found.get("--addtag", [])]
    taken = [word.removeprefix("@") for word in found.get("--deltag", [])]
    if not added and not taken:
        raise Usage("Need one or more command options.")
    group["tags"] = [word for word in dict.fromkeys((*group["tags"], *added)) if word not in taken]


Act = Callable[[SimulatedNode, Command, Options, list[str], list[str]], None]
OF_VOLUMES = ("-n", "-L", "-l", "--addtag", "--type", "-W", "-Z", "-C", "-r", "-i", "-I", "-m")
CHANGES: dict[str, tuple[Act, tuple[str, ...], tuple[str, ...], int]] = {
    "pvcreate": (_pvcreate, YES, (), 1),
    "pvremove": (_pvremove, YES, (), 1),
    "vgcreate": (_vgcreate, YES, ("-s", "--physicalextentsize", "--setautoactivation", "--addtag"), 2),
    "vgextend": (_vgextend, YES, (), 2),
    "vgreduce": (_vgreduce, YES, (), 2),
    "vgremove": (_vgremove, YES, (), 1),
    "vgchange": (_vgchange, YES, ("-a", "--addtag", "--deltag"), 1),
    "lvcreate": (logical_volumes.create, YES, OF_VOLUMES, 1),
    "lvextend": (logical_volumes.extend, YES, ("-L", "-l"), 1),
    "lvchange": (logical_volumes.change, YES, ("-a",), 1),
    "lvremove": (logical_volumes.remove, YES, (), 1),
}
"""What each command does, its options without and with a value, and how many operands it needs."""

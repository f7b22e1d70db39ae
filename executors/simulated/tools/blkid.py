"""blkid and findfs of util-linux on a simulated node."""

from typing import Any

from core.command import Command, Completed
from core.state import Content
from executors.simulated import partitions
from executors.simulated.arrays import dashes
from executors.simulated.devices import PARTITION_TABLES, RAID, is_formatted, storage
from executors.simulated.identifiers import digits_of
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.ext import EXT, block_size
from executors.simulated.usage import Usage, options

PROGRAMS = {"blkid": "util-linux", "findfs": "util-linux"}
BLOCK_SIZE_SINCE = (2, 36)
BLOCK_SIZES = {"btrfs": "4096", "xfs": "512", "zfs_member": "512"}
VERSIONS = {
    "LVM2_member": "LVM2 001",
    "ext2": "1.0",
    "ext3": "1.0",
    "ext4": "1.0",
    "swap": "1",
    "zfs_member": "5000",
}
NOTHING_FOUND = 2
USAGE = 4


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `blkid -p -o export DEVICE`, `blkid -p -s TAG -o value DEVICE` and `findfs TAG`."""
    if command.argv[0] == "findfs":
        return _find(node, command.argv[1:])
    try:
        found, operands = options(command.argv[1:], flags=("-p",), values=("-o", "-s"), most=1)
    except Usage as error:
        return Completed(1, "", f"blkid: {error}\nTry 'blkid --help' for more information.\n")
    form = found.get("-o", ["full"])[-1]
    if "-p" not in found or form not in {"export", "value"}:
        return Completed(USAGE, "", f"blkid: unsupported output format {form}\n")
    if not operands:
        return Completed(USAGE, "", "blkid: The low-level probing mode requires a device\n")
    path = operands[0]
    device = storage(node, path)
    content = None if device is None else node.content(device)
    entry = partitions.entry(node, node.tree.real(path))
    if device is None or content is None or not (is_formatted(content) or entry):
        # A device that cannot be read, or is not there, looks just like one that holds nothing.
        return Completed(NOTHING_FOUND)
    every = {**(_tags(node, path, device, content) if is_formatted(content) else {}), **entry}
    tags = {name: value for name, value in every.items() if "-s" not in found or name in found["-s"]}
    if form == "value":
        return Completed(0, "".join(f"{value}\n" for value in tags.values()))
    lines = {"DEVNAME": path, **{name: value.replace(" ", "\\ ") for name, value in tags.items()}}
    return Completed(0, "".join(f"{name}={value}\n" for name, value in lines.items()))


def _tags(node: SimulatedNode, path: str, device: dict[str, Any], content: Content) -> dict[str, str]:
    """What a probe finds, in its order."""
    type_, size = content["type"], content.get("size") or device["size"]
    if type_ in PARTITION_TABLES:
        return {"PTUUID": content["uuid"], "PTTYPE": type_}
    if type_ == "linux_raid_member":
        uuid = dashes(content["uuid"])
        parts = {"UUID": uuid, "UUID_SUB": content["role"], "LABEL": content["label"], "VERSION": "1.2"}
        return {name: value for name, value in {**parts, "TYPE": type_, "USAGE": "raid"}.items() if value}
    is_new = node.version("util-linux") >= BLOCK_SIZE_SINCE
    # While it is mounted to be written an ext3 needs its journal, so that it is no ext2 that has one.
    written = any(
        mount["device"] == node.tree.real(path) and mount["options"].split(",")[0] == "rw"
        for mount in node.state["mounts"]
    )
    is_ext2_too = type_ == "ext3" and not written
    first = {"VERSION": VERSIONS[type_]} if type_ == "zfs_member" else {}
    tags = {
        **first,
        "LABEL": content["label"],
        "UUID": content["uuid"],
        "UUID_SUB": _OF_DEVICE[type_](content) if type_ in _OF_DEVICE else "",
        "SEC_TYPE": "ext2" if is_ext2_too else "",
        "VERSION": VERSIONS.get(type_, ""),
        "BLOCK_SIZE": str(block_size(size) if type_ in EXT else BLOCK_SIZES.get(type_, "")) if is_new else "",
        "TYPE": type_,
        "USAGE": "raid" if type_ in RAID else "other" if type_ == "swap" else "filesystem",
    }
    return {name: value for name, value in tags.items() if value}


def _uuid_of_device(content: Content) -> str:
    """The uuid of the one device of a btrfs: another one than the filesystem's, always the same."""
    digits = digits_of(content["uuid"], 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _guid_of_device(content: Content) -> str:
    """The guid of one device of a pool."""
    return str(int(digits_of(f"{content['uuid']}/{content['role']}", 15), 16))


_OF_DEVICE = {"btrfs": _uuid_of_device, "zfs_member": _guid_of_device}


def _find(node: SimulatedNode, words: tuple[str, ...]) -> Completed:
    if len(words) != 1 or words[0].startswith("-"):
        wrong = next((f"unrecognized option '{word}'" for word in words if word.startswith("-")), "bad usage")
        return Completed(2, "", f"findfs: {wrong}\nTry 'findfs --help' for more information.\n")
    # A path is printed as it is, whether anything is there or not.
    path = words[0] if words[0].startswith("/") else node.by_tag(words[0])
    if path is None:
        return Completed(1, "", f"findfs: unable to resolve '{words[0]}'\n")
    return Completed(0, f"{path}\n")

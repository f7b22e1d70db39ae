"""wipefs of util-linux on a simulated node."""

from typing import Any

from core.command import Command, Completed
from executors.simulated import partitions
from executors.simulated.arrays import dashes
from executors.simulated.devices import MAGIC, is_formatted, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"wipefs": "util-linux"}
NEW_TABLE_SINCE = (2, 33)
UUID_WIDTH = 36


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `-n DEVICE` and `-a DEVICE`."""
    try:
        found, operands = options(command.argv[1:], flags=("-n", "-a"), most=1)
    except Usage as error:
        return Completed(1, "", f"wipefs: {error}\nTry 'wipefs --help' for more information.\n")
    if not operands:
        return Completed(1, "", "wipefs: no device specified\nTry 'wipefs --help' for more information.\n")
    path = operands[0]
    device = storage(node, path)
    failure = _failure(node, path, device, erases="-a" in found)
    if device is None or failure:
        return Completed(1, "", f"wipefs: error: {path}: probing initialization failed: {failure}\n")
    if not is_formatted(node.content(device)):
        return Completed(0)
    if "-a" in found:
        return _erase(node, path, device)
    return Completed(0, _table(node, path, device))


def _failure(node: SimulatedNode, path: str, device: dict[str, Any] | None, *, erases: bool) -> str:
    if device is None:
        is_directory = "Is a directory" if erases else "Invalid argument"
        return is_directory if node.tree.exists(path) else "No such file or directory"
    return "Device or resource busy" if erases and node.users(path) else ""


def _table(node: SimulatedNode, path: str, device: dict[str, Any]) -> str:
    content = node.content(device)
    offset = MAGIC.get(content["type"], ("0x0", ""))[0]
    if node.version("util-linux") < NEW_TABLE_SINCE:
        ruler = "offset               type\n----------------------------------------------------------------\n"
        return f"{ruler}{offset:<21}{content['type']}   [filesystem]\n{'':21}UUID:  {content['uuid']}\n\n"
    name = node.tree.real(path).rpartition("/")[2]
    columns = (("DEVICE", name), ("OFFSET", offset), ("TYPE", content["type"]))
    head = " ".join(title.ljust(len(word)) for title, word in columns)
    row = " ".join(word.ljust(len(title)) for title, word in columns)
    uuid = dashes(content["uuid"])
    width = max(UUID_WIDTH, len(uuid))
    return f"{head} {'UUID':<{width}} LABEL\n{row} {uuid:<{width}} {content['label']}\n"


def _erase(node: SimulatedNode, path: str, device: dict[str, Any]) -> Completed:
    content = node.content(device)
    offset, magic = MAGIC.get(content["type"], ("0x0", "00"))
    if device["read_only"]:
        what = f"{content['type']} magic string at offset {int(offset, 16):#010x}"
        return Completed(1, "", f"wipefs: {path}: failed to erase {what}: Operation not permitted\n")
    node.set_content(device, {"kind": "residue", "head": True, "tail": content.get("tail", True)})
    partitions.reread(node, node.tree.real(path))
    erased = f"{len(magic.split())} bytes were erased at offset {int(offset, 16):#010x} ({content['type']}): {magic}"
    return Completed(0, f"{path}: {erased}\n")

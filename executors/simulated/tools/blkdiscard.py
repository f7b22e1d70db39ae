"""blkdiscard of util-linux on a simulated node."""

from core.command import Command, Completed
from executors import missing
from executors.simulated import partitions
from executors.simulated.devices import PARTITION_TABLES, is_formatted, zero
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"blkdiscard": "util-linux"}
SINCE, ZEROES_SINCE = (2, 23), (2, 28)
SECTOR_BYTES = 512


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `--version` and `-z -o OFFSET -l LENGTH DEVICE`."""
    version = node.version("util-linux")
    if version < SINCE:
        return missing.answer("blkdiscard")
    if command.argv[1:] == ("--version",):
        return Completed(0, f"blkdiscard from util-linux {node.state['tools']['util-linux']}\n")
    try:
        flags = ("-z",) if version >= ZEROES_SINCE else ()
        found, operands = options(command.argv[1:], flags=flags, values=("-o", "-l"), least=1, most=1)
    except Usage as error:
        return Completed(1, "", f"blkdiscard: {error}\nTry 'blkdiscard --help' for more information.\n")
    path = operands[0]
    device = node.device(path)
    if device is None:
        why = "Is a directory" if node.tree.exists(path) else "No such file or directory"
        return Completed(1, "", f"blkdiscard: cannot open {path}: {why}\n")
    if node.users(path):
        return Completed(1, "", f"blkdiscard: cannot open {path}: Device or resource busy\n")
    offset, length = int(found.get("-o", ["0"])[-1]), int(found.get("-l", [str(device["size"])])[-1])
    for name, value in (("offset", offset), ("length", length)):
        if value % SECTOR_BYTES:
            said = f"blkdiscard: {path}: {name} {value} is not aligned to sector size {SECTOR_BYTES}\n"
            return Completed(1, "", said)
    if offset > device["size"]:
        return Completed(1, "", f"blkdiscard: {path}: offset is greater than device size\n")
    content = node.content(device)
    if device["read_only"]:
        return Completed(1, "", f"blkdiscard: {path}: BLKZEROOUT ioctl failed: Operation not permitted\n")
    kind = "partition" if content.get("type") in PARTITION_TABLES else "file system"
    warned = f"blkdiscard: {path} contains existing {kind} ({content['type']}).\n" if is_formatted(content) else ""
    zero(node, device, offset, min(length, device["size"] - offset))
    partitions.zeroed(node, node.tree.real(path), offset, length)
    return Completed(0, "", warned)

"""cmp of diffutils on a simulated node: a part of a device beside zeroes."""

from core.command import Command, Completed
from executors.simulated.devices import is_zero, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"cmp": "diffutils"}
TROUBLE = 2


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `cmp -n BYTES [-i OFFSET:0] DEVICE /dev/zero`."""
    try:
        found, (path, other) = options(command.argv[1:], values=("-n", "-i"), least=2, most=2)
    except Usage as error:
        return _misused(str(error))
    skip, _, zero_skip = found.get("-i", ["0:0"])[-1].partition(":")
    if other != "/dev/zero" or "-n" not in found or zero_skip != "0" or not (skip + found["-n"][-1]).isdigit():
        return _misused("only a comparison of some bytes with zeroes is known here")
    offset, length = int(skip), int(found["-n"][-1])
    device = storage(node, path)
    if device is None:
        why = "Is a directory" if node.tree.exists(path) else "No such file or directory"
        return Completed(TROUBLE, "", f"cmp: {path}: {why}\n")
    if node.content(device)["kind"] == "unknown":
        return Completed(TROUBLE, "", f"cmp: {path}: Input/output error\n")
    if not is_zero(node, device, offset, length):
        return Completed(1, f"{path} /dev/zero differ: byte {offset + 1}, line 1\n")
    if offset + length > device["size"]:
        return Completed(1, "", f"cmp: EOF on {path} after byte {device['size'] - offset}, in line 1\n")
    return Completed(0)


def _misused(text: str) -> Completed:
    return Completed(TROUBLE, "", f"cmp: {text}\ncmp: Try 'cmp --help' for more information.\n")

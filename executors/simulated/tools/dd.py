"""dd of coreutils on a simulated node: zeroes on a part of a device."""

from core.command import Command, Completed
from executors.simulated.devices import storage, zero
from executors.simulated.node import SimulatedNode

PROGRAMS = {"dd": "coreutils"}
OPERANDS = ("if", "of", "bs", "count", "seek", "oflag", "conv")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `dd if=/dev/zero of=DEVICE bs=N count=1 seek=N oflag=seek_bytes conv=nocreat,notrunc,fsync`."""
    found = dict(word.partition("=")[::2] for word in command.argv[1:])
    for name in found:
        if name not in OPERANDS:
            return Completed(1, "", f"dd: unrecognized operand '{name}'\nTry 'dd --help' for more information.\n")
    fixed = {"if": "/dev/zero", "count": "1", "oflag": "seek_bytes", "conv": "nocreat,notrunc,fsync"}
    if not all(found.get(name) == value for name, value in fixed.items()) or len(found) != len(OPERANDS):
        return Completed(1, "", "dd: only zeroes on one part of a device are known here\n")
    if not (found["bs"].isdigit() and found["seek"].isdigit() and int(found["bs"])):
        return Completed(1, "", f"dd: invalid number: '{found['bs']}'\n")
    path, size, offset = found["of"], int(found["bs"]), int(found["seek"])
    device = storage(node, path)
    if device is None:
        return Completed(1, "", f"dd: failed to open '{path}': No such file or directory\n")
    if offset + size > device["size"]:
        return Completed(1, "", f"dd: error writing '{path}': No space left on device\n")
    zero(node, device, offset, size)
    return Completed(0, "", f"1+0 records in\n1+0 records out\n{size} bytes copied\n")

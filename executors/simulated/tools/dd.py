"""dd of coreutils on a simulated node: zeroes on a part of a device."""

from core.command import Command, Completed
from executors.simulated import partitions
from executors.simulated.devices import storage, zero
from executors.simulated.node import SimulatedNode

PROGRAMS = {"dd": "coreutils"}
UNITS_SINCE, TEN = 1000, 10
OPERANDS = ("if", "of", "bs", "count", "seek", "oflag", "conv")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `dd if=/dev/zero of=DEVICE bs=N count=1 seek=N oflag=seek_bytes conv=nocreat,notrunc,fsync`."""
    found = dict(word.partition("=")[::2] for word in command.argv[1:])
    for word in command.argv[1:]:
        if word.partition("=")[0] not in OPERANDS:
            return Completed(
                1, "", f"dd: unrecognized operand \u2018{word}\u2019\nTry 'dd --help' for more information.\n"
            )
    fixed = {"if": "/dev/zero", "count": "1", "oflag": "seek_bytes", "conv": "nocreat,notrunc,fsync"}
    if not all(found.get(name) == value for name, value in fixed.items()) or len(found) != len(OPERANDS):
        return Completed(1, "", "dd: only zeroes on one part of a device are known here\n")
    if not (found["bs"].isdigit() and found["seek"].isdigit() and int(found["bs"])):
        return Completed(1, "", f"dd: invalid number: \u2018{found['bs']}\u2019\n")
    path, size, offset = found["of"], int(found["bs"]), int(found["seek"])
    device = storage(node, path)
    if device is None:
        why = "Is a directory" if node.tree.exists(path) else "No such file or directory"
        return Completed(1, "", f"dd: failed to open '{path}': {why}\n")
    if node.device(path) is None:
        # A file grows.
        entry = node.tree.entry(path) or {}
        entry["size"] = max(device["size"], offset + size)
        device = {**device, "size": entry["size"]}
    if device["read_only"] or offset + size > device["size"]:
        why = "Operation not permitted" if device["read_only"] else "No space left on device"
        return Completed(1, "", f"dd: error writing '{path}': {why}\n1+0 records in\n0+0 records out\n{_copied(0)}")
    zero(node, device, offset, size)
    partitions.zeroed(node, node.tree.real(path), offset, size)
    return Completed(0, "", f"1+0 records in\n1+0 records out\n{_copied(size)}")


def _copied(count: int) -> str:
    """The last line of dd, in which a simulated second passes."""
    if not count:
        return "0 bytes copied, 1 s, 0.0 kB/s\n"
    units = f" ({_rounded(count, 1000, 'B kB MB GB TB')}, {_rounded(count, 1024, 'B KiB MiB GiB TiB')})"
    return (
        f"{count} bytes{units if count >= UNITS_SINCE else ''} copied, 1 s, {_rounded(count, 1000, 'B kB MB GB')}/s\n"
    )


def _rounded(count: int, base: int, units: str) -> str:
    """A count as dd writes it: with a digit behind the point below ten."""
    names, size = units.split(), float(count)
    while size >= base and len(names) > 1:
        names, size = names[1:], size / base
    return f"{size:.1f} {names[0]}" if size < TEN else f"{size:.0f} {names[0]}"

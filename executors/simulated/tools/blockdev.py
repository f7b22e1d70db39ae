"""blockdev and lsblk of util-linux on a simulated node, as far as one device is asked about."""

from collections.abc import Iterator

from core.command import Command, Completed
from executors.simulated import partitions
from executors.simulated.devices import shown, shown_mount
from executors.simulated.node import SimulatedNode

PROGRAMS = {"blockdev": "util-linux", "lsblk": "util-linux"}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `blockdev` as far as one device is asked about, and `lsblk -nr` for who uses it."""
    match command.argv:
        case ("blockdev", "--getsize64", path):
            return _size(node, path)
        case ("lsblk", "-nro", "NAME,MOUNTPOINT", path):
            return _uses(node, path)
        case ("lsblk", "-nrbo", "SIZE,NAME,MOUNTPOINT", path):
            return _uses(node, path, sized=True)
        case ("blockdev", "--rereadpt", path):
            return _reread(node, path)
        case ("blockdev", _) | ("blockdev",):
            return Completed(1, "", "blockdev: no device specified\nTry 'blockdev --help' for more information.\n")
        case (program, *words):
            return Completed(
                1, "", f"{program}: bad usage: {' '.join(words)}\nTry '{program} --help' for more information.\n"
            )
        case _:
            return Completed(1)


def _size(node: SimulatedNode, path: str) -> Completed:
    device = node.device(path)
    if device is not None:
        return Completed(0, f"{device['size']}\n")
    if node.tree.exists(path):
        return Completed(1, "", "blockdev: ioctl error on BLKGETSIZE64: Inappropriate ioctl for device\n")
    return Completed(1, "", f"blockdev: cannot open {path}: No such file or directory\n")


def _reread(node: SimulatedNode, path: str) -> Completed:
    if node.device(path) is None:
        return Completed(1, "", f"blockdev: cannot open {path}: No such file or directory\n")
    real = node.tree.real(path)
    if any(node.users(each) for each in partitions.of(node, real)):
        return Completed(1, "", "blockdev: ioctl error on BLKRRPART: Device or resource busy\n")
    partitions.reread(node, real)
    return Completed(0)


def _uses(node: SimulatedNode, path: str, *, sized: bool = False) -> Completed:
    device = node.device(path)
    if device is None:
        return Completed(32, "", f"lsblk: {path}: not a block device\n")
    rows = _rows(node, node.tree.real(path))
    return Completed(0, "".join(f"{f'{size} ' if sized else ''}{name} {place}\n" for size, name, place in rows))


def _rows(node: SimulatedNode, path: str) -> Iterator[tuple[int, str, str]]:
    """A device, and below it whatever is made of it: how many bytes each has, its name, and where it is mounted."""
    device = node.state["devices"].get(path)
    place = shown_mount(node, path) or ("[SWAP]" if path in node.state["swaps"] else "")
    yield device["size"] if device is not None else 0, shown(node, path).rpartition("/")[2], place
    held = {*device["holders"], *partitions.of(node, path)} if device is not None else ()
    for holder in sorted(held):
        yield from _rows(node, holder)

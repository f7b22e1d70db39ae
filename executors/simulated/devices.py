"""What the simulated tools share about block devices: who uses one, what is formatted on it, what lies at its ends."""

from typing import Any

from core.block_device import block_device
from core.signature import signature as signed
from core.state import Content, Entry, Question
from executors.simulated.node import SimulatedNode

MEBIBYTE = 1024 * 1024
SECTOR_BYTES = 512
LOOPS_MAX = 256
RAID = frozenset(("linux_raid_member", "LVM2_member"))
PARTITION_TABLES = ("dos", "gpt")
MAGIC = {
    "btrfs": ("0x10040", "5f 42 48 52 66 53 5f 4d"),
    "ext2": ("0x438", "53 ef"),
    "ext3": ("0x438", "53 ef"),
    "ext4": ("0x438", "53 ef"),
    "vxfs": ("0x400", "f5 fc 01 a5"),
    "xfs": ("0x0", "58 46 53 42"),
    "swap": ("0xff6", "53 57 41 50 53 50 41 43 45 32"),
    "LVM2_member": ("0x218", "4c 56 4d 32 20 30 30 31"),
    "linux_raid_member": ("0x1000", "fc 4e 2b a9"),
    "gpt": ("0x200", "45 46 49 20 50 41 52 54"),
}
"""Where the signature of a type is, and its bytes."""


def signature(
    type_: str, uuid: str, label: str = "", files: dict[str, Entry] | None = None, *, tail: bool = False
) -> Content:
    """Return what a device holds after it was formatted; `tail` when its last MiB is not zero."""
    return signed(type_, uuid, label, files=files or {}, tail=tail)


def held(node: SimulatedNode, path: str, device: dict[str, Any]) -> int:
    """How many bytes of its device a filesystem has. Of one that was there before, nobody knows until he has asked."""
    content = node.content(device)
    if not node.state["complete"] and not content.get("known", True):
        is_file = device["file"] and node.tree.holder(device) is not device
        node.ask(Question("held", device["file"] if is_file else node.tree.real(path)))
    return int(content.get("size") or device["size"])


def keep_size(content: Content, size: int) -> None:
    """Note how large a filesystem is, before what it is on becomes larger."""
    if content.get("mountable") and not content.get("size"):
        content["size"] = size


def fill(node: SimulatedNode, device: dict[str, Any]) -> None:
    """Let a filesystem have all of its device, which may itself be smaller than the file behind it."""
    content, file = node.content(device), node.tree.entry(device["file"]) if device["file"] else None
    is_all = file is None or not file.get("size") or device["size"] == file["size"] // SECTOR_BYTES * SECTOR_BYTES
    content["size"] = 0 if is_all else device["size"]


def shown(node: SimulatedNode, path: str) -> str:
    """How tools call a device that the kernel calls `path`: a device of device-mapper by the name that it has there."""
    named = node.state["devices"].get(path)
    return f"/dev/mapper/{named['name']}" if named is not None and named["name"] else path


def storage(node: SimulatedNode, path: str) -> dict[str, Any] | None:
    """The block device at a path, or a regular file as if it were one: probes take both."""
    device = node.device(path)
    entry = node.tree.entry(path)
    if device is not None or entry is None or entry["kind"] != "file":
        return device
    return loop(node, path)


def loop(node: SimulatedNode, path: str) -> dict[str, Any]:
    """What a loop device of a file is: whole sectors of it."""
    entry = node.tree.entry(path)
    size = 0 if entry is None else len((entry["text"] or "").encode()) if entry["size"] is None else entry["size"]
    return block_device(size // SECTOR_BYTES * SECTOR_BYTES, file=node.tree.real(path), settled=False)


def first_free_loop(node: SimulatedNode) -> str:
    """The loop device that -f finds: one that the state lists to be handed out, or the first; "" when all are taken."""
    if waiting := node.state["identifiers"].get("loop"):
        return str(waiting.pop(0))
    names = (f"/dev/loop{number}" for number in range(LOOPS_MAX))
    return next((path for path in names if path not in node.state["devices"]), "")


def directory() -> Entry:
    """Return a directory as `mkdir` makes it."""
    return {"kind": "directory", "mode": "0755", "docker": None}


def discards(device: dict[str, Any]) -> bool:
    """Tell whether a mkfs finds a device that can forget its blocks: loop devices punch holes into their files.

    Of other devices nobody knows, so that what was at their ends is taken to stay.
    """
    return bool(device["file"])


def tail_left(node: SimulatedNode, device: dict[str, Any]) -> bool:
    """Tell whether bytes are left in the last MiB when a mkfs has discarded what the device can discard."""
    content = node.content(device)
    return not discards(device) and content["kind"] != "zero" and bool(content.get("tail", True))


def size_of(size: int, digits: int = 2) -> str:
    """A size as mkfs.btrfs writes it: `300.00MiB`."""
    units, count = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], float(size)
    while count >= 1024 and len(units) > 1:  # noqa: PLR2004 - units are powers of 1024
        units, count = units[1:], count / 1024
    return f"{count:.{digits}f}{units[0]}"


def is_formatted(content: Content) -> bool:
    """Tell whether a probe recognises something."""
    return bool(content["kind"] == "signature")


def is_zero(node: SimulatedNode, device: dict[str, Any], offset: int, length: int) -> bool:
    """Tell whether a part of a device is zero; between its first and last MiB only a device never written to is."""
    content = node.content(device)
    if content["kind"] == "zero":
        return True
    head = is_formatted(content) or content.get("head", True)
    in_head = offset < MEBIBYTE
    in_tail = offset + length > device["size"] - MEBIBYTE
    return not ((in_head and head) or (in_tail and content.get("tail", True)) or not (in_head or in_tail))


def zero(node: SimulatedNode, device: dict[str, Any], offset: int, length: int) -> None:
    """Write zeroes on a part of a device: a signature goes with the first MiB, what is left at the ends with theirs."""
    content = node.content(device)
    if content["kind"] == "zero":
        return
    head, tail = is_formatted(content) or content["head"], content.get("tail", True)
    if not offset and length >= min(MEBIBYTE, device["size"]):
        head = False
    if offset <= max(0, device["size"] - MEBIBYTE) and offset + length >= device["size"]:
        tail = False
    if is_formatted(content) and head:
        node.set_content(device, {**content, "tail": tail})
    else:
        left: Content = {"kind": "residue", "head": head, "tail": tail} if head or tail else {"kind": "zero"}
        node.set_content(device, left)


def shown_mount(node: SimulatedNode, path: str) -> str:
    """The mount point that lsblk shows of several: the newest that shows the whole filesystem, else the newest."""
    mounts = [mount for mount in node.state["mounts"] if mount["device"] == path]
    whole = [mount for mount in mounts if not mount["subvolume"]]
    return str((whole or mounts)[-1]["mount_point"]) if mounts else ""


def seems_mounted(node: SimulatedNode, path: str) -> bool:
    """Tell whether a device is mounted as far as a mkfs sees: a btrfs mount has a device number of its own."""
    real = node.tree.real(path)
    return any(mount["device"] == real and mount["type"] != "btrfs" for mount in node.state["mounts"])


def release(node: SimulatedNode, path: str) -> None:
    """Let a loop device go that was detached while it was in use, when its last user has gone."""
    device = node.state["devices"].get(path)
    if device is not None and device.get("autoclear") and not node.users(path):
        del node.state["devices"][path]


def is_read_only(node: SimulatedNode, path: str) -> bool:
    """Tell whether a path lies in a filesystem that is mounted read-only."""
    mount = node.tree.mount_of(node.tree.real(path))
    return mount is not None and "ro" in mount["options"].split(",")

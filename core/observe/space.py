"""How much of its device a filesystem has: asked only where somebody wants it to grow."""

from core.command import Completed, Steps
from core.observe.reads import anyhow, note_unseen
from core.state import Content, NodeState
from core.tools import blockdev, btrfs, ext, files, xfs
from core.tree import Tree


def held(state: NodeState, subjects: list[str]) -> Steps:
    """Look at how large the filesystems on devices (or in files) are; one that fills its device says 0."""
    answered = []
    for path in subjects:
        device = state["devices"].get(path)
        holder = Tree(state).holder(device) if device is not None else Tree(state).entry(path)
        content: Content = {} if holder is None else holder.get("content", {})
        found = yield from _size(state, path, content.get("type", ""))
        if found is None:
            continue
        room = (yield blockdev.size(path) if device is not None else files.blocks(path)).stdout.split()
        size, spare = found
        content["size"] = 0 if room and int(room[0]) - size <= spare else size
        answered.append(path)
    return answered


def _size(state: NodeState, path: str, type_: str) -> Steps:
    """The bytes that a filesystem has and those that it may leave free; None where nobody can tell."""
    loops = {each for each, device in state["devices"].items() if each == path or device["file"] == path}
    point = next((each["mount_point"] for each in state["mounts"] if each["device"] in loops), "")
    answer = Completed(1)
    size: int | None = None
    spare = 0
    match type_:
        case "ext2" | "ext3" | "ext4":
            answer = yield anyhow(ext.superblock(path))
            size, spare = ext.size(answer), ext.spare(answer)
        case "xfs":
            answer = yield anyhow(xfs.geometry(point or path))
            size, spare = xfs.size(answer), xfs.SPARE_BYTES
        case "btrfs":
            answer = yield anyhow(btrfs.usage(point) if point else btrfs.devices(path))
            size, spare = btrfs.size(answer), btrfs.SPARE_BYTES
    if size is None:
        note_unseen(state, f"how large the filesystem on {path} is", answer)
        return None
    return size, spare

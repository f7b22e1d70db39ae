"""Block devices: which there are, who uses them, and what they hold."""

from typing import Any

from core.block_device import block_device
from core.command import Command, Steps
from core.evidence import ends
from core.observe import arrays
from core.observe.reads import anyhow, is_denied, note_unseen
from core.signature import signature
from core.state import Content, NodeState, Question
from core.tools import blkid, blockdev, btrfs, cmp, files, losetup, lsblk, mount, wipefs
from core.tree import Tree

PSEUDO = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl"),
        *("hugetlbfs", "mqueue", "nsfs", "overlay", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "sysfs"),
        "tracefs",
    )
)
"""The filesystems that the kernel, systemd and docker mount for themselves."""
SYSTEMS = ("/dev", "/proc", "/run", "/sys")
"""Where the system has tmpfs of its own, which are never unmounted: their files are the node's."""
SEEN_MEMORY = "files of the tmpfs on "
NOT_MOUNTED = frozenset(("LVM2_member", "crypto_LUKS", "linux_raid_member", "swap", "zfs_member"))


def devices(state: NodeState) -> Steps:
    """Look at every block device, what is mounted and what is used as swap."""
    answer = yield anyhow(lsblk.everything())
    if answer.returncode:
        note_unseen(state, "block devices", answer)
    loops = losetup.parse_everything((yield anyhow(losetup.everything())))
    for disk in lsblk.parse_everything(answer):
        loop = loops.get(disk.path)
        state["devices"][disk.path] = block_device(
            disk.size,
            content={"kind": "unseen"},
            serial=disk.serial,
            file="" if loop is None or loop.is_deleted else loop.file,
            holders=list(disk.holders),
            autoclear=loop is not None and loop.autoclear,
            read_only=disk.read_only,
            name=disk.name,
        )
        if disk.name:
            _link(state, disk.path, f"{lsblk.MAPPER}{disk.name}")
    yield from _mounts(state)
    swaps = yield anyhow(files.read("/proc/swaps"))
    state["swaps"] = [line.split()[0] for line in swaps.stdout.splitlines()[1:] if line.startswith("/")]


def _link(state: NodeState, path: str, link: str) -> None:
    """Note the link by which others call a device of device-mapper: findmnt, for one."""
    state["files"].setdefault(link.rpartition("/")[0], {"kind": "directory", "mode": "0755", "docker": None})
    state["files"][link] = {"kind": "link", "target": f"../{path.removeprefix('/dev/')}"}
    state["known"].append(str(Question("path", link)))


def _mounts(state: NodeState) -> Steps:
    answer = yield anyhow(mount.everything())
    if answer.returncode:
        note_unseen(state, "mounts", answer)
    called = {f"/dev/mapper/{each['name']}": path for path, each in state["devices"].items() if each["name"]}
    there: list[mount.Mount] = []
    for each in mount.mounts(answer):
        if _shows_itself(each, there):
            continue
        there.append(each)
        if each.type not in PSEUDO or each.mount_point == "/":
            tree = _tree(each)
            if tree:
                state["trees"].setdefault(tree, {})
            device = called.get(each.device, each.device)
            if device.startswith("/dev/") and device not in state["devices"]:
                # Of btrfs it is whatever name was given last, by a mount or by udev.
                real = (yield anyhow(files.read_link(device))).stdout.strip()
                device = real if real in state["devices"] else device
            state["mounts"].append(
                {
                    "device": device,
                    "mount_point": each.mount_point,
                    "type": each.type,
                    "options": ",".join(each.options),
                    "subvolume": each.root,
                    "tree": tree,
                }
            )


def _tree(each: mount.Mount) -> str:
    """What the files of a mount without a device are kept as, so that they go with it; nothing for one of the system's.

    Of a directory of a tmpfs that is mounted once more nobody can tell which tmpfs it is of.
    """
    if each.type.startswith("nfs"):
        return each.device
    systems = each.mount_point == "/tmp" or each.mount_point.startswith(SYSTEMS)
    return f"{SEEN_MEMORY}{each.mount_point}" if each.type == "tmpfs" and not systems and not each.root else ""


def _shows_itself(each: mount.Mount, there: list[mount.Mount]) -> bool:
    """Tell whether a directory is mounted on itself, as docker mounts its own: everything is where it was."""
    above = [
        other
        for other in there
        if other.device == each.device and each.mount_point.startswith(f"{other.mount_point.rstrip('/')}/")
    ]
    if not above:
        return False
    parent = max(above, key=lambda other: len(other.mount_point))
    return f"{parent.root}{each.mount_point[len(parent.mount_point.rstrip('/')) :]}".lstrip("/") == each.root


def contents(state: NodeState, subjects: list[str]) -> Steps:
    """Look at what devices (or files that are used as one) hold; of one that is not there (yet) nothing is known."""
    there = [path for path in subjects if _holder(state, path) is not None]
    for path in there:
        content = yield from _content(state, path)
        holder = _holder(state, path) or {}
        before, holder["content"] = holder["content"], content
        if content.get("type") == "linux_raid_member":
            yield from arrays.member(state, path, holder)
        if content.get("type") == "btrfs":
            yield from _subvolumes(state, path, content)
        _keep_files(before, content)
    return there


def _holder(state: NodeState, path: str) -> dict[str, Any] | None:
    """What keeps the content of a device or of a file; None where there is neither (a directory holds files)."""
    if path in state["devices"]:
        return Tree(state).holder(state["devices"][path])
    entry = Tree(state).entry(path)
    return entry if entry is not None and entry["kind"] == "file" else None


def _keep_files(before: Content, content: Content) -> None:
    """Keep, in place, what was found in a filesystem when it is looked at once more."""
    if before.get("kind") != "signature" or any(before[key] != content.get(key) for key in ("type", "uuid")):
        return
    content["files"] = before["files"]
    content["subvolumes"] |= {
        name: files for name, files in before["subvolumes"].items() if name in content["subvolumes"]
    }


def ahead(state: NodeState, subjects: list[str]) -> list[Command]:
    """The two questions of `contents` that are asked of each device first."""
    sizes = (blockdev.size(path) if path in state["devices"] else files.blocks(path) for path in subjects)
    return [anyhow(each) for path, size in zip(subjects, sizes, strict=True) for each in (blkid.probe(path), size)]


def _content(state: NodeState, path: str) -> Steps:
    first, second = ahead(state, [path])
    probed = yield first
    size = yield second
    if not (length := size.stdout.split()[:1]):
        note_unseen(state, f"what {path} holds", size)
        return {"kind": "unknown"}
    tags = blkid.tags(probed)
    is_signed = "TYPE" in tags or "PTTYPE" in tags
    zero = []
    # The first MiB of what has a signature is not zero, whatever else there is.
    for offset, count in ends(int(length[0]))[-1 if is_signed else 0 :]:
        answer = yield anyhow(cmp.zeroes(path, offset, count))
        if answer.returncode not in {0, 1}:
            note_unseen(state, f"what {path} holds", answer)
            return {"kind": "unknown"}
        zero.append(answer.returncode == 0)
    if is_signed:
        return _signature(tags, tail=not zero[-1])
    signatures = yield anyhow(wipefs.signatures(path))
    if is_denied(signatures) or probed.returncode not in {0, blkid.NOTHING_FOUND}:
        note_unseen(state, f"what {path} holds", signatures if is_denied(signatures) else probed)
        return {"kind": "unknown"}
    head = not zero[0] or bool(signatures.stdout.strip())
    return {"kind": "residue", "head": head, "tail": not zero[-1]} if head or not all(zero) else {"kind": "zero"}


def _signature(tags: dict[str, str], *, tail: bool) -> Content:
    type_ = tags.get("TYPE") or tags["PTTYPE"]
    return signature(
        type_,
        tags.get("UUID") or tags.get("PTUUID", ""),
        tags.get("LABEL", "").replace("«", "<").replace("»", ">"),
        mountable="TYPE" in tags and type_ not in NOT_MOUNTED,
        tail=tail,
        known=False,
        member_of=tags["UUID"] if type_ == "zfs_member" else "",
    )


def _subvolumes(state: NodeState, path: str, content: Content) -> Steps:
    """The subvolumes of a btrfs, as the kernel lists them where it is mounted, else as they are on the device."""
    loops = {each for each, device in state["devices"].items() if each == path or device["file"] == path}
    point = next((each["mount_point"] for each in state["mounts"] if each["device"] in loops), None)
    answer = yield anyhow(btrfs.roots(path) if point is None else btrfs.subvolumes(point))
    if answer.returncode:
        note_unseen(state, f"subvolumes of {path}", answer)
    inside = {}
    for number in sorted(btrfs.in_directories(answer)) if point is None else ():
        inside[number] = btrfs.directories((yield anyhow(btrfs.tree(path, number))))
    found = btrfs.roots_paths(answer, inside) if point is None else btrfs.paths(answer)
    content["subvolumes"] = {name: {} for name in found}

"""What is mounted without a device of its own: directories once more, files in memory, what another machine exports.

The files of a tmpfs and of an export are in `trees` of the state: those of an export outlive every mount of it, and an
export that has none there is one that no server has.
"""

import re
from typing import Any

from core.command import Completed
from core.tree import MEMORY, from_the_top
from executors.simulated.devices import directory
from executors.simulated.node import SimulatedNode

REFUSED = 32
NO_DIRECTORY = "mount point is not a directory."
FLAGS, TIMES = ("nosuid", "nodev", "noexec"), ("noatime", "nodiratime", "relatime", "strictatime")
OF_MOUNT = frozenset((*FLAGS, *TIMES, "ro", "rw"))
_ANY_TYPE = "defaults suid dev exec nofail _netdev async sync dirsync norelatime"
ANY_TYPE = OF_MOUNT | frozenset(_ANY_TYPE.split())
TMPFS = frozenset(("gid", "huge", "mode", "mpol", "nr_blocks", "nr_inodes", "size", "uid"))
_NFS = """
ac acdirmax acdirmin acl acregmax acregmin actimeo bg fg hard intr local_lock lock lookupcache mountport mountproto
mountvers nconnect nfsvers noac noacl nolock nordirplus noresvport nosharecache port proto rdirplus resvport retrans
retry rsize sec sharecache soft softerr tcp timeo udp vers wsize
"""
NFS = frozenset(_NFS.split())
MEMORY_KIBIBYTES = 4 * 1024 * 1024
"""The memory of a simulated node, for a tmpfs that may have a part of it."""
_SIZE = re.compile(r"(\d+)([kKmMgGtT]?)(%?)")
ROOT = {"device": "rootfs", "type": "ext4", "options": "rw,relatime", "subvolume": "", "tree": "", "mount_point": "/"}
"""What is mounted at the top of a node whose state does not say it."""


def mounted(
    node: SimulatedNode, where: str, type_: str, source: str, target: str, chosen: list[str]
) -> Completed | None:
    """Mount what has no device of its own; None for anything else. where: how mount begins its complaints."""
    if "bind" in chosen:
        return _bind(node, where, source, target, chosen)
    if type_ == "tmpfs":
        return _tmpfs(node, where, source, target, chosen)
    return _export(node, where, type_, source, target, chosen) if type_ in {"nfs", "nfs4"} else None


def unmounted(node: SimulatedNode, mount: dict[str, Any]) -> None:
    """Lose the files of a tmpfs that is mounted nowhere any more."""
    tree = mount.get("tree", "")
    if tree.startswith(MEMORY) and not any(each.get("tree", "") == tree for each in node.state["mounts"]):
        node.state["trees"].pop(tree, None)


def _refused(text: str) -> Completed:
    return Completed(REFUSED, "", f"{text}\n")


def _is_directory(node: SimulatedNode, path: str) -> bool:
    entry = node.tree.entry(path)
    return entry is not None and entry["kind"] == "directory" and node.device(path) is None


def _put(node: SimulatedNode, target: str, **mount: str) -> Completed:
    node.state["mounts"].append({"subvolume": "", "tree": "", **mount, "mount_point": node.tree.real(target)})
    return Completed(0)


def _bind(node: SimulatedNode, where: str, source: str, target: str, chosen: list[str]) -> Completed:
    if not node.tree.exists(source):
        return _refused(f"{where}special device {source} does not exist.")
    if not _is_directory(node, source):
        return _refused(f"{where}mount(2) system call failed: Not a directory.")
    if not _is_directory(node, target):
        return _refused(where + NO_DIRECTORY)
    real = node.tree.real(source)
    below = node.tree.mount_of(real) or ROOT
    return _put(
        node,
        target,
        device=below["device"],
        type=below["type"],
        options=_options_of_bind(below["options"].split(","), chosen),
        subvolume=from_the_top(below, real).strip("/"),
        tree=below.get("tree", ""),
    )


def _options_of_bind(below: list[str], chosen: list[str]) -> str:
    """The options of the mount below; where any is given that is a mount's own, these are no longer inherited."""
    given = [option for option in chosen if option in OF_MOUNT]
    if not given:
        return ",".join(below)
    mode = "ro" if "ro" in given else "rw"
    times = [option for option in TIMES if option in given] or [option for option in TIMES if option in below]
    own = [option for option in below if option not in OF_MOUNT]
    return ",".join((mode, *(option for option in FLAGS if option in given), *times, *own))


def _shown(chosen: list[str]) -> list[str]:
    """The options that the kernel shows of any mount."""
    times = [option for option in TIMES if option in chosen] or ["relatime"]
    return ["ro" if "ro" in chosen else "rw", *(option for option in FLAGS if option in chosen), *times]


def _tmpfs(node: SimulatedNode, where: str, source: str, target: str, chosen: list[str]) -> Completed:
    if not _is_directory(node, target):
        return _refused(where + NO_DIRECTORY)
    values = dict(option.partition("=")[::2] for option in chosen)
    sizes = [kibibytes(values[name]) for name in ("size",) if name in values]
    if not set(values) <= ANY_TYPE | TMPFS or None in sizes:
        wrong = f"wrong fs type, bad option, bad superblock on {source}"
        return _refused(f"{where}{wrong}, missing codepage or helper program, or other error.")
    own = [f"size={size}k" for size in sizes]
    own += [f"{name}={values[name]}" for name in ("nr_inodes",) if name in values]
    own += [f"mode={values['mode'].lstrip('0') or '0'}"] if "mode" in values else []
    own += [f"{name}={values[name]}" for name in ("uid", "gid") if name in values]
    tree = f"{MEMORY}{node.tree.real(target)}"
    node.state["trees"][tree] = {"/": {**directory(), "mode": values.get("mode", "1777").zfill(4)}}
    return _put(node, target, device=source, type="tmpfs", options=",".join(_shown(chosen) + own), tree=tree)


def kibibytes(text: str) -> int | None:
    """Read the size of a tmpfs, as the kernel does; None for what it does not understand."""
    found = _SIZE.fullmatch(text)
    if found is None or (found[2] and found[3]):
        return None
    count = int(found[1])
    if found[3]:
        return MEMORY_KIBIBYTES * count // 100
    bytes_ = count << 10 * ("bkmgt".index(found[2].lower()) if found[2] else 0)
    return -(-bytes_ // 4096) * 4


def _export(node: SimulatedNode, where: str, type_: str, source: str, target: str, chosen: list[str]) -> Completed:
    if not node.has("nfs-common"):
        helper = "you might need a /sbin/mount.<type> helper program."
        return _refused(f"{where}bad option; for several filesystems (e.g. nfs, cifs) {helper}")
    values = dict(option.partition("=")[::2] for option in chosen)
    asked = values.get("vers", values.get("nfsvers", "4" if type_ == "nfs4" else ""))
    if refusal := _refusal(node, source, target, values, asked):
        return _refused(f"mount.{type_}: {refusal}")
    if any((each["device"], each["mount_point"]) == (source, node.tree.real(target)) for each in node.state["mounts"]):
        # It is where it should be: mount.nfs is content.
        return Completed(0)
    if source not in node.state["trees"]:
        # What the server has is seen when it is mounted.
        node.state["trees"][source] = {}
    version = "4.2" if asked in {"", "4"} else asked
    own = [option for option in chosen if option.partition("=")[0] in NFS - {"vers", "nfsvers", "bg", "fg", "retry"}]
    own += [] if values.keys() & {"hard", "soft", "softerr"} else ["hard"]
    options = ",".join((*_shown(chosen), f"vers={version}", *own))
    return _put(
        node, target, device=source, type="nfs4" if version.startswith("4") else "nfs", options=options, tree=source
    )


def _refusal(node: SimulatedNode, source: str, target: str, values: dict[str, str], version: str) -> str:
    """What mount.nfs says where it mounts nothing, behind its name; nothing where it does."""
    if not _is_directory(node, target):
        return f"mount point {target} {'is not a directory' if node.tree.exists(target) else 'does not exist'}"
    server, colon, _ = source.rpartition(":/")
    if not colon:
        return "remote share not in 'host:dir' format"
    if not set(values) <= ANY_TYPE | NFS:
        return "an incorrect mount option was specified"
    if source in node.state["trees"] or not node.state["complete"]:
        return ""
    if any(tree.startswith(f"{server}:/") for tree in node.state["trees"]):
        # Before it gives up, it tries the older version of the protocol, unless it was told which one to speak.
        missing = f"mounting {source} failed, reason given by server: No such file or directory"
        return missing if version.startswith("4") else f"access denied by server while mounting {source}"
    is_address = server.startswith("[") or server.replace(".", "").isdigit()
    if not is_address and server not in node.state["names"]:
        return f"Failed to resolve server {server}: Name or service not known"
    # After two minutes.
    return "Connection timed out"

"""Datasets of ZFS on a simulated node, as they are mounted."""

from core.command import Completed
from executors.simulated import pools
from executors.simulated.node import SimulatedNode

FAILED, BUSY = 1, 16
FLAGS = ("nosuid", "nodev", "noexec")
KNOWN = frozenset(("defaults", "ro", "rw", "noatime", "atime", "relatime", *FLAGS, "suid", "dev", "exec"))


def mounted(node: SimulatedNode, name: str, target: str, chosen: list[str]) -> Completed:
    """Answer `mount -t zfs [-o OPTIONS] DATASET DIRECTORY`."""
    if not node.tree.exists(target):
        return Completed(32, "", f"mount: {target}: mount point does not exist.\n")
    dataset = pools.dataset(node, name)
    if dataset is None:
        return Completed(FAILED, "", f"filesystem '{name}' cannot be mounted, unable to open the dataset\n")
    point = node.tree.real(target)
    pool = pools.called(node, name.partition("/")[0])
    where = pools.inherited(pool[1], name, "mountpoint")[0] if pool is not None else ""
    if where != "legacy":
        return Completed(FAILED, "", f"filesystem '{name}' cannot be mounted using 'mount'.\n")
    if any(mount["device"] == name for mount in node.state["mounts"]):
        return Completed(BUSY, "", f"filesystem '{name}' is already mounted\n")
    mode = "ro" if "ro" in chosen else "rw"
    flags = [flag for flag in FLAGS if flag in chosen]
    time = ["noatime"] if "noatime" in chosen else ["relatime"] if "relatime" in chosen else []
    node.state["mounts"].append(
        {
            "device": name,
            "mount_point": point,
            "type": "zfs",
            "options": ",".join((mode, *flags, *time, "xattr", "noacl")),
            "subvolume": "",
        }
    )
    return Completed(0)

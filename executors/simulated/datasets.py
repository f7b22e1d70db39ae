"""Datasets of ZFS on a simulated node, as they are mounted."""

from core.command import Completed
from executors.simulated import pools
from executors.simulated.node import SimulatedNode

FAILED, NOWHERE, BUSY = 1, 2, 128
FLAGS = ("nosuid", "nodev", "noexec")
KNOWN = frozenset(("defaults", "ro", "rw", "noatime", "atime", "relatime", *FLAGS, "suid", "dev", "exec"))


def mounted(node: SimulatedNode, name: str, target: str, chosen: list[str]) -> Completed:
    """Answer `mount -t zfs [-o OPTIONS] DATASET DIRECTORY`."""
    dataset = pools.dataset(node, name)
    if dataset is None:
        return Completed(FAILED, "", f"filesystem '{name}' cannot be mounted, unable to open the dataset\n")
    if not node.tree.exists(target):
        why = f"'{target}' due to canonicalization error: No such file or directory"
        return Completed(NOWHERE, "", f"filesystem '{name}' cannot be mounted at {why}\n")
    if wrong := next((option for option in chosen if option not in KNOWN), ""):
        hint = "Use the '-s' option to ignore the bad mount option.\n"
        return Completed(FAILED, "", f"filesystem '{name}' cannot be mounted due to invalid option '{wrong}'.\n{hint}")
    point = node.tree.real(target)
    pool = pools.called(node, name.partition("/")[0])
    if pool is not None:
        pool[1]["datasets"].setdefault(name, dataset)
    where = pools.inherited(pool[1], name, "mountpoint")[0] if pool is not None else ""
    if where != "legacy":
        said = f"filesystem '{name}' cannot be mounted using 'mount'.\n"
        hint = f"Use 'zfs set mountpoint=legacy' or 'zfs mount {name}'.\nSee zfs(8) for more information.\n"
        return Completed(FAILED, "", said + hint)
    if any((mount["device"], mount["mount_point"]) == (name, point) for mount in node.state["mounts"]):
        return Completed(BUSY, "", f"filesystem '{name}' is already mounted\n")
    mode = "ro" if "ro" in chosen else "rw"
    flags = [flag for flag in FLAGS if flag in chosen]
    time = ["noatime"] if "noatime" in chosen else ["relatime"]
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

"""The subvolumes of a simulated btrfs, as `btrfs subvolume` shows and changes them.

Their numbers are counted from 256 in the order in which they were created: a state keeps no number, so that after a
deletion the later ones have others than a real btrfs would say.
"""

from typing import Any, NamedTuple

from core.command import Completed
from core.state import Content
from core.tree import DELETED
from executors.simulated.devices import is_read_only
from executors.simulated.node import SimulatedNode

TOP, FIRST = 5, 256
CREATED = "2015-09-28 15:00:00 +0000"


class Owner(NamedTuple):
    """The btrfs that a path lies in: its content, what is mounted there, and the path from the top ("" for the top)."""

    content: Content
    mount: dict[str, Any]
    name: str


def owner(node: SimulatedNode, path: str) -> Owner | None:
    """Return the btrfs that a path lies in; None where there is no btrfs."""
    real = node.tree.real(path)
    mount = node.tree.mount_of(real)
    device = None if mount is None else node.device(mount["device"])
    if mount is None or device is None or mount["type"] != "btrfs":
        return None
    inside = real[len(mount["mount_point"].rstrip("/")) + 1 :]
    name = "/".join(part for part in (mount["subvolume"], inside) if part)
    return Owner(node.content(device), mount, name)


def number(content: Content, name: str) -> int:
    """The number of a subvolume; the top has one, too."""
    return FIRST + list(content["subvolumes"]).index(name) if name in content["subvolumes"] else TOP


def _outer(content: Content, name: str) -> str:
    """The innermost subvolume that another one lies in, "" for the top."""
    return max((each for each in content["subvolumes"] if name.startswith(f"{each}/")), key=len, default="")


def create(node: SimulatedNode, path: str) -> Completed:
    """Answer `btrfs subvolume create PATH`."""
    if node.tree.exists(path):
        return Completed(1, "", f"ERROR: target path already exists: {path}\n")
    parent = path.rpartition("/")[0].rstrip("/") or "/"
    if not node.tree.exists(parent):
        return Completed(1, "", f"ERROR: cannot access '{parent}': No such file or directory\n")
    found = owner(node, path)
    if found is None:
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {parent}\n")
    said = f"Create subvolume '{path}'\n"
    if is_read_only(node, path):
        return Completed(1, said, "ERROR: cannot create subvolume: Read-only file system\n")
    found.content["subvolumes"][found.name] = {}
    return Completed(0, said)


def delete(node: SimulatedNode, path: str, *, is_new: bool) -> Completed:
    """Answer `btrfs subvolume delete PATH`. One that is mounted elsewhere goes as well; its mount stays, without it."""
    if not node.tree.exists(path):
        return Completed(1, "", "ERROR: Could not statfs: No such file or directory\n")
    found = owner(node, path)
    if found is None:
        return Completed(1, "", "ERROR: Not a Btrfs filesystem: Invalid argument\n")
    if found.mount["mount_point"] == node.tree.real(path):
        # The directory above is what it is deleted from, and that is no part of this filesystem.
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {path.rpartition('/')[0]}\n")
    content, name = found.content, found.name
    if name not in content["subvolumes"]:
        return Completed(1, "", "ERROR: Not a Btrfs subvolume: Invalid argument\n")
    said = f"Delete subvolume{' (no-commit):' if is_new else ''} '{path}'\n"
    failed = "ERROR: Could not destroy subvolume/snapshot: "
    if any(other.startswith(f"{name}/") for other in content["subvolumes"]):
        return Completed(1, said, f"{failed}Directory not empty\n")
    if is_read_only(node, path):
        return Completed(1, said, f"{failed}Read-only file system\n")
    node.forget({"files": content["subvolumes"].pop(name)})
    for mount in node.state["mounts"]:
        if mount["device"] == found.mount["device"] and mount["subvolume"] == name:
            mount["subvolume"] = f"{name}{DELETED}"
            mount["options"] = mount["options"].removesuffix(f",subvol=/{name}")
    return Completed(0, said)


def show(node: SimulatedNode, path: str) -> Completed:
    """Answer `btrfs subvolume show PATH`, as far as a state knows."""
    if not node.tree.exists(path):
        return Completed(1, "", f"ERROR: cannot find real path for '{path}': No such file or directory\n")
    found = owner(node, path)
    if found is None or found.name not in found.content["subvolumes"]:
        return Completed(1, "", "ERROR: Not a Btrfs subvolume: Invalid argument\n")
    content, name = found.content, found.name
    above = number(content, _outer(content, name))
    return Completed(
        0,
        f"{name}\n\tName: \t\t\t{name.rpartition('/')[2]}\n\tSubvolume ID: \t\t{number(content, name)}\n"
        f"\tParent ID: \t\t{above}\n\tTop level ID: \t\t{above}\n\tFlags: \t\t\t-\n",
    )


def listed(node: SimulatedNode, place: str) -> Completed:
    """Answer `btrfs subvolume list PLACE`: paths inside PLACE from there, all others from the top."""
    if not node.tree.exists(place):
        why = f"ERROR: cannot access '{place}': No such file or directory\n"
        return Completed(1, "", f"{why}ERROR: can't access '{place}'\n")
    found = owner(node, place)
    if found is None:
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {place}\nERROR: can't access '{place}'\n")
    content, here = found.content, found.name
    return Completed(
        0,
        "".join(
            f"ID {number(content, name)} gen 7 top level {number(content, _outer(content, name))} "
            f"path {name.removeprefix(f'{here}/') if here else name}\n"
            for name in content["subvolumes"]
        ),
    )

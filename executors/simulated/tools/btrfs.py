"""mkfs.btrfs and btrfs of btrfs-progs on a simulated node: 3.12, and those since 4.0."""

from typing import Any

from core.command import Command, Completed
from core.holes import is_hole
from executors.simulated.devices import is_formatted, signature, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"btrfs": "btrfs-progs", "mkfs.btrfs": "btrfs-progs"}
UUID_SINCE = (4, 0)
DEVICE_BYTES_MIN = 114_294_784
LABEL_BYTES_MAX = 255


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as mkfs.btrfs or btrfs would."""
    match command.argv:
        case ("mkfs.btrfs", "--version"):
            text = node.state["tools"]["btrfs-progs"]
            return Completed(0, f"mkfs.btrfs, part of {'btrfs-progs' if _is_new(node) else 'Btrfs'} v{text}\n")
        case ("mkfs.btrfs", *words):
            return _make(node, command, words)
        case ("btrfs", "filesystem", "label", place, *text):
            return _label(node, place, text)
        case ("btrfs", "subvol" | "subvolume", "create", path):
            return _create(node, path)
        case ("btrfs", "subvol" | "subvolume", "delete", path):
            return _delete(node, path)
        case ("btrfs", "subvol" | "subvolume", "show", path):
            owner = _owner(node, path)
            if owner is None or owner[1] not in owner[0]["subvolumes"]:
                return Completed(1, "", f"ERROR: Not a Btrfs subvolume: {path}\n")
            return Completed(0, f"{owner[1]}\n\tName: \t\t\t{owner[1]}\n")
        case ("btrfs", "subvol" | "subvolume", "list", place):
            return _list(node, place)
        case ("btrfs", "device", "scan"):
            return Completed(0, "Scanning for Btrfs filesystems\n")
        case _:
            words = list(command.argv[1:])
            return Completed(
                1, "", f"btrfs: unknown token '{' '.join(words)}'\nusage: btrfs [--help] <group> <command>\n"
            )


def _is_new(node: SimulatedNode) -> bool:
    return node.version("btrfs-progs") >= UUID_SINCE


def _make(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    new = _is_new(node)
    values = ("-d", "-m", "-n", "-s", "-O", "-L", "-b", "-A", *(("-U", "-R") if new else ()))
    try:
        found, operands = options(words, flags=("-f", "-K", "-M"), values=values, least=1, most=1)
    except Usage as error:
        return Completed(1, "", f"mkfs.btrfs: {error}\nusage: mkfs.btrfs [options] dev [ dev ... ]\n")
    path = operands[0]
    device = node.device(path)
    if device is None:
        said = f"mount check: cannot open {path}: No such file or directory" if new else f"error checking {path}"
        return _refused(node, said)
    if node.users(path):
        return _refused(node, f"{path} is mounted")
    content = node.content(device)
    if is_formatted(content) and "-f" not in found:
        said = f"{path} appears to contain an existing filesystem ({content['type']})"
        force = f"use the -f option to force overwrite of {path}" if new else "Use the -f option to force overwrite."
        return _refused(node, said, force)
    if device["size"] < DEVICE_BYTES_MIN:
        said = f"'{path}' is too small to make a usable filesystem"
        return _refused(node, said, f"minimum size for each btrfs device is {DEVICE_BYTES_MIN}")
    uuid = found["-U"][-1] if "-U" in found else node.identifier("filesystem", command)
    label = found.get("-L", [""])[-1]
    if "-U" in found and _has_uuid(node, uuid):
        return Completed(1, "", f"ERROR: non-unique UUID: {uuid}\n")
    node.set_content(device, signature("btrfs", uuid, label))
    return _made_new(node, device, path, uuid, label) if new else _made_old(node, device, path, label)


def _refused(node: SimulatedNode, *lines: str) -> Completed:
    prefix = "ERROR: " if _is_new(node) else "Error: "
    return Completed(1, "", "".join(f"{prefix}{line}\n" for line in lines))


def _has_uuid(node: SimulatedNode, uuid: str) -> bool:
    # A uuid that is not made up yet is on no device that was there before, whether anybody has looked at it or not.
    devices = [device for device in node.present().values() if not (is_hole(uuid) and node.is_unseen(device))]
    return any(node.content(device).get("uuid") == uuid for device in devices)


def _gibibytes(device: dict[str, Any]) -> str:
    return f"{device['size'] / 1024**3:.2f}GiB"


def _made_old(node: SimulatedNode, device: dict[str, Any], path: str, label: str) -> Completed:
    version = node.state["tools"]["btrfs-progs"]
    return Completed(
        0,
        f"WARNING! - Btrfs v{version} IS EXPERIMENTAL\nWARNING! - see http://btrfs.wiki.kernel.org before using\n"
        f"fs created label {label or '(null)'} on {path}\n"
        f"nodesize 16384 leafsize 16384 sectorsize 4096 size {_gibibytes(device)}\nBtrfs v{version}\n",
        "Turning ON incompat feature 'extref': increased hardlink limit per file to 65536\n",
    )


def _made_new(node: SimulatedNode, device: dict[str, Any], path: str, uuid: str, label: str) -> Completed:
    return Completed(
        0,
        f"btrfs-progs v{node.state['tools']['btrfs-progs']}\nSee http://btrfs.wiki.kernel.org for more information.\n\n"
        f"Label:              {label or '(null)'}\nUUID:               {uuid}\nNode size:          16384\n"
        f"Sector size:        4096\nFilesystem size:    {_gibibytes(device)}\n"
        f"Number of devices:  1\nDevices:\n   ID        SIZE  PATH\n    1    {_gibibytes(device)}  {path}\n\n",
    )


def _label(node: SimulatedNode, place: str, text: list[str]) -> Completed:
    """The label of a mounted filesystem, or of a device or a file that is not mounted."""
    if len(text) > 1:
        return Completed(1, "", "btrfs filesystem label: too many arguments\n")
    device = storage(node, place)
    if device is None:
        mount = _mount_at(node, place)
        device = None if mount is None else node.device(mount["device"])
    elif text and _is_mounted(node, place):
        return Completed(1, "", f"ERROR: device {place} is mounted, use mount point\n")
    content = None if device is None else node.content(device)
    if device is None or content is None or content.get("type") != "btrfs":
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {place}\n")
    if not text:
        return Completed(0, f"{content['label']}\n")
    if len(text[0].encode()) > LABEL_BYTES_MAX:
        return Completed(1, "", f"ERROR: label {text[0]} is too long (max {LABEL_BYTES_MAX})\n")
    content["label"] = text[0]
    return Completed(0)


def _is_mounted(node: SimulatedNode, place: str) -> bool:
    """Tell whether a device is in use, or a file by way of its loop devices."""
    file = node.tree.real(place)
    loops = [path for path, device in node.state["devices"].items() if device["file"] == file]
    return any(node.users(path) for path in (place, *loops))


def _list(node: SimulatedNode, place: str) -> Completed:
    mount = _mount_at(node, place)
    device = None if mount is None else node.device(mount["device"])
    if device is None:
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {place}\n")
    names = enumerate(node.content(device)["subvolumes"], start=256)
    return Completed(0, "".join(f"ID {number} gen 7 top level 5 path {name}\n" for number, name in names))


def _mount_at(node: SimulatedNode, place: str) -> dict[str, Any] | None:
    real = node.tree.real(place)
    mount = node.tree.mount_of(real)
    return mount if mount is not None and mount["type"] == "btrfs" and mount["mount_point"] == real else None


def _owner(node: SimulatedNode, path: str) -> tuple[dict[str, Any], str] | None:
    """The btrfs content that a path lies in, and the path's name inside it; None where there is no btrfs."""
    real = node.tree.real(path)
    mount = node.tree.mount_of(real)
    device = None if mount is None else node.device(mount["device"])
    if mount is None or device is None or mount["type"] != "btrfs" or mount["mount_point"] == real:
        return None
    inside = real[len(mount["mount_point"]) + 1 :]
    name = f"{mount['subvolume']}/{inside}" if mount["subvolume"] else inside
    return node.content(device), name


def _create(node: SimulatedNode, path: str) -> Completed:
    if node.tree.exists(path):
        return Completed(1, "", f"ERROR: target path already exists: {path}\n")
    parent = path.rpartition("/")[0] or "/"
    if not node.tree.exists(parent):
        return Completed(1, "", f"ERROR: cannot access {parent}: No such file or directory\n")
    owner = _owner(node, path)
    if owner is None:
        return Completed(1, "", f"ERROR: not a btrfs filesystem: {parent}\n")
    mount = node.tree.mount_of(node.tree.real(path))
    if mount is not None and "ro" in mount["options"].split(","):
        return Completed(1, "", "ERROR: cannot create subvolume: Read-only file system\n")
    content, name = owner
    content["subvolumes"][name] = {}
    return Completed(0, f"Create subvolume '{path}'\n")


def _delete(node: SimulatedNode, path: str) -> Completed:
    if not node.tree.exists(path):
        return Completed(1, "", "ERROR: Could not statfs: No such file or directory\n")
    owner = _owner(node, path)
    if owner is None or owner[1] not in owner[0]["subvolumes"]:
        return Completed(1, "", f"ERROR: Not a Btrfs subvolume: {path}\n")
    content, name = owner
    mount = node.tree.mount_of(node.tree.real(path))
    device = "" if mount is None else mount["device"]
    mounted = any(each["device"] == device and each["subvolume"] == name for each in node.state["mounts"])
    failed = "ERROR: Could not destroy subvolume/snapshot: "
    if mounted:
        return Completed(1, "", f"{failed}Device or resource busy\n")
    if any(other.startswith(f"{name}/") for other in content["subvolumes"]):
        return Completed(1, "", f"{failed}Directory not empty\n")
    del content["subvolumes"][name]
    return Completed(0, f"Delete subvolume{' (no-commit):' if _is_new(node) else ''} '{path}'\n")

"""mkfs.btrfs and btrfs of btrfs-progs on a simulated node: 3.12, and those since 4.0."""

from typing import Any

from core.command import Command, Completed
from core.holes import is_hole, is_of_kind
from executors.simulated import btrfs_space as space
from executors.simulated import subvolumes
from executors.simulated.devices import MEBIBYTE, discards, is_formatted, signature, size_of, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = {"btrfs": "btrfs-progs", "mkfs.btrfs": "btrfs-progs"}
UUID_SINCE = (4, 0)
DEVICE_BYTES_MIN = 114_294_784
LABEL_BYTES_MAX = 255
FAILED = 255
"""What `btrfs filesystem label` ends with when it fails."""
GROUPS = {"device", "filesystem", "subvolume"}
NAMES_SINCE, NOTE_SINCE = (5, 14), (5, 15)
METADATA_BYTES_MIN, METADATA_BYTES_MAX, STRIPE_BYTES = 32 * MEBIBYTE, 256 * MEBIBYTE, 64 * 1024
NOTE = """\
NOTE: several default settings have changed in version 5.15, please make sure
      this does not affect your deployments:
      - DUP for metadata (-m dup)
      - enabled no-holes (-O no-holes)
      - enabled free-space-tree (-R free-space-tree)

"""


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as mkfs.btrfs or btrfs would."""
    match command.argv:
        case ("mkfs.btrfs", "--version"):
            text = node.state["tools"]["btrfs-progs"]
            return Completed(0, f"mkfs.btrfs, part of {'btrfs-progs' if _is_new(node) else 'Btrfs'} v{text}\n")
        case ("mkfs.btrfs", *words):
            answer = _make(node, command, words)
            return answer._replace(stdout=_banner(node) + answer.stdout) if _says_more(answer) else answer
        case ("btrfs", "filesystem", "label", place, *text):
            return _label(node, place, text)
        case ("btrfs", "filesystem", ("usage" | "show" | "resize") as what, *words):
            return space.run(node, what, words)
        case ("btrfs", "subvol" | "subvolume", "create", path) if not path.startswith("-"):
            return subvolumes.create(node, path)
        case ("btrfs", "subvol" | "subvolume", "delete", path):
            return subvolumes.delete(node, path, is_new=_is_new(node))
        case ("btrfs", "subvol" | "subvolume", "show", path):
            return subvolumes.show(node, path)
        case ("btrfs", "subvol" | "subvolume", "list", place):
            return subvolumes.listed(node, place)
        case ("btrfs", "device", "scan"):
            return _scan(node)
        case _:
            return _misused(command.argv[1:])


def _misused(words: tuple[str, ...]) -> Completed:
    """What btrfs says of a command that it does not know, and of one without its operand."""
    group, *rest = words or ("",)
    group = "subvolume" if group == "subvol" else group
    if group not in GROUPS:
        return Completed(1, "\n\n", f"btrfs: unknown token '{group}'\nusage: btrfs [--help] <group> <command>\n")
    if group == "subvolume" and rest[:1] and rest[0] in {"create", "delete", "list", "show"}:
        if (option := next((word for word in rest[1:] if word.startswith("-")), "")) and option[1:]:
            # Only `delete` has options that are words.
            wrong = f"unrecognized option '{option}'" if rest[0] == "delete" else f"invalid option '{option[1]}'"
            said = f"{wrong}\nTry 'btrfs subvolume {rest[0]} --help' for more information\n"
            return Completed(1, "", f"btrfs subvolume {rest[0]}: {said}")
        said = f"exactly 1 argument expected, {len(rest) - 1} given"
        return Completed(1, "", f"btrfs subvolume {rest[0]}: {said}\n")
    return Completed(1, "", f"btrfs {group}: unknown token '{' '.join(rest[:1])}'\nusage: btrfs {group}\n")


def _scan(node: SimulatedNode) -> Completed:
    """The newer ones name each device that the kernel hears of."""
    # What nobody has looked at is not asked about: which devices are named is for people.
    seen = ((path, device) for path, device in sorted(node.present().items()) if not node.is_unseen(device))
    found = [path for path, device in seen if node.content(device).get("type") == "btrfs"]
    names = "".join(f"registered: {path}\n" for path in found) if node.version("btrfs-progs") >= NAMES_SINCE else ""
    return Completed(0, f"Scanning for Btrfs filesystems\n{names}")


def _is_new(node: SimulatedNode) -> bool:
    return node.version("btrfs-progs") >= UUID_SINCE


def _banner(node: SimulatedNode) -> str:
    version = node.state["tools"]["btrfs-progs"]
    return (
        f"btrfs-progs v{version}\nSee http://btrfs.wiki.kernel.org for more information.\n\n" if _is_new(node) else ""
    )


def _says_more(answer: Completed) -> bool:
    """Tell whether mkfs got past its options, which it looks at before it says who it is."""
    return not (answer.stderr.startswith("mkfs.btrfs: ") or "is too long" in answer.stderr)


def _make(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    new = _is_new(node)
    values = ("-d", "-m", "-n", "-s", "-O", "-L", "-b", "-A", *(("-U", "-R") if new else ()))
    try:
        found, operands = options(words, flags=("-f", "-K", "-M"), values=values, least=1, most=1)
    except Usage as error:
        said = "" if "operands" in error.args[0] else f"mkfs.btrfs: {getopt_words(error)}\n"
        return Completed(1, "", f"{said}usage: mkfs.btrfs [options] dev [ dev ... ]\n")
    path, label = operands[0], found.get("-L", [""])[-1]
    if len(label.encode()) > LABEL_BYTES_MAX:
        return _refused(node, f"label {label} is too long (max {LABEL_BYTES_MAX})")
    if "-U" in found and (refusal := _refusal_of_uuid(node, found["-U"][-1])):
        return _refused(node, refusal)
    device = storage(node, path) if new else node.device(path)
    if device is None:
        return _refused(node, *_not_a_device(node, path, is_forced="-f" in found))
    if node.users(path):
        return _refused(node, f"{path} is mounted")
    content = node.content(device)
    if is_formatted(content) and "-f" not in found:
        said = f"{path} appears to contain an existing filesystem ({content['type']})"
        force = f"use the -f option to force overwrite of {path}" if new else "Use the -f option to force overwrite."
        return _refused(node, said, force)
    if device["size"] < DEVICE_BYTES_MIN:
        return _refused(node, *_too_small(path))
    if device["read_only"]:
        failed = _refused(node, f"failed to zero device '{path}': Input/output error", f"unable prepare device: {path}")
        return failed._replace(stdout=_trim(node, device, path))
    uuid = found["-U"][-1] if "-U" in found else node.identifier("filesystem", command)
    # It zeroes the last two MiB itself, whatever the device can discard.
    node.set_content(device, signature("btrfs", uuid, label))
    return _made_new(node, device, path, uuid, label) if new else _made_old(node, device, path, label)


def _refusal_of_uuid(node: SimulatedNode, uuid: str) -> str:
    if "«" not in uuid and not is_of_kind(uuid, "uuid"):
        return f"could not parse UUID: {uuid}"
    return f"non-unique UUID: {uuid}" if _has_uuid(node, uuid) else ""


def _not_a_device(node: SimulatedNode, path: str, *, is_forced: bool) -> tuple[str, ...]:
    if not _is_new(node):
        return (f"error checking {path}",)
    if not is_forced:
        unread = f"WARNING: cannot read superblock on {path}, please check manually\n"
        force = f"use the -f option to force overwrite of {path}"
        return (f"probe of {path} failed, cannot detect existing filesystem\n{unread}", force)
    if node.tree.exists(path):
        return _too_small(path)
    missing = f"{path}: No such file or directory"
    return (f"mount check: cannot open {missing}", f"cannot check mount status of {missing}")


def _too_small(path: str) -> tuple[str, str]:
    least = f"minimum size for each btrfs device is {DEVICE_BYTES_MIN}"
    return (f"'{path}' is too small to make a usable filesystem", least)


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


def _trim(node: SimulatedNode, device: dict[str, Any], path: str) -> str:
    return (
        f"Performing full device TRIM {path} ({size_of(device['size'])}) ...\n"
        if node.device(path) and discards(device)
        else ""
    )


def _made_new(node: SimulatedNode, device: dict[str, Any], path: str, uuid: str, label: str) -> Completed:
    size = size_of(device["size"])
    metadata = max(METADATA_BYTES_MIN, min(METADATA_BYTES_MAX, device["size"] // 20 // STRIPE_BYTES * STRIPE_BYTES))
    note = NOTE if node.version("btrfs-progs") >= NOTE_SINCE else ""
    return Completed(
        0,
        f"{_trim(node, device, path)}{note}"
        f"Label:              {label or '(null)'}\nUUID:               {uuid}\nNode size:          16384\n"
        f"Sector size:        4096\nFilesystem size:    {size}\nBlock group profiles:\n"
        f"  Data:             single            8.00MiB\n  Metadata:         DUP     {size_of(metadata):>17}\n"
        "  System:           DUP               8.00MiB\nSSD detected:       no\nZoned device:       no\n"
        "Incompat features:  extref, skinny-metadata, no-holes\nRuntime features:   free-space-tree\n"
        f"Checksum:           crc32c\nNumber of devices:  1\nDevices:\n   ID        SIZE  PATH\n"
        f"    1  {size:>10}  {path}\n\n",
    )


def _label(node: SimulatedNode, place: str, text: list[str]) -> Completed:
    """The label of a mounted filesystem, or of a device or a file that is not mounted."""
    if len(text) > 1:
        return Completed(1, "", "btrfs filesystem label: too many arguments\n")
    device = storage(node, place)
    if device is None:
        if not node.tree.exists(place):
            return Completed(FAILED, "", f"ERROR: unable to access {place}: No such file or directory\n")
        mount = node.tree.mount_of(node.tree.real(place))
        device = None if mount is None else node.device(mount["device"])
        if not text:
            # The kernel tells the label of other filesystems as well; that of the root is taken to be empty.
            return Completed(0, f"{'' if device is None else node.content(device).get('label', '')}\n")
        if device is None:
            return Completed(FAILED, "", f"ERROR: not a btrfs filesystem: {place}\n")
    elif text and _is_mounted(node, place):
        return Completed(FAILED, "", f"ERROR: device {place} is mounted, use mount point\n")
    content = node.content(device)
    if content.get("type") != "btrfs":
        return Completed(FAILED, "", f"No valid Btrfs found on {place}\n")
    if not text:
        return Completed(0, f"{content['label']}\n")
    if len(text[0].encode()) > LABEL_BYTES_MAX:
        return Completed(FAILED, "", f"ERROR: label {text[0]} is too long (max {LABEL_BYTES_MAX})\n")
    content["label"] = text[0]
    return Completed(0)


def _is_mounted(node: SimulatedNode, place: str) -> bool:
    """Tell whether a device is in use, or a file by way of its loop devices."""
    file = node.tree.real(place)
    loops = [path for path, device in node.state["devices"].items() if device["file"] == file]
    return any(node.users(path) for path in (place, *loops))

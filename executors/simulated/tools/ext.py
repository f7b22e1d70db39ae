"""mkfs.ext2, -3 and -4, e2fsck, tune2fs and resize2fs of e2fsprogs on a simulated node, without a terminal."""

from typing import Any

from core.command import Command, Completed
from core.holes import is_of_kind
from core.state import Content
from executors.simulated.devices import (
    MEBIBYTE,
    directory,
    discards,
    fill,
    held,
    is_formatted,
    seems_mounted,
    signature,
    storage,
    tail_left,
)
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = dict.fromkeys(("e2fsck", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4", "resize2fs", "tune2fs"), "e2fsprogs")
DEVICE_BYTES_MIN, INODES_BYTES_MIN = 60 * 1024, 104 * 1024
SMALL_BYTES = 512 * MEBIBYTE
"""Below this size, blocks have 1 KiB, from it on 4 KiB."""
LABEL_BYTES_MAX = 16
OPERATIONAL_ERROR = 8
EXT = {"ext2", "ext3", "ext4"}
GROUPS_OF_FLEX = 16
LAST_GROUP_BLOCKS_MIN = 50
INODE_BYTES, INODE_RATIO_SMALL, INODE_RATIO = 256, 4096, 16384
JOURNAL_BLOCKS_MIN = 2048
"""With fewer blocks than these a filesystem gets no journal, so that an ext3 is an ext2."""
NO_INODES = "ext2fs_mkdir: Could not allocate inode in ext2 filesystem while creating /lost+found\n"
NO_INODES_EXT4 = "ext2fs_write_inode_full: Illegal inode number while writing reserved inodes\n"
NOT_EXT = """
The superblock could not be read or does not describe a valid ext2/ext3/ext4
filesystem.  If the device is valid and it really contains an ext2/ext3/ext4
filesystem (and not swap or ufs or something else), then the superblock
is corrupt, and you might try running e2fsck with an alternate superblock:
    e2fsck -b 8193 <device>
 or
    e2fsck -b 32768 <device>

"""
MOUNTED = "The UUID may only be changed when the filesystem is unmounted.\n"
SEED = "If you only use kernels newer than v4.4, run 'tune2fs -O metadata_csum_seed' and re-run this command.\n"
PAGE_BYTES = 4096
RESIZE_USAGE = """\
Usage: resize2fs [-d debug_flags] [-f] [-F] [-M] [-P] [-p] device [-b|-s|new_size] [-S RAID-stride] [-z undo_file]

"""
ZERO_SIZE = """Device size reported to be zero.  Invalid partition specified, or
\tpartition table wasn't reread after running fdisk, due to
\ta modified partition being busy and in use.  You may need to reboot
\tto re-read your partition table.

"""


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `mkfs.extN -q -U UUID [OPTION...] DEVICE`, `e2fsck -p`, `tune2fs -l|-U UUID|-L LABEL`, `resize2fs`."""
    program, *words = command.argv
    if program == "e2fsck":
        return _check(node, words)
    if program == "resize2fs":
        return _resize(node, words)
    return _tune(node, words) if program == "tune2fs" else _make(node, command, program, words)


def block_size(size: int) -> int:
    """The block size that mkfs chooses for a device of this size."""
    return 1024 if size < SMALL_BYTES else 4096


def _misused(program: str, error: Usage) -> Completed:
    found = error.args[0].partition("unrecognized option '-")[2][:1]
    said = f"{program}: invalid option -- '{found}'\n" if found else ""
    return Completed(1, "", f"{said}Usage: {program} [-c|-l filename] [-b block-size] device\n")


def _make(node: SimulatedNode, command: Command, program: str, words: list[str]) -> Completed:
    values = ("-U", "-b", "-E", "-g", "-G", "-i", "-I", "-J", "-L", "-m", "-M", "-N", "-o", "-O", "-r", "-T")
    try:
        found, operands = options(words, flags=("-q", "-j", "-F"), values=values, least=1, most=1)
    except Usage as error:
        return _misused(program, error)
    path = operands[0]
    device = storage(node, path)
    if device is None:
        said = f"{program}: {ZERO_SIZE}" if node.tree.exists(path) else ""
        return Completed(1, "", said or f"The file {path} does not exist and no size was specified.\n")
    if node.users(path):
        use = "mounted" if seems_mounted(node, path) else "apparently in use by the system"
        return Completed(1, "", f"{path} is {use}; will not make a filesystem here!\n")
    if device["size"] < DEVICE_BYTES_MIN:
        return Completed(1, "", f"{path}: Not enough space to build proposed filesystem while setting up superblock\n")
    if device["read_only"]:
        return Completed(1, "", f"{path}: Operation not permitted while setting up superblock\n")
    type_, tail, said = program.removeprefix("mkfs."), tail_left(node, device), ""
    if type_ != "ext2" and device["size"] < JOURNAL_BLOCKS_MIN * block_size(device["size"]):
        type_, said = "ext2" if type_ == "ext3" else type_, "\nFilesystem too small for a journal\n"
    uuid = found["-U"][-1] if "-U" in found else node.identifier("filesystem", command)
    if device["size"] < INODES_BYTES_MIN:
        said += NO_INODES_EXT4 if type_ == "ext4" else NO_INODES
        return Completed(1, "", said)
    if "«" not in uuid and not is_of_kind(uuid, "uuid"):
        if discards(device):
            # It did so before it looked at the uuid.
            node.set_content(device, {"kind": "zero"})
        return Completed(1, "", f"{path}: could not parse UUID: {uuid}\n\n")
    # Without a terminal to ask at, what was there is overwritten without a word.
    label = found.get("-L", [""])[-1]
    short = _short(label)
    tail = tail or _writes_tail(type_, device)
    node.set_content(device, signature(type_, uuid, short, {"/lost+found": {**directory(), "mode": "0700"}}, tail=tail))
    warned = f"Warning: label too long; will be truncated to '{short}'\n\n" if short != label else ""
    return Completed(0, "", warned + said)


def _short(label: str) -> str:
    return label.encode()[:LABEL_BYTES_MAX].decode(errors="ignore")


def _writes_tail(type_: str, device: dict[str, Any]) -> bool:
    """Tell whether the last block group begins in the last MiB and has bitmaps: of an ext4, only some groups have."""
    size, block = device["size"], block_size(device["size"])
    group_bytes, first = 8 * block * block, 1024 if block == 1024 else 0  # noqa: PLR2004 - KiB blocks begin at one
    last = (size - first - 1) // group_bytes
    begin = first + last * group_bytes
    # A group that has no room for its inodes is left out.
    inodes = size // (INODE_RATIO_SMALL if size < SMALL_BYTES else INODE_RATIO) // (last + 1)
    least = (inodes * INODE_BYTES // block + LAST_GROUP_BLOCKS_MIN) * block
    if last < 1 or begin < size - MEBIBYTE or size - begin < least:
        return False
    return type_ != "ext4" or last % GROUPS_OF_FLEX == 0 or _has_backup(last)


def _has_backup(group: int) -> bool:
    """Tell whether a group has a copy of the superblock: the powers of 3, 5 and 7 have."""
    for base in (3, 5, 7):
        power = base
        while power < group:
            power *= base
        if power == group:
            return True
    return group <= 1


def _cannot_open(node: SimulatedNode, path: str) -> str:
    return "Is a directory" if node.tree.exists(path) else "No such file or directory"


def _check(node: SimulatedNode, words: list[str]) -> Completed:
    try:
        _, (path,) = options(words, flags=("-p",), least=1, most=1)
    except Usage as error:
        return _misused("e2fsck", error)._replace(returncode=16)
    device = storage(node, path)
    if device is None:
        missing = not node.tree.exists(path)
        said = "Possibly non-existent device?\n" if missing else f"{path}: {NOT_EXT}"
        why = _cannot_open(node, path)
        return Completed(OPERATIONAL_ERROR, said, f"e2fsck: {why} while trying to open {path}\n")
    if node.users(path):
        use = f"{path} is {'mounted' if seems_mounted(node, path) else 'in use'}.\n"
        return Completed(OPERATIONAL_ERROR, use, "e2fsck: Cannot continue, aborting.\n\n\n")
    content = node.content(device)
    if content["kind"] == "unseen":
        return Completed(0, f"{path}: clean\n")
    if content.get("type") not in EXT:
        said = f"e2fsck: Bad magic number in super-block while trying to open {path}\n"
        return Completed(OPERATIONAL_ERROR, f"{path}: {NOT_EXT}{_holds(path, content)}", said)
    if device["read_only"]:
        said = f"e2fsck: Operation not permitted while trying to open {path}\n"
        return Completed(OPERATIONAL_ERROR, "You must have r/w access to the filesystem or be root\n", said)
    return Completed(0, f"{content['label'] or path}: clean, {_counts(device)}\n")


def _holds(path: str, content: Content) -> str:
    """What e2fsck and tune2fs say of a filesystem that is none of theirs."""
    if not is_formatted(content):
        return ""
    labelled = f" labelled '{content['label']}'" if content["label"] else ""
    return f"{path} contains a {content['type']} file system{labelled}\n"


def _counts(device: dict[str, Any]) -> str:
    """Numbers that look as those of a new filesystem: how many files and blocks are taken is not simulated."""
    blocks = device["size"] // block_size(device["size"])
    return f"11/{blocks // 4} files, {blocks // 10}/{blocks} blocks"


def _tune(node: SimulatedNode, words: list[str]) -> Completed:
    banner = f"tune2fs {node.state['tools']['e2fsprogs']} (5-Feb-2023)\n"
    try:
        found, operands = options(words, flags=("-l",), values=("-U", "-L"), least=1, most=1)
    except Usage as error:
        return _misused("tune2fs", error)._replace(stdout=banner)
    path = operands[0]
    device = storage(node, path)
    if "-U" in found and not ("«" in found["-U"][-1] or is_of_kind(found["-U"][-1], "uuid")):
        return Completed(1, banner, "tune2fs: Invalid UUID format\n\n")
    if device is None:
        said = f"tune2fs: {_cannot_open(node, path)} while trying to open {path}\n"
        return Completed(1, banner, f"{said}Couldn't find valid filesystem superblock.\n")
    content = node.content(device)
    if content.get("type") not in EXT:
        said = f"tune2fs: Bad magic number in super-block while trying to open {path}\n"
        return Completed(1, banner + _holds(path, content), said)
    if "-l" in found:
        return Completed(0, banner + _superblock(held(node, path, device), content))
    if device["read_only"]:
        said = f"tune2fs: Operation not permitted while trying to open {path}\n"
        return Completed(1, banner, f"{said}Couldn't find valid filesystem superblock.\n")
    if "-U" in found and node.users(path):
        return Completed(1, banner, MOUNTED + (SEED if content["type"] == "ext4" else ""))
    label = found.get("-L", [content["label"]])[-1]
    content.update(uuid=found.get("-U", [content["uuid"]])[-1], label=_short(label))
    return Completed(0, banner, "Warning: label too long, truncating.\n" if _short(label) != label else "")


def _superblock(size: int, content: Content) -> str:
    """The fields of `tune2fs -l` that the state knows."""
    block = block_size(size)
    fields = {
        "Filesystem volume name": content["label"] or "<none>",
        "Filesystem UUID": content["uuid"],
        "Filesystem magic number": "0xEF53",
        "Filesystem state": "clean",
        "Block count": size // block,
        "Block size": block,
    }
    return "".join(f"{name + ':':<26}{value}\n" for name, value in fields.items())


def _resize(node: SimulatedNode, words: list[str]) -> Completed:
    """Grow a filesystem to its device; whether it was checked since its last mount is not simulated."""
    banner = f"resize2fs {node.state['tools']['e2fsprogs']} (5-Feb-2023)\n"
    try:
        _, (path,) = options(words, least=1, most=1)
    except Usage as error:
        wrong = error.args[0].partition("unrecognized option '-")[2][:1]
        said = f"resize2fs: invalid option -- '{wrong}'\n" if wrong else ""
        return Completed(1, "", f"{banner}{said}{RESIZE_USAGE}")
    device = storage(node, path)
    if device is None:
        said = f"open: {_cannot_open(node, path)} while opening {path}\n"
        return Completed(1, "", banner + said)
    content = node.content(device)
    if content.get("type") not in EXT:
        said = f"resize2fs: Bad magic number in super-block while trying to open {path}\n"
        nothing = "Couldn't find valid filesystem superblock.\n"
        return Completed(1, nothing, f"{banner}{said}")
    size = held(node, path, device)
    block = block_size(size)
    blocks, room = size // block, device["size"] // PAGE_BYTES * PAGE_BYTES // block
    unit = f"({block // 1024}k) blocks"
    if room <= blocks:
        said = f"The filesystem is already {blocks} {unit} long.  Nothing to do!\n\n"
        return Completed(0, "", banner + said)
    mount = next((each for each in node.state["mounts"] if each["device"] == node.tree.real(path)), None)
    if mount is not None:
        before, after = _descriptor_blocks(blocks, block, content), _descriptor_blocks(room, block, content)
        told = f"Filesystem at {path} is mounted on {mount['mount_point']}; on-line resizing required\n"
        told += f"old_desc_blocks = {before}, new_desc_blocks = {after}\n"
        if "ro" in mount["options"].split(","):
            return Completed(1, told, f"{banner}resize2fs: Read-only file system While trying to add group\n")
    else:
        told = f"Resizing the filesystem on {path} to {room} {unit}.\n"
    fill(node, device)
    return Completed(0, f"{told}The filesystem on {path} is now {room} {unit} long.\n\n", banner)


def _descriptor_blocks(blocks: int, block: int, content: Content) -> int:
    """How many blocks the descriptors of all groups take: those of an ext4 are twice as long."""
    groups = -(-(blocks - (block == 1024)) // (8 * block))  # noqa: PLR2004 - KiB blocks begin at one
    return -(-groups * (64 if content["type"] == "ext4" else 32) // block)

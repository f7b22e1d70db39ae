"""mkfs.xfs, xfs_admin, xfs_info and xfs_growfs of xfsprogs on a simulated node."""

from typing import Any

from core.command import Command, Completed
from core.holes import is_of_kind
from executors.simulated.devices import fill, held, is_formatted, seems_mounted, shown, signature, storage, tail_left
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage, options

PROGRAMS = dict.fromkeys(("mkfs.xfs", "xfs_admin", "xfs_growfs", "xfs_info"), "xfsprogs")
UUID_SINCE, LARGE_SINCE = (4, 3), (5, 19)
BYTES_MIN_OLD, BYTES_MIN = 16 * 1024**2, 300 * 1024**2
GROUP_BLOCKS_MIN = 64
"""A last group of fewer blocks is left out when a filesystem grows."""
BLOCK_BYTES, LABEL_BYTES_MAX = 4096, 12
USAGE = "Usage: mkfs.xfs\n"
ADMIN_USAGE = "Usage: xfs_admin [-efjlpuV] [-c 0|1] [-L label] [-O v5_feature] [-r rtdev] [-U uuid] device [logdev]\n"
GROWFS_USAGE = """\
Usage: xfs_growfs [options] mountpoint

Options:
\t-d          grow data/metadata section
\t-l          grow log section
\t-r          grow realtime section
\t-n          don't change anything, just show geometry
\t-i          convert log from external to internal format
\t-t          alternate location for mount table (/etc/mtab)
\t-x          convert log from internal to external format
\t-D size     grow data/metadata section to size blks
\t-L size     grow/shrink log section to size blks
\t-R size     grow realtime section to size blks
\t-e size     set realtime extent size to size blks
\t-m imaxpct  set inode max percent to imaxpct
\t-V          print version information
"""
GEOMETRY = """\
meta-data={path:<22} isize=512    agcount={groups}, agsize={group} blks
         =                       sectsz=512   attr=2, projid32bit=1
         =                       crc=1        finobt=1, sparse=1, rmapbt=0
         =                       reflink=1    bigtime=1 inobtcount=1 nrext64=0
data     =                       bsize=4096   blocks={blocks}, imaxpct=25
         =                       sunit=0      swidth=0 blks
naming   =version 2              bsize=4096   ascii-ci=0, ftype=1
log      =internal log           bsize=4096   blocks=16384, version=2
         =                       sectsz=512   sunit=0 blks, lazy-count=1
realtime =none                   extsz=4096   blocks=0, rtextents=0
"""
"""What xfsprogs 6.1 say of a filesystem that mkfs has divided into four groups; what growing adds is not simulated."""
NOT_WRITABLE = "mkfs.xfs: pwrite failed: Operation not permitted\n"


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `-V`, `mkfs.xfs -q [-m uuid=UUID] [OPTION...] DEVICE` and `xfs_admin -lu|-U UUID|-L LABEL DEVICE`."""
    program, *words = command.argv
    if words == ["-V"]:
        return Completed(0, f"{program} version {node.state['tools']['xfsprogs']}\n")
    if program in {"xfs_growfs", "xfs_info"}:
        return _info(node, words) if program == "xfs_info" else _grow(node, words)
    return _admin(node, words) if program == "xfs_admin" else _make(node, command, words)


def _make(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    try:
        values = ("-m", "-b", "-d", "-i", "-l", "-L", "-n", "-r", "-s")
        found, operands = options(words, flags=("-q", "-f", "-K"), values=values, most=1)
    except Usage as error:
        wrong = error.args[0].partition("unrecognized option '-")[2][:1]
        said = f"mkfs.xfs: invalid option -- '{wrong}'\nunknown option -{wrong} \n" if wrong else f"{error}\n"
        return Completed(1, "", f"{said}{USAGE}")
    if not operands:
        return Completed(1, "", f"No device name specified\n{USAGE}")
    chosen = dict(word.partition("=")[::2] for text in found.get("-m", []) for word in text.split(","))
    if refusal := _refusal_of_options(node, found, chosen):
        return Completed(1, "", refusal + USAGE)
    path = operands[0]
    device = storage(node, path)
    if device is None:
        missing = f"Error accessing specified device {path}: No such file or directory"
        said = f"specified device {path} not a file or block device" if node.tree.exists(path) else missing
        return Completed(1, "", f"{said}\n{USAGE}")
    if refusal := _refusal(node, path, device, is_forced="-f" in found):
        return Completed(1, "", refusal)
    uuid = chosen["uuid"] if "uuid" in chosen else node.identifier("filesystem", command)
    node.set_content(device, signature("xfs", uuid, found.get("-L", [""])[-1], tail=tail_left(node, device)))
    return Completed(0)


def _refusal_of_options(node: SimulatedNode, found: Options, chosen: dict[str, str]) -> str:
    if "uuid" in chosen and node.version("xfsprogs") < UUID_SINCE:
        return f"unknown option -m {found['-m'][-1]}\n"
    label, uuid = found.get("-L", [""])[-1], chosen.get("uuid", "")
    if len(label.encode()) > LABEL_BYTES_MAX:
        return f"Invalid value {label} for -L option\n"
    if uuid and "«" not in uuid and not is_of_kind(uuid, "uuid"):
        return f"Invalid value {uuid} for -m uuid option\n"
    return ""


def _refusal(node: SimulatedNode, path: str, device: dict[str, Any], *, is_forced: bool) -> str:
    """What mkfs.xfs says of a device that it does not format; nothing for one that it does."""
    if node.users(path):
        if seems_mounted(node, path):
            return f"mkfs.xfs: {path} contains a mounted filesystem\n{USAGE}"
        return f"mkfs.xfs: cannot open {path}: Device or resource busy\n"
    content = node.content(device)
    if is_formatted(content) and not is_forced:
        said = f"mkfs.xfs: {path} appears to contain an existing filesystem ({content['type']})."
        return f"{said}\nmkfs.xfs: Use the -f option to force overwrite.\n"
    if device["size"] < BYTES_MIN_OLD:
        blocks = f"{device['size'] // BLOCK_BYTES} of data subvolume is too small, minimum"
        return f"size {blocks} {BYTES_MIN_OLD // BLOCK_BYTES} blocks\n{USAGE}"
    if node.version("xfsprogs") >= LARGE_SINCE and device["size"] < BYTES_MIN:
        return f"Filesystem must be larger than 300MB.\n{USAGE}"
    return NOT_WRITABLE if device["read_only"] else ""


def _admin(node: SimulatedNode, words: list[str]) -> Completed:
    """Answer as xfs_admin does: it is a script around xfs_db, and ends with 0 also where that changed nothing."""
    apart = [f"-{letter}" for word in words[:1] for letter in word[1:]] if words[:1] == ["-lu"] else words[:1]
    try:
        found, operands = options([*apart, *words[1:]], flags=("-l", "-u"), values=("-U", "-L"), most=1)
    except Usage as error:
        wrong = error.args[0].partition("unrecognized option '")[2][:2]
        return Completed(2, "", f"Illegal option {wrong}\n{ADMIN_USAGE}")
    if not operands:
        return Completed(2, "", ADMIN_USAGE)
    path = operands[0]
    device = storage(node, path)
    if device is None:
        why = "not a file or block device" if node.tree.exists(path) else "No such file or directory"
        return Completed(1, "", f"{path}: {why}\n\nfatal error -- couldn't initialize XFS library\n")
    changes = "-U" in found or "-L" in found
    if changes and node.users(path):
        said = f"xfs_admin: {path} contains a mounted filesystem\n\nfatal error -- couldn't initialize XFS library\n"
        return Completed(1, "", said)
    content = node.content(device)
    if content.get("type") != "xfs":
        said = f"xfs_admin: {path} is not a valid XFS filesystem (unexpected SB magic number 0x00000000)\n"
        return Completed(1, "", f"{said}Use -F to force a read attempt.\n")
    if changes:
        return _changed(device, content, found)
    label = f'label = "{content["label"]}"\n' if "-l" in found else ""
    return Completed(0, label + (f"UUID = {content['uuid']}\n" if "-u" in found else ""))


def _changed(device: dict[str, Any], content: dict[str, Any], found: Options) -> Completed:
    """Give a filesystem another uuid or label."""
    if device["read_only"]:
        return Completed(0, "writing all SBs\nwrite error: Operation not permitted\n", NOT_WRITABLE)
    if "-U" in found:
        uuid = found["-U"][-1]
        if "«" not in uuid and not is_of_kind(uuid, "uuid"):
            return Completed(0, "invalid UUID\n")
        content["uuid"] = uuid
        return Completed(0, f"Clearing log and setting UUID\nwriting all SBs\nnew UUID = {uuid}\n")
    label = "" if found["-L"][-1] == "--" else found["-L"][-1]
    short = label.encode()[:LABEL_BYTES_MAX].decode(errors="ignore")
    size = len(label.encode())
    said = f"xfs_admin: truncating label length from {size} to {LABEL_BYTES_MAX}\n" if short != label else ""
    content["label"] = short
    return Completed(0, f'writing all SBs\n{said}new label = "{short}"\n')


def _geometry(node: SimulatedNode, path: str, device: dict[str, Any]) -> str:
    blocks = held(node, path, device) // BLOCK_BYTES
    return GEOMETRY.format(path=shown(node, path), groups=4, group=-(-blocks // 4), blocks=blocks)


def _mounted(node: SimulatedNode, point: str) -> str:
    """The device of the xfs that is mounted at a place; "" where none is."""
    real = node.tree.real(point)
    mounts = [each for each in node.state["mounts"] if each["mount_point"] == real and each["type"] == "xfs"]
    return str(mounts[-1]["device"]) if mounts else ""


def _info(node: SimulatedNode, words: list[str]) -> Completed:
    """Answer `xfs_info PLACE`: a mount point, a device or a file."""
    if len(words) != 1 or words[0].startswith("-"):
        return Completed(2, "", "Usage: xfs_info [-V] [-t mtab] [mountpoint|device|file]\n")
    place = _mounted(node, words[0]) or words[0]
    device = storage(node, place)
    if device is None:
        if node.tree.exists(place):
            return Completed(1, "", f"xfs_info: cannot open {place}: Is a directory\n")
        said = f"{place}: No such file or directory\n\nfatal error -- couldn't initialize XFS library\n"
        return Completed(1, "", said)
    if node.content(device).get("type") != "xfs":
        said = f"xfs_info: {place} is not a valid XFS filesystem (unexpected SB magic number 0x00000000)\n"
        return Completed(1, "", f"{said}Use -F to force a read attempt.\n")
    return Completed(0, _geometry(node, place, device))


def _grow(node: SimulatedNode, words: list[str]) -> Completed:
    """Answer `xfs_growfs POINT`: all of the device, while it is mounted and writable."""
    try:
        _, operands = options(words, most=1)
    except Usage as error:
        wrong = error.args[0].partition("unrecognized option '-")[2][:1]
        return Completed(2, "", (f"xfs_growfs: invalid option -- '{wrong}'\n" if wrong else "") + GROWFS_USAGE)
    if not operands:
        return Completed(2, "", GROWFS_USAGE)
    point = operands[0]
    if not node.tree.exists(point):
        return Completed(1, "", f"xfs_growfs: path resolution failed for {point}: No such file or directory\n")
    path = _mounted(node, point)
    if not path:
        return Completed(1, "", f"xfs_growfs: {point} is not a mounted XFS filesystem\n")
    device = node.state["devices"][path]
    blocks, room = held(node, path, device) // BLOCK_BYTES, device["size"] // BLOCK_BYTES
    told = _geometry(node, path, device)
    mount = next(each for each in node.state["mounts"] if each["device"] == path)
    if room - blocks < GROUP_BLOCKS_MIN:
        return Completed(0, told)
    if "ro" in mount["options"].split(","):
        return Completed(1, told, "xfs_growfs: XFS_IOC_FSGROWFSDATA xfsctl failed: Read-only file system\n")
    fill(node, device)
    return Completed(0, f"{told}data blocks changed from {blocks} to {room}\n")

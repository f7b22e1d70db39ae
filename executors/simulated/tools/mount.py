"""mount, umount and findmnt on a simulated node."""

from typing import Any

from core.command import Command, Completed
from core.state import Content
from executors.simulated import unformatted
from executors.simulated.devices import discards, first_free_loop, is_formatted, loop, release, shown, signature
from executors.simulated.node import SimulatedNode
from executors.simulated.subvolumes import TOP, number
from executors.simulated.usage import Options, Usage, options

PROGRAMS = {"findmnt": "util-linux", "mount": "mount", "umount": "mount"}
REFUSED = 32
TAG_NOT_FOUND = 1

TYPES = {
    "ext2": {"ext2"},
    "ext3": {"ext3"},
    "ext4": {"ext2", "ext3", "ext4"},
    "xfs": {"xfs"},
    "btrfs": {"btrfs"},
    "vxfs": {"vxfs"},
}
"""What the kernel of the node can mount, and which contents each type takes."""
_ANY_TYPE = """
async atime auto defaults dev diratime dirsync exec iversion lazytime mand noatime noauto nodev nodiratime noexec nofail
nomand norelatime nosuid nouser relatime ro rw strictatime suid sync user users _netdev
"""
_ONE_TYPE = {
    "ext": """
acl noacl barrier nobarrier commit data data_err delalloc nodelalloc discard nodiscard errors grpquota journal_checksum
noquota nouid32 quota stripe user_xattr nouser_xattr usrquota usrjquota grpjquota
""",
    "xfs": """
allocsize attr2 discard nodiscard filestreams grpid gquota inode32 inode64 largeio logbsize logbufs norecovery nouuid
pquota prjquota quota sunit swalloc swidth uquota usrquota
""",
    "vxfs": """
blkclear convosync cron datainlog delaylog ioerror largefiles log mincache nodatainlog nolargefiles nomtime qio noqio
qlog quota remount tmplog tranflush
""",
    "btrfs": """
acl noacl autodefrag noautodefrag barrier nobarrier clear_cache commit compress compress-force datacow nodatacow datasum
nodatasum degraded device discard nodiscard flushoncommit max_inline metadata_ratio recovery space_cache nospace_cache
ssd nossd ssd_spread subvol subvolid user_subvol_rm_allowed
""",
}
OPTIONS = {family: frozenset((_ANY_TYPE + own).split()) for family, own in _ONE_TYPE.items()}
"""The mount options that each family of filesystems knows."""
_PLAIN = frozenset(_ANY_TYPE.split())
FLAGS, LATER_FLAGS = ("nosuid", "nodev", "noexec"), ("sync", "dirsync", "mand", "lazytime")
TIMES = ("noatime", "nodiratime", "relatime")
OF_XFS = ("inode64", "logbufs=8", "logbsize=32k", "noquota")
DEFAULTS = frozenset(("discard", "space_cache", "inode64", "logbufs", "logbsize", "noquota", "wsync"))
FREE_SPACE_TREE_SINCE = (5, 15)
HINT_SINCE = (2, 38)
HINT = "       dmesg(1) may have more information after failed mount system call.\n"
COLUMNS = {"SOURCE", "TARGET", "FSTYPE", "OPTIONS"}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as mount, umount or findmnt would."""
    program, *words = command.argv
    try:
        return {"mount": _mount, "umount": _umount, "findmnt": _findmnt}[program](node, words)
    except Usage as error:
        return Completed(1, "", f"{program}: {error}\nTry '{program} --help' for more information.\n")


def _mount(node: SimulatedNode, words: list[str]) -> Completed:
    try:
        found, (source, target) = options(words, values=("-t", "-o"), least=2, most=2)
    except Usage as error:
        raise Usage("bad usage" if "operands" in error.args[0] else error.args[0]) from None
    answer = _mounted(node, found, source, target)
    if answer.returncode == REFUSED and answer.stderr.startswith("mount: ") and node.version("mount") >= HINT_SINCE:
        return answer._replace(stderr=f"{answer.stderr}{HINT}")
    return answer


def _mounted(node: SimulatedNode, found: Options, source: str, target: str) -> Completed:
    where, type_ = f"mount: {target}: ", found.get("-t", ["auto"])[-1]
    if type_ == "zfs" and ("zfsutils-linux" in node.state["tools"] or not node.state["complete"]):
        return _mount_dataset(node, found, source, target)
    # What mounts NFS looks for itself.
    if not node.tree.exists(target) and not type_.startswith("nfs"):
        return Completed(REFUSED, "", f"{where}mount point does not exist.\n")
    chosen = [option for text in found.get("-o", []) for option in text.split(",") if option]
    answer = unformatted.mounted(node, where, type_, source, target, chosen)
    if answer is not None:
        return answer
    # A file is mounted by a loop device, whether `loop` is asked for or not.
    looped = _looped(node, source)
    chosen = [option for option in chosen if option != "loop"] if looped != source or "loop" in chosen else chosen
    answer = _mount_source(node, where, looped, target, type_, chosen)
    if looped != source:
        release(node, looped)
    return answer


def _mount_source(
    node: SimulatedNode, where: str, source: str, target: str, type_: str, chosen: list[str]
) -> Completed:
    path = node.by_tag(source)
    device = None if path is None else node.device(path)
    if path is None or device is None:
        return _no_device(node, where, source)
    content = node.content(device)
    if content["kind"] == "unseen" and type_ in TYPES:
        # Of a device that is only going to be there nobody knows what it holds: it is taken for what is asked for.
        content = {**signature(type_, ""), "known": False}
        node.set_content(device, content)
    if type_ == "auto":
        type_ = content.get("type", "ext4")
    if type_ not in TYPES:
        return Completed(REFUSED, "", f"{where}unknown filesystem type '{type_}'.\n")
    if content["kind"] == "unknown":
        return Completed(REFUSED, "", f"{where}can't read superblock on {path}.\n")
    if not _is_mountable(device, content, type_, chosen):
        wrong = f"wrong fs type, bad option, bad superblock on {path}"
        return Completed(REFUSED, "", f"{where}{wrong}, missing codepage or helper program, or other error.\n")
    subvolume = _subvolume(content, chosen)
    if subvolume and not content["known"]:
        # Nobody could look into it; a mount that fails would end every plan to start a service.
        content["subvolumes"].setdefault(subvolume, {})
    if subvolume and subvolume not in content["subvolumes"]:
        return Completed(REFUSED, "", f"{where}mount(2) system call failed: No such file or directory.\n")
    entry = node.tree.entry(target)
    if entry is None or entry["kind"] != "directory":
        return Completed(REFUSED, "", f"{where}mount point is not a directory.\n")
    return _put(node, where, path, node.tree.real(target), type_, chosen, subvolume or "")


def _mount_dataset(node: SimulatedNode, found: Options, name: str, target: str) -> Completed:
    """Mount a dataset, as mount.zfs does."""
    from executors.simulated import datasets

    chosen = [option for text in found.get("-o", []) for option in text.split(",") if option]
    return datasets.mounted(node, name, target, chosen)


def _no_device(node: SimulatedNode, where: str, source: str) -> Completed:
    if source.startswith(("LABEL=", "UUID=")):
        return Completed(TAG_NOT_FOUND, "", f"{where}can't find {source}.\n")
    if node.tree.exists(source):
        return Completed(REFUSED, "", f"{where}{source} is not a block device.\n")
    return Completed(REFUSED, "", f"{where}special device {source} does not exist.\n")


def _is_mountable(device: dict[str, Any], content: Content, type_: str, chosen: list[str]) -> bool:
    names = {option.partition("=")[0] for option in chosen}
    known = OPTIONS["ext" if type_.startswith("ext") else type_]
    fits = is_formatted(content) and content["type"] in TYPES[type_] and content["mountable"]
    return bool(fits and names <= known and not device["holders"])


def _looped(node: SimulatedNode, source: str) -> str:
    """The loop device of a file, as `-o loop` finds or makes it; one that it made goes with the mount."""
    entry = node.tree.entry(source)
    if node.device(source) is not None or entry is None or entry["kind"] != "file":
        return source
    there = next(iter(node.loops(node.tree.real(source))), "")
    if not there and (there := first_free_loop(node)):
        node.attach_loop(there, {**loop(node, source), "autoclear": True})
    return there or source


def _subvolume(content: Content, chosen: list[str]) -> str | None:
    """The subvolume that the options name, "" for the top; the last one counts. None where the number is of none."""
    name: str | None = ""
    for option in chosen:
        key, _, value = option.partition("=")
        if key == "subvol":
            name = value.strip("/")
        elif key == "subvolid":
            numbers = {str(number(content, each)): each for each in content["subvolumes"]}
            name = "" if value in {"0", str(TOP)} else numbers.get(value, f"subvolid={value}")
    return name


def _put(
    node: SimulatedNode, where: str, path: str, point: str, type_: str, chosen: list[str], subvolume: str
) -> Completed:
    device = node.state["devices"][path]
    mode = "ro" if "ro" in chosen or device["read_only"] else "rw"
    others = [
        mount
        for mount in node.state["mounts"]
        if mount["device"] == path and (type_ == "btrfs" or not mount["subvolume"])
    ]
    for mount in others:
        same_place = mount["mount_point"] == point and mount["subvolume"] == subvolume
        other_mode = mount["options"].split(",")[0] != mode and type_ != "btrfs"
        if same_place or other_mode:
            return Completed(REFUSED, "", f"{where}{path} already mounted on {others[0]['mount_point']}.\n")
    node.state["mounts"].append(
        {
            "device": path,
            "mount_point": point,
            "type": type_,
            "options": ",".join(_shown(node, path, type_, chosen, mode, subvolume)),
            "subvolume": subvolume,
            "tree": "",
        }
    )
    is_protected = mode == "ro" and "ro" not in chosen
    warned = f"{where}WARNING: source write-protected, mounted read-only.\n" if is_protected else ""
    return Completed(0, "", warned)


def _shown(node: SimulatedNode, path: str, type_: str, chosen: list[str], mode: str, subvolume: str) -> list[str]:
    """The options that the kernel shows: those of the mount, then those of the filesystem, with its defaults."""
    of_mount = [option for option in FLAGS if option in chosen]
    times = [option for option in TIMES if option in chosen] or ["relatime"]
    # The options of the filesystem itself are those of its first mount.
    others = [mount["options"].split(",") for mount in node.state["mounts"] if mount["device"] == path]
    own = [
        option
        for option in (others[0] if others else chosen)
        if option.partition("=")[0] not in _PLAIN | DEFAULTS and not option.startswith("subvol")
    ]
    device = node.state["devices"][path]
    shown = [mode, *of_mount, *times, *(option for option in LATER_FLAGS if option in chosen), *own]
    if type_ == "xfs":
        return [*shown, *(["wsync"] if "sync" in chosen else []), *OF_XFS]
    if type_ != "btrfs":
        return shown
    cache = "space_cache=v2" if node.version("btrfs-progs") >= FREE_SPACE_TREE_SINCE else "space_cache"
    defaults = [*(["discard=async"] if discards(device) else []), cache]
    content = node.content(device)
    return [*shown, *defaults, f"subvolid={number(content, subvolume)}", f"subvol=/{subvolume}"]


def _umount(node: SimulatedNode, words: list[str]) -> Completed:
    try:
        _, (target,) = options(words, least=1, most=1)
    except Usage as error:
        raise Usage("bad usage" if "operands" in error.args[0] else error.args[0]) from None
    if not node.tree.exists(target):
        return Completed(REFUSED, "", f"umount: {target}: no mount point specified.\n")
    point = node.tree.real(target)
    mounts: list[dict[str, Any]] = node.state["mounts"]
    here = [index for index, mount in enumerate(mounts) if point in {mount["mount_point"], mount["device"]}]
    if not here:
        return Completed(REFUSED, "", f"umount: {target}: not mounted.\n")
    point = mounts[here[-1]]["mount_point"]
    if point == "/" or is_busy(node, point):
        return Completed(REFUSED, "", f"umount: {target}: target is busy.\n")
    gone = mounts.pop(here[-1])
    release(node, gone["device"])
    unformatted.unmounted(node, gone)
    return Completed(0)


def is_busy(node: SimulatedNode, point: str) -> bool:
    """Tell whether anything below a mount point is in use: a mount, a file of a process, a loop device, a daemon."""
    below = f"{point}/"
    mounted = any(mount["mount_point"].startswith(below) for mount in node.state["mounts"])
    open_files = [file for process in node.state["processes"].values() for file in process["files"]]
    open_files += [device["file"] for device in node.state["devices"].values() if device["file"]]
    open_files += [daemon["data_root"] for daemon in node.state["docker"].values()]
    return mounted or any(file == point or file.startswith(below) for file in map(node.tree.real, open_files))


def _findmnt(node: SimulatedNode, words: list[str]) -> Completed:
    found, operands = options(words, flags=("-n", "-P"), values=("-o", "-S", "-t"), most=2)
    columns = found.get("-o", ["TARGET,SOURCE,FSTYPE,OPTIONS"])[-1].split(",")
    for column in columns:
        if column not in COLUMNS:
            raise Usage(f"unknown column: {column}")
    source = found["-S"][-1] if "-S" in found else operands[0] if len(operands) == 2 else ""  # noqa: PLR2004 - both
    target = operands[-1] if operands else ""
    point = node.tree.real(target) if target else ""
    asked = [mount for mount in node.state["mounts"] if not point or mount["mount_point"] == point]
    rows = [
        _row(_seen(node, mount))
        for mount in asked
        if (not source or mount["device"] == (node.by_tag(source) or source))
        and mount["type"] in found.get("-t", [mount["type"]])[-1].split(",")
    ]
    if not rows:
        return Completed(1)
    if "-P" in found:
        return Completed(0, "".join(" ".join(f'{name}="{row[name]}"' for name in columns) + "\n" for row in rows))
    title = "" if "-n" in found else " ".join(columns) + "\n"
    return Completed(0, title + "".join(" ".join(row[name] for name in columns) + "\n" for row in rows))


def _seen(node: SimulatedNode, mount: dict[str, Any]) -> dict[str, Any]:
    """A mount as findmnt shows it. Whoever asks for it will want to know what lies there, so that is asked as well."""
    if (device := node.device(mount["device"])) is not None:
        node.content(device)
    return {**mount, "device": shown(node, mount["device"])}


def _row(mount: dict[str, Any]) -> dict[str, str]:
    inside = f"[/{mount['subvolume']}]" if mount["subvolume"] else ""
    return {
        "SOURCE": mount["device"] + inside,
        "TARGET": mount["mount_point"].replace(" ", "\\x20"),
        "FSTYPE": mount["type"],
        "OPTIONS": mount["options"],
    }

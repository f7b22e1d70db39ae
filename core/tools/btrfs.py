"""mkfs.btrfs(8) and btrfs(8)."""

import re
from collections.abc import Mapping

from core import answers
from core.command import Check, Command, Completed, Makes
from core.tools import blkid, files

TOOL = "btrfs"
UUID_SINCE = (4, 0)
LABEL_BYTES_MAX = 255
SPARE_BYTES = 1024 * 1024
"""What a btrfs may leave free of a device: less than a sector; nobody grows one for less than this."""
TOP = "256"
"""The number of the top directory in each subvolume."""
FS_TREE = "FS_TREE"
"""What the tree of roots calls the subvolume at the top."""
_INODE = re.compile(r"key \((\d+) INODE_REF (\d+)\).*\n\s+index \d+ namelen \d+ name: (.*)")
_DEVICE_SIZE = re.compile(r"^\s*Device size:\s+(\d+)$", re.MULTILINE)
_DEVICE = re.compile(r"^\tdevid\s+\d+ size (\d+) ", re.MULTILINE)
_ROOT = re.compile(r"key \((\w+) ROOT_REF (\d+)\).*\n\s+root ref key dirid (\d+) sequence \d+ name (.*)")


def version() -> Command:
    """Ask for the version of btrfs-progs."""
    return Command(("mkfs.btrfs", "--version"), tool=TOOL)


def takes_uuid(answer: Completed) -> bool:
    """Tell whether this version lets us choose the uuid (`-U`)."""
    found = answers.version(answer.stdout + answer.stderr, "v")
    return found is not None and found >= UUID_SINCE


def make_filesystem(device: str, options: tuple[str, ...], name: str, uuid: str = "", place: str = "") -> Command:
    """Format a device; with `uuid`, the filesystem gets it, else mkfs chooses one. Refuses to overwrite another.

    place: where to look for it: the file of a loop device.
    """
    chosen = ("-U", uuid) if uuid else ()
    place = place or device
    witness = blkid.value(place, "UUID")
    return Command(
        ("mkfs.btrfs", *chosen, *options, device),
        kind="changes",
        makes=Makes(name, "filesystem", identity=uuid, witness=None if uuid else witness),
        check=blkid.holds(place, "UUID", uuid) if uuid else blkid.holds(place, "TYPE", "btrfs"),
        tool=TOOL,
    )


def label(directory: str) -> Command:
    """Ask for the label of a mounted filesystem: a line, empty where there is none."""
    return Command(("btrfs", "filesystem", "label", directory), tool=TOOL)


def set_label(place: str, text: str, device: str) -> Command:
    """Label a filesystem, by the directory it is mounted at, or by its device when it is not mounted."""
    unlabelled = Check(blkid.value(device, "LABEL"), path=".", absent=True)
    return Command(
        ("btrfs", "filesystem", "label", place, text),
        kind="changes",
        check=blkid.holds(device, "LABEL", text) if text else unlabelled,
        tool=TOOL,
    )


def create_subvolume(directory: str, subvolume: str, name: str, identity: str) -> Command:
    """Create a subvolume, in a filesystem that is mounted on a temporary directory.

    Once that is gone no read sees the subvolume. So the check only fails where the directory shows that it is missing:
    what cannot be known counts as done, and the undo asks again.
    """
    is_missing = Command(
        ("test", "-d", directory, "-a", "!", "-e", f"{directory}/{subvolume}"), accepts=(0, 1), tool=files.TOOL
    )
    return Command(
        ("btrfs", "subvol", "create", f"{directory}/{subvolume}"),
        kind="changes",
        makes=Makes(name, "subvolume", identity=identity),
        check=Check(is_missing, absent=True),
        public=True,
        tool=TOOL,
    )


def recognise(create: Command) -> Command:
    """Make sure that a subvolume is there which an interrupted run created, so that the record has it."""
    return create._replace(argv=("btrfs", "subvol", "show", create.argv[-1]), shows=False, quiet=True)


def delete_subvolume(path: str) -> Command:
    """Delete a subvolume and what it holds, mounted elsewhere or not; one with another inside is refused."""
    return Command(("btrfs", "subvol", "delete", path), kind="changes", check=files.is_gone(path), tool=TOOL)


def subvolumes(directory: str) -> Command:
    """Ask for the subvolumes of a mounted filesystem; read the answer with `paths`."""
    return Command(("btrfs", "subvol", "list", directory), tool=TOOL)


def paths(answer: Completed) -> list[str]:
    """Read the answer of `subvolumes`: their paths from the top of the filesystem, inner ones after outer ones."""
    return sorted(line.partition(" path ")[2] for line in answer.stdout.splitlines() if " path " in line)


def roots(device: str) -> Command:
    """Ask for the tree of roots of a filesystem that need not be mounted; read the answer with `roots_paths`."""
    return Command(("btrfs", "inspect-internal", "dump-tree", "-t", "root", device), tool=TOOL)


def in_directories(answer: Completed) -> set[str]:
    """Read the answer of `roots`: the trees that have subvolumes in directories, whose names only `tree` tells."""
    return {parent for parent, _, directory, _ in _ROOT.findall(answer.stdout) if directory != TOP}


def tree(device: str, number: str) -> Command:
    """Ask for the files of one subvolume, by its number, where it need not be mounted; read it with `directories`."""
    number = "fs" if number == FS_TREE else number
    return Command(("btrfs", "inspect-internal", "dump-tree", "-t", number, device), tool=TOOL)


def directories(answer: Completed) -> dict[str, tuple[str, str]]:
    """Read the answer of `tree`: what each inode is called, and in which directory."""
    return {inode: (parent, name) for inode, parent, name in _INODE.findall(answer.stdout)}


def roots_paths(answer: Completed, inside: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[str]:
    """Read the answer of `roots`: the paths of the subvolumes from the top of the filesystem.

    inside: the `directories` of the trees that need them, by number. Of an unknown directory nothing is said.
    """
    named: dict[str, tuple[str, str]] = {}
    for parent, child, directory, name in _ROOT.findall(answer.stdout):
        parts, at, known = [name], directory, inside.get(parent, {})
        while at in known and at != TOP and len(parts) <= len(known):
            at, part = known[at]
            parts.insert(0, part)
        if at == TOP:
            named[child] = parent, "/".join(parts)
    found = []
    for child in named:
        parts, at = [], child
        while at in named and len(parts) <= len(named):
            at, part = named[at]
            parts.insert(0, part)
        if at == FS_TREE:
            found.append("/".join(parts))
    return sorted(found)


def scan() -> Command:
    """Have the kernel look for btrfs on every device: 1 when one could not be read, which need not be ours."""
    return Command(("btrfs", "device", "scan"), kind="announces", accepts=(0, 1), tool=TOOL)


def usage(mount_point: str) -> Command:
    """Ask how much of its devices a mounted filesystem has; read the answer with `size`. 1 where there is none."""
    return Command(("btrfs", "filesystem", "usage", "-b", mount_point), accepts=(0, 1), tool=TOOL)


def devices(device: str) -> Command:
    """Ask how much of each device a filesystem has, which need not be mounted; read the answer with `size`."""
    return Command(("btrfs", "filesystem", "show", "--raw", device), accepts=(0, 1), tool=TOOL)


def size(answer: Completed) -> int | None:
    """Read the answer of `usage` or `devices`: how many bytes of all devices; None where there is no filesystem."""
    found = _DEVICE_SIZE.findall(answer.stdout) or _DEVICE.findall(answer.stdout)
    return sum(map(int, found)) if found else None


def grow(mount_point: str, before: Completed) -> Command:
    """Let a mounted filesystem have all of its one device. before: the answer of `usage`."""
    line = next(line.strip() for line in before.stdout.splitlines() if _DEVICE_SIZE.match(line))
    return Command(
        ("btrfs", "filesystem", "resize", "max", mount_point),
        kind="changes",
        check=Check(usage(mount_point), path="lines", text=line, absent=True),
        tool=TOOL,
    )

"""mount(8), umount(8) and findmnt(8): filesystems in the tree."""

import re
from typing import NamedTuple

from core.command import Check, Command, Completed
from core.tools import files

TOOL = "mount"
NOTHING_FOUND = 1
REFUSED = 32
_PAIR = re.compile(r'([A-Z:_-]+)="([^"]*)"')
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")


class Mount(NamedTuple):
    """One mounted filesystem. root: the subvolume or directory of it that is mounted, "" for all of it."""

    device: str
    mount_point: str
    type: str
    options: tuple[str, ...]
    root: str = ""


def at(mount_point: str) -> Command:
    """Ask what is mounted there: 0, or 1 for nothing. Read the answer with `mounts`."""
    return Command(
        ("findmnt", "-P", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS", mount_point), accepts=(0, NOTHING_FOUND), tool=TOOL
    )


def of(device: str) -> Command:
    """Ask where a device is mounted: 0, or 1 for nowhere. Read the answer with `mounts`."""
    return Command(
        ("findmnt", "-P", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS", "-S", device), accepts=(0, NOTHING_FOUND), tool=TOOL
    )


def of_type(type_: str) -> Command:
    """Ask where filesystems of a type are mounted: 0, or 1 for nowhere. Read the answer with `mounts`."""
    return Command(
        ("findmnt", "-P", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS", "-t", type_), accepts=(0, NOTHING_FOUND), tool=TOOL
    )


def everything() -> Command:
    """Ask for everything that is mounted, in the order of the kernel. Read the answer with `mounts`."""
    return Command(("findmnt", "-P", "-o", "SOURCE,TARGET,FSTYPE,OPTIONS"), accepts=(0, NOTHING_FOUND), tool=TOOL)


def mounts(answer: Completed) -> list[Mount]:
    """What findmnt listed, the newest mount last."""
    found = []
    for line in answer.stdout.splitlines():
        pairs = {name: _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value) for name, value in _PAIR.findall(line)}
        if {"SOURCE", "TARGET", "FSTYPE", "OPTIONS"} <= pairs.keys():
            device, _, root = pairs["SOURCE"].partition("[")
            found.append(
                Mount(
                    device,
                    pairs["TARGET"],
                    pairs["FSTYPE"],
                    tuple(pairs["OPTIONS"].split(",")),
                    root.removesuffix("]").removeprefix("/"),
                )
            )
    return found


def is_mounted(source: str, mount_point: str) -> Check:
    """Hold when this very source (a device, or LABEL=...) is mounted there."""
    return Check(Command(("findmnt", "-n", "-o", "TARGET", source, mount_point), accepts=(0, NOTHING_FOUND), tool=TOOL))


def is_free(mount_point: str) -> Check:
    """Hold when nothing is mounted there."""
    return Check(
        Command(("findmnt", "-n", "-o", "TARGET", mount_point), accepts=(0, NOTHING_FOUND), tool=TOOL), absent=True
    )


def look_into(file: str, mount_point: str) -> Command:
    """Mount whatever a file holds, read-only, at a temporary place; 32 when it holds no filesystem.

    Its check is about the place, since after that answer nothing is mounted, and nothing is to be unmounted.
    """
    back = umount(mount_point, temporary=True)
    return Command(
        ("mount", "-t", "auto", "-o", "ro,loop", file, mount_point),
        kind="changes",
        accepts=(0, REFUSED),
        check=Check(Command(("test", "-d", mount_point), accepts=(0, 1), tool="files")),
        undo=(back._replace(accepts=(0, REFUSED)),),
        temporary=True,
        reaches=True,
        tool=TOOL,
    )


def mount(type_: str, options: str, source: str, mount_point: str, *, temporary: bool = False) -> Command:
    """Mount a filesystem. Without options there is no -o."""
    chosen = ("-o", options) if options else ()
    return Command(
        ("mount", "-t", type_, *chosen, source, mount_point),
        kind="changes",
        # At a place of our own anything is ours; and a file (-o loop) is not the source that findmnt lists.
        check=is_free(mount_point)._replace(absent=False) if temporary else is_mounted(source, mount_point),
        undo=(umount(mount_point, temporary=temporary),),
        temporary=temporary,
        reaches=True,
        tool=TOOL,
    )


def bind(options: str, directory: str, mount_point: str) -> Command:
    """Mount a directory elsewhere as well; `options` begin with `bind`.

    findmnt calls what is there by the device that the directory lies on, so its check compares the directories.
    """
    command = mount("none", options, directory, mount_point)
    return command._replace(check=Check(files.is_same(directory, mount_point)))


def umount(mount_point: str, *, again: Command | None = None, temporary: bool = False) -> Command:
    """Unmount what is mounted there; `again` is the mount that takes it back."""
    return Command(
        ("umount", mount_point),
        kind="changes",
        check=is_free(mount_point),
        undo=() if again is None else (again._replace(undo=()),),
        temporary=temporary,
        tool=TOOL,
    )

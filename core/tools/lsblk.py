"""lsblk(8): the disks that the kernel has, and which volumes they are."""

import json
import re
from typing import Any, NamedTuple

from core.command import Check, Command, Completed

TOOL = "lsblk"
MAPPER = "/dev/mapper/"

_VOLUME_SERIAL = re.compile(r"vol-?([0-9a-f]{8,})")


class Disk(NamedTuple):
    """A block device of any kind; `holders` are the devices that are made of it.

    path: as the kernel calls it (`/dev/dm-0`). name: what device-mapper calls it, "" for any other.
    """

    path: str
    size: int
    serial: str
    read_only: bool
    holders: tuple[str, ...]
    name: str = ""


def everything() -> Command:
    """Ask for every block device, with what is made of it (for `NAME`); read the answer with `parse_everything`."""
    return Command(("lsblk", "-J", "-b", "-o", "NAME,PATH,KNAME,TYPE,SIZE,RO,SERIAL"), tool=TOOL)


def parse_everything(answer: Completed) -> list[Disk]:
    """Read the answer of `everything`: each device once, but for those without a medium. Partitions hold nothing."""
    found: dict[str, Disk] = {}

    def walk(entry: dict[str, Any]) -> None:
        children = entry.get("children", [])
        holders = tuple(_path(child) for child in children if child["type"] != "part")
        if entry["size"]:
            path, serial = _path(entry), entry["serial"] or ""
            name = entry["path"].removeprefix(MAPPER) if entry["path"].startswith(MAPPER) else ""
            found[path] = Disk(path, int(entry["size"]), serial, bool(entry["ro"]), holders, name)
        for child in children:
            walk(child)

    for entry in json.loads(answer.stdout or "{}").get("blockdevices", ()):
        walk(entry)
    return list(found.values())


def _path(entry: dict[str, Any]) -> str:
    """The path of a device by the kernel's name for it; one in a directory has `!` there for its slashes."""
    return f"/dev/{entry['kname'].replace('!', '/')}"


def kind(device: str) -> Command:
    """Ask what kind of device it is: `disk`, `part`, `loop`, `lvm`, `raid1`."""
    return Command(("lsblk", "-dno", "TYPE", device), tool=TOOL)


def volume_of_serial(serial: str) -> str:
    """Read a serial number that is the id of a volume: `vol0a1b...` is `vol-0a1b...`; "" for any other."""
    volume = _VOLUME_SERIAL.fullmatch(serial)
    return f"vol-{volume[1]}" if volume else ""


def disks() -> Command:
    """Ask for the disks of this node, by the kernel's names; read the answer with `names`."""
    return Command(("lsblk", "-dno", "NAME"), tool=TOOL)


def names(answer: Completed) -> list[str]:
    """Read the answer of `disks`: names such as `xvda` and `nvme0n1`."""
    return answer.stdout.split()


def serials() -> Command:
    """Ask for the serial number of each disk; read the answer with `by_serial`."""
    return Command(("lsblk", "-dno", "NAME,SERIAL"), tool=TOOL)


def is_there(volume: str) -> Check:
    """Hold when a disk has the id of this volume as its serial number, with its dash or without."""
    serial = volume.replace("-", "") if volume.startswith("vol-") else volume
    return Check(Command(("lsblk", "-dno", "SERIAL"), tool=TOOL), path="lines", text=serial)


def by_serial(answer: Completed) -> dict[str, str]:
    """Read the answer of `serials`: the path of each disk that has a serial number, by that number.

    The NVMe controllers of EC2 have the id of the volume as their serial number, but without its dash
    (`vol0a1b...` for `vol-0a1b...`): such a number is read back as the id.
    """
    found = {}
    for line in answer.stdout.splitlines():
        words = line.split()
        if len(words) == 2:  # noqa: PLR2004 - a name and a serial number
            found[volume_of_serial(words[1]) or words[1]] = f"/dev/{words[0]}"
    return found

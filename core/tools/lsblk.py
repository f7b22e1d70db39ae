"""lsblk(8): the disks that the kernel has, and which volumes they are."""

import re

from core.command import Check, Command, Completed

TOOL = "lsblk"

_VOLUME_SERIAL = re.compile(r"vol-?([0-9a-f]{8,})")


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
            volume = _VOLUME_SERIAL.fullmatch(words[1])
            found[f"vol-{volume[1]}" if volume else words[1]] = f"/dev/{words[0]}"
    return found

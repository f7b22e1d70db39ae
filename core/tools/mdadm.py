"""mdadm(8): arrays of disks.

An array is called by its uuid wherever that can be done: the name that udev gives it depends on the node's hostname,
its number on which others there are. udev links `md-uuid-...` to an array that is assembled, and to no other.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from core.command import Check, Command, Completed, Makes
from core.tools import blockdev

TOOL = "mdadm"
ANYWHERE = "any"
"""The host that an array is said to be of, so that udev gives it its own name on every node."""

_UUID = re.compile(r"(?:^|\s)UUID=(\S+)")
_ROW = re.compile(r"\s*(?:\d+|-)\s+\d+\s+\d+\s+(\d+|-)\s+(.*?)(?:\s+((?:/dev/|«)\S+))?\s*")


class Found(NamedTuple):
    """An array that the kernel has, started or not: what it is called, and its uuid."""

    device: str
    uuid: str
    started: bool


class Member(NamedTuple):
    """A row of an array's table. device: "" for a slot without one. state: `active sync`, `spare`, `faulty`, ..."""

    device: str
    state: str

    @property
    def is_faulty(self) -> bool:
        """Tell whether the array has given it up, or has lost it."""
        return not self.device or "faulty" in self.state


class Detail(NamedTuple):
    """An array as mdadm tells it. states: `clean`, `degraded`, `resyncing`. progress: `12% complete`, or nothing."""

    level: str
    states: tuple[str, ...]
    progress: str
    members: tuple[Member, ...]


class Shape(NamedTuple):
    """What an array is to be like. chunk: in KiB, 0 for the default. layout: "" for the default."""

    level: str
    devices: int
    spares: int = 0
    chunk: int = 0
    layout: str = ""


def path(name: str) -> str:
    """The path of an array by its name."""
    return f"/dev/md/{name}"


def link(uuid: str) -> str:
    """The path of an array by its uuid, as udev links it while it is assembled."""
    return f"/dev/disk/by-id/md-uuid-{uuid}"


def is_assembled(uuid: str) -> Check:
    """Hold when the array is assembled and started, under whatever name."""
    return Check(blockdev.is_block_device(link(uuid)))


def is_stopped(uuid: str) -> Check:
    """Hold when the array is not assembled."""
    return is_assembled(uuid)._replace(absent=True)


def arrays() -> Command:
    """Ask for the arrays that the kernel has; read the answer with `parse_arrays`."""
    return Command(("mdadm", "--detail", "--scan"), tool=TOOL)


def parse_arrays(answer: Completed) -> list[Found]:
    """Read the answer of `arrays`."""
    found = []
    for line in answer.stdout.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] in {"ARRAY", "INACTIVE-ARRAY"} and (uuid := _UUID.search(line)):
            found.append(Found(words[1], uuid[1], words[0] == "ARRAY"))
    return found


def detail(device: str) -> Command:
    """Ask for everything about an array: 0, or 1 when there is none; read the answer with `parse_detail`."""
    return Command(("mdadm", "--detail", device), accepts=(0, 1), tool=TOOL)


def parse_detail(answer: Completed) -> Detail:
    """Read the answer of `detail`."""
    values: dict[str, str] = {}
    members = []
    for line in answer.stdout.splitlines():
        name, colon, value = line.partition(" : ")
        if colon:
            values[name.strip()] = value.strip()
        elif (row := _ROW.fullmatch(line)) is not None:
            members.append(Member(row[3] or "", row[2]))
    states = tuple(state.strip() for state in values.get("State", "").split(",") if state.strip())
    progress = next((values[name] for name in values if name.endswith(" Status")), "")
    return Detail(values.get("Raid Level", ""), states, progress, tuple(members))


def members_everywhere() -> Command:
    """Ask for every device of the node that is a member of an array; read the answer with `parse_members`."""
    return Command(("mdadm", "--examine", "--scan", "--verbose"), tool=TOOL)


def parse_members(answer: Completed) -> list[str]:
    """Read the answer of `members_everywhere`: the paths of the devices."""
    lists = re.findall(r"(?:^|\s)devices=(\S+)", answer.stdout)
    return sorted({device for each in lists for device in each.split(",") if device})


def examine_whole(place: str) -> Command:
    """Ask for all that a superblock says; read the answer with `parse_superblock`."""
    return Command(("mdadm", "--examine", place), accepts=(0, 1), tool=TOOL)


def parse_superblock(answer: Completed) -> dict[str, str]:
    """Read the answer of `examine_whole`: values by their names (`Device Role`)."""
    pairs = (line.partition(" : ") for line in answer.stdout.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def examine(place: str) -> Command:
    """Ask for the superblock on a device or in a file: 0, or 1 when there is none; read it with `superblock`."""
    return Command(("mdadm", "--examine", "--export", place), accepts=(0, 1), tool=TOOL)


def superblock(answer: Completed) -> dict[str, str]:
    """Read the answer of `examine`: MD_UUID, MD_NAME, MD_LEVEL, ...; empty when there is no superblock."""
    pairs = (line.partition("=") for line in answer.stdout.splitlines())
    return {name: value for name, equals, value in pairs if equals}


def carries(place: str, uuid: str) -> Check:
    """Hold when a device or file carries the superblock of a member of the array."""
    return Check(examine(place), path="lines", text=f"MD_UUID={uuid}")


def create(array: str, thing: str, uuid: str, shape: Shape, devices: Sequence[str], last: str) -> Command:
    """Make an array of this uuid, and start it. thing: its name in the record.

    last: where the superblock of the last member is found; superblocks are written in the order of the devices.
    `--run` answers the question that mdadm asks about devices that hold something: it was answered before.
    """
    return Command(
        (
            "mdadm",
            "--create",
            array,
            "--run",
            f"--level={shape.level}",
            f"--raid-devices={shape.devices}",
            *((f"--spare-devices={shape.spares}",) if shape.spares else ()),
            *((f"--chunk={shape.chunk}",) if shape.chunk else ()),
            *((f"--layout={shape.layout}",) if shape.layout else ()),
            "--metadata=1.2",
            f"--homehost={ANYWHERE}",
            f"--uuid={uuid}",
            *devices,
        ),
        kind="changes",
        makes=Makes(thing, "array", identity=uuid),
        check=carries(last, uuid),
        tool=TOOL,
    )


def recognise(place: str, thing: str, uuid: str) -> Command:
    """Make sure that a member is there of an array that an interrupted run made, so that the record has it."""
    return examine(place)._replace(
        kind="changes",
        accepts=(0,),
        makes=Makes(thing, "array", identity=uuid),
        check=carries(place, uuid),
        quiet=True,
    )


def forget(place: str, uuid: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that a device is no member of the array (any more), so that the record can forget it."""
    gone = carries(place, uuid)._replace(absent=True)
    return examine(place)._replace(kind="changes", unmakes=unmakes, check=gone, quiet=True)


def assemble(array: str, uuid: str, devices: Sequence[str], *, run: bool = False) -> Command:
    """Start the array of a uuid under a path. run: also when members are missing that it had the last time.

    Without devices mdadm looks at every one that the node has.
    """
    words = (array, f"--uuid={uuid}", *(("--run",) if run else ()), *devices)
    return Command(
        ("mdadm", "--assemble", *words),
        kind="changes",
        check=is_assembled(uuid),
        undo=(stop(uuid),),
        reaches=True,
        tool=TOOL,
    )


def stop(uuid: str, again: Command | None = None) -> Command:
    """Stop an array; its members stay what they are. again: what starts it, for the undo."""
    return Command(
        ("mdadm", "--stop", link(uuid)),
        kind="changes",
        check=is_stopped(uuid),
        undo=() if again is None else (again,),
        tool=TOOL,
    )


def let_go(device: str) -> Command:
    """Stop an array that could not be started, so that its member is free; nothing is lost, and nobody can use it."""
    return Command(
        ("mdadm", "--stop", device),
        kind="changes",
        check=Check(Command(("test", "-b", device), accepts=(0, 1), tool="files"), absent=True),
        quiet=True,
        tool=TOOL,
    )


def add(uuid: str, device: str) -> Command:
    """Make a device a member of an array: in the place of one that is missing, or as a spare."""
    held = Check(blockdev.uses(device), path="words[1]")
    return Command(("mdadm", link(uuid), "--add", device), kind="changes", check=held, tool=TOOL)


def remove(uuid: str, device: str) -> Command:
    """Take a member out of its array. Its superblock stays."""
    free = Check(blockdev.uses(device), path="words[1]", absent=True)
    return Command(("mdadm", link(uuid), "--fail", device, "--remove", device), kind="changes", check=free, tool=TOOL)

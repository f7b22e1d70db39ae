"""lvm(8): physical volumes, volume groups and logical volumes.

Everything is asked as a table without headings, one line each, with `;` between the fields: as every version answers,
and as a check can compare a line. What is asked about is selected (`--select`), so that what is not there is an empty
answer, never a failure that may as well mean that nobody could look.
"""

import re
from typing import NamedTuple

from core.command import Check, Command, Completed, Makes, Thing
from core.tools import blkid

TOOL = "lvm"
MEBIBYTE = 1024 * 1024
PHYSICAL_BYTES_MIN = 2 * MEBIBYTE
"""A smaller device cannot be a physical volume (`pv_min_size`)."""
AUTOACTIVATION_SINCE = (2, 3, 12)
NAME_LENGTH_MAX = 127
NOT_INSTALLED = 127

_VERSION = re.compile(r"LVM version:\s+(\d+)\.(\d+)\.(\d+)")
_NAME = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]*", re.ASCII)
_RESERVED = re.compile(
    r"(?:snapshot|pvmove).*"
    r"|.*_(?:[cmrt]?mlog|mimage|pmspare|rimage|rmeta|tdata|tmeta|cdata|cmeta|corig|vdata|vorigin|cvol|iorig|wcorig).*"
)
_MAPPER = re.compile(r"/dev/mapper/((?:[^-/]|--)+)-((?:[^-/]|--)+)")
_MISSING = re.compile(r"WARNING: VG (\S+) is missing PV (\S+)(?: \(last written to (\S+)\))?")
_PATH = re.compile(r"/dev/([^/]+)/([^/]+)")

NOT_OF_GROUPS = frozenset(("block", "bus", "char", "cpu", "disk", "dri", "fd", "input", "mapper", "md", "net", "pts"))
"""Directories of /dev that are no volume group."""


class Group(NamedTuple):
    """A volume group. extents, free: how many it has, and how many of these no volume has. missing: devices."""

    name: str
    uuid: str
    extent_size: int
    extents: int
    free: int
    missing: int
    volumes: int
    tags: tuple[str, ...]


class Volume(NamedTuple):
    """A logical volume. health: `partial` while a device of it is missing, what else is wrong, "" for nothing."""

    name: str
    uuid: str
    size: int
    is_active: bool
    health: str = ""


class Physical(NamedTuple):
    """A physical volume: the device that lvm finds it on, and the group that it belongs to ("" for none)."""

    device: str
    uuid: str
    group: str


def complaint(name: str, *, volume: bool = False) -> str | None:
    """Say why lvm would not take a name, of a group or of a logical volume; None when it does."""
    kind = "a logical volume" if volume else "a volume group"
    if name in {".", ".."} or not _NAME.fullmatch(name):
        return f"{name!r} is no name of {kind}; it may have letters, digits and +_.-, and does not begin with -"
    if len(name) > NAME_LENGTH_MAX:
        return f"{name!r} is too long for {kind}: {len(name)} characters, and {NAME_LENGTH_MAX} are allowed"
    if volume and _RESERVED.fullmatch(name):
        return f"{name!r} is a name that lvm keeps for itself; take another"
    return None


def path(group: str, volume: str) -> str:
    """The device of a logical volume."""
    return f"/dev/{group}/{volume}"


def mapped(group: str, volume: str) -> str:
    """The device of a logical volume by the name that device-mapper has, in which a dash is doubled."""
    return f"/dev/mapper/{group.replace('-', '--')}-{volume.replace('-', '--')}"


def named(device: str) -> tuple[str, str] | None:
    """The group and the volume that a path names, if it can be one of a logical volume."""
    if found := _MAPPER.fullmatch(device):
        return found[1].replace("--", "-"), found[2].replace("--", "-")
    found = _PATH.fullmatch(device)
    return None if found is None or found[1] in NOT_OF_GROUPS else (found[1], found[2])


def version() -> Command:
    """Ask for the version."""
    return Command(("lvm", "version"), tool=TOOL)


def can_stay_inactive(answer: Completed) -> bool:
    """Tell whether this version has groups that udev does not activate by itself (`--setautoactivation`)."""
    found = _VERSION.search(answer.stdout)
    return found is not None and tuple(map(int, found.groups())) >= AUTOACTIVATION_SINCE


def table(program: str, fields: str, select: str = "", *options: str) -> Command:
    """Ask `pvs`, `vgs` or `lvs` for some fields of what is selected; read the answer of several with `rows`."""
    chosen = ("--select", select) if select else ()
    form = ("--noheadings", "--separator", ";", *options) if "," in fields else ("--noheadings", *options)
    return Command((program, *form, "-o", fields, *chosen), tool=TOOL)


def rows(answer: Completed) -> list[list[str]]:
    """Read a table, line by line."""
    return [line.strip().split(";") for line in answer.stdout.splitlines() if line.strip()]


def _volume(group: str, volume: str) -> str:
    return f"vg_name={group} && lv_name={volume}"


def group(select: str) -> Command:
    """Ask for a group (`vg_name=NAME`, `vg_uuid=UUID`); read the answer with `groups`."""
    fields = "vg_name,vg_uuid,vg_extent_size,vg_extent_count,vg_free_count,vg_missing_pv_count,lv_count,vg_tags"
    return table("vgs", fields, select, "--units", "b", "--nosuffix")


def groups(answer: Completed) -> list[Group]:
    """Read the answer of `group`. There may be two of one name, which lvm does not tell apart."""
    found = []
    for name, uuid, *numbers, tags in rows(answer):
        extent_size, extents, free, missing, volumes = map(int, numbers)
        listed = tuple(tags.split(",")) if tags else ()
        found.append(Group(name, uuid, extent_size, extents, free, missing, volumes, listed))
    return found


def volumes(group: str) -> Command:
    """Ask for the logical volumes of a group; read the answer with `parse_volumes`."""
    fields = "lv_name,lv_uuid,lv_size,lv_active,lv_health_status"
    return table("lvs", fields, f"vg_name={group}", "--units", "b", "--nosuffix")


def parse_volumes(answer: Completed) -> dict[str, Volume]:
    """Read the answer of `volumes`, by name."""
    return {
        name: Volume(name, uuid, int(size), active == "active", health)
        for name, uuid, size, active, health in rows(answer)
    }


def missing(answer: Completed, group: str) -> list[str]:
    """Read what any report says of the devices that a group lacks: where each was last, else its uuid."""
    found = [match.groups() for match in _MISSING.finditer(answer.stderr) if match[1] == group]
    return [path if path and path.startswith("/") else f"physical volume {uuid}" for _, uuid, path in found]


def physical(select: str = "") -> Command:
    """Ask for physical volumes (`pv_uuid=UUID`, `vg_uuid=UUID`); read the answer with `parse_physical`."""
    return table("pvs", "pv_name,pv_uuid,vg_name", select)


def parse_physical(answer: Completed) -> list[Physical]:
    """Read the answer of `physical`."""
    return [Physical(*row) for row in rows(answer)]


def uuid_of_group(name: str) -> Command:
    """Ask for the uuid of a group: a line, or none."""
    return table("vgs", "vg_uuid", f"vg_name={name}")


def uuid_of_volume(group: str, volume: str) -> Command:
    """Ask for the uuid of a logical volume: a line, or none."""
    return table("lvs", "lv_uuid", _volume(group, volume))


def place_of_volume(uuid: str) -> Command:
    """Ask for the group and the name of a logical volume, and whether it is active; read the answer with `rows`."""
    return table("lvs", "vg_name,lv_name,lv_active", f"lv_uuid={uuid}")


def group_of_physical(uuid: str) -> Command:
    """Ask for the group that a physical volume is in: its name, or nothing."""
    return table("pvs", "vg_name", f"pv_uuid={uuid}")


def inactive(group: str) -> Command:
    """Ask for the logical volumes of a group that are not active: a line each."""
    return table("lvs", "lv_name", f"vg_name={group} && lv_active!=active")


def unused(group: str, volume: str, uuid: str) -> Check:
    """Hold when a logical volume has this uuid, and nobody uses it. One that is not active is in no use."""
    ask = table("lvs", "lv_uuid", f"{_volume(group, volume)} && lv_device_open!=open")
    return Check(ask, path="lines", text=uuid)


def create_physical(device: str, place: str, name: str) -> Command:
    """Make a physical volume of a blank device. place: what names the device also tomorrow."""
    return Command(
        ("pvcreate", device),
        kind="changes",
        makes=Makes(name, "physical volume", witness=blkid.value(place, "UUID")),
        check=blkid.holds(place, "UUID", f"«{name}»"),
        tool=TOOL,
    )


def physical_volume(uuid: str, place: str) -> Thing:
    """A physical volume that is to be destroyed: it has to be where it was, and in no group."""
    return Thing(
        "physical volume",
        uuid,
        at=place,
        proofs=(
            blkid.holds(place, "UUID", uuid)._replace(otherwise=f"{place} is not physical volume {uuid} any more"),
            Check(group_of_physical(uuid), path=".", absent=True, otherwise=f"{place} belongs to a volume group"),
        ),
    )


def create_group(group: str, devices: tuple[str, ...], options: tuple[str, ...], name: str) -> Command:
    """Make a group of physical volumes. name: of the group in the record."""
    return Command(
        ("vgcreate", *options, group, *devices),
        kind="changes",
        makes=Makes(name, "volume group", witness=uuid_of_group(group), path="lines"),
        check=Check(uuid_of_group(group), path="lines", text=f"«{name}»"),
        undo=(remove_group(group, f"«{name}»"),),
        tool=TOOL,
    )


def recognise_group(group: str, uuid: str, name: str) -> Command:
    """Make sure that a group is the one that an interrupted run made, so that the record has it."""
    return uuid_of_group(group)._replace(
        kind="changes",
        makes=Makes(name, "volume group", identity=uuid),
        check=Check(uuid_of_group(group), path="lines", text=uuid),
        undo=(remove_group(group, uuid),),
        quiet=True,
    )


def remove_group(group: str, uuid: str, unmakes: tuple[str, ...] = ()) -> Command:
    """Remove a group that has no volumes. What its devices hold otherwise stays."""
    so = Check(uuid_of_group(group), path="lines", text=uuid)
    nothing = Check(table("lvs", "lv_name", f"vg_name={group}"), path="lines", absent=True)
    proofs = (
        so._replace(otherwise=f"{group} is not volume group {uuid} any more"),
        nothing._replace(otherwise=f"{group} has logical volumes"),
    )
    return Command(
        ("vgremove", group),
        kind="changes",
        unmakes=unmakes,
        check=so._replace(absent=True),
        destroys=(Thing("volume group", uuid, at=group, proofs=proofs),),
        tool=TOOL,
    )


def extend_group(group: str, device: str, uuid: str) -> Command:
    """Give a group another physical volume."""
    is_in = Check(group_of_physical(uuid), path="lines", text=group)
    return Command(
        ("vgextend", group, device),
        kind="changes",
        check=is_in,
        undo=(Command(("vgreduce", group, device), kind="changes", check=is_in._replace(absent=True), tool=TOOL),),
        tool=TOOL,
    )


def tag(group: str, text: str, *, there: bool = True) -> Command:
    """Tag a group, or take the tag from it."""
    has = Check(table("vgs", "vg_name", f"vg_name={group} && vg_tags={text}"), path="lines", text=group)
    word, other = ("--addtag", "--deltag") if there else ("--deltag", "--addtag")
    back = Command(("vgchange", other, f"@{text}", group), kind="changes", check=has._replace(absent=there), tool=TOOL)
    return back._replace(argv=("vgchange", word, f"@{text}", group), check=has._replace(absent=not there), undo=(back,))


def activate(group: str) -> Command:
    """Let every logical volume of a group have a device."""
    return Command(
        ("vgchange", "-a", "y", group),
        kind="changes",
        check=Check(inactive(group), path="lines", absent=True),
        undo=(deactivate(group),),
        reaches=True,
        tool=TOOL,
    )


def deactivate(group: str) -> Command:
    """Take the devices of all logical volumes of a group away; one in use is refused."""
    ask = table("lvs", "lv_name", f"vg_name={group} && lv_active=active")
    return Command(
        ("vgchange", "-a", "n", group), kind="changes", check=Check(ask, path="lines", absent=True), tool=TOOL
    )


def activate_volume(group: str, volume: str, *, there: bool = True) -> Command:
    """Let one logical volume have a device, or (not `there`) take it away."""
    ask = table("lvs", "lv_name", f"{_volume(group, volume)} && lv_active=active")
    return Command(
        ("lvchange", "-a", "y" if there else "n", f"{group}/{volume}"),
        kind="changes",
        check=Check(ask, path="lines", text=volume, absent=not there),
        reaches=there,
        tool=TOOL,
    )


def create_volume(group: str, volume: str, size: tuple[str, str], options: tuple[str, ...], name: str) -> Command:
    """Make a logical volume. size: `-L 14336M`, or `-l 100%FREE`.

    What a volume that is gone has left in the free extents is nobody's: signatures of it are wiped (`--yes`).
    """
    return Command(
        ("lvcreate", "--yes", "-n", volume, *size, *options, group),
        kind="changes",
        makes=Makes(name, "logical volume", witness=uuid_of_volume(group, volume), path="lines"),
        check=Check(uuid_of_volume(group, volume), path="lines", text=f"«{name}»"),
        tool=TOOL,
    )


def recognise_volume(group: str, volume: str, uuid: str, name: str, kind: str = "logical volume") -> Command:
    """Make sure that a logical volume is there, so that the record has it, or (another `kind`) what is true of it."""
    return uuid_of_volume(group, volume)._replace(
        kind="changes",
        makes=Makes(name, kind, identity=uuid),
        check=Check(uuid_of_volume(group, volume), path="lines", text=uuid),
        quiet=True,
    )


def logical_volume(group: str, volume: str, uuid: str, *proofs: Check, blank: bool = False) -> Thing:
    """A logical volume that is to be destroyed: it has to be the one, and nobody may use it."""
    device = path(group, volume)
    said = f"{device} is in use, or is not logical volume {uuid} any more"
    return Thing(
        "logical volume",
        uuid,
        blank=blank,
        at=device,
        proofs=(
            unused(group, volume, uuid)._replace(otherwise=said),
            *proofs,
        ),
    )


def remove_volume(group: str, volume: str, uuid: str, unmakes: tuple[str, ...] = ()) -> Command:
    """Remove a logical volume, active or not."""
    return Command(
        ("lvremove", "--yes", f"{group}/{volume}"),
        kind="changes",
        unmakes=unmakes,
        check=Check(uuid_of_volume(group, volume), path="lines", text=uuid, absent=True),
        destroys=(logical_volume(group, volume, uuid),),
        tool=TOOL,
    )


def extend_volume(group: str, volume: str, size: tuple[str, str], count: int) -> Command:
    """Make a logical volume larger. count: the bytes that it has then."""
    ask = table("lvs", "lv_size", _volume(group, volume), "--units", "b", "--nosuffix")
    return Command(
        ("lvextend", *size, f"{group}/{volume}"),
        kind="changes",
        check=Check(ask, path="lines", text=str(count)),
        tool=TOOL,
    )


def forget(ask: Command, unmakes: tuple[str, ...]) -> Command:
    """Make sure that something is not there, so that the record can forget it. ask: a question for its uuid."""
    return ask._replace(
        kind="changes", unmakes=unmakes, check=Check(ask, path="lines", absent=True), quiet=True, shows=False
    )

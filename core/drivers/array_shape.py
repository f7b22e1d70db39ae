"""What an array of md is to be like: its level, members, chunks and name, and what mdadm would not make of them."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from core.config.sizes import Share, human, parse
from core.drivers.members import is_pattern
from core.signature import member
from core.tools import mdadm

if TYPE_CHECKING:
    from core.config.service import Resource
    from core.state import Content

NAME_CHARACTERS_MAX = 31
"""The superblock has 32 bytes for the name, and one ends it."""
CHUNK_STEP = 4 * 1024


class Level(NamedTuple):
    """A level: how many members it takes, what may be chosen, and whether chunks must be powers of two."""

    least: int
    spares: bool
    chunks: bool
    powers_of_two: bool = False


LEVELS = {
    "linear": Level(2, spares=False, chunks=True),
    "0": Level(2, spares=False, chunks=True),
    "1": Level(2, spares=True, chunks=False),
    "4": Level(2, spares=True, chunks=True, powers_of_two=True),
    "5": Level(2, spares=True, chunks=True, powers_of_two=True),
    "6": Level(4, spares=True, chunks=True, powers_of_two=True),
    "10": Level(2, spares=True, chunks=True, powers_of_two=True),
}
SPELLINGS = {"stripe": "0", "mirror": "1"}

_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


def level(text: str) -> str:
    """A level as mdadm counts it: `raid5` and `5` are `5`."""
    lower = text.lower()
    return SPELLINGS.get(lower, lower.removeprefix("raid"))


def level_complaint(value: str) -> str | None:
    """Say what is wrong with a level; None when mdadm knows it."""
    if level(value) in LEVELS:
        return None
    return f"{value!r} is no level of mdadm; write one of {', '.join(LEVELS)}"


def chunk_complaint(value: str) -> str | None:
    """Say what is wrong with the size of a chunk."""
    size = parse(value, "K")
    if isinstance(size, Share):
        return f"{value!r} is a share; write a size such as 512k"
    return f"{value!r} is not a multiple of 4k; write one such as 512k" if size % CHUNK_STEP else None


def uuid(text: str) -> str:
    """A uuid as mdadm writes it, however it is written (blkid writes dashes); a hole as it is."""
    digits = re.sub(r"[:. -]", "", text.lower())
    return text if "«" in text or len(digits) != 32 else ":".join(re.findall("." * 8, digits))  # noqa: PLR2004 - hex


def uuid_complaint(value: str) -> str | None:
    """Say what is wrong with a uuid."""
    if re.fullmatch(r"[0-9a-f]{8}(:[0-9a-f]{8}){3}", uuid(value)):
        return None
    return f"{value!r} is no uuid of an array; mdadm --detail shows it as 8 digits four times, with : between them"


def name_complaint(value: str) -> str | None:
    """Say what is wrong with the name of an array."""
    if not _NAME.fullmatch(value):
        return f"{value!r} cannot be the name of an array; use letters, digits, . _ and -"
    return None if len(value) <= NAME_CHARACTERS_MAX else _too_long(value)


def name(disk: "Resource") -> str:
    """The name of the array of a resource."""
    return disk["name"] or disk.name


def path(disk: "Resource") -> str:
    """The path of the array of a resource."""
    return mdadm.path(name(disk))


def shape(disk: "Resource", devices: int) -> "mdadm.Shape":
    """What the array is to be like, made of that many devices."""
    found = level(disk["level"])
    chunk = disk.size("chunk") if disk["chunk"] and LEVELS[found].chunks else 0
    kibibytes = 0 if isinstance(chunk, Share) else chunk // 1024
    spares = disk.integer("spares")
    return mdadm.Shape(found, devices - spares, spares, kibibytes, disk["layout"])


def described(disk: "Resource") -> str:
    """The array in a few words, for a plan."""
    spares, count = disk["spares"], len(disk.words("devs"))
    beside = f", {spares} of them spare" if spares not in {"", "0"} else ""
    chunk = disk.size("chunk") if disk["chunk"] and LEVELS[level(disk["level"])].chunks else 0
    chunks = f", in chunks of {human(chunk)}" if chunk and not isinstance(chunk, Share) else ""
    return f"an array of level {level(disk['level'])} of {count} devices{beside}{chunks}"


def superblocks(disk: "Resource", uuid: str) -> "dict[str, Content]":
    """What the members of the array hold, by the names of the devices; nothing where no array was made."""
    found: dict[str, Content] = {}
    for position, device in enumerate(disk.words("devs") if uuid else ()):
        found[device] = member(
            "linux_raid_member", uuid, uuid, f"{mdadm.ANYWHERE}:{name(disk)}", role=f"{disk.rid}.{position}"
        )
    return found


def described_by_superblocks(disk: "Resource") -> dict[str, Any]:
    """What the members say together, as far as the service file knows it."""
    made = shape(disk, len(disk.words("devs")))
    slots = [str(position) if position < made.devices else "spare" for position in range(made.devices + made.spares)]
    return {
        "name": f"{mdadm.ANYWHERE}:{name(disk)}",
        "level": made.level if made.level == "linear" else f"raid{made.level}",
        "devices": made.devices,
        "chunk": made.chunk * 1024,
        "layout": made.layout,
        "members": {f"{disk.rid}.{position}": slot for position, slot in enumerate(slots)},
        "sync": "idle",
        "copied_to": "",
        "ready": 0,
        "content": {"kind": "unseen"},
    }


def check(disk: "Resource", devices: int) -> None:
    """Raise ConfigError for an array that mdadm would not make of that many devices."""
    for keyword, text in _contradictions(disk, devices):
        raise disk.service.error(disk.rid, keyword, text)


def problems(disk: "Resource") -> Iterable[tuple[str, str]]:
    """Name (keyword, sentence) of what mdadm would not make, as far as the service file alone shows it."""
    if not disk["name"] and len(disk.name) > NAME_CHARACTERS_MAX:
        yield "name", _too_long(disk.name)
    if disk["uuid"]:
        return
    words = disk.words("devs")
    if not words:
        yield "devs", "neither uuid nor devs says which array it is; name the devices to make it of"
    elif not any(is_pattern(word) for word in words):
        yield from _contradictions(disk, len(words))


def warnings(disk: "Resource") -> Iterable[tuple[str, str]]:
    """Name what is ignored."""
    found = LEVELS.get(level(disk["level"]))
    if disk["chunk"] and found is not None and not found.chunks:
        yield "chunk", f"level {level(disk['level'])} has no chunks: it is ignored"


def _contradictions(disk: "Resource", devices: int) -> Iterable[tuple[str, str]]:
    known = LEVELS.get(level(disk["level"]))
    if known is None:
        # Any other is wrong as a level, which is said with the keyword.
        yield "level", f"an array is made at a level; write level = 1, or another of {', '.join(LEVELS)}"
        return
    spares = disk.integer("spares")
    if spares < 0:
        yield "spares", f"{spares} is less than nothing; write 0 for no spares"
    elif spares >= devices:
        yield (
            "spares",
            f"{spares} of {devices} devices are spares, so that no one is left; write fewer, or name more devs",
        )
    elif spares and not known.spares:
        yield "spares", f"level {level(disk['level'])} cannot do without a device, so that it has no use for a spare"
    elif devices - spares < known.least:
        beside = f" beside {spares} spare" if spares else ""
        said = f"level {level(disk['level'])} takes {known.least} devices at least{beside}, and {devices} are named"
        yield "devs", f"{said}; name more"
    chunk = disk.size("chunk") if disk["chunk"] and known.powers_of_two else 1
    if not isinstance(chunk, Share) and chunk & (chunk - 1):
        yield "chunk", f"{disk['chunk']} is no power of two, as level {level(disk['level'])} needs; write 512k"


def _too_long(value: str) -> str:
    return (
        f"{value} has {len(value)} characters, and the name of an array has {NAME_CHARACTERS_MAX} at most; "
        "write a shorter one, such as name = {short_svcname}.md0"
    )

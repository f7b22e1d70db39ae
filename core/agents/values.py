"""Values of the older agents whose text means something else now, or has another spelling."""

import re
from typing import NamedTuple

from core.agents.generation import Agent
from core.agents.meanings import PLACEHOLDERS
from core.config import former
from core.config.sizes import UNITS, human

SECTOR_BYTES = 512
MEBIBYTE = 1024 * 1024

_SIZE = re.compile(r"([0-9]{1,30})(?:[.,]([0-9]{1,30}))?[ \t]*([A-Za-z]*)", re.ASCII)
_SIZES = {("fs", "size"), ("disk", "size"), ("disk", "chunk")}


class Said(NamedTuple):
    """A value as svcprov reads it, and what there is to say of it."""

    value: str
    why: str = ""


def present(text: str) -> str:
    """A text with references where there was none for it."""
    for old, new in PLACEHOLDERS.items():
        text = text.replace(old, new)
    return text


def of_today(agent: Agent, group: str, driver: str, name: str, value: str) -> Said:
    """Say what a value of a keyword says today. What is no value of this keyword stays, for validation to tell."""
    if name == "type":
        return Said(former.TYPES.get((group, value.lower()), value))
    if (group, name) in _SIZES and (size := _SIZE.fullmatch(value.strip())) is not None:
        return _size(agent, driver if group == "disk" else "", value, size)
    return Said(value)


def _size(agent: Agent, driver: str, value: str, size: "re.Match[str]") -> Said:
    """A size: the agents counted in bytes, in thousands where the unit has an i, and took a decimal comma."""
    whole, fraction, unit = size[1], size[2] or "", size[3].upper()
    if not unit:
        return _bare(agent, driver, value)
    if "I" in unit[1:] and unit[0] in UNITS[1:]:
        count = int(whole + fraction) * 1000 ** UNITS.index(unit[0]) // 10 ** len(fraction)
        return Said(f"{count}B", f"the agents counted 1000 {unit[0]} where svcprov counts 1024")
    plain = value.replace(",", ".")
    return Said(plain, "" if plain == value else "written with a point")


def _bare(agent: Agent, driver: str, value: str) -> Said:
    """A number without a unit: bytes of a loop file in 2016, and MiB as it is documented, where bytes make no sense."""
    if not value.isdigit():
        return Said(value)
    count = int(value)
    if driver == "loop" and agent == "second":
        count = count // SECTOR_BYTES * SECTOR_BYTES
        return Said(human(count), "the agent of 2016 read bytes") if count else Said(value)
    if not driver and count >= MEBIBYTE:
        return Said(human(count), "the agents read bytes")
    return Said(value)

"""Sizes as service files write them: `15G`, `500m`, `1g`, `10%FREE`; units are powers of 1024."""

import re
from typing import NamedTuple

UNITS = "BKMGTPE"
BYTES_MAX = 2**63 - 1
"""What a signed 64 bit offset reaches: no device is larger."""

_SIZE = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,30}))?[ \t]*(?:([KMGTPE])(?:I?B)?|(B))?", re.ASCII | re.IGNORECASE)
_SHARE = re.compile(r"([0-9]{1,3})%(FREE|VG|PVS|ORIGIN)", re.ASCII | re.IGNORECASE)
_EXAMPLES = "write a size such as 15G, 500m or 100%FREE"


class Share(NamedTuple):
    """A part of something whose size the tool knows: `percent` of what is `of` (FREE, VG, PVS, ORIGIN)."""

    percent: int
    of: str

    def __str__(self) -> str:
        """`10%FREE`, as LVM reads it."""
        return f"{self.percent}%{self.of}"


def parse(text: str, unit: str = "") -> int | Share:
    """Read a size; return bytes, or the share that it is.

    unit: what a bare number counts (`M` for logical volumes and loop files, `G` for EBS; "": a bare number is refused).
    Raises ValueError with the likely fix.
    """
    share = _SHARE.fullmatch(text.strip())
    if share is None:
        return parse_bytes(text, unit)
    percent = int(share[1])
    if not 1 <= percent <= 100:  # noqa: PLR2004 - per cent
        raise ValueError(f"{text!r} is not between 1% and 100%")
    return Share(percent, share[2].upper())


def parse_bytes(text: str, unit: str = "") -> int:
    """Read a size that is no share; return bytes, rounded down to a whole one. Raises ValueError as `parse` does."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(_complaint(text.strip()))
    letter = (match[3] or match[4] or unit).upper()
    if not letter:
        raise ValueError(f"{text!r} has no unit; write {text.strip()}M or {text.strip()}G")
    fraction = match[2] or ""
    count = int(match[1] + fraction) * factor(letter) // int("1" + "0" * len(fraction))
    if count == 0:
        raise ValueError(f"{text!r} is no size: it is nothing")
    if count > BYTES_MAX:
        raise ValueError(f"{text!r} is more than a device can have ({human(BYTES_MAX + 1)})")
    return count


def factor(letter: str) -> int:
    """Return how many bytes one of a unit is."""
    return 1 << 10 * UNITS.index(letter.upper())


def is_bare(text: str) -> bool:
    """Tell whether this is a number whose unit the reader has to know."""
    match = _SIZE.fullmatch(text.strip())
    return match is not None and match[3] is None and match[4] is None


def human(count: int) -> str:
    """Write bytes with the largest unit that says them exactly: `15G`, `1536M`, `512B`, `0`."""
    if count == 0:
        return "0"
    power = 0
    while power < len(UNITS) - 1 and count % 1024 == 0:
        count //= 1024
        power += 1
    return f"{count}{UNITS[power]}"


def _complaint(text: str) -> str:
    if text.startswith("-"):
        return f"{text!r} is negative; {_EXAMPLES}"
    if "," in text:
        return f"{text!r} has a comma; write {text.replace(',', '.')}"
    if "%" in text:
        return f"{text!r} is not a share; write 100%FREE or 50%VG"
    if re.search(r"\s[#;]", text):
        return f"{text!r} is not a size; a comment stands on a line of its own"
    return f"{text!r} is not a size; {_EXAMPLES}"

"""Identifiers that a simulated node hands out when its state lists none: the same for the same seed and serial."""

from binascii import crc32
from collections.abc import Callable

LONG = {"container", "image"}
"""The kinds whose identifiers have 64 digits."""


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def _of_lvm(digits: str) -> str:
    parts = iter(digits)
    return "-".join("".join(next(parts) for _ in range(length)) for length in (6, 4, 4, 4, 4, 4, 6))


def _of_zfs(digits: str) -> str:
    return str(10**18 + int(digits[:14], 16))


FORMS: dict[str, Callable[[str], str]] = {
    "volume": lambda digits: f"vol-{digits[:17]}",
    "allocation": lambda digits: f"eipalloc-{digits[:17]}",
    "association": lambda digits: f"eipassoc-{digits[:17]}",
    **dict.fromkeys(("uuid", "token", "filesystem"), _uuid),
    **dict.fromkeys(("physical volume", "volume group", "logical volume"), _of_lvm),
    "array": lambda digits: ":".join(digits[at : at + 8] for at in range(0, 32, 8)),
    **dict.fromkeys(("pool", "dataset"), _of_zfs),
    "tmpdir": lambda digits: f"/tmp/tmp{digits[:6]}",
    **dict.fromkeys(LONG, str),
}
"""How the identifiers of a kind look."""


def generated(kind: str, seed: str, serial: int) -> str:
    """Return identifier number `serial` of `kind`, in the form that the real maker gives it."""
    match kind:
        case "locker":
            return f"client.{4100 + serial}"
        case "pid":
            return str(4000 + serial)
    digits = digits_of(f"{seed}/{kind}/{serial}", 64 if kind in LONG else 32)
    return FORMS[kind](digits) if kind in FORMS else digits[:12]


def digits_of(text: str, length: int = 64) -> str:
    """Return that many hexadecimal digits, which look random and depend on nothing but the text.

    Nobody has to be kept from guessing them, and hashlib would be the slowest import of a preview.
    """
    return "".join([f"{crc32(f'{part}{text}{part}'.encode()):08x}" for part in range(-(-length // 8))])[:length]

"""Identifiers that a simulated node hands out when its state lists none: the same for the same seed and serial."""

from binascii import crc32

LONG = {"container", "image"}
"""The kinds whose identifiers have 64 digits."""


def generated(kind: str, seed: str, serial: int) -> str:
    """Return identifier number `serial` of `kind`, in the form that the real maker gives it."""
    digits = digits_of(f"{seed}/{kind}/{serial}", 64 if kind in LONG else 32)
    match kind:
        case "volume":
            return f"vol-{digits[:17]}"
        case "allocation":
            return f"eipalloc-{digits[:17]}"
        case "association":
            return f"eipassoc-{digits[:17]}"
        case "uuid" | "token" | "filesystem":
            return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        case "tmpdir":
            return f"/tmp/tmp{digits[:6]}"
        case "container" | "image":
            return digits
        case "locker":
            return f"client.{4100 + serial}"
        case "pid":
            return str(4000 + serial)
        case _:
            return digits[:12]


def digits_of(text: str, length: int = 64) -> str:
    """Return that many hexadecimal digits, which look random and depend on nothing but the text.

    Nobody has to be kept from guessing them, and hashlib would be the slowest import of a preview.
    """
    return "".join([f"{crc32(f'{part}{text}{part}'.encode()):08x}" for part in range(-(-length // 8))])[:length]

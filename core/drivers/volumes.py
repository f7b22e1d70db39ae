"""The `volumes` of a disk.amazon: ids of volumes, and specifications of volumes to be bought: `<size=15,type=gp3>`."""

from collections.abc import Iterable

from core.config.keywords import is_true
from core.config.sizes import factor, human, is_bare, parse_bytes
from core.config.spelling import meant
from core.tools import aws

KEYS = {
    "size": "size",
    "iops": "iops",
    "availability-zone": "zone",
    "snapshot": "snapshot",
    "type": "type",
    "encrypted": "encrypted",
}
"""The keys of a specification, and the fields of `NewVolume` that they are."""

TRUE_OR_FALSE = {"true", "yes", "1", "false", "no", "0"}


def is_specification(word: str) -> bool:
    """Tell a specification from the id of a volume."""
    return word.startswith("<")


def complaint(value: str) -> str | None:
    """Say what is wrong with the words of `volumes`, and the likely fix; None when they are right."""
    for word in value.split():
        if said := word_complaint(word):
            return said
    words = [word for word in value.split() if not is_specification(word)]
    twice = next((word for word in words if words.count(word) > 1), None)
    return None if twice is None else f"{twice!r} is named twice; a volume is attached once"


def word_complaint(word: str) -> str | None:
    """Say what is wrong with one of the words; None when it is right."""
    if not is_specification(word):
        return _identity_complaint(word)
    if not word.endswith(">"):
        return f"{word!r} does not end with '>'; a specification is one word without blanks, such as <size=15,type=gp3>"
    seen: set[str] = set()
    for part in word[1:-1].split(","):
        if said := _part_complaint(word, part, seen):
            return said
        seen.add(part.partition("=")[0])
    if not seen & {"size", "snapshot"}:
        return f"{word} has neither size nor snapshot; write <size=5,{word[1:]}"
    return None


def _identity_complaint(word: str) -> str | None:
    if word.startswith("vol-") and not set(word) & set("<>=,"):
        return None
    if "=" in word:
        return f"{word!r} is not a volume; a specification is one word in angle brackets, such as <size=15>"
    return f"{word!r} is not a volume; write an id such as vol-464a8f87 or a specification such as <size=15>"


def _part_complaint(word: str, part: str, seen: Iterable[str]) -> str | None:
    key, equals, value = part.partition("=")
    if not equals or not key or not value:
        return f"{part!r} in {word} is not KEY=VALUE{_repair(part)}"
    if key not in KEYS:
        near = meant(key, tuple(KEYS)) or f"; it may be {', '.join(KEYS)}"
        return f"unknown key {key!r} in {word}{near}"
    if key in seen:
        return f"{key!r} is given twice in {word}; write it once"
    said = _value_complaint(key, value)
    return said and f"{key} in {word}: {said}"


def _repair(part: str) -> str:
    """What was probably meant by a part without `=`: `size-5` and `size:5` are `size=5`."""
    for key in KEYS:
        rest = part.removeprefix(key)
        if rest != part and rest[:1] in {"-", ":", "_", "+"} and rest[1:]:
            return f"; did you mean {key}={rest[1:]}?"
    return "; write <size=5>"


def _value_complaint(key: str, value: str) -> str | None:
    match key:
        case "size":
            return _size_complaint(value)
        case "iops":
            return None if value.isascii() and value.isdigit() and int(value) else f"{value!r} is no number from 1"
        case "encrypted":
            return None if value.lower() in TRUE_OR_FALSE else f"{value!r} is neither true nor false"
        case "snapshot":
            return None if value.startswith("snap-") else f"{value!r} is no snapshot; its id begins with snap-"
        case _:
            return None if all(c.isalnum() or c == "-" for c in value) else f"{value!r} is not a name"


def _size_complaint(value: str) -> str | None:
    try:
        count = parse_bytes(value, "G")
    except ValueError as error:
        return str(error)
    return f"{value!r} is not a whole number of GiB; a volume is" if count % factor("G") else None


def specification(word: str) -> "aws.NewVolume":
    """Read a specification that `complaint` let pass."""
    given = dict(part.split("=", 1) for part in word[1:-1].split(","))
    if "size" in given:
        given["size"] = str(parse_bytes(given["size"], "G") // factor("G"))
    if "encrypted" in given:
        given["encrypted"] = "true" if is_true(given["encrypted"]) else "false"
    return aws.NewVolume(**{KEYS[key]: value for key, value in given.items()})


def described(word: str) -> str:
    """Say what a word of `volumes` stands for, with the size as it is understood."""
    if not is_specification(word):
        return f"the EBS volume {word}"
    size = specification(word).size
    return f"an EBS volume{f' of {size}G' if size else ''} created from {word}"


def bare_sizes(value: str) -> list[str]:
    """Return a sentence for each size without a unit, which counts GiB."""
    found = []
    for word in value.split():
        for part in word.strip("<>").split(",") if is_specification(word) else ():
            key, _, size = part.partition("=")
            if key == "size" and is_bare(size):
                found.append(f"{word}: a bare size counts GiB here; write size={human(parse_bytes(size, 'G'))}")
    return found

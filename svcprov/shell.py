"""Words as a shell takes them, for lines that people read and may copy."""

from collections.abc import Iterable
from shlex import quote

from core.holes import HOLE


def line(words: Iterable[str]) -> str:
    """Join words into a command line.

    A `#` inside a word (`fs#1`) needs no quotes, and neither does a hole, since no shell can take it anyway.
    """
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    plain = HOLE.sub("x", word)
    if not plain.startswith("#"):
        plain = plain.replace("#", "x")
    return word if quote(plain) == plain else quote(word)

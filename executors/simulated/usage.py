"""Strict option parsing for simulated tools: what the real tool would not understand is refused, never ignored."""

from collections.abc import Iterable

Options = dict[str, list[str]]


class Usage(Exception):
    """The words are not understood; the text names the word."""


def options(
    words: Iterable[str],
    *,
    flags: Iterable[str] = (),
    values: Iterable[str] = (),
    least: int = 0,
    most: int | None = None,
) -> tuple[Options, list[str]]:
    """Split words into options and operands.

    flags: options without a value (`-q`). values: options with one (`-t btrfs`, `--size=3`, `--size 3`).
    least, most: how many operands there may be. Raises Usage for anything else. `--` ends the options.
    """
    known_flags, known_values = set(flags), set(values)
    found: Options = {}
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            operands += rest
            break
        if word in known_flags:
            found.setdefault(word, []).append("")
        elif word in known_values:
            if not rest:
                raise Usage(f"option requires an argument: '{word}'")
            found.setdefault(word, []).append(rest.pop(0))
        elif equals and name in known_values and name.startswith("--"):
            found.setdefault(name, []).append(value)
        elif word.startswith("-") and len(word) > 1:
            raise Usage(f"unrecognized option '{word}'")
        else:
            operands.append(word)
    if len(operands) < least or (most is not None and len(operands) > most):
        raise Usage(f"bad number of operands: {' '.join(operands)!r}")
    return found, operands

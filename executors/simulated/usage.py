"""Strict option parsing for simulated tools: what the real tool would not understand is refused, never ignored."""

from collections.abc import Collection, Iterable

Options = dict[str, list[str]]


class Usage(Exception):
    """The words are not understood; the text names the word."""


def options(
    words: Iterable[str],
    *,
    flags: Collection[str] = (),
    values: Collection[str] = (),
    least: int = 0,
    most: int | None = None,
) -> tuple[Options, list[str]]:
    """Split words into options and operands.

    flags: options without a value (`-q`). values: options with one (`-t btrfs`, `--size=3`, `--size 3`).
    least, most: how many operands there may be. Raises Usage for anything else. `--` ends the options.
    """
    found: Options = {}
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        name, equals, value = word.partition("=")
        if word == "--":
            operands += rest
        elif word in flags:
            found.setdefault(word, []).append("")
        elif word in values:
            given = next(rest, None)
            if given is None:
                raise Usage(f"option requires an argument: '{word}'")
            found.setdefault(word, []).append(given)
        elif equals and name in values and name.startswith("--"):
            found.setdefault(name, []).append(value)
        else:
            raise Usage(f"unrecognized option '{word}'")
    if len(operands) < least or (most is not None and len(operands) > most):
        raise Usage(f"bad number of operands: {' '.join(operands)!r}")
    return found, operands


def getopt_words(error: Usage) -> str:
    """What getopt_long says of an unknown option: of a single letter it says only that."""
    wrong = error.args[0].partition("unrecognized option '")[2].rstrip("'")
    return f"invalid option -- '{wrong[1:2]}'" if wrong and not wrong.startswith("--") else str(error)

"""Holes: `«disk#0.volume.0»` stands for an identity that exists only once the command that makes it has run.

A hole is a name. It binds to the answer of its own producer and only to text of its kind; once bound it stays bound.
"""

import re
from collections.abc import Mapping

from core.command import Check, Command

HOLE = re.compile("«([^«»]+)»")

_OF_LVM = r"[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}"

PATTERNS = {
    "address": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+",
    "allocation": r"eipalloc-[0-9a-f]+",
    "array": r"[0-9a-f]{8}(?::[0-9a-f]{8}){3}",
    "container": r"[0-9a-f]{12,64}",
    "dataset": r"[0-9]{1,20}",
    "device": r"/dev/[A-Za-z0-9._/-]+",
    "loop": r"/dev/loop[0-9]+",
    "pool": r"[0-9]{1,20}",
    "nbd": r"/dev/nbd[0-9]+",
    "rbd image": r"[0-9a-f]+",
    "tmpdir": r"/tmp/tmp[A-Za-z0-9_]+",
    "token": r"[0-9a-f-]{8,64}",
    "uuid": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "filesystem": r"[0-9a-fA-F]{4,}(?:-[0-9a-fA-F]+)*",
    "logical volume": _OF_LVM,
    "physical volume": _OF_LVM,
    "volume": r"vol-[0-9a-f]+",
    "volume group": _OF_LVM,
}
ANY_WORD = r"[^\s«»]+"


def hole(name: str) -> str:
    """Return the text that stands for the thing called `name`."""
    return f"«{name}»"


def is_hole(text: str) -> bool:
    """Tell whether `text` is one hole and nothing else."""
    return HOLE.fullmatch(text) is not None


def is_of_kind(text: str, kind: str) -> bool:
    """Tell whether `text` can be the identity of a thing of `kind` (any word, for a kind without a pattern)."""
    return re.fullmatch(PATTERNS.get(kind, ANY_WORD), text) is not None


def fill_text(text: str, bound: Mapping[str, str]) -> str:
    """Replace each hole that `bound` knows; the others stay."""
    return HOLE.sub(lambda match: bound.get(match[1], match[0]), text) if "«" in text else text


def fill_argv(argv: tuple[str, ...], bound: Mapping[str, str]) -> tuple[str, ...]:
    """Replace the holes in each word."""
    return tuple(fill_text(word, bound) for word in argv)


def fill(command: Command, bound: Mapping[str, str]) -> Command:
    """Replace the holes in a command's words and input, in its check and undo, and in what it destroys."""
    return command._replace(
        argv=fill_argv(command.argv, bound),
        stdin=None if command.stdin is None else fill_text(command.stdin, bound),
        check=None if command.check is None else fill_check(command.check, bound),
        only_if=tuple(fill_check(check, bound) for check in command.only_if),
        again=None if command.again is None else fill(command.again, bound),
        undo=tuple(fill_check(step, bound) if isinstance(step, Check) else fill(step, bound) for step in command.undo),
        destroys=tuple(
            thing._replace(
                identity=fill_text(thing.identity, bound),
                at=fill_text(thing.at, bound),
                proofs=tuple(fill_check(check, bound) for check in thing.proofs),
            )
            for thing in command.destroys
        ),
    )


def fill_check(check: Check, bound: Mapping[str, str]) -> Check:
    """Replace the holes in what a check asks and in the text that it looks for."""
    return check._replace(ask=fill(check.ask, bound), text=fill_text(check.text, bound))


def open_holes(argv: tuple[str, ...]) -> list[str]:
    """Return the names of the holes in the words, in order."""
    return [name for word in argv for name in HOLE.findall(word)]


def unify(
    pattern: tuple[str, ...], actual: tuple[str, ...], bound: Mapping[str, str], kinds: Mapping[str, str]
) -> dict[str, str] | None:
    """Match planned words with actual ones; return the bindings that this adds, or None when they differ.

    bound: what is known already. kinds: the kind of each hole's thing; a hole of unknown kind takes any one word.
    """
    if len(pattern) != len(actual):
        return None
    added: dict[str, str] = {}
    for planned, word in zip(pattern, actual, strict=True):
        if planned == word:
            continue
        planned_now = fill_text(fill_text(planned, bound), added)
        if planned_now == word:
            continue
        if "«" not in planned_now:
            return None
        names: list[str] = []
        expression = ""
        for position, part in enumerate(HOLE.split(planned_now)):
            if position % 2 == 0:
                expression += re.escape(part)
            elif part in names:
                expression += f"(?:\\{names.index(part) + 1})"
            else:
                names.append(part)
                expression += f"({PATTERNS.get(kinds.get(part, ''), ANY_WORD)})"
        match = re.fullmatch(expression, word)
        if match is None:
            return None
        added.update(zip(names, match.groups(), strict=True))
    return added

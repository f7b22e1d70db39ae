"""How the answers of a real tool and of its simulated twin are compared: word by word, or as drivers read them."""

import re
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, NamedTuple

from core.command import Command, Completed

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
PARTS = ("returncode", "stdout", "stderr")

Read = Callable[[Completed], Any]
"""What a driver makes of an answer."""


class Difference(NamedTuple):
    """What is not the same on both sides; `part` is one of PARTS, or the form of a read."""

    part: str
    real: Any
    simulated: Any


def said(text: str) -> str:
    """What is said of an error, without the pages of usage that some tools print behind it."""
    return re.split(r"(?<=[Uu]sage: )", text)[0]


def without(pattern: str, put: str = "") -> Read:
    """Compare both outputs without what changes from run to run (how long it took)."""
    changing = re.compile(pattern)
    return lambda answer: (changing.sub(put, answer.stdout), said(changing.sub(put, answer.stderr)))


READS: dict[str, Read] = {
    # Which byte is the first that is not zero depends on what was written there; drivers read the return code.
    "cmp": without(r"byte \d+, line \d+"),
    # How many blocks a file takes is the filesystem's affair; drivers ask whether it takes any.
    "stat": without(r"\b[1-9]\d*$", "some"),
    # Several loop devices of one file are listed in no order.
    "losetup": lambda answer: (sorted(answer.stdout.splitlines()), said(answer.stderr)),
    "dd": without(r"copied, .*"),
    # What else a device contains they take from a cache, which may tell of an earlier device of that name.
    "e2fsck": without(r"\d+/\d+ files, \d+/\d+ blocks|/dev/\S+ contains a [^\n]*\n"),
    "tune2fs": without(r"/dev/\S+ contains a [^\n]*\n"),
}
"""How the answers of some programs are compared whenever they run."""


class Comparison:
    """Compares answers of one run; remembers which uuid on the real side is which on the simulated one."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def differences(
        self, command: Command, real: Completed, simulated: Completed, read: Read | None = None
    ) -> list[Difference]:
        """Return what is not the same of two answers to a command; with `read`, "stdout" is what that makes of it."""
        stdout, stderr = self._unified(real.stdout, simulated.stdout), self._unified(real.stderr, simulated.stderr)
        read = read or READS.get(command.argv[0])
        pairs: list[tuple[Any, Any]] = [(real.returncode, simulated.returncode)]
        if read is None:
            pairs += [stdout, (said(stderr[0]), said(stderr[1]))]
        else:
            pairs += [(read(real._replace(stdout=stdout[0], stderr=stderr[0])), read(simulated))]
        return [Difference(part, *pair) for part, pair in zip(PARTS, pairs, strict=False) if pair[0] != pair[1]]

    def _unified(self, real: str, simulated: str) -> tuple[str, str]:
        """Both texts, with the uuids of the real one replaced by those that they are mapped to."""
        for one, other in zip_longest(UUID.findall(real), UUID.findall(simulated)):
            fresh = one not in self._names and other not in self._names.values()
            if one is not None and other is not None and fresh:
                self._names[one] = other
        return UUID.sub(lambda match: self._names.get(match[0], match[0]), real), simulated

"""Compare a log with the specification's transcript: line by line, blocks of tool output by their presence."""

import re
from typing import NamedTuple

LINE = re.compile(r"(?P<level>[A-Z]+ +)(?P<name>\S+ +)(?P<text>.*)")
LEVELS = ("INFO", "WARNING", "ERROR", "DEBUG")
OWN_WORDS = re.compile(r" --(?:config|node) \S+")


class Entry(NamedTuple):
    """A line of the log as it stands there, and whether a block of text follows."""

    line: str
    has_block: bool


def entries(text: str) -> list[Entry]:
    """The lines of a log; a block below a line that announces one is not compared but for being there."""
    found: list[Entry] = []
    for line in text.splitlines():
        if line.startswith(LEVELS) and LINE.match(line):
            found.append(Entry(OWN_WORDS.sub("", line) if " svcmgr -s " in line else line, has_block=False))
        elif line.startswith(("send ", "update ")):
            found.append(Entry(line, has_block=False))
        elif found:
            found[-1] = found[-1]._replace(has_block=True)
        else:
            found.append(Entry(line, has_block=False))
    return found


def differences(expected: str, actual: str) -> list[str]:
    """What is not as the transcript has it: an empty list for the same lines in the same order."""
    one, other = entries(expected), entries(actual)
    found = [f"expected {a}\n  actual {b}" for a, b in zip(one, other, strict=False) if a != b]
    if len(one) != len(other):
        found.append(f"expected {len(one)} lines, there are {len(other)}")
    return found

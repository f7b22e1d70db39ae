"""What was tried on a real kernel, and held: counts that the page docs/fidelity.md states beside the comparisons.

A test that tries generated things says what, under a name for the choice (its seed): the same choice tried again is the
same entry. The counts are kept in tests/fidelity/tried.json.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conftest import REPOSITORY

FILE = REPOSITORY / "tests/fidelity/tried.json"
Tally = Mapping[str, int]
Kept = dict[str, dict[str, dict[str, int]]]
"""For each kind of trial, for each choice, how many of what."""


def kept(file: Path = FILE) -> Kept:
    """What was tried until now."""
    found: Kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def keep(what: str, choice: str, tally: Tally, file: Path = FILE) -> None:
    """Take note of a trial that held, in all of what was chosen."""
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        # Two trials may be on their way at the same time.
        fcntl.flock(folder, fcntl.LOCK_EX)
        whole = kept(file)
        whole.setdefault(what, {})[choice] = dict(tally)
        text = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)
        temporary = file.with_name(f".{file.name}.new")
        temporary.write_text(f"{text}\n", encoding="utf-8")
        temporary.replace(file)
    finally:
        os.close(folder)


def rows(whole: Kept) -> Iterator[str]:
    """The rows of a table: each kind of trial with the sums of its choices."""
    for what, choices in sorted(whole.items()):
        names = dict.fromkeys(name for tally in choices.values() for name in tally)
        sums = ", ".join(f"{sum(tally.get(name, 0) for tally in choices.values())} {name}" for name in names)
        yield f"| {what} | {len(choices)} | {sums} |"

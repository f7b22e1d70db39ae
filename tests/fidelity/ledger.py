"""What was compared with the real tools in one session, and the page that says so: docs/fidelity.md.

Every comparison is entered under the tool, the form of its command line (`losetup -f --show PATH`) and the outcome on
the real side. A comparison that does not agree either fails its test or is a known difference, entered with its reason.
The page is written at the end of a session in which the whole lane ran and passed (see `conftest.py`), and is the same
bytes for the same comparisons.
"""

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs/fidelity.md"
HEAD = """\
# What the simulation was compared with

Written by the fidelity tests; do not edit. The same command lines ran on the real tools and on their simulated twins.
Compared were the return code, what was printed (as drivers read it, or word by word) and, after each change, the state
that both sides are in. An outcome is what the real tool answered. What does not agree and is not listed as a known
difference fails a test.
"""
_REVISION = re.compile(r"-[^-]*$")


class Compared(NamedTuple):
    """One kind of comparison; `differences` are the reasons of what is known not to agree."""

    tool: str
    form: str
    outcome: str
    differences: tuple[str, ...]


class Ledger:
    """How often each kind of comparison was made, and the versions of the tools that were compared."""

    def __init__(self) -> None:
        self.times: Counter[Compared] = Counter()
        self.versions: dict[str, str] = {}

    def exported(self) -> dict[str, Any]:
        """Everything in it as plain values, which one process can send to another."""
        times = [[*entry[:3], list(entry.differences), count] for entry, count in sorted(self.times.items())]
        return {"times": times, "versions": dict(self.versions)}

    def add(self, exported: dict[str, Any]) -> None:
        """Take in what another process exported."""
        for tool, form, outcome, differences, count in exported["times"]:
            self.times[Compared(tool, form, outcome, tuple(differences))] += count
        self.versions.update(exported["versions"])


LEDGER = Ledger()


def compared(tool: str, form: str, outcome: str, differences: Iterable[str] = ()) -> None:
    """Enter one comparison that agreed, but for the known `differences`, each given by its reason.

    tool: what was compared (`losetup`, `aws ec2`). form: the command line, with what changes from run to run replaced
    by a word in capitals. outcome: what the real side answered, so that it is the same in every run.
    """
    LEDGER.times[Compared(tool, form, outcome, tuple(sorted(differences)))] += 1


def is_of(tool: str, version: str) -> None:
    """Say which version of a tool the comparisons are with: `losetup` is of `util-linux 2.38.1`."""
    LEDGER.versions[tool] = version


@cache
def package_version(package: str) -> str:
    """The upstream version of an installed Debian package; empty where it is not installed, or nobody knows."""
    try:
        ended = subprocess.run(
            ("dpkg-query", "-W", "-f", "${Version}", package), capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return _REVISION.sub("", ended.stdout.partition(":")[2] or ended.stdout) if ended.returncode == 0 else ""


def rendered(ledger: Ledger) -> str:
    """The page, as text."""
    tools = sorted({entry.tool for entry in ledger.times})
    total, agreed = sum(ledger.times.values()), _agreed(ledger.times.items())
    lines = [HEAD, f"{total} comparisons; {agreed} agreed, {total - agreed} with a known difference.", ""]
    lines += ["| tool | of | compared | agreed |", "|---|---|---|---|"]
    for tool in tools:
        entries = [(entry, count) for entry, count in ledger.times.items() if entry.tool == tool]
        version = ledger.versions.get(tool, "")
        lines.append(f"| {tool} | {version} | {sum(count for _, count in entries)} | {_agreed(entries)} |")
    for tool in tools:
        lines += ["", f"## {tool}", "", "| command | outcome | compared | agreed | known differences |"]
        lines += ["|---|---|---|---|---|", *_rows(ledger, tool)]
    return "\n".join(lines) + "\n"


def _agreed(entries: Iterable[tuple[Compared, int]]) -> int:
    return sum(count for entry, count in entries if not entry.differences)


def _rows(ledger: Ledger, tool: str) -> list[str]:
    """One row for each form and outcome of a tool."""
    rows = []
    for form, outcome in sorted({entry[1:3] for entry in ledger.times if entry.tool == tool}):
        entries = [(entry, count) for entry, count in ledger.times.items() if entry[:3] == (tool, form, outcome)]
        reasons = sorted({reason for entry, _ in entries for reason in entry.differences})
        cells = (
            _code(form),
            _cell(outcome),
            sum(count for _, count in entries),
            _agreed(entries),
            _cell("; ".join(reasons)),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |".replace("|  |", "| |"))
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{_cell(text).replace('`', '')}`"


def write(ledger: Ledger, page: Path = PAGE) -> None:
    """Write the page, whole or not at all."""
    temporary = page.with_name(f".{page.name}.{os.getpid()}")
    temporary.write_text(rendered(ledger), encoding="utf-8")
    temporary.replace(page)


def is_whole(files: Iterable[Path], ran: set[str], words: Sequence[str]) -> bool:
    """Tell whether a session that nothing was left out of ran every file of the lane.

    files: the test files of the lane. ran: the names of those of which a test passed. words: what pytest was given.
    """
    return {file.name for file in files} <= ran and not any("::" in word for word in words)

"""What was compared with the real tools, and the page that says so: docs/fidelity.md.

Every comparison is entered under the tool, the form of its command line (`losetup -f --show PATH`) and the outcome on
the real side. A comparison that does not agree either fails its test or is a known difference, entered with its reason.
What a lane compared is written to tests/fidelity/compared at the end of a session in which the whole lane ran and
passed (see `lanes.py`); the page is made of all that is there, and is the same bytes for the same comparisons.
"""

import json
import os
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import REPOSITORY
from tests.fidelity import tried

PAGE = REPOSITORY / "docs/fidelity.md"
COMPARED = REPOSITORY / "tests/fidelity/compared"
PLACES = {
    "host": "this machine",
    "vm": "the node VM",
    "vm-zfs": "the node VM with ZFS",
    "vm-ceph": "the node VM with Ceph",
}
"""Where each lane has its real tools."""
HEAD = """\
# What the simulation was compared with

Written by the fidelity tests; do not edit. The same command lines ran on the real tools and on their simulated twins.
Compared were the return code, what was printed (as drivers read it, or word by word) and, after each change, the state
that both sides are in. An outcome is what the real tool answered. What does not agree and is not listed as a known
difference fails a test. The real tools are those of the machine that the tests ran on (host) and those of node VMs,
which have a kernel of their own (vm, vm-zfs, vm-ceph).
"""
TRIED = """\
Whole services were tried in the node VM, too. The square: what a plan predicted of the node is what was observed after
it had run, in everything that `tests/square.py` names, for services that were stacked at random. Power losses: the VM
was killed at a random moment of a first `provision`, booted, and `provision` run again; the service was up, nothing was
bought twice, and what was on the disks before was still there.
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


LEDGERS: defaultdict[str, Ledger] = defaultdict(Ledger)
"""What this process has compared in each lane; "" is for tests of none."""


class _Now:
    lane = ""


def begin(lane: str) -> None:
    """Say to which lane the test belongs that runs now."""
    _Now.lane = lane


def compared(tool: str, form: str, outcome: str, differences: Iterable[str] = ()) -> None:
    """Enter one comparison that agreed, but for the known `differences`, each given by its reason.

    tool: what was compared (`losetup`, `aws ec2`). form: the command line, with what changes from run to run replaced
    by a word in capitals. outcome: what the real side answered, so that it is the same in every run.
    """
    LEDGERS[_Now.lane].times[Compared(tool, form, outcome, tuple(sorted(differences)))] += 1


def is_of(tool: str, version: str) -> None:
    """Say which version of a tool the comparisons are with: `losetup` is of `util-linux 2.38.1`."""
    LEDGERS[_Now.lane].versions[tool] = version


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


def rendered(ledgers: Mapping[str, Ledger], trials: tried.Kept | None = None) -> str:
    """The page, as text, of what each lane compared, and of what else was tried."""
    entries = [(lane, entry, count) for lane, ledger in ledgers.items() for entry, count in ledger.times.items()]
    lines = [HEAD, f"{_counted(entries)}.", ""]
    lines += ["| where | lane | compared | agreed |", "|---|---|---|---|"]
    for lane in (lane for lane in PLACES if lane in ledgers):
        own = [each for each in entries if each[0] == lane]
        lines.append(f"| {PLACES[lane]} | {lane} | {_times(own)} | {_agreed(own)} |")
    if trials:
        lines += ["", TRIED, "| what | choices | held |", "|---|---|---|", *tried.rows(trials)]
    lines += ["", "| tool | of | where | compared | agreed |", "|---|---|---|---|---|"]
    tools = sorted({entry.tool for _, entry, _ in entries})
    for tool in tools:
        own = [each for each in entries if each[1].tool == tool]
        versions = sorted({ledger.versions[tool] for ledger in ledgers.values() if ledger.versions.get(tool)})
        lines.append(f"| {tool} | {', '.join(versions)} | {_where(own)} | {_times(own)} | {_agreed(own)} |")
    for tool in tools:
        lines += ["", f"## {tool}", "", "| command | outcome | where | compared | agreed | known differences |"]
        lines += ["|---|---|---|---|---|---|", *_rows([each for each in entries if each[1].tool == tool])]
    return "\n".join(lines) + "\n"


Entries = list[tuple[str, Compared, int]]
"""Lanes, what they compared, and how often."""


def _counted(entries: Entries) -> str:
    total, agreed = _times(entries), _agreed(entries)
    return f"{total} comparisons; {agreed} agreed, {total - agreed} with a known difference"


def _times(entries: Entries) -> int:
    return sum(count for _, _, count in entries)


def _agreed(entries: Entries) -> int:
    return sum(count for _, entry, count in entries if not entry.differences)


def _where(entries: Entries) -> str:
    return ", ".join(lane for lane in PLACES if any(lane == each[0] for each in entries))


def _rows(of_tool: Entries) -> list[str]:
    """One row for each form and outcome of a tool."""
    rows = []
    for form, outcome in sorted({entry[1:3] for _, entry, _ in of_tool}):
        entries = [each for each in of_tool if each[1][1:3] == (form, outcome)]
        reasons = sorted({reason for _, entry, _ in entries for reason in entry.differences})
        cells = (
            _code(form),
            _cell(outcome),
            _where(entries),
            _times(entries),
            _agreed(entries),
            _cell("; ".join(reasons)),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |".replace("|  |", "| |"))
    return rows


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{_cell(text).replace('`', '')}`"


def keep(lane: str, ledger: Ledger, folder: Path = COMPARED) -> None:
    """Write down what a whole lane compared."""
    exported = ledger.exported()
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in exported["times"])
    versions = json.dumps(exported["versions"], ensure_ascii=False, indent=1, sort_keys=True)
    folder.mkdir(exist_ok=True)
    _replace(folder / f"{lane}.json", f'{{"times": [\n{lines}\n],\n"versions": {versions}}}\n')


def kept(folder: Path = COMPARED) -> dict[str, Ledger]:
    """What each lane compared the last time that it was whole."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        found[path.stem] = Ledger()
        found[path.stem].add(json.loads(path.read_text(encoding="utf-8")))
    return found


def write(ledgers: Mapping[str, Ledger], page: Path = PAGE, trials: tried.Kept | None = None) -> None:
    """Write the page, whole or not at all."""
    _replace(page, rendered(ledgers, trials))


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)

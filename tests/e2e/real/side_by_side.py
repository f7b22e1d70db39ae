"""A plan and a run beside each other: each command that was planned, and the one that was run in its place.

    python -m tests.e2e.real.side_by_side PLAN.jsonl RUN.jsonl

reads what `svcmgr plan --format json` and `svcmgr provision --format json` have written; exit code 1 when they differ.
"""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from core.holes import unify

WIDTH_MAX = 100

Line = Mapping[str, Any]


class Pair(NamedTuple):
    """A planned command and the one that was run, as shells would have them; `same` when holes explain the rest."""

    rid: str
    planned: str
    ran: str
    same: bool


def changes(lines: Sequence[Line]) -> list[Line]:
    """The changing commands of a plan or a run, cascades included."""
    return [each for each in lines if each["type"] == "cascade" or each.get("kind") == "changes"]


def pairs(plan: Sequence[Line], run: Sequence[Line]) -> list[Pair]:
    """Put the changes of a plan beside those of a run, in their order. A hole has one filling, everywhere."""
    filling: dict[str, str] = {}
    found = []
    for planned, ran in zip_longest(changes(plan), changes(run)):
        same = planned is not None and ran is not None and _place(planned) == _place(ran)
        if same:
            more = unify(_words(planned), _words(ran), filling, {})
            same = more is not None
            filling |= more or {}
        rid = (planned or ran or {})["rid"]
        found.append(Pair(rid, _shown(planned), _shown(ran), same))
    return found


def _place(line: Line) -> tuple[Any, ...]:
    return line["type"], line["rid"], line.get("verb"), line.get("makes"), line.get("stdin")


def _words(line: Line) -> tuple[str, ...]:
    return tuple(line["argv"]) if line["type"] == "command" else (line["key"], line["value"] or "")


def _shown(line: Line | None) -> str:
    return "" if line is None else shlex.join(_words(line))


def table(found: Sequence[Pair]) -> str:
    """Both lists, one command on each line; where they differ the line begins with `!`."""
    width = min(WIDTH_MAX, max((len(pair.planned) for pair in found), default=0))
    rids = max((len(pair.rid) for pair in found), default=0)
    return "\n".join(
        f"{' ' if pair.same else '!'} {pair.rid:<{rids}}  {pair.planned:<{width}}  {pair.ran}" for pair in found
    )


def main(plan: str, run: str) -> int:
    """Print both files beside each other."""
    read = [[json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()] for path in (plan, run)]
    found = pairs(*read)
    print(table(found))
    return 0 if all(pair.same for pair in found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

"""What svcprov itself says of a translated service file: its own validation, told on the lines of the old file."""

from collections.abc import Iterable
from typing import NamedTuple

from core.agents.lines import split
from core.agents.translation import LoadDriver, Row, Translation
from core.config.document import Document
from core.config.service import VAR, Service
from core.errors import Problem
from core.record import Record

ROUNDS_MAX = 10
"""How long a chain of sections that refer to each other, and fall with the first one, is followed."""


class Judgement(NamedTuple):
    """The table with what validation adds to it, and what of the file can be planned.

    document: the service without what is refused; None where nobody could plan that, and `why` says it. without: what
    was taken out of it: sections, and keywords of DEFAULT.
    """

    rows: tuple[Row, ...]
    document: Document | None
    without: tuple[str, ...]
    why: str = ""

    @property
    def refused(self) -> tuple[Row, ...]:
        """The rows that keep the translation from being the service that the file was."""
        return tuple(row for row in self.rows if row.verdict == "refused")


def judged(
    done: Translation, name: str, path: str, nodename: str, load_driver: LoadDriver, var: str = VAR
) -> Judgement:
    """Validate a translation as the file of the service `name` on a node. Nothing is raised."""
    whole = Document(done.text, path)
    rows = _Rows(done, whole)
    if whole.problems:
        rows.take(whole.problems)
        return Judgement(rows.sorted(), None, (), "it has to be mended first")
    for _ in range(ROUNDS_MAX):
        left, without = _left(whole, rows.refused)
        service = Service(name, left, nodename, Record(), load_driver, var) if left.sections() else None
        problems = [] if service is None else service.problems()
        if not rows.take(problems):
            break
    if service is None or not service.resources():
        return Judgement(rows.sorted(), None, without, "nothing is left of it")
    if problems:
        return Judgement(rows.sorted(), None, without, "it has to be mended first")
    rows.remark(service.warnings())
    return Judgement(rows.sorted(), left, without)


def _left(whole: Document, refused: Iterable[tuple[str, str]]) -> tuple[Document, tuple[str, ...]]:
    """The document without what is refused, and the names of that."""
    sections: dict[str, None] = {}
    keys = []
    for section, key in refused:
        if "#" in section and not section.startswith("subset#"):
            sections[section] = None
        elif whole.get(section, key) is not None:
            keys.append((section, key))
    starts = sorted((whole.line(section) - 1, section) for section in whole.sections())
    lines = split(whole.text)
    ends = [line for line, _ in starts[1:]] + [len(lines)]
    kept = lines[: starts[0][0]]
    for (start, section), end in zip(starts, ends, strict=True):
        kept += [] if section in sections else lines[start:end]
    left = Document("".join(kept), whole.path)
    for section, key in keys:
        left.unset(section, key)
    return left, tuple(dict.fromkeys((*sections, *(f"{section}.{key}" for section, key in keys))))


class _Rows:
    """The rows of a table, found by what the section and the keyword are called now."""

    def __init__(self, done: Translation, whole: Document) -> None:
        self._rows = list(done.rows)
        self._whole, self._places = whole, done.places
        self._at: dict[tuple[str, str], int] = {}
        for at, row in enumerate(self._rows):
            section, _, key = row.now.partition(".") if row.now else (row.section, "", row.key)
            section = section if row.now else done.names.get(row.section, row.section)
            self._at.setdefault((section, key.lower()), at)

    @property
    def refused(self) -> list[tuple[str, str]]:
        """What is refused, by its present names."""
        return [key for key, at in self._at.items() if self._rows[at].verdict == "refused"]

    def take(self, problems: Iterable[Problem]) -> bool:
        """Refuse what has a problem; tell whether anything was not refused before."""
        is_news = False
        for problem in problems:
            key = (problem.section, problem.key)
            said = "; ".join(part for part in (problem.text, problem.fix) if part)
            at = self._at.get(key) if problem.section else None
            if at is None:
                line = problem.line or self._whole.line(problem.section)
                self._at.setdefault(key, len(self._rows))
                self._rows.append(Row(self._line(line), problem.section, problem.key, "refused", "", said))
                is_news = is_news or bool(problem.section)
            elif self._rows[at].verdict != "refused":
                self._rows[at] = self._rows[at]._replace(verdict="refused", why=said)
                is_news = True
        return is_news

    def remark(self, warnings: Iterable[Problem]) -> None:
        """Say of what is supported that it may not be meant so."""
        for warning in warnings:
            at = self._at.get((warning.section, warning.key))
            if at is not None and not self._rows[at].why:
                said = "; ".join(part for part in (warning.text, warning.fix) if part)
                self._rows[at] = self._rows[at]._replace(why=said)

    def sorted(self) -> tuple[Row, ...]:
        """All rows, as their lines come."""
        return tuple(sorted(self._rows, key=lambda row: row.line))

    def _line(self, line: int) -> int:
        """The line of the old file that a line of the translation comes from; 0 where there is none."""
        return self._places[line - 1] if 0 < line <= len(self._places) else 0

"""What came of verifying a service: a table, JSON Lines, or JUnit XML, each with the failures and how to see them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from svcprov.verification.case import OUTCOMES, Case, Verdict
from svcprov.verification.script import pasteable
from svcprov.verification.shrinking import manner
from svcprov.verification.trying import KINDS, VARIED, Tried

WHAT_MAX = 8
"""How many sentences of one failure are shown: the first ones say what it is."""
ALONE = "this try"
"""The kind of what was asked for by its code."""
SHOWN_MAX = 5
"""How many failures of one kind are shrunk and shown."""


class Failure(NamedTuple):
    """A try that failed; `like` counts those that failed in the same way."""

    kind: str
    case: Case
    verdict: Verdict
    like: int = 1

    @property
    def script(self) -> str:
        """A shell script that shows it."""
        return pasteable(self.case, "--point", self.verdict.code)

    @property
    def what(self) -> list[str]:
        """What is wrong, in a few sentences."""
        shown = list(self.verdict.what[:WHAT_MAX])
        left = len(self.verdict.what) - len(shown)
        return [*shown, f"({left} more)"] if left else shown


class Row:
    """A kind of try: how many there were, and where they ended. ways: the same by the manner of the try."""

    def __init__(self) -> None:
        self.tried = self.failed = 0
        self.outcomes = dict.fromkeys(OUTCOMES, 0)
        self.ways: dict[str, int] = {}

    def hear(self, verdict: Verdict) -> None:
        """Count a try."""
        self.tried += 1
        way = way_of(verdict.code)
        self.ways[way] = self.ways.get(way, 0) + 1
        if verdict.what:
            self.failed += 1
        else:
            self.outcomes[verdict.outcome] += 1


def way_of(code: str) -> str:
    """The manner of a try: its code without the numbers of commands."""
    return ":".join(word for word in code.split(":") if not word.isdigit())


class Report:
    """Hears of tries, and remembers what failed. interrupted: there would have been more."""

    def __init__(self, service: str, where: str) -> None:
        self.service, self.where = service, where
        self.rows = {kind: Row() for kind in (*KINDS, VARIED, ALONE)}
        self.failures: list[Failure] = []
        self.interrupted = False
        self._met: dict[tuple[str, frozenset[str]], int] = {}

    @property
    def tried(self) -> int:
        """How many tries there were."""
        return sum(row.tried for row in self.rows.values())

    @property
    def failed(self) -> int:
        """How many of them failed."""
        return sum(row.failed for row in self.rows.values())

    def hear(self, tried: Tried) -> None:
        """Count a try; of failures in the same way the first one is kept."""
        self.rows[tried.kind].hear(tried.verdict)
        if not tried.verdict.what:
            return
        key = (tried.kind, manner(tried.verdict))
        place = self._met.get(key)
        if place is not None:
            failure = self.failures[place]
            self.failures[place] = failure._replace(like=failure.like + 1)
        elif sum(failure.kind == tried.kind for failure in self.failures) < SHOWN_MAX:
            self._met[key] = len(self.failures)
            self.failures.append(Failure(tried.kind, tried.case, tried.verdict))

    def text(self) -> Iterator[str]:
        """The table, then the failures."""
        yield f"{self.where}: verify {self.service}"
        yield f"{'':<21}{'tried':>7}" + "".join(f"{name:>16}" for name in (*OUTCOMES, "violations"))
        for kind, row in self.rows.items():
            if row.tried:
                ends = [*(row.outcomes[name] for name in OUTCOMES), row.failed]
                yield f"{kind:<21}{row.tried:>7}" + "".join(f"{number:>16}" for number in ends)
        for failure in self.failures:
            more = f" (and {failure.like - 1} more like it)" if failure.like > 1 else ""
            yield ""
            yield f"{failure.kind}: {failure.verdict.code}{more}"
            yield from (f"  {line}" for said in failure.what for line in said.splitlines())
            yield "to see it:"
            yield failure.script
        yield ""
        stopped = "interrupted; until then " if self.interrupted else ""
        yield f"{stopped}{self.tried} tries, {self.failed} violations"

    def objects(self) -> Iterator[dict[str, Any]]:
        """The lines of `--format json`, but for the first one, which says the version."""
        for kind, row in self.rows.items():
            if row.tried:
                yield {
                    "type": "kind", "kind": kind, "tried": row.tried,
                    "outcomes": row.outcomes, "violations": row.failed,
                }  # fmt: skip
        for failure in self.failures:
            yield {
                "type": "violation", "kind": failure.kind, "point": failure.verdict.code,
                "what": list(failure.verdict.what), "like": failure.like, "script": failure.script,
            }  # fmt: skip
        result = "interrupted" if self.interrupted else "failed" if self.failed else "done"
        yield {
            "type": "summary", "action": "verify", "tried": self.tried,
            "violations": self.failed, "result": result,
        }  # fmt: skip

    def junit(self) -> str:
        """JUnit XML: a suite for each kind, a case for each manner of try."""
        from xml.etree import ElementTree as ET

        root = ET.Element("testsuites", name=f"verify {self.service}")
        for kind, row in self.rows.items():
            if not row.tried:
                continue
            failures = [failure for failure in self.failures if failure.kind == kind]
            cases = {**row.ways, **{way_of(failure.verdict.code): 0 for failure in failures}}
            failed = {way_of(failure.verdict.code) for failure in failures}
            attributes = {"name": kind, "tests": str(len(cases)), "failures": str(len(failed))}
            suite = ET.SubElement(root, "testsuite", attributes)
            for way in cases:
                name = way + (f" ({row.ways[way]} tries)" if row.ways.get(way, 0) > 1 else "")
                case = ET.SubElement(suite, "testcase", name=name, classname=f"{self.service}.{kind}")
                for failure in failures:
                    if way_of(failure.verdict.code) == way:
                        message = xml_text(failure.what[0])
                        found = ET.SubElement(case, "failure", message=message)
                        found.text = xml_text("\n".join((*failure.what, "to see it:", failure.script)))
        ET.indent(root)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode")


def xml_text(text: str) -> str:
    """A text without the characters that no XML can hold."""
    return "".join(letter if letter >= " " or letter in "\t\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)

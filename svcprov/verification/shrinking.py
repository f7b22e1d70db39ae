"""The least of a service, of its node and of its neighbours that still fails in the same way."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from core.config.document import Document
from core.config.service import Service
from core.driver import load as load_driver
from core.record import Record
from core.state import NodeState, dumps, loads
from svcprov.verification import properties
from svcprov.verification.case import Case, Subject, Verdict
from svcprov.verification.outcomes import masked
from svcprov.verification.trying import alike

TRIES_MAX = 4000
"""How many tries the search for a smaller case may take: seconds, on a service of a dozen resources."""
LIKE_MAX = 150
"""How many tries of one manner a smaller case may take, of which one has to fail."""

Item = TypeVar("Item")
Part = tuple[str, ...]
"""A part of a node: the names that lead to it in its JSON."""


class Small(NamedTuple):
    """A case that fails, and the try that shows it."""

    case: Case
    verdict: Verdict


def manner(verdict: Verdict) -> frozenset[str]:
    """In which ways a try failed: what it complains of, without the numbers and names of one service."""
    return frozenset(map(_complaint, verdict.what))


def _complaint(line: str) -> str:
    if line[:2] in {"- ", "+ ", "~ "}:
        return "another end"
    if line.startswith("lost: "):
        return "lost"
    return re.sub(r"\d+", "0", masked(line.splitlines()[0]))[:100]


def shrunk(case: Case, verdict: Verdict) -> Small:
    """A small case that fails as this one does; the case itself where nothing can be left out."""
    search = _Search(Small(case, verdict))
    search.texts()
    search.sections()
    search.options()
    search.node()
    return search.best


class _Search:
    """Looks for smaller cases, one part after the other; `best` is the smallest one so far."""

    def __init__(self, first: Small) -> None:
        self.best = first
        self._manner = next(iter(map(_complaint, first.verdict.what)))
        self._left = TRIES_MAX
        self._sound = properties.is_provisioned(Subject(first.case))

    def _accept(self, case: Case) -> bool:
        """Tell whether a case still fails in the same way; it is the best one then."""
        verdict = self._failing(case)
        if verdict is not None:
            self.best = Small(case, verdict)
        return verdict is not None

    def _failing(self, case: Case) -> Verdict | None:
        try:
            if any(_problems(case, name) for name in case.files):
                return None
            subject, number = Subject(case), 0
            if self._sound and not properties.is_provisioned(subject):
                return None
            for number, verdict in enumerate(alike(subject, self.best.verdict.code)):
                if verdict.what and self._manner in manner(verdict):
                    return verdict
                if number >= min(LIKE_MAX, self._left):
                    break
            self._left -= number + 2
        except Exception:  # noqa: BLE001 - a node without half of its facts may break anything: it is no case
            return None
        return None

    def texts(self) -> None:
        """Write the files as plainly as they can be written: without comments and blank lines."""
        case = self.best.case
        self._accept(case._replace(files={name: _text(_options(text)) for name, text in case.files.items()}))

    def sections(self) -> None:
        """Leave out sections, and services."""
        case = self.best.case
        for name in [name for name in case.files if name != case.name]:
            self._accept(case._replace(files={other: text for other, text in case.files.items() if other != name}))
            case = self.best.case
        self._without([(name, section) for name, text in case.files.items() for section in _options(text)])

    def options(self) -> None:
        """Leave out options."""
        self._without(
            [
                (name, section, option)
                for name, text in self.best.case.files.items()
                for section, options in _options(text).items()
                for option in options
            ]
        )

    def _without(self, parts: list[Part]) -> None:
        case = self.best.case
        if any(_text(_options(text)) != text for text in case.files.values()):
            return  # it fails only as it is written
        minimal(parts, lambda kept: self._left > 0 and self._accept(_with_parts(case, parts, kept)))

    def node(self) -> None:
        """Leave out what the node has."""
        case = self.best.case
        whole = json.loads(dumps(case.state))
        whole["description"] = ""
        parts = list(_parts(whole))
        minimal(parts, lambda kept: self._left > 0 and self._accept(case._replace(state=_node(whole, parts, kept))))


def minimal(items: Sequence[Item], holds: Callable[[list[Item]], bool]) -> list[Item]:
    """As few of the items as hold, where no single one can be left out any more: delta debugging."""
    kept, size = list(items), max(1, len(items) // 2)
    while kept:
        shorter = False
        for start in range((len(kept) - 1) // size * size, -1, -size):
            attempt = kept[:start] + kept[start + size :]
            if holds(attempt):
                kept, shorter = attempt, True
        if size == 1 and not shorter:
            break
        size = max(1, size // 2)
    return kept


def _problems(case: Case, name: str) -> bool:
    service = Service(name, Document(case.files[name]), case.state["hostname"], Record(), load_driver)
    service.beside = case.beside.get(name, {}).get
    return bool(service.problems()) or not service.runs_here


def _options(text: str) -> dict[str, dict[str, str]]:
    document = Document(text)
    return {
        section: {option: document.get(section, option) or "" for option in document.options(section)}
        for section in document.sections()
    }


def _text(sections: dict[str, dict[str, str]]) -> str:
    document = Document("\n".join(f"[{section}]\n" for section in sections))
    for section, options in sections.items():
        for option, value in options.items():
            document.set(section, option, value)
    return document.text


def _with_parts(case: Case, parts: list[Part], kept: list[Part]) -> Case:
    """The case without the sections or options that are not kept."""
    gone = set(parts) - set(kept)
    files = {}
    for name, text in case.files.items():
        sections = {
            section: {option: value for option, value in options.items() if (name, section, option) not in gone}
            for section, options in _options(text).items()
            if (name, section) not in gone
        }
        files[name] = _text(sections)
    return case._replace(files=files)


_TABLES = ("devices", "files", "interfaces", "names", "registry", "latencies", "identifiers", "docker", "processes")
_LISTS = ("mounts", "neighbours", "silent", "swaps")
_CLOUD = ("volumes", "elastic_addresses", "snapshots", "network_interfaces", "others")


def _parts(whole: dict[str, Any]) -> list[Part]:
    """What can be left out of a node."""
    found: list[Part] = [(table, name) for table in _TABLES for name in whole[table]]
    found += [(name, str(position)) for name in _LISTS for position in range(len(whole[name]))]
    cloud = whole["ec2"] or {}
    found += [("ec2", name, each) for name in _CLOUD for each in cloud.get(name, ())]
    return [*found, *([("ec2",)] if cloud else [])]


def _node(whole: dict[str, Any], parts: list[Part], kept: list[Part]) -> NodeState:
    gone = set(parts) - set(kept)
    less: dict[str, Any] = json.loads(json.dumps(whole))
    for name in _TABLES:
        less[name] = {key: value for key, value in less[name].items() if (name, key) not in gone}
    for name in _LISTS:
        less[name] = [value for position, value in enumerate(less[name]) if (name, str(position)) not in gone]
    if less["ec2"] is not None and ("ec2",) in gone:
        less["ec2"] = None
    for name in _CLOUD if less["ec2"] is not None else ():
        held = less["ec2"][name]
        left = [each for each in held if ("ec2", name, each) not in gone]
        less["ec2"][name] = left if isinstance(held, list) else {each: held[each] for each in left}
    return loads(json.dumps(less))

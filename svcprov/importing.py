"""`nodemgr import`: service files of the older agents, read, planned, and written as svcprov reads them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from core.agents.generation import NAMES
from core.agents.judgement import Judgement, judged
from core.agents.translation import Row, Translation, translated
from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.config.service import VAR, Service, service_name_problem
from core.errors import Failed, Refused, SvcprovError, UsageError
from core.plan import Plan
from svcprov.files import CONF_MODE, ServiceFiles, etc, var
from svcprov.inventory import load_driver
from svcprov.node import Node
from svcprov.render import count

SUFFIXES = (".conf", ".env")
NOT_SERVICES = ("node.conf", "auth.conf", "cluster.conf", "sssu.conf")
"""Files of the agents that lie beside their service files."""
VERB = "provision"
INVALID = UsageError.exit_code


class Place(NamedTuple):
    """The node that services are planned on. var: what `{var}` stands for. expect: hears which service comes next."""

    node: Node
    var: str
    expect: Callable[[str], None]


class Outcome(NamedTuple):
    """What came of planning a service: a word for programs, a sentence, and the exit code that it stands for."""

    result: str
    text: str
    exit_code: int = 0
    commands: int = 0
    destructive: int = 0


class Imported(NamedTuple):
    """A file: the service that it is of, what it says line by line, the plan, and what was written.

    translation: None for what could not be read. problems: why. written: where its translation is, or why nowhere.
    """

    path: str
    service: str
    translation: Translation | None
    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    without: tuple[str, ...] = ()
    plan: Outcome | None = None
    written: str = ""
    write_code: int = 0

    @property
    def refused(self) -> int:
        """How many rows are refused."""
        return sum(row.verdict == "refused" for row in self.rows)

    @property
    def exit_code(self) -> int:
        """What the file contributes to the exit code of the command."""
        if self.problems or self.refused or self.write_code:
            return INVALID
        return 0 if self.plan is None else self.plan.exit_code


def place_of(node_file: str | None) -> Place:
    """Where services are planned: the simulated node of a file, or this machine. Raises UsageError for no such file."""
    if node_file is not None:
        from svcprov.node_file import NodeFile

        return Place(NodeFile(node_file), VAR, lambda _service: None)
    from svcprov.machine import ThisMachine

    machine = ThisMachine("")
    return Place(machine, var(), machine.expect)


def files_of(words: Iterable[str]) -> Iterator[str]:
    """The service files that words name: files, and what lies in directories. Raises UsageError for what is neither."""
    for word in words:
        if not os.path.isdir(word):
            yield word
            continue
        try:
            names = sorted(os.listdir(word))
        except OSError as error:
            raise UsageError(f"{word}: {error.strerror}") from None
        found = [name for name in names if name.endswith(SUFFIXES) and name not in NOT_SERVICES]
        if not found:
            raise UsageError(f"{word}: no service file is there: none that ends with {' or '.join(SUFFIXES)}")
        yield from (os.path.join(word, name) for name in found)


def imported(path: str, place: Place, *, write: bool) -> Imported:
    """Read one file, plan what of it can be planned, and write its translation where that is asked for."""
    name, suffix = os.path.splitext(os.path.basename(path))
    found = Imported(path, name, None, (), ())
    if said := service_name_problem(name):
        return found._replace(problems=(said,))
    try:
        text = _text(path)
    except SvcprovError as error:
        return found._replace(problems=tuple(str(error).splitlines()))
    done = translated(text, suffix, load_driver)
    if done.agent == "later":
        said = f"it is of {NAMES[done.agent]}, which has other sections, keywords and references: it is not read"
        return found._replace(translation=done, problems=(said,))
    verdict = judged(done, name, path, place.node.hostname, load_driver, place.var)
    found = found._replace(translation=done, rows=verdict.rows, without=verdict.without)
    found = found._replace(plan=_planned(name, verdict, place))
    return _written(found, done.text) if write else found


def _text(path: str) -> str:
    """The text of a file. Raises UsageError or ConfigError for what is none."""
    try:
        with open(path, "rb") as file:
            data = file.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    Document.from_bytes(data, path)
    return data.decode("utf-8")


def _planned(name: str, verdict: Judgement, place: Place) -> Outcome:
    """Plan what is left of a service without what is refused."""
    if verdict.document is None:
        return Outcome("not planned", verdict.why)
    try:
        place.expect(name)
        files = ServiceFiles(name, place.var)
        service = files.serve(verdict.document.copy(), place.node.hostname)
        if not service.runs_here:
            nodes = " ".join((*service.nodes, *service.drpnodes))
            return Outcome("elsewhere", f"{place.node.hostname} is none of its nodes ({nodes})")
        plan = _preview(service, place)
    except SvcprovError as error:
        return Outcome("refused" if isinstance(error, Refused) else "failed", str(error), error.exit_code)
    commands, lost = sum(not step.is_cascade for step in plan.steps), len(plan.destructive)
    if not plan.steps:
        unknown = f"; `svcmgr -s {name} adopt` records it as the service's own" if service.record.is_empty else ""
        return Outcome("nothing to do", f"everything is there and up{unknown}")
    return Outcome("planned", f"{count(commands, 'command')}, {lost} destructive", 0, commands, lost)


def _preview(service: Service, place: Place) -> Plan:
    """Preview a service; one that is refused since what it has is not recorded may run already, by another agent."""
    from svcprov.observation import planning

    try:
        return planning(service, VERB, place.node).preview()
    except Refused:
        whole = service.copy()
        whole.adopt = frozenset(resource.rid for resource in whole.resources())
        with suppress(SvcprovError):
            plan = planning(whole, VERB, place.node).preview()
            if not plan.steps:
                return plan
        raise


def _written(found: Imported, text: str) -> Imported:
    """Write a translation as the file of its service, never over another one."""
    if found.refused:
        return found._replace(written="not written: something in it is refused")
    path = f"{etc()}/{found.service}.conf"
    try:
        os.makedirs(etc(), mode=0o755, exist_ok=True)
    except OSError as error:
        raise Failed(f"{etc()}: {error.strerror}: nothing could be written there") from None
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, CONF_MODE)
    except FileExistsError:
        said = f"not written: {path} exists already; move it away, or set OSVCETC to another directory"
        return found._replace(written=said, write_code=INVALID)
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}: it could not be written") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    return found._replace(written=f"written: {path}")

"""All that can be said about a service file without acting on it: errors and warnings, each at its line and column.

What keeps a service from being acted on is in `core.config.validation`, what is only odd in `core.config.remarks`.
Here is what lies between: what acting would come to find out, each with the command that it fails at.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from core.config.places import Places
from core.config.remarks import remarks
from core.config.resource import Resource
from core.config.service import VAR, Service
from core.config.spelling import meant
from core.config.validation import PROBLEMS_MAX, problems
from core.errors import ConfigError, Problem
from core.order import order

Level = Literal["error", "warning"]

SYSTEM = frozenset(
    (
        "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/mnt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys",
        "/tmp", "/usr", "/var", "/var/lib", "/var/log", "/var/tmp",
    )
)  # fmt: skip
"""Directories of the node itself, that a mount would hide from everybody on it."""


class Finding(NamedTuple):
    """Something about a service file, and how much it matters: nothing can be done with a file that has an error."""

    level: Level
    problem: Problem

    def __str__(self) -> str:
        """`FILE:LINE:COLUMN: LEVEL: section.key: text; fix`, as compilers write it and editors read it."""
        path, line, section, key, text, fix, column = self.problem
        subject = ".".join(part for part in (section, key) if part)
        said = ": ".join(part for part in (f"{path}:{line}:{column}", self.level, subject, text) if part)
        return f"{said}; {fix}" if fix else said


def findings(services: Sequence[Service]) -> list[Finding]:
    """Find everything about one service file, in the order of its lines.

    services: the same file, for each of the nodes that it may be different for; what is wrong on some of them says so.
    Nothing is raised.
    """
    found: dict[Finding, None] = {}
    for position, service in enumerate(services):
        for finding in placed(service, _of_one(service)):
            if finding in found:
                continue
            said = finding.problem.text
            if position:
                said = f"on {service.nodename}, {said}"
            found.setdefault(finding._replace(problem=finding.problem._replace(text=said)))
    return sorted(found, key=lambda finding: (finding.problem.line, finding.problem.column))


def placed(service: Service, found: Iterable[Finding]) -> list[Finding]:
    """The findings, each with the line and the column of what it is about."""
    places = Places(service.document)
    return [finding._replace(problem=_placed(finding.problem, places)) for finding in found]


def of_error(error: ConfigError) -> list[Finding]:
    """The findings of a text that cannot be made a service of."""
    return [Finding("error", _at_least(problem)) for problem in error.problems]


def sound(service: Service, wrong: frozenset[str]) -> list[Resource]:
    """The resources that an action would take, and of which nothing is wrong."""
    found = []
    for resource in service.resources():
        try:
            if resource.rid not in wrong and not resource.disabled:
                list(resource.driver.needs(resource))
                list(resource.driver.gives(resource))
                found.append(resource)
        except ConfigError:
            continue  # a value of another section, told there
    return found


def _placed(problem: Problem, places: Places) -> Problem:
    text, fix = problem.text, problem.fix
    if not fix:
        # A rule of a keyword is one sentence, that says what is wrong, and after a semicolon what to do about it.
        text, _, fix = text.partition("; ")
    place = (problem.line, problem.column)
    if not problem.column and problem.section:
        found = places.guessed(problem)
        place = (found.line or problem.line, found.column)
    return _at_least(problem._replace(line=place[0], column=place[1], text=text, fix=fix))


def _at_least(problem: Problem) -> Problem:
    """What is about a whole line is at its beginning, what is about the whole file at that of its first line."""
    return problem._replace(line=problem.line or 1, column=problem.column or 1)


def _of_one(service: Service) -> Iterator[Finding]:
    errors = problems(service)
    yield from (Finding("error", problem) for problem in errors)
    if len(errors) >= PROBLEMS_MAX:
        return
    wrong = frozenset(problem.section for problem in errors)
    resources = sound(service, wrong)
    for problem in (*_circle(resources), *_nobody_makes(service, resources)):
        yield Finding("error", problem)
    for problem in (*_hidden(service, resources), *_one_address(service, resources), *remarks(service, wrong)):
        yield Finding("warning", problem)


def _circle(resources: list[Resource]) -> Iterator[Problem]:
    """Resources that wait for each other."""
    try:
        order([resource for resource in resources if not resource.driver.verbs_do_nothing])
    except ConfigError as error:
        yield from error.problems


def _nobody_makes(service: Service, resources: list[Resource]) -> Iterator[Problem]:
    """Devices in the service's own directory of links, where there is nothing but what its resources make."""
    for resource in resources:
        for tie in resource.driver.needs(resource):
            own = tuple(f"{var}/{service.name}/dev/" for var in {VAR, service.var})
            if tie.kind != "device" or not tie.name.startswith(own):
                continue
            # That the directory is written out, and is another one here, is a remark of its own.
            here = tie._replace(name=f"{service.var}/{service.name}/dev/{tie.name.rpartition('/')[2]}")
            if not service.givers(here):
                given = [
                    each.name for other in resources for each in other.driver.gives(other) if each.kind == "device"
                ]
                said = f"no resource makes {tie.name}{meant(tie.name, given)}"
                fix = f"devices that are made: {' '.join(given)}" if given else "name a device that the node has"
                yield service.problem(resource.rid, key_of(resource, tie.name), said, fix)


def _hidden(service: Service, resources: list[Resource]) -> Iterator[Problem]:
    """Mount points that would hide what is the node's, or what we remember of the service."""
    for resource in resources:
        point = resource["mnt"].rstrip("/") if resource.group == "fs" else ""
        if not point or "«" in point:
            continue
        if f"{service.var}/".startswith(f"{point}/"):
            said = f"a mount on {point} would hide {service.var}, where services are remembered"
        elif point in SYSTEM:
            said = f"a mount on {point} would hide what the node has there"
        else:
            continue
        yield service.problem(resource.rid, "mnt", said, "mount below a directory such as /srv/{svcname}")


def _one_address(service: Service, resources: list[Resource]) -> Iterator[Problem]:
    """Addresses that two resources bring up. One that a cascade will replace is no address yet."""
    written = {tie.name for each in resources for tie in each.driver.gives(each) if tie.kind == "key"}
    met: dict[str, str] = {}
    for resource in resources:
        address = resource["ipname"] if resource.group == "ip" and not resource.type else ""
        if address and f"{resource.rid}.ipname" not in written:
            first = met.setdefault(address, resource.rid)
            if first != resource.rid:
                line = service.document.line(first, "ipname")
                said = f"{address} is already the address of {first} (line {line})"
                yield service.problem(resource.rid, "ipname", said, "give one of them another, or disable it")


def key_of(resource: Resource, text: str) -> str:
    """The option of a resource with nothing wrong whose value has a text; "" where none has."""
    service = resource.service
    options = service.options(resource.rid)
    return next((option for option in options if text in (service.read(resource.rid, option) or "")), "")

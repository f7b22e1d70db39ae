"""What is wrong with a service file, all of it at once, each with its line and the likely fix."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, islice

from core.config import trigger_words
from core.config.conflicts import conflicts
from core.config.keywords import Keyword
from core.config.places import Place, Places
from core.config.service import Service
from core.config.spelling import meant
from core.driver import UnknownDriver
from core.errors import ConfigError, Problem

GROUPS = ("ip", "disk", "fs", "share", "container", "app", "sync", "task")
PROBLEMS_MAX = 1000
"""How many problems are looked for: a file of another kind would keep everybody waiting."""

_RID = re.compile(r"[a-z]+#[a-z0-9]+", re.ASCII)
_SUBSET = r"(?a)subset#([a-z]+)(?::[^\s:]+)?"


def problems(service: Service) -> list[Problem]:
    """Find everything that keeps a service from being acted on. Nothing is raised."""
    found: list[Problem] = []
    # A file that is right has no use for places, one with a thousand mistakes is split into lines once.
    where = cache(lambda: Places(service.document))
    for section in service.sections():
        of_section = chain(_section(service, section), _options(service, section, where), _required(service, section))
        found += islice(of_section, PROBLEMS_MAX - len(found))
        if len(found) >= PROBLEMS_MAX:
            return found
    if not service.resources() and not found:
        fix = "add a section such as [fs#0]"
        found.append(
            Problem(service.document.path, 0, "", "", "the file has no resource: there is nothing to act on", fix)
        )
    return [*found, *_contradictions(service, found), *conflicts(service), *_of_variations(service)]


def _of_variations(service: Service) -> Iterable[Problem]:
    if not service.document.has("env"):
        return ()
    from core.config.variations import problems as of_variations

    return of_variations(service)


def _section(service: Service, section: str) -> Iterator[Problem]:
    """What is wrong with the name of a section, or with the driver that it asks for."""
    if section in {"DEFAULT", "env"}:
        return
    if (wrong := _misnamed(section)) is not None:
        yield service.problem(section, "", *wrong)
    elif not section.startswith("subset#"):
        group = section.partition("#")[0]
        try:
            service.driver_of(section)
        except ConfigError:
            return  # told with the option
        except UnknownDriver as error:
            from core.config import former

            known = tuple(error.known)
            if (present := former.TYPES.get((group, error.type), "")) in known:
                said = f"the type {error.type!r} of {group} is called {present!r} now"
                yield service.problem(section, "type", said, f"write type = {present}")
                return
            fix = f"types are {', '.join(known)}" if known else "see nodemgr print drivers"
            said = f"there is no type {error.type!r} of {group}{meant(error.type, known)}"
            yield service.problem(section, "type", said if error.type else f"a {group} needs a type", fix)


def _misnamed(section: str) -> tuple[str, str] | None:
    """Say what is wrong with the name of a section, and the fix; None when nothing is."""
    if section.startswith("subset#"):
        match = re.fullmatch(_SUBSET, section)
        return None if match and match[1] in GROUPS else ("not the name of a subset", "write it as [subset#fs:NAME]")
    group = section.partition("#")[0]
    if _RID.fullmatch(section):
        if group in GROUPS:
            return None
        from core.config import former

        if group in former.GROUPS:
            said = f"the group {group!r} is a type of disk now"
            return said, f"write [disk#{section.partition('#')[2]}] with type = {former.GROUPS[group]}"
        return f"there is no group of resources {group!r}{meant(group, GROUPS)}", f"groups are {', '.join(GROUPS)}"
    said = "not the name of a resource, nor DEFAULT, env or a subset"
    lower = section.lower()
    if lower in {"default", "env"}:
        return said, f"write [{'DEFAULT' if lower == 'default' else 'env'}]"
    if lower in GROUPS:
        return said, f"give it a number: [{lower}#0]"
    return said, f"resources are named as [fs#0]{meant(group, GROUPS)}"


def _options(service: Service, section: str, where: Callable[[], Places]) -> Iterator[Problem]:
    """What is wrong with each option of a section, for every scope; each with its own line and column."""
    table = service.keywords(section)
    for option in service.document.options(section):
        keyword = None
        if table is not None:
            name, at, scope = option.partition("@") if "@" in option else (option, "", "")
            keyword = table.get(name)
            wrong: tuple[str, str] | None = None
            if keyword is None:
                wrong = _unknown(section, name, table)
            elif at and not scope:
                wrong = "the scope is missing", f"write {name}@nodes, or {name}"
            elif at and not keyword.scopable:
                wrong = f"{name} is the same on every node", f"write {name}"
            if wrong is not None:
                yield _at(service.problem(section, option, *wrong), where().name(section, option))
        try:
            text = service.evaluate_option(section, option)
        except ConfigError as error:
            yield from error.problems
            continue
        if keyword is not None:
            wrong_values = list(_wrong(service, keyword, (section, option, text), where))
            yield from wrong_values
            if not wrong_values and keyword.name in trigger_words.OPTIONS:
                yield from _nothing_to_read(service, section, option, text)


def _wrong(
    service: Service, keyword: Keyword, given: tuple[str, str, str], where: Callable[[], Places]
) -> Iterator[Problem]:
    """What is wrong with a value; with a word of it, at its line and column."""
    section, option, value = given
    for complaint in keyword.complaints(value):
        problem = service.problem(section, option, complaint.text)
        if complaint.position is not None:
            problem = _at(problem, where().word(section, option, complaint.position, len(value.split())))
        yield problem


def _at(problem: Problem, place: Place) -> Problem:
    return problem._replace(line=place.line, column=place.column)


def _unknown(section: str, name: str, table: Mapping[str, Keyword]) -> tuple[str, str]:
    """Say that there is no such keyword, and which one was meant, or what it is called now."""
    from core.config import former

    group = section.partition("#")[0]
    present = former.present_name(group, name)
    if present in table:
        return f"unknown keyword {name!r}: it is called {present!r} now", f"write {present} = ..."
    if former.is_of_agent(group, name):
        now = f" (now {present})" if present else ""
        return f"the agent's keyword {name!r}{now} is not read by svcprov", "take it out, or begin the line with #"
    hint = meant(name, tuple(table))
    return f"unknown keyword {name!r}{hint}", "" if hint else "options of your own belong into [env]"


def _nothing_to_read(service: Service, section: str, option: str, text: str) -> Iterator[Problem]:
    """A file that a trigger reads and that is not beside the service file."""
    name = trigger_words.parse(text).input if text else ""
    if name and service.beside(name) is None:
        yield service.problem(section, option, *trigger_words.missing(name, service.name))


def _required(service: Service, section: str) -> Iterator[Problem]:
    """The keywords that a section must have, for some scope at least, and has not."""
    for keyword in (service.keywords(section) or {}).values():
        if keyword.required:
            options = service.document.options(section)
            if keyword.name not in options and not any(option.startswith(f"{keyword.name}@") for option in options):
                said = f"the keyword {keyword.name!r} is missing"
                yield service.problem(section, "", said, f"add {keyword.name} = ... ({keyword.text})")


def _contradictions(service: Service, found: list[Problem]) -> Iterator[Problem]:
    """What drivers find wrong with keywords together, in sections where each by itself is right."""
    wrong = {problem.section for problem in found}
    for resource in service.resources():
        if resource.rid not in wrong and not resource.disabled:
            try:
                said = list(resource.driver.problems(resource))
            except ConfigError:
                continue  # a value of another section, told there
            yield from (service.problem(resource.rid, name, text) for name, text in said)

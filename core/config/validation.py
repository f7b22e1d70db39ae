"""What is wrong with a service file, all of it at once, each with its line and the likely fix."""

import re
from collections.abc import Iterator

from core.config import trigger_words, variations
from core.config.resource import Resource
from core.config.service import VAR, Service
from core.config.sizes import is_bare
from core.config.spelling import meant
from core.driver import Driver, UnknownDriver
from core.errors import ConfigError, Problem

GROUPS = ("ip", "disk", "fs", "share", "container", "app", "sync", "task")
SCOPES = ("nodes", "drpnodes", "encapnodes", "flex_primary", "drp_flex_primary")

_RID = re.compile(r"[a-z]+#[a-z0-9]+", re.ASCII)
_SUBSET = re.compile(r"subset#([a-z]+)(?::[^\s:]+)?", re.ASCII)


def problems(service: Service) -> list[Problem]:
    """Find everything that keeps a service from being acted on. Nothing is raised."""
    found: list[Problem] = []
    for section in service.sections():
        found += _section(service, section)
        found += _options(service, section)
        found += _required(service, section)
    if not service.resources() and not found:
        fix = "add a section such as [fs#0]"
        found.append(
            Problem(service.document.path, 0, "", "", "the file has no resource: there is nothing to act on", fix)
        )
    return [*found, *_contradictions(service, found), *_twice(service), *_taken(service), *variations.problems(service)]


def warnings(service: Service) -> list[Problem]:
    """Find what is allowed but probably not meant; call it when `problems` found nothing."""
    found: list[Problem] = []
    nodes = {service.nodename, *service.nodes, *service.drpnodes, *SCOPES}
    for section in service.sections():
        table = service.keywords(section) or {}
        for option in service.document.options(section):
            name, _, scope = option.partition("@")
            text = service.document.get(section, option) or ""
            keyword = table.get(name)
            if scope and scope not in nodes:
                said = f"{scope} is no node of the service: this value is never used"
                found.append(service.problem(section, option, said, f"nodes are {' '.join(service.nodes)}"))
            if keyword is not None and keyword.kind == "size" and is_bare(text) and keyword.unit:
                fix = f"write {text}{keyword.unit}"
                found.append(service.problem(section, option, f"a bare number is read as {text}{keyword.unit}", fix))
            if service.var != VAR and VAR in text:
                said = f"{VAR} is written out, and on this node it is {service.var}"
                found.append(service.problem(section, option, said, "write {var} in its place"))
    for resource in service.resources():
        for name, said in resource.driver.warnings(resource):
            found.append(service.problem(resource.rid, name, said))
    found.extend(_exposed(service))
    return found


def _exposed(service: Service) -> Iterator[Problem]:
    """The values that would carry a declared secret into the words of a command."""
    secrets = service.secrets()
    for resource in service.resources() if secrets else ():
        for option in service.options(resource.rid):
            value = service.read(resource.rid, option) or ""
            for name in (name for name, secret in secrets.items() if secret and secret in value):
                said = f"the secret {name} would stand in the words of a command, where every process can read it"
                yield service.problem(resource.rid, option, said, "let the program read it from a file")


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
            known = tuple(error.known)
            fix = f"types are {', '.join(known)}" if known else "see nodemgr print drivers"
            said = f"there is no type {error.type!r} of {group}{meant(error.type, known)}"
            yield service.problem(section, "type", said if error.type else f"a {group} needs a type", fix)


def _misnamed(section: str) -> tuple[str, str] | None:
    """Say what is wrong with the name of a section, and the fix; None when nothing is."""
    if section.startswith("subset#"):
        match = _SUBSET.fullmatch(section)
        return None if match and match[1] in GROUPS else ("not the name of a subset", "write it as [subset#fs:NAME]")
    group = section.partition("#")[0]
    if _RID.fullmatch(section):
        if group in GROUPS:
            return None
        return f"there is no group of resources {group!r}{meant(group, GROUPS)}", f"groups are {', '.join(GROUPS)}"
    said = "not the name of a resource, nor DEFAULT, env or a subset"
    lower = section.lower()
    if lower in {"default", "env"}:
        return said, f"write [{'DEFAULT' if lower == 'default' else 'env'}]"
    if lower in GROUPS:
        return said, f"give it a number: [{lower}#0]"
    return said, f"resources are named as [fs#0]{meant(group, GROUPS)}"


def _options(service: Service, section: str) -> Iterator[Problem]:
    """What is wrong with each option of a section, for every scope."""
    table = service.keywords(section)
    for option in service.document.options(section):
        keyword = None
        if table is not None:
            name, at, scope = option.partition("@") if "@" in option else (option, "", "")
            keyword = table.get(name)
            if keyword is None:
                hint = meant(name, tuple(table))
                fix = "" if hint else "options of your own belong into [env]"
                yield service.problem(section, option, f"unknown keyword {name!r}{hint}", fix)
            elif at and not scope:
                yield service.problem(section, option, "the scope is missing", f"write {name}@nodes, or {name}")
            elif at and not keyword.scopable:
                yield service.problem(section, option, f"{name} is the same on every node", f"write {name}")
        try:
            text = service.evaluate_option(section, option)
        except ConfigError as error:
            yield from error.problems
            continue
        if keyword is not None and (said := keyword.complaint(text)):
            yield service.problem(section, option, said)
        elif option.partition("@")[0] in trigger_words.OPTIONS and table is not None:
            yield from _nothing_to_read(service, section, option, text)


def _nothing_to_read(service: Service, section: str, option: str, text: str) -> Iterator[Problem]:
    """A file that a trigger reads and that is not beside the service file."""
    name = trigger_words.parse(text).input if text else ""
    if name and service.beside(name) is None:
        said = f"there is no file {name} beside the service file"
        yield service.problem(section, option, said, f"put it into the directory {service.name}.dir there")


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


def _taken(service: Service) -> Iterator[Problem]:
    """Devices that a group or an array takes for itself, and that another resource names as well."""
    met: dict[str, list[Resource]] = {}
    for resource in service.resources():
        try:
            has_devices = resource.group in {"disk", "fs"} and not resource.disabled
            needs = resource.driver.needs(resource) if has_devices else ()
            named = dict.fromkeys(tie.name for tie in needs if tie.kind == "device")
        except ConfigError:
            continue  # told with the option
        for name in named:
            met.setdefault(name, []).append(resource)
    for name, users in met.items():
        taker = next((each for each in users if each.driver.takes), None)
        if taker is None:
            continue
        said = f"{name} is already one of the devices of {taker.rid} (line {service.document.line(taker.rid, None)})"
        for other in (each for each in users if each is not taker):
            key = other.driver.takes or ("dev" if "dev" in service.document.options(other.rid) else "")
            yield service.problem(other.rid, key, said, "name another device")


def _twice(service: Service) -> Iterator[Problem]:
    """Resources that have the same value of what the driver which they both come from calls unique."""
    met: dict[tuple[type[Driver], str, str], str] = {}
    for resource in service.resources():
        for name in resource.driver.unique:
            try:
                value = "" if resource.disabled else resource[name]
            except ConfigError:
                continue  # told with the option
            if not value or "«" in value:
                continue
            kin = [each for each in type(resource.driver).__mro__ if name in vars(each).get("unique", ())]
            key = (kin[-1], name, value.rstrip("/") or value)
            first = met.setdefault(key, resource.rid)
            if first != resource.rid:
                line = service.document.line(first, name)
                said = f"{value} is already the {name} of {first} (line {line})"
                yield service.problem(resource.rid, name, said, "give one of them another, or disable it")

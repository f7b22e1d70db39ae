"""What a service file may say, but probably does not mean: told as warnings, and nothing is kept from being done."""

import re
from collections.abc import Iterator

from core.config.keywords import Keyword
from core.config.places import Places
from core.config.resource import Resource
from core.config.service import VAR, Service
from core.config.sizes import is_bare
from core.driver import Tie
from core.errors import ConfigError, Problem

SCOPES = ("nodes", "drpnodes", "encapnodes", "flex_primary", "drp_flex_primary")

_FORMER = {"service_type": "env"}
"""Keywords of DEFAULT that are still read by their former name."""
_CALLED_SO = r"(?i)(?:^|_)(?:passwd|password|passphrase|secret|token|api_?key|access_?key|private_?key)(?:_|$)"
_VARIABLE = r"(?a)(?:^|\s)(?:-e|--env)[ =]\s*['\"]?([A-Za-z_]\w*)=(\S)"


def remarks(service: Service, wrong: frozenset[str] = frozenset()) -> list[Problem]:
    """Find what is allowed but probably not meant.

    wrong: sections that have problems; of these only is said what stands in the text. Nothing is raised.
    """
    found: list[Problem] = []
    nodes = {service.nodename, *_listed(service, "nodes"), *_listed(service, "drpnodes"), *SCOPES}
    for section in service.sections():
        table = service.keywords(section) or {}
        for option in service.document.options(section):
            found += _of_option(service, section, option, table.get(option.partition("@")[0]), nodes)
    for resource in service.resources():
        if resource.rid not in wrong:
            found += _of_resource(service, resource)
    if "DEFAULT" not in wrong:
        found += _unread(service, "DEFAULT")
    found += _exposed(service)
    found += _undeclared(service)
    return found


def _listed(service: Service, option: str) -> tuple[str, ...]:
    try:
        return tuple((service.read("DEFAULT", option) or "").lower().split())
    except ConfigError:
        return ()  # told with the option


def _of_option(
    service: Service, section: str, option: str, keyword: Keyword | None, nodes: set[str]
) -> Iterator[Problem]:
    name, _, scope = option.partition("@")
    text = service.document.get(section, option) or ""
    if scope and scope not in nodes:
        said = f"{scope} is no node of the service: this value is never used"
        yield service.problem(section, option, said, f"nodes are {' '.join(_listed(service, 'nodes'))}")
    if section == "DEFAULT" and name in _FORMER:
        said = f"{name} is the former name of {_FORMER[name]}"
        place = Places(service.document).name(section, option)
        problem = service.problem(section, option, said, f"write {_FORMER[name]} = {text}")
        yield problem._replace(line=place.line, column=place.column)
    if keyword is not None and keyword.kind == "size" and is_bare(text) and keyword.unit:
        said = f"a bare number is read as {text}{keyword.unit}"
        yield service.problem(section, option, said, f"write {text}{keyword.unit}")
    if service.var != VAR and VAR in text:
        said = f"{VAR} is written out, and on this node it is {service.var}"
        yield service.problem(section, option, said, "write {var} in its place")
    for variable, first in re.findall(_VARIABLE, text) if "-e" in text else ():
        if re.search(_CALLED_SO, variable) and first not in "{$":
            said = f"the value of {variable} would stand in the words of a command, where every process can read it"
            yield service.problem(section, option, said, "let the program read it from a file, as with --env-file")


def _of_resource(service: Service, resource: Resource) -> Iterator[Problem]:
    try:
        for name, said in resource.driver.warnings(resource):
            yield service.problem(resource.rid, name, said)
        yield from _unread(service, resource.rid)
        yield from _nobody(service, resource)
        yield from _unlabelled(service, resource)
    except ConfigError:
        return  # a value of another section, told there


def _unread(service: Service, section: str) -> Iterator[Problem]:
    """Keywords that are given, and not read, since another one is not as they need it."""
    for name, keyword in (service.keywords(section) or {}).items():
        if keyword.only_with is None or service.source(f"{section}.{name}") is None:
            continue
        other, values = keyword.only_with
        has = service.read(section, other) or ""
        if service.read(section, name) and (has not in values if values else not has):
            wanted = f"{other} = {' or '.join(values)}" if values else other
            said = f"{name} is read only beside {wanted}"
            yield service.problem(section, name, said, f"write {wanted}, or take it out")


def _nobody(service: Service, resource: Resource) -> Iterator[Problem]:
    """Containers that another one joins, and no resource is."""
    for tie in resource.driver.needs(resource) if not resource.disabled else ():
        if tie.kind == "container" and not service.givers(tie):
            said = f"no resource of the service is the container {tie.name}"
            options = service.document.options(resource.rid)
            key = next((each for each in options if tie.name in (service.read(resource.rid, each) or "")), "")
            yield service.problem(resource.rid, key, said, f"containers are called {service.name}.container.N")


def _unlabelled(service: Service, resource: Resource) -> Iterator[Problem]:
    """Labels that are called after the service, and that no resource of it makes."""
    for tie in resource.driver.needs(resource) if not resource.disabled else ():
        label = tie.name.removeprefix("LABEL=") if tie.kind == "device" else tie.name
        if label != tie.name and label.startswith(f"{service.name}.") and not service.givers(tie):
            given = [each.name for each in service.resources() if service.givers(Tie("device", f"LABEL={each.name}"))]
            said = f"no resource will make the label {label}"
            fix = f"labels that will be made: {' '.join(dict.fromkeys(given))}" if given else "name the device itself"
            yield service.problem(resource.rid, "dev", said, fix)


def _exposed(service: Service) -> Iterator[Problem]:
    """The values that would carry a declared secret into the words of a command."""
    try:
        secrets = service.secrets()
    except ConfigError:
        return  # told with the option
    for section in ("DEFAULT", *(each.rid for each in service.resources())) if secrets else ():
        for option in service.options(section):
            try:
                value = service.read(section, option) or ""
            except ConfigError:
                continue  # told with the option
            for name in (name for name, secret in secrets.items() if secret and secret in value):
                said = f"the secret {name} would stand in the words of a command, where every process can read it"
                yield service.problem(section, option, said, "let the program read it from a file")


def _undeclared(service: Service) -> Iterator[Problem]:
    """Values of [env] that are called like secrets, and are not declared so: they would be shown."""
    options = service.document.options("env")
    for option in options:
        name = option.partition("@")[0]
        if "." not in name and re.search(_CALLED_SO, name) and f"{name}.secret" not in options:
            said = f"{name} is called like a secret, and is not declared one: plans and logs show it"
            yield service.problem("env", option, said, f"write {name}.secret = true, or false where it is none")

"""What two resources of a service claim, and only one can have."""

from collections.abc import Iterable, Iterator

from core.config.resource import Resource
from core.config.service import Service
from core.driver import Driver
from core.errors import ConfigError, Problem


def conflicts(service: Service) -> Iterator[Problem]:
    """Find what resources take from each other, each told with the later one and the line of the first."""
    yield from _twice(service)
    yield from _taken(service)
    yield from _claimed(service)


def _taken(service: Service) -> Iterator[Problem]:
    """Devices that a group or an array takes for itself, or that are of one type, and that others name as well."""
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
        if taker is not None:
            said = f"{name} is already one of the devices of {taker.rid} ({_line(service, taker.rid)})"
            for other in (each for each in users if each is not taker):
                key = other.driver.takes or ("dev" if "dev" in service.document.options(other.rid) else "")
                yield service.problem(other.rid, key, said, "name another device")
        elif len(users) > 1:
            yield from _of_another_type(service, name, users)


def _of_another_type(service: Service, name: str, users: list[Resource]) -> Iterator[Problem]:
    """Filesystems that are of another type than the first one on their device."""
    on_device = [each for each in users if each.group == "fs" and each["dev"] == name]
    for other in on_device[1:]:
        first = on_device[0]
        if other.type != first.type:
            said = f"{name} is already formatted as {first.type} by {first.rid} ({_line(service, first.rid)})"
            yield service.problem(other.rid, "dev", said, f"name another device, or write type = {first.type}")


def _twice(service: Service) -> Iterator[Problem]:
    """Resources that have the same value of what the driver which they both come from calls unique."""
    met: dict[tuple[type[Driver], str, str], str] = {}
    for resource in service.resources():
        for name in resource.driver.unique:
            try:
                values = () if resource.disabled else _values(service, resource, name)
            except ConfigError:
                continue  # told with the option
            kin = [each for each in type(resource.driver).__mro__ if name in vars(each).get("unique", ())]
            for value in values:
                first = met.setdefault((kin[-1], name, value.rstrip("/") or value), resource.rid)
                if first != resource.rid:
                    said = f"{value} is already the {name} of {first} ({_line(service, first, name)})"
                    if service.keyword(resource.rid, name).kind == "words":
                        said = f"{value} is already one of the {name} of {first} ({_line(service, first, name)})"
                    yield service.problem(resource.rid, name, said, "give one of them another, or disable it")


def _claimed(service: Service) -> Iterator[Problem]:
    """What drivers say that theirs is, and another one's, too."""
    met: dict[str, tuple[str, str]] = {}
    for resource in service.resources():
        try:
            claims = () if resource.disabled else tuple(resource.driver.claims(resource))
        except (ConfigError, ValueError):
            continue  # told with the option
        for keyword, thing in claims:
            rid, key = met.setdefault(thing, (resource.rid, keyword))
            if rid != resource.rid:
                said = f"{thing} is already taken by {rid} ({_line(service, rid, key)})"
                yield service.problem(resource.rid, keyword, said, "give one of them another, or disable it")


def _values(service: Service, resource: Resource, name: str) -> Iterable[str]:
    """What is unique of a keyword: its value, or each of its words; what is still to be made is nobody's yet."""
    value = resource[name]
    words = value.split() if service.keyword(resource.rid, name).kind == "words" else [value]
    return [word for word in words if word and "«" not in word and not word.startswith("<")]


def _line(service: Service, rid: str, option: str | None = None) -> str:
    return f"line {service.document.line(rid, option)}"

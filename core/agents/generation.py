"""Which agent a service file was written for: that of 2015, that of 2016, or one of those that came later."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from core.agents.lines import Line
from core.agents.vocabulary import ADDED, FIRST, GONE
from core.config import former

Agent = Literal["first", "second", "later"]

NAMES: dict[Agent, str] = {
    "first": "the agent of 2015",
    "second": "the agent of 2016",
    "later": "an agent of 2017 or later",
}

LATER_SECTIONS = ("volume", "expose", "hashtag", "route", "vhost", "certificate", "listener", "cert", "data")
LATER_DEFAULTS = (
    "id", "kind", "topology", "orchestrate", "placement", "priority", "parents", "children", "slaves", "scale",
    "hard_affinity", "soft_affinity", "hard_anti_affinity", "soft_anti_affinity", "flex_target", "flex_min", "flex_max",
    "stat_timeout", "start_timeout", "pool", "access",
)  # fmt: skip
LATER_DRIVERS = {
    "container": ("podman", "oci", "lxd"),
    "ip": ("netns", "cni"),
    "fs": ("flag", "docker"),
    "disk": ("lv_crypt", "crypt", "scsireserv", "vxdg", "vxvol"),
    "task": ("host", "docker", "podman", "oci"),
    "app": ("forking", "simple"),
}
LATER_KEYWORDS = {
    "container": ("image", "command", "entrypoint", "netns", "volume_mounts", "environment", "detach", "rm"),
    "ip": ("netns", "nsdev", "expose", "wait_dns"),
    "app": ("kill", "retcodes", "secrets_environment"),
}
LATER_NAMES = (
    "fqdn", "namespace", "clustername", "dns", "dnsnodes", "dnsuxsock", "rid", "rindex", "rgroup", "short_nodename",
    "svcmgr", "nodemgr", "initd",
)  # fmt: skip
"""What a reference of later agents, and of no other, may be by itself."""

REFERENCES = "references came in 2016"
"""Of a file that is named as in 2015 this shows nothing: braces were text then."""

_REFERENCE = re.compile(r"(?<![{$])\{([A-Za-z_]\w*)\}", re.ASCII)
_BRACES = re.compile(r"(?<![{$])\{#?[A-Za-z_]\w*(?:#\w+)?(?:\.#?\w+)?(?:\[[^\]\[{}]*\])?\}", re.ASCII)


class Clue(NamedTuple):
    """What tells the agent of a file: on which line, and why."""

    agent: Agent
    line: int
    text: str


def told(lines: Sequence[Line], suffix: str) -> tuple[Agent, tuple[Clue, ...]]:
    """Tell the agent of a file, with what shows it; without a clue, its suffix decides (`.env` was that of 2015).

    One keyword of a later agent makes a file a later one: those read the older keywords as well.
    """
    found = [*_later(lines)]
    if found:
        return "later", tuple(found)
    second, first = [*_second(lines)], [*_first(lines)]
    if any(clue.text != REFERENCES for clue in second) or (second and suffix != ".env"):
        return "second", tuple(second)
    if first or suffix == ".env":
        return "first", tuple(first) or (Clue("first", 0, "its name ends with .env"),)
    return "second", ()


def drivers_of(lines: Iterable[Line]) -> dict[str, str]:
    """The type that each section asks for, in lower case; of those that ask for one."""
    return {line.section: line.words.lower() for line in lines if line.option == "type"}


def group_of(section: str) -> str:
    """The group of a section, in lower case: `disk` of `disk#0`, and of `disk`."""
    return section.partition("#")[0].strip().lower()


def refers(value: str) -> bool:
    """Tell whether a value has what was a reference or arithmetic from 2016 on, and text in 2015."""
    return _BRACES.search(value) is not None or ")" in value.partition("$(")[2]


def _later(lines: Sequence[Line]) -> Iterator[Clue]:
    for line in lines:
        group, name = group_of(line.section), line.option.partition("@")[0]
        if line.kind == "section" and group in LATER_SECTIONS:
            yield Clue("later", line.number, f"[{line.section}] is a section of later agents")
        if line.kind != "option" or group == "env":
            continue
        if group == "default" and name in LATER_DEFAULTS:
            yield Clue("later", line.number, f"{name} is a keyword of later agents")
        if name == "type" and line.words.lower() in LATER_DRIVERS.get(group, ()):
            yield Clue("later", line.number, f"{group} {line.words} is a driver of later agents")
        if name in LATER_KEYWORDS.get(group, ()):
            yield Clue("later", line.number, f"{group}.{name} is a keyword of later agents")
        names = [each for each in _REFERENCE.findall(line.value) if each in LATER_NAMES]
        for each in dict.fromkeys(names):
            yield Clue("later", line.number, f"{{{each}}} is a reference of later agents")


def _second(lines: Sequence[Line]) -> Iterator[Clue]:
    drivers = drivers_of(lines)
    for line in lines:
        group, name = group_of(line.section), line.option.partition("@")[0]
        if line.kind == "section" and group in {"env", "task"}:
            yield Clue("second", line.number, f"[{line.section}] is a section of 2016")
        if line.kind != "option" or group == "env":
            continue
        section, driver = "DEFAULT" if group == "default" else group, drivers.get(line.section, "")
        own, old = ADDED.get(section, {}), FIRST.get(section, {})
        is_new = _has(own, driver, name) and not _has(old, driver, name)
        if is_new or name.startswith("blocking_") or name.endswith("_requires"):
            yield Clue("second", line.number, f"{name} is a keyword of 2016")
        elif name == "type" and line.words.lower() in own and line.words.lower() not in old:
            yield Clue("second", line.number, f"{group} {line.words} is a driver of 2016")
        if refers(line.value) and not name.startswith(("pre_", "post_")):
            yield Clue("second", line.number, REFERENCES)


def _has(table: Mapping[str, str], driver: str, name: str) -> bool:
    return any(name in table.get(each, "").split() for each in ("", driver))


def _first(lines: Sequence[Line]) -> Iterator[Clue]:
    for line in lines:
        group, name = group_of(line.section), line.option.partition("@")[0]
        if line.kind == "section" and group in former.GROUPS:
            yield Clue("first", line.number, f"[{line.section}] has the name of a section of 2015")
        if line.kind != "option":
            continue
        is_old = (group == "default" and name == "service_type") or (group == "sync" and name in GONE)
        if is_old or name.endswith(("_syncnodes", "_syncdrp", "_syncresync", "_syncupdate")):
            yield Clue("first", line.number, f"{name} is a keyword of 2015")
        elif "__SVCNAME__" in line.value:
            yield Clue("first", line.number, "__SVCNAME__ was replaced by sed in 2015")

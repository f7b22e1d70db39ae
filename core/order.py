"""The natural order of resources, stated as relations with reasons.

Relations come first: who gives a device, a path or a container before who needs it, who writes a key before its
owner, what a value refers to before the value. Where they leave a choice, it is made by group (ip, disk, fs, share,
container, app), subset, mount point, and number. So a loop file inside a filesystem of the service comes after that
filesystem although disks come first, and nobody has to say so.

A reference is the weakest relation: `[disk#0] size = {fs#1.size}` copies a text and needs no mounted filesystem. Where
one would close a circle it gives way: references to resources of a later group first, then any, to what drivers say.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from core.driver import Tie
from core.errors import ConfigError, Problem

if TYPE_CHECKING:
    from core.config.resource import Resource
    from core.config.service import Service

GROUPS = ("ip", "disk", "fs", "share", "container", "app")
RANKS = {group: rank for rank, group in enumerate(GROUPS)}
REFERENCE = re.compile(r"(?<![{$])\{(?:([A-Za-z]\w*(?:#\w+)?)\.)?#?([A-Za-z_]\w*)[\[}]", re.ASCII)
NESTED = re.compile(r"\{[\w#.\[\]]+\{[\w#.\[\]]+\}|\{\{[\w#.\[\]]+\}(?!\})", re.ASCII)
"""A reference within a reference; `{{.Name}}` is none."""
NUMBER_DIGITS_MAX = 18


class Relation(NamedTuple):
    """`before` goes before `after` (rids), and why; `reference`: only because a value refers to it."""

    before: str
    after: str
    reason: str
    reference: bool = False


def order(resources: Iterable["Resource"]) -> list["Resource"]:
    """Return the resources in the order in which they are provisioned and started; stopping goes in reverse.

    Only relations among these resources count. Raises ConfigError when they go in a circle, with its whole path.
    """
    chosen = list(resources)
    related = relations(chosen)
    while True:
        done = _sorted(chosen, related)
        if len(done) == len(chosen):
            return done
        circle = _circle(related, {resource.rid for resource in done})
        weak = _giving_way(circle)
        if not weak:
            raise ConfigError(_problem(chosen, circle))
        related = [relation for relation in related if relation not in weak]


def relations(resources: Sequence["Resource"]) -> list[Relation]:
    """Return what is known about the order of these resources; each pair is related once, for its first reason."""
    found: dict[tuple[str, str], Relation] = {}
    for relation in (*_ties(resources), *_references(resources)):
        if relation.before != relation.after:
            found.setdefault(relation[:2], relation)
    return list(found.values())


def _ties(resources: Sequence["Resource"]) -> Iterator[Relation]:
    """What drivers say that a resource gives and needs."""
    rids = {resource.rid for resource in resources}
    givers: defaultdict[Tie, list[str]] = defaultdict(list)
    for resource in resources:
        for tie in resource.driver.gives(resource):
            owner = tie.name.partition(".")[0]
            if tie.kind != "key":
                givers[_plain(tie)].append(resource.rid)
            elif owner in rids:
                yield Relation(resource.rid, owner, f"{resource.rid} writes {tie.name}")
    if givers:
        for resource in resources:
            for need in resource.driver.needs(resource):
                yield from _givers_of(need, resource.rid, givers)


def _givers_of(need: Tie, rid: str, givers: Mapping[Tie, list[str]]) -> Iterator[Relation]:
    """Who gives what a resource needs; of a path, those who give the nearest at or above it."""
    said = need.name if need.kind == "path" else f"{need.kind} {need.name}"
    for given in _upwards(need) if need.kind == "path" else (need,):
        others = [giver for giver in givers.get(given, ()) if giver != rid]
        if others:
            yield from (Relation(giver, rid, f"{rid} needs {said}, {giver} gives {given.name}") for giver in others)
            return


def _plain(tie: Tie) -> Tie:
    return tie._replace(name=tie.name.rstrip("/") or "/") if tie.kind == "path" else tie


def _upwards(need: Tie) -> Iterator[Tie]:
    """A path and those above it, the nearest first: who is mounted there carries what lies below."""
    path = need.name.rstrip("/")
    while path:
        yield Tie("path", path)
        path = path.rpartition("/")[0]
    yield Tie("path", "/")


def _references(resources: Sequence["Resource"]) -> Iterator[Relation]:
    """What the values of a resource refer to, also by way of [env] and [DEFAULT]."""
    rids = {resource.rid for resource in resources}
    shared: dict[tuple[str, str], frozenset[str]] = {}
    for resource in resources:
        service = resource.service
        for option in service.options(resource.rid):
            text = service.find(resource.rid, option) or ""
            if "{" in text:
                for rid in sorted(_referred(service, (resource.rid, option), text, rids, shared)):
                    yield Relation(rid, resource.rid, f"{resource.rid}.{option} refers to {rid}", reference=True)


def _referred(
    service: "Service",
    place: tuple[str, str],
    text: str,
    rids: set[str],
    shared: dict[tuple[str, str], frozenset[str]],
) -> frozenset[str]:
    """The resources that a text refers to. `shared`: what is known of options that belong to no resource."""
    found: set[str] = set()
    if NESTED.search(text):
        # Which one is chosen by another value: only evaluating it tells.
        found |= {section for section in _evaluated(service, *place) if section in rids}
    for section, option in REFERENCE.findall(text):
        if section in rids:
            found.add(section)
        elif "#" not in section:
            key = (section or "DEFAULT", option)
            if key not in shared:
                shared[key] = frozenset()
                inner = service.find(*key) or ""
                shared[key] = _referred(service, key, inner, rids, shared) if "{" in inner else frozenset()
            found |= shared[key]
    return frozenset(found)


def _evaluated(service: "Service", section: str, option: str) -> set[str]:
    """The other sections that are read to evaluate an option."""
    from core.config.explanation import used

    return {each for each, _ in used(service, section, option)} - {section}


def _key(resource: "Resource") -> tuple[int, str, str, str, int, int, str]:
    """Where a resource goes when no relation says so."""
    mount_point = resource["mnt"] if resource.group == "fs" else ""
    index = str(resource.index)
    is_number = index.isdecimal() and len(index) <= NUMBER_DIGITS_MAX
    number = int(index) if is_number else 0
    return (_rank(resource.rid), resource.group, resource.subset, mount_point, 0 if is_number else 1, number, index)


def _sorted(resources: list["Resource"], related: list[Relation]) -> list["Resource"]:
    """The resources as far as they can be put in order: what is missing is in a circle, or behind one."""
    waiting = {resource.rid: 0 for resource in resources}
    followers: defaultdict[str, list[str]] = defaultdict(list)
    for relation in related:
        waiting[relation.after] += 1
        followers[relation.before].append(relation.after)
    by_rid = {resource.rid: resource for resource in resources}
    keys = {rid: _key(resource) for rid, resource in by_rid.items()}
    ready = [(keys[rid], rid) for rid, count in waiting.items() if not count]
    heapify(ready)
    done = []
    while ready:
        _, rid = heappop(ready)
        done.append(by_rid[rid])
        for follower in followers[rid]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heappush(ready, (keys[follower], follower))
    return done


def _circle(related: list[Relation], done: set[str]) -> list[Relation]:
    """One circle among the resources that are not done: every one of them waits for another of them."""
    waits_for = {relation.after: relation for relation in related if relation.before not in done}
    rid = next(iter(waits_for))
    path: dict[str, Relation] = {}
    while rid not in path:
        path[rid] = waits_for[rid]
        rid = path[rid].before
    walked = list(path)
    return [path[step] for step in walked[walked.index(rid) :]]


def _giving_way(circle: list[Relation]) -> list[Relation]:
    """The references that are dropped to open a circle; none, when that would take something really needed."""
    references = [relation for relation in circle if relation.reference]
    against = [relation for relation in references if _rank(relation.before) > _rank(relation.after)]
    return against or (references if len(references) < len(circle) else [])


def _rank(rid: str) -> int:
    return RANKS.get(rid.partition("#")[0], len(GROUPS))


def _problem(resources: list["Resource"], circle: list[Relation]) -> Problem:
    first = min(circle, key=lambda relation: relation.after)
    start = circle.index(first)
    turned = circle[start:] + circle[:start]
    path = " -> ".join((first.after, *(relation.before for relation in turned)))
    reasons = ", ".join(relation.reason for relation in turned)
    service = next(resource.service for resource in resources)
    fix = f"change one of: {', '.join(sorted(relation.after for relation in circle))}"
    return service.problem(first.after, "", f"resources wait for each other in a circle: {path} ({reasons})", fix)

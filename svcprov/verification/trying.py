"""All that a service is tried with, kind by kind; and one try alone, by the name that a failure printed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from core.errors import SvcprovError, UsageError
from svcprov.verification import commands, devices, intruders, kills, neighbours, properties, variations, verbs
from svcprov.verification.case import Case, Subject, Verdict
from svcprov.verification.crashes import killed
from svcprov.verification.disk import Point

Tries = Callable[[Subject, int], Iterator[Verdict]]

KINDS: dict[str, Tries] = {
    "properties": properties.tries,
    "crash": kills.once,
    "crash again": kills.twice,
    "crash of other verbs": verbs.tries,
    "command fails": commands.failing,
    "command times out": commands.timing_out,
    "answer lost": commands.lost,
    "failure persists": commands.persisting,
    "device late": devices.late,
    "device renamed": devices.other_names,
    "second actor": intruders.tries,
    "other services": neighbours.tries,
}
"""What a service is tried with, in this order."""
VARIED = "values of [env]"
SAMPLED = ("crash", "command fails")
"""Beside its properties, what a varied service is tried with, though not everywhere."""
SAMPLED_EVERY = 11


class _Named(NamedTuple):
    """How the tries of a code are found again: the one of this name, and those of its manner in another service."""

    replayed: Callable[[Subject, Sequence[str]], Verdict]
    alike: Callable[[Subject, Sequence[str]], Iterator[Verdict]]


_CODES = {
    **dict.fromkeys(("before", "after"), _Named(kills.replayed, kills.alike)),
    **dict.fromkeys(verbs.VERBS, _Named(verbs.replayed, verbs.alike)),
    **dict.fromkeys(("fails", "timeout", "lost"), _Named(commands.replayed, commands.alike)),
    **dict.fromkeys((devices.LATE, devices.NAMED, devices.RENUMBERED), _Named(devices.replayed, devices.alike)),
    properties.PREFIX: _Named(properties.replayed, properties.alike),
    intruders.PREFIX: _Named(intruders.replayed, intruders.alike),
    neighbours.PREFIX: _Named(neighbours.replayed, neighbours.alike),
}


class Tried(NamedTuple):
    """A try, of which kind it was, and of which case."""

    kind: str
    case: Case
    verdict: Verdict


def tries(case: Case, examples: int) -> Iterator[Tried]:
    """Try everything. A service that cannot even be provisioned undisturbed is tried with nothing else."""
    subject = Subject(case)
    sound = properties.is_provisioned(subject)
    for kind, each in KINDS.items():
        if sound or kind == "properties":
            yield from (Tried(kind, case, verdict) for verdict in each(subject, 1))
    for varied in variations.cases(case, examples) if sound else ():
        yield from _sampled(varied)


def _sampled(case: Case) -> Iterator[Tried]:
    subject = Subject(case)
    said = [str(problem) for problem in subject.world.service.problems()]
    if said:
        yield Tried(VARIED, case, Verdict(f"{properties.PREFIX}:{properties.FIRST}", "failed", tuple(said)))
        return
    yield from (Tried(VARIED, case, verdict) for verdict in properties.tries(subject))
    for kind in SAMPLED if properties.is_provisioned(subject) else ():
        yield from (Tried(VARIED, case, verdict) for verdict in KINDS[kind](subject, SAMPLED_EVERY))


def expected(case: Case, examples: int) -> int:
    """About how many tries there will be, for who waits for them."""
    subject = Subject(case)
    if not properties.is_provisioned(subject):
        return len(properties.PROPERTIES)
    asking = subject.world.fork()
    asking.act("provision", Point(10**9, "fails", "questions"), subject.plan)
    points = sum(1 for _ in killed(subject.world, subject.plan))
    changes, questions = subject.changes, asking.faults["questions"].changes
    once = 6 * points + 3 * (changes + questions)
    varied = sum(1 for _ in variations.cases(case, examples))
    return once + 6 * points + 9 * changes + 60 + varied * (once // SAMPLED_EVERY)


def _named(words: Sequence[str]) -> _Named:
    """How the tries of a code are found. Raises ValueError for a code of nothing."""
    if words[0] not in _CODES:
        raise ValueError(words[0])
    killing = words[0] not in verbs.VERBS and bool({kills.KILL, kills.REBOOT}.intersection(words))
    return _Named(kills.replayed, kills.alike) if killing else _CODES[words[0]]


def replayed(subject: Subject, code: str) -> Verdict:
    """The try that a code names. Raises UsageError for a code that names none."""
    words = code.split(":")
    try:
        return _named(words).replayed(subject, words)
    except ValueError:
        said = f"--point {code}: there is no such try of this service; give one that `verify` has printed"
        raise UsageError(said) from None


def alike(subject: Subject, code: str) -> Iterator[Verdict]:
    """The tries of the manner of one that a code names, beginning with itself, of a service that may have none."""
    words = code.split(":")
    # The number of a command in another service: a smaller one need not have it.
    with suppress(ValueError, SvcprovError):
        yield _named(words).replayed(subject, words)
    yield from _named(words).alike(subject, words)

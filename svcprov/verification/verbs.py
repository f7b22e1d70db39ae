"""Stop, start and unprovision, killed anywhere: the same words, typed again, finish them."""

from collections.abc import Iterator, Sequence
from typing import cast

from core.errors import SvcprovError
from executors.layers.faults import How
from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, FAILED, Subject, Verdict
from svcprov.verification.crashes import goes_wrong, killed, none
from svcprov.verification.disk import Point, Where
from svcprov.verification.kills import KILL, REBOOT
from svcprov.verification.outcomes import lost
from svcprov.verification.world import World

VERBS = ("stop", "start", "unprovision")


def tries(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Kill each of the verbs at each point, lose the power or not, and type it again."""
    for verb in VERBS:
        try:
            ends = {reboot: _undisturbed(subject, verb, reboot=reboot) for reboot in (False, True)}
        except SvcprovError:
            continue  # that is a property, and told as one
        for number, (point, world) in enumerate(killed(_before(subject, verb), verb=verb)):
            for reboot, undisturbed in ends.items() if number % every == 0 else ():
                yield _judged(subject, verb, world, point, undisturbed, reboot=reboot)


def _before(subject: Subject, verb: str) -> World:
    """A provisioned world in which the verb has something to do."""
    world = subject.ends().whole.fork()
    if verb == "start":
        world.act("stop")
    return world


def _undisturbed(subject: Subject, verb: str, *, reboot: bool) -> World:
    world = _before(subject, verb)
    if reboot:
        world.reboot()
    world.act(verb)
    return world


def _judged(subject: Subject, verb: str, crashed: World, point: Point, undisturbed: World, *, reboot: bool) -> Verdict:
    code = ":".join(map(str, (verb, point.how, point.at, point.where, REBOOT if reboot else KILL)))
    world = crashed.fork()
    if reboot:
        world.reboot()
    outcome = AS_NONE if verb == "unprovision" else AS_UNDISTURBED
    try:
        world.act(verb)
        states, wanted = world.status(), undisturbed.status()
    except SvcprovError as error:
        return Verdict(code, FAILED, (f"{verb} failed: {type(error).__name__}: {error}",))
    end = subject.ends(reboot=reboot)
    if verb == "unprovision":
        return Verdict(code, outcome, tuple(none(world, end)))
    found = [f"{rid} is {states[rid]} and not {wanted[rid]}" for rid in wanted if states[rid] != wanted[rid]]
    if world.disk.file != undisturbed.disk.file:
        found.append("the service file is not as it is after an undisturbed action")
    if world.record.made.keys() != undisturbed.record.made.keys():
        found.append(f"the record is not as it is after an undisturbed action: {sorted(world.record.made)}")
    held = [end.none.state] if reboot else [end.none.state, undisturbed.state]
    found += [f"lost: {fact}" for state in held for fact in lost(state, world.state)]
    return Verdict(code, outcome, tuple(found))


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    verb, how, at, where, what = words
    if how not in {"before", "after"} or where not in {"inside", "outside", "disk"} or what not in {KILL, REBOOT}:
        raise ValueError(":".join(words))
    point = Point(int(at), cast("How", how), cast("Where", where))
    world, reboot = _before(subject, verb), what == REBOOT
    if not goes_wrong(world, verb, point):
        raise ValueError(f"the action ends before {point}")
    return _judged(subject, verb, world, point, _undisturbed(subject, verb, reboot=reboot), reboot=reboot)


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The tries of the same manner as one that a code names, in another service."""
    verb, how, _, where, what = words
    undisturbed = _undisturbed(subject, verb, reboot=what == REBOOT)
    for point, world in killed(_before(subject, verb), verb=verb):
        if (point.how, point.where) == (how, where):
            yield _judged(subject, verb, world, point, undisturbed, reboot=what == REBOOT)

"""Killed anywhere, and gone on with: with the power lost in between or not, and killed once more while going on."""

from collections.abc import Iterator, Sequence
from typing import cast, get_args

from core.errors import SvcprovError
from executors.layers.faults import How
from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, FAILED, Subject, Verdict
from svcprov.verification.crashes import THEN, Then, accidents, goes_wrong, killed, lost_points, verb_of, violations
from svcprov.verification.disk import Point, Where
from svcprov.verification.world import World

KILL, REBOOT = "kill", "reboot"
AGAIN: tuple[Point, ...] = (
    Point(1, "before", "inside"),
    Point(1, "after", "inside"),
    Point(1, "after", "outside"),
    Point(1, "before", "disk"),
    Point(1, "after", "disk"),
)
"""The places of a second crash: each first one tries another."""
STRIDE = 7
"""How much later the next second crash is; it is no divisor of most numbers of changes."""


def code(point: Point, then: Then, *, reboot: bool, again: Point | None = None) -> str:
    """How a crash is named on the command line."""
    words: list[object] = [point.how, point.at, point.where, REBOOT if reboot else KILL, then]
    words += [] if again is None else [again.how, again.at, again.where]
    return ":".join(map(str, words))


def once(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Kill at each point, or at one in `every`; go on in each way."""
    for number, (point, world) in enumerate(killed(subject.world, subject.plan)):
        if number % every:
            continue
        for reboot in (False, True):
            if reboot:
                world.reboot()
            for then in THEN:
                yield _ended(subject, world.fork(), code(point, then, reboot=reboot), then, reboot=reboot)


def twice(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Kill at each point, go on in each way, and kill that, too: in each of the ways somewhere else."""
    for number, (point, world) in enumerate(killed(subject.world, subject.plan)):
        if number % every:
            continue
        for way, then in enumerate(THEN):
            turn = number * len(THEN) + way
            place = AGAIN[turn % len(AGAIN)]
            left = max(1, subject.changes - point.at if then == "resume" else point.at)
            again = place._replace(at=1 + turn * STRIDE % (2 * left if place.where == "disk" else left))
            yield judged(subject, world, point, then, reboot=bool(turn % 2), again=again)


def lost_answers(subject: Subject) -> Iterator[Verdict]:
    """Each change takes effect but seems to fail, or does nothing; then the power is lost."""
    for point, world in accidents(subject.world, lost_points(subject.ends().whole)):
        for then in THEN:
            yield judged(subject, world, point, then, reboot=True)


def pairs(
    subject: Subject, then: Then, *, reboot: bool, points: Sequence[Point] | None = None, every: int = 1
) -> Iterator[Verdict]:
    """Each accident (or those at some points), and then each kill of what goes on with it, or one in `every`."""
    end = subject.ends(reboot=reboot)
    for number, (point, crashed) in enumerate(accidents(subject.world, points)):
        if reboot:
            crashed.reboot()
        if then == "rollback" and not crashed.is_unfinished:
            continue
        try:
            verb = verb_of(then)
            seconds = crashed.kills(verb) if every == 1 else crashed.kills_at(verb, number % every, every)
        except SvcprovError as error:
            yield Verdict(code(point, then, reboot=reboot), FAILED, (f"{then} failed: {error}",))
            continue
        for again, world in seconds:
            name = code(point, then, reboot=reboot, again=again)
            found = violations(world, then, end)
            yield Verdict(name, AS_UNDISTURBED if then == "resume" else AS_NONE, tuple(found))


def judged(
    subject: Subject, crashed: World, point: Point, then: Then, *, reboot: bool, again: Point | None = None
) -> Verdict:
    """What comes of going on with what a crash left."""
    world = crashed.fork()
    if reboot:
        world.reboot()
    name = code(point, then, reboot=reboot, again=again)
    if again is not None and (world.is_unfinished or then != "rollback"):
        try:
            goes_wrong(world, then, again)
        except SvcprovError as error:
            return Verdict(name, FAILED, (f"{then} failed: {type(error).__name__}: {error}",))
    return _ended(subject, world, name, then, reboot=reboot)


def _ended(subject: Subject, world: World, name: str, then: Then, *, reboot: bool) -> Verdict:
    ended = then == "rollback" and bool(world.disk.journal) and not world.is_unfinished
    found = violations(world, then, subject.ends(reboot=reboot))
    return Verdict(name, AS_UNDISTURBED if then == "resume" or ended else AS_NONE, tuple(found))


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    how, at, where, what, then, *rest = words
    again = None if not rest else _point(*rest)
    if what not in {KILL, REBOOT} or then not in THEN:
        raise ValueError(f"{what}:{then}")
    point = _point(how, at, where)
    world = subject.world.fork()
    if not goes_wrong(world, "provision", point, subject.plan):
        raise ValueError(f"the action ends before {point}")
    chosen: Then = next(each for each in THEN if each == then)
    return judged(subject, world, point, chosen, reboot=what == REBOOT, again=again)


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The tries of the same manner as one that a code names, in another service."""
    how, _, where, what, then, *rest = words
    for point, world in accidents(subject.world):
        if (point.how, point.where) == (how, where):
            chosen: Then = next(each for each in THEN if each == then)
            again = None if not rest else _point(*rest)
            yield judged(subject, world, point, chosen, reboot=what == REBOOT, again=again)


def _point(how: str, at: str, where: str) -> Point:
    hows = {"before", "after"} if where in {"outside", "disk"} else set(get_args(How))
    if how not in hows or where not in {"inside", "outside", "disk"}:
        raise ValueError(f"{how}:{at}:{where}")
    return Point(int(at), cast("How", how), cast("Where", where))

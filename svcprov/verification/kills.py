"""Killed anywhere, and gone on with: with the power lost in between or not, and killed once more while going on."""

from collections.abc import Iterator, Sequence

from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, Subject, Verdict
from svcprov.verification.crashes import THEN, Then, do, goes_wrong, killed, violations
from svcprov.verification.disk import Point
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
            for then in THEN:
                yield judged(subject, world, point, then, reboot=reboot)


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


def judged(
    subject: Subject, crashed: World, point: Point, then: Then, *, reboot: bool, again: Point | None = None
) -> Verdict:
    """What comes of going on with what a crash left."""
    world = crashed.fork()
    if reboot:
        world.reboot()
    name = code(point, then, reboot=reboot, again=again)
    end = subject.ends(reboot=reboot)
    if again is not None and (world.is_unfinished or then != "rollback"):
        goes_wrong(world, then, again)
    ended = then == "rollback" and bool(world.disk.journal) and not world.is_unfinished
    found = violations(world, then, end)
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
        do(world, "resume")
    chosen: Then = next(each for each in THEN if each == then)
    return judged(subject, world, point, chosen, reboot=what == REBOOT, again=again)


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The tries of the same manner as one that a code names, in another service."""
    how, _, where, what, then, *rest = words
    for point, world in killed(subject.world, subject.plan):
        if (point.how, point.where) == (how, where):
            chosen: Then = next(each for each in THEN if each == then)
            again = None if not rest else _point(*rest)
            yield judged(subject, world, point, chosen, reboot=what == REBOOT, again=again)


def _point(how: str, at: str, where: str) -> Point:
    point = next((each for each in AGAIN if (each.how, each.where) == (how, where)), None)
    if how == "before" and where == "outside":
        point = Point(1, "before", "outside")
    if point is None:
        raise ValueError(f"{how}:{at}:{where}")
    return point._replace(at=int(at))

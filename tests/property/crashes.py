"""Every point at which an action can go wrong, and what must be true afterwards.

As a command it runs one point of one service, or all of them, and says what is wrong:

    python -m tests.property.crashes service.conf node.json NAME --at 7 --how after --where inside --then resume
    python -m tests.property.crashes service.conf node.json NAME [--full]
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from core.compare import same_world
from core.errors import SvcprovError
from core.plan import Plan
from core.state import loads
from executors.layers.faults import Crash
from tests.outcomes import differences, lost, outcome
from tests.worlds import UNDISTURBED, Point, World

Then = Literal["resume", "rollback", "unprovision"]
THEN: tuple[Then, ...] = get_args(Then)
AGAIN_EVERY = 12
"""Of the second crash points, one in so many is tried unless all are asked for: each first point tries other ones."""


class Ends(NamedTuple):
    """The two worlds that any disturbed action may end in: as if it had never begun, and as if undisturbed."""

    none: World
    none_lines: list[str]
    whole_lines: list[str]


def ends(world: World, *, reboot: bool = False) -> Ends:
    """The ends for a world that nothing was done to, with its power lost once or not."""
    none = world.fork()
    if reboot:
        none.reboot()
    whole = none.fork()
    whole.act("provision")
    return Ends(none, outcome(none), outcome(whole))


def kills(world: World) -> list[tuple[Point, World]]:
    """The worlds that are left by killing the provisioning of this one anywhere."""
    return world.fork().kills("provision")


def every_point(world: World) -> list[Point]:
    """Each point of provisioning this world: around every change and every write of ours to the disk, lost answers."""
    undisturbed = world.fork()
    found = [point for point, _ in undisturbed.kills("provision")]
    return [*found, *_lost_answers(undisturbed)]


def _lost_answers(undisturbed: World) -> list[Point]:
    changes = range(1, undisturbed.faults["inside"].changes + 1)
    return [Point(at, how, "inside") for at in changes for how in ("lost", "timeout")]


def accidents(world: World, points: Sequence[Point] | None = None) -> Iterator[tuple[Point, World]]:
    """Each point of provisioning a world (or the given ones), with what is left of the world there."""
    if points is not None:
        chosen = iter(points)
    else:
        undisturbed = world.fork()
        yield from undisturbed.kills("provision")
        chosen = iter(_lost_answers(undisturbed))
    plan = world.preview()
    for point in chosen:
        crashed = world.fork()
        if goes_wrong(crashed, "provision", point, plan):
            yield point, crashed


def goes_wrong(world: World, then: str, point: Point, plan: Plan | None = None) -> bool:
    """Act, until the point; tell whether it went wrong there (an action may end before it, or not mind)."""
    try:
        _do(world, then, point, plan)
    except Crash:
        return True
    except SvcprovError:
        if point.how not in {"lost", "timeout"}:
            raise
        return True
    return False


def _do(world: World, then: str, point: Point = UNDISTURBED, plan: Plan | None = None) -> None:
    if then == "rollback":
        world.rollback(point)
    else:
        world.act(_verb(then), point, plan)


def _verb(then: str) -> str:
    return "provision" if then == "resume" else then


def violations(world: World, then: Then, end: Ends) -> list[str]:
    """Go on after a crash; say what is not as it must be then. Nothing is said where all is well."""
    if then == "rollback" and world.action("rollback").unfinished is None:
        # Killed after the journal ended: there is nothing to take back. Or before it began: nothing had happened.
        return [] if world.disk.journal else differences(end.none_lines, outcome(world))
    try:
        _do(world, then)
    except SvcprovError as error:
        return [f"{then} failed: {type(error).__name__}: {error}"]
    found = differences(end.whole_lines if then == "resume" else end.none_lines, outcome(world))
    if then == "resume":
        found = _without_inner_directories(found, world)
    if then != "resume":
        found += same_world(end.none.state, world.state)
        found += [] if world.disk.file == world.first_file else ["the service file is not as it was"]
        found += [] if world.record.is_empty else [f"the record still has {world.disk.record}"]
    found += [f"lost: {fact}" for fact in lost(end.none.state, world.state) if "service file" not in fact]
    return found


def _without_inner_directories(found: list[str], world: World) -> list[str]:
    """Leave out directories in a filesystem of the service's own that are missing in the record.

    Made right before the power failed, one cannot be seen until its filesystem is mounted again, and counts as found
    then. Nothing leaks: it goes with its filesystem.
    """
    above = [resource["mnt"] for resource in world.service.resources() if resource.group == "fs"]
    inner = tuple(f".directory.{path}/" for path in above)
    return [line for line in found if not (line.startswith("- .record.made.") and any(path in line for path in inner))]


class Violation(NamedTuple):
    """A point, what was done after it, and what was wrong then. again: where that went wrong, too."""

    point: Point
    reboot: bool
    then: Then
    again: Point | None
    what: list[str]

    def __str__(self) -> str:
        said = f"{self.point}{', reboot' if self.reboot else ''}, then {self.then}"
        again = "" if self.again is None else f", {self.again}, then {self.then} again"
        options = f"--at {self.point.at} --how {self.point.how} --where {self.point.where} --then {self.then}"
        options += " --reboot" if self.reboot else ""
        if self.again is not None:
            options += f" --again {self.again.at} --again-how {self.again.how} --again-where {self.again.where}"
        what = "\n  ".join(self.what[:20])
        return f"{said}{again}:\n  {what}\n  python -m tests.property.crashes service.conf node.json NAME {options}"


def table(world: World, then: Then, *, reboot: bool, points: Sequence[Point] | None = None) -> Iterator[Violation]:
    """Crash at every point (or the given ones), lose power or not, go on; yield what is wrong."""
    end = ends(world, reboot=reboot)
    for point, crashed in accidents(world, points):
        if reboot:
            crashed.reboot()
        if what := violations(crashed, then, end):
            yield Violation(point, reboot, then, None, what)


def table_of_pairs(
    world: World, then: Then, *, reboot: bool, points: Sequence[Point] | None = None, full: bool = False
) -> Iterator[Violation]:
    """Crash at every point, crash again while going on, and go on once more; yield what is wrong."""
    end = ends(world, reboot=reboot)
    for number, (point, crashed) in enumerate(accidents(world, points)):
        if reboot:
            crashed.reboot()
        if then == "rollback" and crashed.action("rollback").unfinished is None:
            continue
        try:
            seconds = crashed.kills(_verb(then))
        except SvcprovError as error:
            yield Violation(point, reboot, then, None, [f"{then} failed: {error}"])
            continue
        every = 1 if full else AGAIN_EVERY
        for again, twice in seconds[number % every :: every]:
            if what := violations(twice, then, end):
                yield Violation(point, reboot, then, again, what)


def main(words: Sequence[str] | None = None) -> int:
    """Run one point, or all of them; print what is wrong. Returns 1 when anything is."""
    parser = argparse.ArgumentParser(description="Crash the provisioning of a service at every point, and go on.")
    parser.add_argument("service")
    parser.add_argument("node")
    parser.add_argument("name")
    parser.add_argument("--at", type=int)
    parser.add_argument("--how", choices=("before", "after", "lost", "timeout"), default="before")
    parser.add_argument("--where", choices=("inside", "outside", "disk"), default="inside")
    parser.add_argument("--then", choices=THEN)
    parser.add_argument("--reboot", action="store_true")
    parser.add_argument("--again", type=int)
    parser.add_argument("--again-how", choices=("before", "after", "lost", "timeout"), default="before")
    parser.add_argument("--again-where", choices=("inside", "disk"), default="inside")
    parser.add_argument("--full", action="store_true", help="every pair of points, instead of a sample")
    given = parser.parse_args(words)
    world = World(
        Path(given.service).read_text(encoding="utf-8"), loads(Path(given.node).read_text(encoding="utf-8")), given.name
    )
    found = list(_one(world, given) if given.at else _all(world, full=given.full))
    for violation in found:
        print(violation)
    print(f"{len(every_point(world))} points, {len(found)} violations")
    return 1 if found else 0


def _all(world: World, *, full: bool) -> Iterator[Violation]:
    for then in THEN:
        for reboot in (False, True):
            yield from table(world, then, reboot=reboot)
            yield from table_of_pairs(world, then, reboot=reboot, full=full)


def _one(world: World, given: Any) -> Iterator[Violation]:
    point = Point(given.at, given.how, given.where)
    for then in (given.then,) if given.then else THEN:
        if given.again is None:
            yield from table(world, then, reboot=given.reboot, points=(point,))
            continue
        crashed = world.fork()
        goes_wrong(crashed, "provision", point)
        if given.reboot:
            crashed.reboot()
        again = Point(given.again, given.again_how, given.again_where)
        if goes_wrong(crashed, then, again) and (what := violations(crashed, then, ends(world, reboot=given.reboot))):
            yield Violation(point, given.reboot, then, again, what)


if __name__ == "__main__":
    sys.exit(main())

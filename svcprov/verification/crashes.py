"""Every point at which an action can go wrong, and what must be true afterwards.

An action that was disturbed may end in two worlds: as if it had never begun, and as if nothing had disturbed it. Which
of them it has to be is said by how it is gone on with; nothing may be made twice, left behind or taken from others.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, get_args

from core.compare import same_world
from core.errors import SvcprovError
from core.plan import Plan
from executors.layers.faults import Crash
from svcprov.verification.disk import UNDISTURBED, Point
from svcprov.verification.outcomes import PASSING, differences, lost, outcome, same_end
from svcprov.verification.world import World

Then = Literal["resume", "rollback", "unprovision"]
THEN: tuple[Then, ...] = get_args(Then)
ERRORS = {"lost", "timeout", "fails"}
"""The accidents that the action hears of, as an error."""
AT_ONCE = 64
"""How many killed worlds are held in memory."""


class Ends:
    """The two worlds that any disturbed action may end in: as if it had never begun, and as if undisturbed."""

    def __init__(self, none: World, whole: World) -> None:
        self.none, self.whole = none, whole

    @cached_property
    def none_lines(self) -> list[str]:
        """The outcome of an action that never began."""
        return outcome(self.none)

    @cached_property
    def whole_lines(self) -> list[str]:
        """The outcome of an undisturbed action."""
        return outcome(self.whole)

    @cached_property
    def taken(self) -> list[str]:
        """What an undisturbed action itself takes from others: nothing, or it is no measure for disturbed ones."""
        return _taken(self.none, self.whole)


def ends(world: World, *, reboot: bool = False) -> Ends:
    """The ends for a world that nothing was done to, with its power lost once or not."""
    none = world.fork()
    if reboot:
        none.reboot()
    whole = none.fork()
    whole.act("provision")
    return Ends(none, whole)


def every_point(world: World) -> list[Point]:
    """Each point of provisioning this world: around every change and every write of ours to the disk, lost answers."""
    undisturbed = world.fork()
    found = [point for point, _ in undisturbed.kills("provision")]
    return [*found, *lost_points(undisturbed)]


def lost_points(undisturbed: World) -> list[Point]:
    """Each point at which an answer is lost, in the action that the world has just ended."""
    changes = range(1, undisturbed.faults["inside"].changes + 1)
    return [Point(at, how, "inside") for at in changes for how in ("lost", "timeout")]


def killed(world: World, plan: Plan | None = None, verb: str = "provision") -> Iterator[tuple[Point, World]]:
    """What a kill at each point leaves, a few worlds in memory at a time."""
    first = 0
    while True:
        found = world.fork().kills(verb, plan, first, AT_ONCE)
        yield from found
        if len(found) < AT_ONCE:
            return
        first += AT_ONCE


def accidents(world: World, points: Sequence[Point] | None = None) -> Iterator[tuple[Point, World]]:
    """Each point of provisioning a world (or the given ones), with what is left of the world there."""
    plan = world.preview()
    if points is not None:
        chosen = points
    else:
        yield from killed(world, plan)
        undisturbed = world.fork()
        undisturbed.act("provision", plan=plan)
        chosen = lost_points(undisturbed)
    for point in chosen:
        crashed = world.fork()
        if goes_wrong(crashed, "provision", point, plan):
            yield point, crashed


def goes_wrong(world: World, then: str, point: Point, plan: Plan | None = None) -> bool:
    """Act, until the point; tell whether it went wrong there (an action may end before it, or not mind)."""
    try:
        do(world, then, point, plan)
    except Crash:
        return True
    except SvcprovError:
        if point.how not in ERRORS:
            raise
        return True
    return False


def do(world: World, then: str, point: Point = UNDISTURBED, plan: Plan | None = None) -> None:
    """Go on, as `then` says; goes wrong at the point."""
    if then == "rollback":
        world.rollback(point)
    else:
        world.act(verb_of(then), point, plan)


def verb_of(then: str) -> str:
    """The verb that goes on."""
    return "provision" if then == "resume" else then


def violations(world: World, then: Then, end: Ends) -> list[str]:
    """Go on after a crash; say what is not as it must be then. Nothing is said where all is well."""
    if then == "rollback" and not world.is_unfinished:
        # Killed after the journal ended: there is nothing to take back. Or before it began: nothing had happened.
        return [] if world.disk.journal else differences(end.none_lines, outcome(world))
    try:
        do(world, then)
    except Exception as error:  # noqa: BLE001 - a mistake of ours is one more way in which it can fail
        return [f"{then} failed: {type(error).__name__}: {error}"]
    return whole(world, end) if then == "resume" else none(world, end)


def whole(world: World, end: Ends) -> list[str]:
    """Say in what a world is not as an undisturbed action leaves it."""
    if same_end(world, end.whole, PASSING):
        return end.taken
    found = _without_inner_directories(differences(end.whole_lines, outcome(world)), world)
    return found + _taken(end.none, world)


def none(world: World, end: Ends) -> list[str]:
    """Say in what a world is not as if nothing had been done."""
    found = [] if world.disk.file == world.first_file else ["the service file is not as it was"]
    found += [] if world.disk.recorded().is_empty else [f"the record still has {world.disk.record}"]
    if same_end(world, end.none):
        return found
    found += differences(end.none_lines, outcome(world)) + same_world(end.none.state, world.state)
    return found + _taken(end.none, world)


def _taken(before: World, after: World) -> list[str]:
    return [f"lost: {fact}" for fact in lost(before.state, after.state) if "service file" not in fact]


def _without_inner_directories(found: list[str], world: World) -> list[str]:
    """Leave out directories in a filesystem of the service's own that are missing in the record.

    Made right before the power failed, one cannot be seen until its filesystem is mounted again, and counts as found
    then. Nothing leaks: it goes with its filesystem.
    """
    above = [resource["mnt"] for resource in world.service.resources() if resource.group == "fs"]
    inner = tuple(f".directory.{path}/" for path in above)
    return [line for line in found if not (line.startswith("- .record.made.") and any(path in line for path in inner))]

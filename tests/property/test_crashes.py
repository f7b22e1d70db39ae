"""No crash leaks or destroys: every point is tried on four services, and sampled points on generated ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn as Draw

from svcprov.verification.case import Case, Subject, Verdict
from svcprov.verification.crashes import THEN, Then, accidents, ends, every_point, goes_wrong, violations
from svcprov.verification.kills import judged, pairs
from tests.golden import services
from tests.outcomes import lost
from tests.property.generated import points, worlds
from tests.property.many import FULL, MANY
from tests.worlds import Point, World

ENUMERATED = ("testec2docker", "haproxy-served", "stack", "rados", "zfs", "btrfs-on-lvm")
AGAIN_EVERY = 12
"""Of the second crash points, one in so many is tried unless all are asked for."""
CHANGES_MAX = 40
SPREAD = 13


def subject(world: World) -> Subject:
    """A world as what is verified."""
    beside = {world.name: world.beside}
    return Subject(Case(world.name, {world.name: world.first_file}, world.first_state, beside=beside))


def shown(tried: list[Verdict]) -> str:
    """What is wrong, for a person; nothing where nothing is."""
    found = [verdict for verdict in tried if verdict.what]
    assert tried
    if not found:
        return ""
    return "\n".join(map(str, found[:5])) + f"\n{len(found)} violations"


@pytest.mark.parametrize("reboot", [False, True], ids=["kill", "reboot"])
@pytest.mark.parametrize("then", THEN)
@pytest.mark.parametrize("service", ENUMERATED)
def test_every_crash_point(service: str, then: Then, reboot: bool) -> None:  # noqa: FBT001
    """A provision that goes wrong anywhere is resumed, rolled back or unprovisioned without a trace of the accident."""
    tried = subject(services()[service])
    found = [judged(tried, left, point, then, reboot=reboot) for point, left in accidents(tried.world)]
    assert shown(found) == ""


@pytest.mark.parametrize("reboot", [False, True], ids=["kill", "reboot"])
@pytest.mark.parametrize("then", THEN)
@pytest.mark.parametrize("service", ENUMERATED)
def test_crash_points_of_going_on(service: str, then: Then, reboot: bool) -> None:  # noqa: FBT001
    """Going on after a crash can itself crash, anywhere, and be gone on with."""
    world = services()[service]
    points_tried = None if FULL else every_point(world)[THEN.index(then) :: SPREAD]
    every = 1 if FULL else AGAIN_EVERY
    assert shown(list(pairs(subject(world), then, reboot=reboot, points=points_tried, every=every))) == ""


@st.composite
def disturbances(draw: Draw) -> tuple[World, Point, Point | None, bool, Then]:
    """A world, where its provision goes wrong, where going on goes wrong, with a reboot or not, and how it goes on."""
    world = draw(worlds())
    point = draw(points(CHANGES_MAX))
    again = draw(st.one_of(st.none(), points(CHANGES_MAX)))
    return world, point, again, draw(st.booleans()), draw(st.sampled_from(THEN))


@given(disturbances())
@MANY
def test_crashes_of_generated_services(accident: tuple[World, Point, Point | None, bool, Then]) -> None:
    """A generated service, crashed anywhere and gone on with, ends as an undisturbed one or as none."""
    world, point, again, reboot, then = accident
    end = ends(world, reboot=reboot)
    if not goes_wrong(world, "provision", point):
        return
    if reboot:
        world.reboot()
    unfinished = world.action("rollback").unfinished is not None
    if again is not None and (unfinished or then != "rollback"):
        goes_wrong(world, then, again)
    assert violations(world, then, end) == []


@given(worlds(), st.sampled_from(("stop", "start", "unprovision")), points(CHANGES_MAX), st.booleans())
@MANY
def test_crashes_of_the_other_verbs(world: World, verb: str, point: Point, reboot: bool) -> None:  # noqa: FBT001
    """Stop, start and unprovision that crash are finished by typing them again, and nothing else is lost."""
    world.act("provision")
    if verb == "start":
        world.act("stop")
    undisturbed = world.fork()
    if reboot:
        undisturbed.reboot()
    undisturbed.act(verb)
    if not goes_wrong(world, verb, point):
        return
    if reboot:
        world.reboot()
    world.act(verb)
    assert world.status() == undisturbed.status()
    assert world.disk.file == undisturbed.disk.file
    assert world.record.made.keys() == undisturbed.record.made.keys()
    if verb != "unprovision" and not reboot:
        assert lost(undisturbed.state, world.state) == []
    assert lost(_rebooted(world) if reboot else world.first_state, world.state) == []


def _rebooted(world: World) -> dict[str, object]:
    fresh = World(world.first_file, world.first_state, world.name)
    fresh.reboot()
    return fresh.state

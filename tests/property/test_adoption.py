"""A service whose record was lost is adopted as it was."""

from hypothesis import given, note

from core.compare import same_world
from core.record import MadeThing, Record
from core.state import copy
from svcprov.verification.outcomes import PASSING, alike
from tests.adopting import adopt, forget, found
from tests.property.generated import VOLUME, touched, worlds
from tests.property.many import MANY
from tests.worlds import World

DIRECTORY = "directory"


def _identities(record: Record) -> dict[str, tuple[str, str, str]]:
    return {name: (thing.kind, thing.identity, thing.rid) for name, thing in record.made.items()}


def _of_its_user(thing: MadeThing) -> bool:
    """Tell whether a thing was there before its service: nobody can see that of one that is named in the file."""
    return thing.identity == VOLUME


@given(worlds())
@MANY
def test_an_adopted_record_is_the_one_that_was_lost(world: World) -> None:
    """Everything but directories of which nobody knows who made them is recorded again: name, kind, identity."""
    world.act("provision")
    first = world.record
    forget(world)
    note(str([each.why for each in adopt(world)]))
    again = world.record
    directories = {name for name, thing in first.made.items() if thing.kind == DIRECTORY}
    users = {name for name, thing in again.made.items() if _of_its_user(thing)} - set(first.made)
    assert _identities(again).keys() - users <= _identities(first).keys()
    assert _identities(first).keys() - directories <= _identities(again).keys()
    assert all(_identities(first)[name] == value for name, value in _identities(again).items() if name not in users)
    points = {each.driver.label(each).rpartition("@")[2] for each in world.service.resources() if each.group == "fs"}
    lost = {first.made[name].identity for name in directories - set(again.made)}
    assert lost.isdisjoint(points)


@given(worlds())
@MANY
def test_after_an_adoption_a_plan_has_nothing_to_do(world: World) -> None:
    """What is recorded is found in place, and a second adoption finds nothing new."""
    world.act("provision")
    forget(world)
    told = adopt(world)
    assert [each.why for each in told if each.why] == []
    assert [step.command.argv for step in world.preview().steps] == []
    assert [each.new for each in found(world) if each.new] == []


@given(worlds())
@MANY
def test_what_was_adopted_is_unprovisioned(world: World) -> None:
    """Unprovision after an adoption leaves the node as it was before the service, but for empty directories."""
    world.act("provision")
    forget(world)
    adopt(world)
    if any(_of_its_user(thing) for thing in world.record.made.values()):
        return
    world.act("unprovision")
    assert world.record.is_empty
    left = [
        path
        for path, entry in world.state["files"].items()
        if path not in world.first_state["files"] and entry["kind"] == DIRECTORY
    ]
    cleared = copy(world.state)
    for path in left:
        assert not any(other.startswith(f"{path}/") and other not in left for other in cleared["files"])
        del cleared["files"][path]
    assert same_world(world.first_state, cleared) == []


@given(touched())
@MANY
def test_an_adoption_changes_nothing(world: World) -> None:
    """Wherever a service has come to, looking for what it holds leaves node, file, record and journal as they are."""
    before, disk = copy(world.state), world.disk.copy()
    found(world)
    # What was about to come, has come since: a volume is attached.
    assert alike(before, world.state, PASSING)
    assert world.disk == disk


@given(worlds())
@MANY
def test_nothing_of_a_stopped_resource_is_recorded(world: World) -> None:
    """A resource that is down is named, with why it is not adopted, and nothing of it is recorded."""
    world.act("provision")
    world.act("stop")
    forget(world)
    states = world.status()
    for each in found(world):
        if states[each.rid] == "down":
            assert each.why
            assert each.new == {}

"""A plan that went through its file runs like one that did not, also after a crash."""

import json

from hypothesis import given

from core.errors import SvcprovError
from core.plan import Event, Plan, Step
from core.saved_plan import Origin, SavedPlan, opened, sealed, understood, written
from executors.layers.faults import Crash
from tests.outcomes import differences, outcome
from tests.property.generated import points, worlds
from tests.property.many import MANY
from tests.property.test_invariants import elsewhere, unified
from tests.worlds import UNDISTURBED, Point, World

IDENTITY = "11111111-2222-4333-8444-555555555555"
CHANGES_MAX = 40


def through_a_file(world: World, plan: Plan) -> SavedPlan:
    """Write a plan, and read it again."""
    origin = Origin(world.name, plan.verb, world.state["hostname"], "n", simulated=True, made_at="", made_by="")
    text = sealed(written(plan, IDENTITY, origin, "1", lambda said: said))
    return understood(opened(json.dumps(json.loads(text)), "p"), "p")


def apply(world: World, saved: SavedPlan, point: Point = UNDISTURBED) -> Plan:
    """Settle, preview and run under a saved plan, as the command line does; return the preview."""
    action = world.action(saved.origin.verb, point)
    action.approved = saved
    action.settle()
    plan = action.preview()
    action.run(plan)
    return plan


@given(worlds())
@MANY
def test_a_plan_comes_back_from_its_file(world: World) -> None:
    """Every command, every condition and every question of a plan is read as it was written."""
    plan = world.preview()
    saved = through_a_file(world, plan)
    assert (list(saved.commands), saved.conditional) == (plan.commands, plan.conditional)
    assert saved.made_up == plan.made_up
    assert len(saved.reads) == sum(not getattr(event, "number", 1) for event in plan.events)


@given(worlds())
@MANY
def test_a_saved_plan_is_what_runs(world: World) -> None:
    """On a node with other identifiers, applying runs exactly the saved commands; so it does for each verb in turn.

    Of a start, the links to devices are left out that turn out to lead where they should.
    """
    world = elsewhere(world)
    for verb in ("provision", "stop", "start", "unprovision"):
        plan = world.preview(verb)
        apply(world, through_a_file(world, plan))
        if verb == "start":
            plan.events = [event for event in plan.events if not _is_link(event)]
            world.heard.asked = [each for each in world.heard.asked if each[0].argv[0] != "ln"]
        assert unified(plan, world.heard.changes) == "", verb


def _is_link(event: Event) -> bool:
    return isinstance(event, Step) and event.command.argv[0] == "ln"


@given(worlds(), points(CHANGES_MAX))
@MANY
def test_a_killed_apply_goes_on(world: World, point: Point) -> None:
    """Wherever it went wrong, the same plan is applied to its end, which is that of an undisturbed run."""
    undisturbed = world.fork()
    saved = through_a_file(world, world.preview())
    apply(undisturbed, saved)
    try:
        apply(world, saved, point)
    except Crash:
        pass
    except SvcprovError:
        assert point.how in {"lost", "timeout"}
    else:
        return
    apply(world, saved)
    assert differences(outcome(undisturbed), outcome(world)) == []
    assert world.availstatus == "up"

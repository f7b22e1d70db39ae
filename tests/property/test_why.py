"""What is said of why a step is there, on generated services and nodes."""

from hypothesis import given
from hypothesis import strategies as st

from core.engine import SVCMGR
from core.explanation import Explanation, Reasons
from core.holes import open_holes
from core.plan import Plan, Step
from core.trigger import TOOLS as TRIGGERS
from tests.golden import explained
from tests.property.generated import touched, worlds
from tests.property.many import MANY
from tests.worlds import World

VERBS = st.sampled_from(("provision", "stop", "unprovision"))


def everything(world: World, verb: str = "provision") -> tuple[Plan, dict[int, Explanation]]:
    """A plan, and why each of its steps is there."""
    plan, service = explained(world, verb)
    reasons = Reasons(plan, service)
    return plan, {step.number: reasons.of(step.number) for step in plan.steps}


def ready(world: World, verb: str) -> World:
    """A world in which a verb has something to do."""
    if verb != "provision":
        world.act("provision")
    return world


@given(touched(), VERBS)
@MANY
def test_to_remember_changes_nothing_about_the_plan(world: World, verb: str) -> None:
    """A plan whose reasons are remembered has the same events as one whose are not, and the same purposes."""
    if world.action(verb).unfinished is not None:
        verb = "provision"
    plan, found = explained(world, verb)[0], world.preview(verb)
    assert [_shown(event) for event in plan.events] == [_shown(event) for event in found.events]
    assert (plan.purposes, plan.order) == (found.purposes, found.order)


def _shown(event: object) -> object:
    # A wait has functions in it, which are others each time.
    return event if isinstance(event, Step) else str(event).partition(", until=")[0]


@given(worlds(), VERBS)
@MANY
def test_every_hole_is_waited_for(world: World, verb: str) -> None:
    """Each hole in a step is made by the step that is named for it, or is made up; and that step says so, too."""
    plan, found = everything(ready(world, verb), verb)
    makers = {step.command.makes.name: step.number for step in plan.steps if step.command.makes is not None}
    for number, why in found.items():
        needs = {need.what: need for need in why.needs if need.kind in {"made", "made up"}}
        for name in open_holes(why.step.command.argv):
            maker = makers.get(name) or (None if name.endswith("token") else makers.get(name.rpartition(".")[0]))
            assert needs[name].steps == ((maker,) if maker else ()), (name, why.step)
            assert maker is None or (name, (number,)) in [(need.what, need.steps) for need in found[maker].follows]


@given(worlds(), VERBS)
@MANY
def test_waiting_has_two_ends(world: World, verb: str) -> None:
    """What a step waits for comes before it and names it among what waits for it; and the other way round."""
    _, found = everything(ready(world, verb), verb)
    forth: set[tuple[str, str, int, str]] = set()
    back: set[tuple[str, str, int, str]] = set()
    for number, why in found.items():
        own = why.step.command.rid
        for need in why.needs:
            assert all(earlier < number for earlier in need.steps), (need, why.step)
            end = own if need.kind == "resource" else str(number)
            forth |= {(need.kind, need.what, earlier, end) for earlier in need.steps}
        for need in why.follows:
            if need.kind == "resource":
                back |= {(need.kind, own, number, need.what)}
            else:
                back |= {(need.kind, need.what, number, str(later)) for later in need.steps}
    assert forth == back


@given(worlds(), VERBS)
@MANY
def test_a_key_is_what_the_file_says_or_what_a_step_wrote(world: World, verb: str) -> None:
    """A key has the text of the service file, or the step that wrote another; those in the step are first."""
    world = ready(world, verb)
    service = world.service
    _, found = everything(world, verb)
    for why in found.values():
        stands = [key.stands for key in why.keys]
        assert stands == sorted(stands, reverse=True)
        for key in why.keys:
            assert key.reading.text == service.text(key.reading.key) or 0 < key.written_by < why.step.number
            value = key.reading.value or ""
            assert key.stands or not value or value not in why.step.command.argv, (key, why.step)


KEYWORDS = {
    "mkfs.ext4": "dev", "mkfs.xfs": "dev", "mkfs.btrfs": "dev", "mount": "mnt", "fallocate": "size", "truncate": "file",
    "losetup": "file", "ifconfig": "ipdev",
}  # fmt: skip
"""For some programs, the keyword of the resource without which their words could not be known."""


@given(worlds())
@MANY
def test_the_key_without_which_a_step_would_not_be_is_named(world: World) -> None:
    """A format names `dev`, a mount its mount point, a loop file its `file`; with the questions that came before."""
    plan, found = everything(world)
    for why in found.values():
        command = why.step.command
        wanted = KEYWORDS.get(command.argv[0])
        if wanted is not None and not (command.argv[0] == "mount" and command.temporary):
            assert f"{command.rid}.{wanted}" in [key.reading.key for key in why.keys], command.argv
        assert why.keys or command.tool in TRIGGERS or command.rid not in plan.order, command.argv
        before = [*plan.of(command.rid)]
        asked = [each for each in before[: before.index(why.step)] if isinstance(each, Step) and not each.number]
        # What svcprov asks itself, of claims and of the service file, is no answer of the node.
        reads = [each for each in asked if each.command.tool != SVCMGR]
        assert sum(each.times for each in (*why.asked, *why.earlier)) == len(reads)


@given(worlds(), VERBS)
@MANY
def test_every_value_of_its_own_in_a_step_is_explained(world: World, verb: str) -> None:
    """A word of a step that is the value of an option of its resource is a key, marked, or what the record has.

    Where the driver did not read the option, as of a group whose devices are those that carry what the record has, the
    node answered with the word.
    """
    world = ready(world, verb)
    service = world.service
    _, found = everything(world, verb)
    for why in found.values():
        section = why.step.command.rid
        marked = {key.reading.key for key in why.keys if key.stands}
        read = {key.reading.key for key in why.keys}
        answers = " ".join(each.answer.stdout for each in (*why.asked, *why.earlier))
        for option in set(service.options(section)) - NOT_FOR_COMMANDS:
            value = service.value(f"{section}.{option}") or ""
            if any(value == thing.identity for thing in why.recorded.values()):
                continue
            if len(value) > 1 and value in why.step.command.argv:
                if f"{section}.{option}" not in read and value in answers:
                    continue
                assert f"{section}.{option}" in marked, (option, why.step.command.argv)


NOT_FOR_COMMANDS = {"type", "tags", "subset", "comment", "optional", "always_on", "cascade_allocation"}
"""Options whose values are in no command, or only by chance: a driver does not read its own type."""

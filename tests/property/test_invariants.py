"""The invariants of the design, on generated services and nodes."""

import json

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from core.answers import pick
from core.command import Command, Completed, Executor
from core.compare import same_world
from core.engine import ENGINE
from core.errors import NodeChanged
from core.holes import HOLE, fill_check, is_of_kind, open_holes, unify
from core.order import relations
from core.plan import Plan
from core.record import Record
from core.state import dumps, loads
from core.wire import decode, encode
from executors.layers.journal import Journal
from svcprov.action import Selection, acting
from svcprov.verification.script import history
from tests.outcomes import differences, lost, names_of, outcome
from tests.property.generated import nodes, touched, worlds
from tests.property.many import MANY
from tests.worlds import World, read


def elsewhere(world: World) -> World:
    """The same world on a node that hands out other identifiers."""
    other = world.fork()
    other.state["seed"], other.state["identifiers"] = "ff", {}
    return other


def unified(plan: Plan, commands: list[Command]) -> str:
    """Say where commands are not those of the plan with its holes filled in; nothing where they are."""
    kinds = {made.name: made.kind for command in plan.commands if (made := command.makes) is not None}
    bound: dict[str, str] = {}
    for planned, executed in zip(plan.commands, commands, strict=False):
        added = unify(planned.argv, executed.argv, bound, kinds)
        if added is None:
            return f"{planned.argv} / {executed.argv}"
        bound |= added
    return "" if len(plan.commands) == len(commands) else f"{len(plan.commands)} planned, {len(commands)} executed"


@given(worlds())
@MANY
def test_generated_services_are_valid(world: World) -> None:
    """The services that these properties are about have no configuration error."""
    assert world.service.problems() == []


@given(worlds())
@MANY
def test_no_command_precedes_what_it_depends_on(world: World) -> None:
    """No step of a resource comes before the last step of one that it depends on."""
    plan = world.act("provision")
    steps = [step.command.rid for step in plan.steps]
    for relation in relations(acting(world.service, "provision", Selection())):
        if not relation.reference and relation.before in steps and relation.after in steps:
            last = len(steps) - steps[::-1].index(relation.before)
            assert last <= steps.index(relation.after), relation


@given(worlds())
@MANY
def test_a_preview_changes_nothing(world: World) -> None:
    """A preview leaves node, service file, record and journal byte for byte as they were."""
    before = (dumps(world.state), world.disk.file, world.disk.record, world.disk.journal[:])
    world.preview()
    assert (dumps(world.state), world.disk.file, world.disk.record, world.disk.journal) == before


@given(worlds())
@MANY
def test_a_preview_is_the_run(world: World) -> None:
    """On a node with other identifiers, exactly the previewed changes are executed, holes filled in."""
    plan = world.preview()
    other = elsewhere(world)
    other.act("provision", plan=plan)
    assert unified(plan, other.heard.changes) == ""


@given(worlds(), st.integers(0, 99))
@MANY
def test_what_the_plan_does_not_show_is_not_run(world: World, number: int) -> None:
    """With one change taken out of the plan, the run stops before that change."""
    plan = world.preview()
    steps = [step for step in plan.steps if step.command.kind == "changes" and not step.command.temporary]
    position = number % len(steps)
    plan.events.remove(steps[position])
    with pytest.raises(NodeChanged):
        world.act("provision", plan=plan)
    done = [command for command, _ in world.heard.commands if command.kind == "changes" and not command.temporary]
    assert len(done) <= position


@given(worlds())
@MANY
def test_drivers_are_parametric(world: World) -> None:
    """Two nodes with different identifiers get the same commands and notes, up to renaming the identifiers."""
    other = elsewhere(world)
    seen = []
    for each in (world, other):
        each.act("provision")
        names = names_of(each)
        shown = [(command.rid, *map(names.text, command.argv)) for command in each.heard.changes]
        seen.append([*shown, *((rid, names.text(text.text)) for rid, text in each.heard.notes)])
    assert seen[0] == seen[1]


@given(worlds())
@MANY
def test_holes_are_of_their_kind_and_made_before_they_are_used(world: World) -> None:
    """A hole of a plan is made by an earlier step, or made up by the engine; once filled it is text of its kind."""
    other = elsewhere(world)
    plan = other.act("provision")
    made: set[str] = set()
    engine = [command.argv for command, _ in other.heard.asked if command.tool == ENGINE]
    fresh = {words[2] for words in engine if words[0] == "fresh"}
    for step in plan.steps:
        own = {step.command.makes.name} if step.command.makes is not None else set()
        for name in {name for word in step.command.argv for name in HOLE.findall(word)}:
            assert name in made | own | fresh or name.rpartition(".")[0] in made, (name, step.command.argv)
        made |= own
    for command, answer in other.heard.asked:
        if command.makes is not None and answer.made:
            assert is_of_kind(answer.made, command.makes.kind), (command.makes, answer.made)


@given(worlds())
@MANY
def test_a_second_provision_has_nothing_to_do(world: World) -> None:
    """What was provisioned is found in place: the second provision has no step but announcements."""
    world.act("provision")
    again = world.act("provision")
    assert [step.command.argv for step in again.steps] == []


@given(worlds())
@MANY
def test_a_provisioned_service_is_up(world: World) -> None:
    """After provision the availstatus is up."""
    world.act("provision")
    note(str(world.status()))
    assert world.availstatus == "up"


@given(worlds())
@MANY
def test_a_stopped_service_starts_again(world: World) -> None:
    """Stop brings every resource down and gives nothing of value back; start brings the service up as it was."""
    world.act("provision")
    provisioned, keys = outcome(world), world.record.keys
    world.act("stop")
    assert "up" not in world.status().values()
    assert world.record.keys == keys
    world.act("start")
    assert world.availstatus == "up"
    assert differences(provisioned, outcome(world)) == []


@given(worlds())
@MANY
def test_unprovision_is_the_inverse_of_provision(world: World) -> None:
    """Unprovision gives back the node, the service file byte for byte, and an empty record."""
    world.act("provision")
    world.act("unprovision")
    assert same_world(world.first_state, world.state) == []
    assert world.disk.file == world.first_file
    assert world.record.is_empty


@given(worlds())
@MANY
def test_what_was_unprovisioned_can_be_provisioned_again(world: World) -> None:
    """Provision, unprovision, provision ends where one provision ends."""
    once = world.fork()
    once.act("provision")
    for verb in ("provision", "unprovision", "provision"):
        world.act(verb)
    assert differences(outcome(once), outcome(world)) == []


@given(worlds())
@MANY
def test_rolling_back_a_whole_provision_is_its_inverse(world: World) -> None:
    """The undos of every step, last first, give back node, service file and record as unprovision does."""
    world.act("provision")
    world.unfinish()
    world.rollback()
    assert same_world(world.first_state, world.state) == []
    assert world.disk.file == world.first_file
    assert world.record.is_empty


@given(worlds())
@MANY
def test_nothing_of_others_is_touched(world: World) -> None:
    """What the node held before is there, as it was, after provision, stop, start and unprovision."""
    for verb in ("provision", "stop", "start", "unprovision"):
        world.act(verb)
        assert lost(world.first_state, world.state) == [], verb


@given(worlds())
@MANY
def test_nothing_is_mounted_that_is_neither_ours_nor_named(world: World) -> None:
    """Every new mount is of a filesystem that this service made."""
    before = [mount["mount_point"] for mount in world.state["mounts"]]
    world.act("provision")
    named = {resource["mnt"] for resource in world.service.resources() if resource.group == "fs"}
    assert {mount["mount_point"] for mount in world.state["mounts"]} - set(before) <= named


@given(worlds())
@MANY
def test_a_cascade_is_what_later_commands_use(world: World) -> None:
    """What was allocated is what the file says and what the record has; no command changes the file otherwise."""
    world.act("provision")
    service = world.service
    for key, known in world.record.keys.items():
        assert service.document.get(*key.split(".", 1)) == known.value
    before, after = world.first_file.splitlines(), world.disk.file.splitlines()
    most = sum(3 if known.section_added else 1 for known in world.record.keys.values())
    assert sum(line not in before for line in after) <= most


@given(worlds())
@MANY
def test_retemplating_allocates_nothing(world: World) -> None:
    """With the user's text back in the file, provision mends the file and changes nothing else."""
    world.act("provision")
    provisioned = outcome(world)
    world.disk.file = world.first_file
    again = world.act("provision")
    assert [step.command.argv for step in again.steps if not step.is_cascade] == []
    assert differences(provisioned, outcome(world)) == []


@given(touched())
@MANY
def test_journal_and_record_survive_being_written(world: World) -> None:
    """Journal lines, commands and records come back from their files as they were written."""
    for line in map(json.loads, world.disk.journal):
        if "command" in line:
            assert encode(decode(line["command"])) == line["command"]
    record = Record.from_json(world.disk.record)
    assert record.to_json() == world.disk.record
    assert json.loads(world.disk.record)["version"] == 1


@given(nodes())
@MANY
def test_a_node_state_survives_being_written(state: dict[str, object]) -> None:
    """A node-state file is read back to the state that was written."""
    assert loads(dumps(state)) == state


@given(worlds())
@MANY
def test_a_reproduction_is_the_world(world: World) -> None:
    """The script that a failing example prints brings about the world that failed."""
    again = read(history(world))
    assert (again.first_file.rstrip("\n"), again.name) == (world.first_file.rstrip("\n"), world.name)
    assert again.first_state == world.first_state


class Postconditions:
    """An executor that asks the check of each change right after it; `broken` are the changes whose check is not so."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner
        self.broken: list[str] = []

    def run(self, command: Command) -> Completed:
        """Run a command, then its check."""
        answer = self._inner.run(command)
        makes, check = command.makes, command.check
        if command.kind == "changes" and check is not None and answer.returncode == 0:
            found = pick(answer.stdout, makes.answer) if makes is not None and makes.answer else []
            identity = "" if makes is None else makes.identity or "".join(found[:1])
            filled = fill_check(check, {makes.name: identity} if makes is not None and identity else {})
            if open_holes((filled.text,)):
                return answer
            if not open_holes(filled.ask.argv) and not Journal(self._inner, Record()).holds(filled):
                self.broken.append(f"{command.argv}: {filled.ask.argv}")
        return answer


@given(worlds())
@MANY
def test_checks_hold_after_their_changes(world: World) -> None:
    """Right after a change its check holds, so that settling finds done what was done; also in the way back."""
    layers: list[Postconditions] = []

    def layer(inner: Executor) -> Executor:
        layers.append(Postconditions(inner))
        return layers[-1]

    world.layer = layer
    for verb in ("provision", "stop", "start", "unprovision", "provision"):
        world.act(verb)
    world.unfinish()
    world.rollback()
    assert [broken for each in layers for broken in each.broken] == []

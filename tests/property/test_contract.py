"""Only what the plan shows may run: on the state that was planned, all of it; on another, nothing, or the beginning."""

import json
from collections.abc import Callable

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from core.command import Command, Completed, Executor
from core.config.document import Document
from core.engine import ENGINE
from core.errors import NodeChanged, SvcprovError
from core.holes import unify
from core.plan import Plan
from core.saved_plan import Origin, SavedPlan, opened, sealed, understood, written
from core.state import NodeState, Question, copy, dumps, loads
from core.tree import Tree
from executors.simulated.devices import directory
from executors.simulated.node import SimulatedNode
from svcprov.action import ROUNDS_MAX, Action
from tests.conftest import REPOSITORY
from tests.outcomes import held, lost
from tests.property.generated import worlds
from tests.property.many import MANY
from tests.property.second_actor import DEEDS, Intact
from tests.property.test_invariants import elsewhere, unified
from tests.property.test_rounds import Asked
from tests.worlds import Heard, World

VERBS = ("provision", "stop", "start", "unprovision")
WHEN_MAX = 45
IDENTITY = "11111111-2222-4333-8444-555555555555"
EDITS = (
    ("fs", "mnt", "{}x"),
    ("fs", "mnt_opt", "noexec"),
    ("disk", "size", "900m"),
    ("disk", "file", "{}.2"),
    ("ip", "ipdev", "lo"),
    ("container", "run_command", "/bin/sh"),
    ("fs", "comment", "somebody was here"),
    ("ip", "optional", "true"),
)


def saved(plan: Plan) -> SavedPlan:
    """A plan as it is read from its file."""
    origin = Origin(plan.service, plan.verb, "n", "SIMULATED n", simulated=True, made_at="now", made_by="ann")
    return understood(opened(sealed(written(plan, IDENTITY, origin, "1", lambda text: text)), "plan"), "plan")


def apply(world: World, plan: SavedPlan, outside: Callable[[Executor], Executor] = lambda inner: inner) -> None:
    """Do what `svcmgr apply` does: settle, preview under the plan, run under the plan. Raises what they raise."""
    world.history.append(f"{plan.origin.verb}  # with the plan made before")
    service = world.service
    world.node, world.heard = SimulatedNode(world.state), Heard()
    world.disk.service, world.disk.writes = service, 0
    action = Action(
        service, plan.origin.verb, world.node, lambda: world.state, world.disk, world.heard,
        outside=lambda inner: outside(world.heard.around(inner)), approved=plan,
    )  # fmt: skip
    action.settle()
    action.run(action.preview())


def strays(plan: SavedPlan, world: World) -> list[str]:
    """What was run that the plan does not have: another command, or one out of its order; also after a failure.

    What is temporary may come again, and is closed after a failure, too; an announcement may come again.
    """
    kinds = {command.makes.name: command.makes.kind for command in plan.commands if command.makes is not None}
    kinds |= plan.made_up
    repeats = [each for each in plan.commands if each.temporary or each.kind == "announces"]
    closing = [undo for each in repeats for undo in each.undo if isinstance(undo, Command)]
    found, bound, at = [], dict[str, str](), 0
    for command, _ in world.heard.commands:
        if command.kind == "reads" or command.tool == ENGINE:
            continue
        for position in range(at, len(plan.commands)):
            added = unify(plan.commands[position].argv, command.argv, bound, kinds)
            if added is not None and plan.commands[position].rid == command.rid:
                bound, at = bound | added, position + 1
                break
        else:
            again = [each.argv for each in (*repeats, *closing)]
            if not any(unify(argv, command.argv, bound, kinds) is not None for argv in again):
                found.append(" ".join(command.argv))
    return found


@given(worlds())
@MANY
def test_applied_to_what_was_planned_a_plan_is_run_whole(world: World) -> None:
    """On the planned state, also with other identifiers, a saved plan runs exactly its commands, for every verb.

    A start may find a link in place that the plan had to make: only an attachment tells the name of its device.
    """
    for verb in VERBS:
        plan = world.preview(verb)
        other = elsewhere(world)
        apply(other, saved(plan))
        assert strays(saved(plan), other) == []
        assert verb == "start" or unified(plan, other.heard.changes) == ""
        world.act(verb)


@given(worlds(), st.sampled_from(sorted(DEEDS)), st.integers(0, 99), st.sampled_from(("provision", "start")))
@MANY
def test_what_was_done_before_it_makes_a_plan_run_whole_or_not_at_all(
    world: World, deed: str, number: int, verb: str
) -> None:
    """Somebody changes the node between plan and apply: nothing is changed, or the plan fits still; nothing is lost."""
    if verb == "start":
        world.act("provision")
        world.act("stop")
    plan = saved(world.preview(verb))
    intact = DEEDS[deed](SimulatedNode(world.state), plan.commands, number)
    assume(intact is not None)
    before, disk = copy(world.state), world.disk.copy()
    _run_whole_or_not_at_all(world, plan, deed)
    assert intact is None or intact(world.state)
    if verb == "provision":
        assert lost(before, world.state) == []
    if world.disk == disk:
        assert dumps(world.state) == dumps(before)


def _run_whole_or_not_at_all(world: World, plan: SavedPlan, deed: str) -> None:
    before, disk = dumps(world.state), world.disk.copy()
    try:
        apply(world, plan)
    except SvcprovError as error:
        event(f"{deed}: {type(error).__name__}")
        assert dumps(world.state) == before
        assert world.disk == disk
        assert [command.argv for command, _ in world.heard.commands if command.kind == "changes"] == []
    else:
        event(f"{deed}: does not matter")
        assert strays(plan, world) == []
        assert "end" in json.loads(world.disk.journal[-1])


@given(worlds(), st.sampled_from(EDITS), st.integers(0, 99))
@MANY
def test_an_edited_service_file_makes_a_plan_run_whole_or_not_at_all(
    world: World, edit: tuple[str, str, str], number: int
) -> None:
    """Somebody edits the service file between plan and apply: nothing is changed, or the plan is still what it asks."""
    group, option, value = edit
    plan = saved(world.preview())
    document = Document(world.disk.file)
    sections = [section for section in document.sections() if section.startswith(f"{group}#")]
    assume(sections)
    section = sections[number % len(sections)]
    document.set(section, option, value.format(document.get(section, option) or "/srv/y"))
    world.disk.file = world.first_file = document.text
    assume(not world.service.problems())
    before = copy(world.state)
    _run_whole_or_not_at_all(world, plan, f"{group} {option}")
    assert lost(before, world.state) == []


class Interruption:
    """An executor around all layers, with somebody beside it who does a deed right before the `at`-th change."""

    def __init__(self, world: World, plan: SavedPlan, deed: str, number: int, at: int) -> None:
        self._world, self._plan, self._deed, self._number, self._at = world, plan, deed, number, at
        self._inner: Executor = world.node
        self._changes = 0
        self.intact: Intact | None = None
        self.touched: dict[str, str | None] = {}
        """What the deed itself has changed, of what there was."""

    def around(self, inner: Executor) -> Executor:
        """Wrap the outermost layer."""
        self._inner = inner
        return self

    def run(self, command: Command) -> Completed:
        """Run a command, after what somebody else does."""
        if command.kind != "reads" and command.tool != ENGINE:
            self._changes += 1
            if self._changes == self._at:
                before = held(self._world.state)
                self.intact = DEEDS[self._deed](self._world.node, self._plan.commands, self._number)
                after = held(self._world.state)
                self.touched = {fact: after.get(fact) for fact in before if after.get(fact) != before[fact]}
        return self._inner.run(command)


@given(worlds(), st.sampled_from(sorted(DEEDS)), st.integers(0, 99), st.integers(1, WHEN_MAX))
@MANY
def test_what_is_done_in_the_middle_stops_a_run_or_does_not_matter(
    world: World, deed: str, number: int, at: int
) -> None:
    """Somebody changes the node right before any change: a beginning of the plan is run, or all; nothing is lost."""
    plan = saved(world.preview())
    other = Interruption(world, plan, deed, number, at)
    before = copy(world.state)
    try:
        apply(world, plan, other.around)
    except SvcprovError as failure:
        came_of_it = type(failure).__name__
        if other.intact is None:
            raise
    else:
        came_of_it = "does not matter"
    assume(other.intact is not None)
    event(f"{deed}: {came_of_it}")
    assert strays(plan, world) == []
    assert [fact for fact in lost(before, world.state) if fact.partition(":")[0] not in other.touched] == []
    assert other.intact is None or other.intact(world.state)


class Seen(Asked):
    """A node of which little is known at first, for every verb: things have happened there, and time has passed."""

    def __init__(self, whole: NodeState) -> None:
        super().__init__(whole)
        self.state |= {name: copy(whole)[name] for name in ("clock", "latencies", "programs")}
        for device in sorted(filter(None, (each["file"] for each in whole["devices"].values()))):
            self.path(device)
            self.state["known"].append(str(Question("path", device)))

    def path(self, path: str) -> None:
        """What is at a path; of a mount point, the directory beneath as well, which its parent holds."""
        inside = Tree(self._whole).place(path).device
        device = self.state["devices"].get(inside)
        if device is not None and Tree(self.state).holder(device)["content"]["kind"] == "unseen":
            # Files are kept with the filesystem that they are in, so that has to be known first.
            self.content(inside)
        points = {each["mount_point"] for each in self.state["mounts"]} - {"/"}
        for point in sorted(points):
            if f"{path}/".startswith(f"{point}/"):
                mounts = [
                    each for each in self.state["mounts"] if not f"{each['mount_point']}/".startswith(f"{point}/")
                ]
                beneath = Tree({**self.state, "mounts": mounts})
                super().path(point.rpartition("/")[0])
                if beneath.link(point) is None:
                    beneath.put(point, directory())
        super().path(path)

    def text(self, path: str) -> None:
        """What a file says comes with the file."""
        self.path(path)

    def process(self, _subject: str) -> None:
        """Processes and the cloud are known from the beginning."""

    cloud = process


def seen_and_planned(world: World, verb: str) -> Plan:
    """The plan of a verb from what is seen of the node, bit by bit, as on a real one."""
    seen = Seen(world.state)
    node = SimulatedNode(copy(world.state))
    action = Action(world.service, verb, node, lambda: seen.state, world.disk, Heard(), learn=seen.learn)
    return action.preview()


@given(worlds())
@MANY
def test_an_untouched_node_has_never_changed(world: World) -> None:
    """Planned from an observation, saved, and run on the node itself, no verb meets a change that nobody made."""
    for verb in VERBS:
        plan = seen_and_planned(world, verb)
        try:
            world.act(verb, plan=plan)
        except NodeChanged as error:
            raise AssertionError(f"{verb}: {error}") from error


@pytest.mark.parametrize("number", [1, ROUNDS_MAX + 3])
def test_as_many_files_as_there_are_can_be_attached_again(number: int) -> None:
    """What each resource asks for is asked in one round: there may be more of them than rounds."""
    disk = "[disk#{0}]\ntype = loop\nfile = /srv/images/{0}.img\nsize = 10m\n\n"
    state = loads((REPOSITORY / "fixtures/nodes/debian.json").read_text(encoding="utf-8"))
    world = World("".join(disk.format(at) for at in range(number)), state)
    for verb in VERBS:
        world.act(verb, plan=seen_and_planned(world, verb))


NESTED = """\
[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/web/m0

[disk#0]
type = loop
file = /srv/web/m0/a.img
size = 80M

[fs#1]
type = ext4
dev = {disk#0.file}
mnt = /srv/web/m1

[disk#1]
type = loop
file = /srv/web/m1/b.img
size = 16M

[fs#2]
type = ext2
dev = {disk#1.file}
mnt = /srv/web/m2
"""


def test_what_lies_in_filesystems_of_the_service_is_not_looked_for_beneath() -> None:
    """Before its filesystem is mounted a file is not there: nobody asks then, and takes that for the last word."""
    world = World(NESTED, loads((REPOSITORY / "fixtures/nodes/debian.json").read_text(encoding="utf-8")))
    for verb in ("provision", "stop"):
        world.act(verb)
    seen, asked = Seen(world.state), set[str]()

    def learn(questions: list[Question]) -> list[Question]:
        asked.update(map(str, questions))
        return seen.learn(questions)

    node = SimulatedNode(copy(world.state))
    plan = Action(world.service, "start", node, lambda: seen.state, world.disk, Heard(), learn=learn).preview()
    assert asked.isdisjoint({"path /srv/web/m0/a.img", "path /srv/web/m1/b.img"})
    world.act("start", plan=plan)

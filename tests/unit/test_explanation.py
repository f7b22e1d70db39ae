"""Why a step is there: cases that the generated ones do not have."""

from core.command import Command
from core.explanation import Reasons, stands_in
from core.provenance import Reading, remembered
from core.state import Question, copy, load
from executors.simulated.node import SimulatedNode
from svcprov.action import Action
from svcprov.keeping import Unkept
from tests.golden import explained
from tests.unit import ec2_nodes
from tests.worlds import Heard, World

UUID = "11111111-2222-4333-8444-555555555555"
NESTED = """\
[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/web

[fs#1]
type = ext4
dev = /dev/sdc
mnt = /srv/web/inner
"""
TRIGGERS = """\
[DEFAULT]
post_start = /bin/hook all

[disk#0]
type = loop
file = /srv/a.img
blocking_pre_start = /bin/hook before
pre_start = /bin/hook too
size = 10M

[subset#disk:one]
pre_start = /bin/hook set
"""


def test_a_conditional_step_says_which_question_nobody_could_answer() -> None:
    """What lies in a filesystem that is not mounted yet cannot be seen: the step that depends on it says so."""
    state = load(
        {
            "complete": False,
            "devices": {
                "/dev/sdb": {"size": "5G", "content": {"type": "ext4", "uuid": UUID, "known": False}},
                "/dev/sdc": {"size": "5G"},
            },
            "files": {"/srv": "directory", "/srv/web": "directory"},
        }
    )

    def learn(questions: list[Question]) -> list[Question]:
        state["known"] += map(str, questions)
        return questions

    service = remembered(World(NESTED, state, adopt=("fs#0",)).service)
    node = SimulatedNode(copy(state))
    plan = Action(service, "provision", node, lambda: state, Unkept(), Heard(), learn=learn).preview()
    reasons = Reasons(plan, service)
    unanswered = {step.command.argv: reasons.of(step.number).unanswered for step in plan.steps if step.conditional}
    assert unanswered == {("mkdir", "/srv/web/inner"): (Question("path", "/srv/web/inner"),)}
    assert all(reasons.of(step.number).keys for step in plan.steps)


def test_a_trigger_names_the_option_that_holds_it() -> None:
    """A trigger has no driver: its reason is the one option, of a resource as of the whole service."""
    state = {"files": {"/srv/a.img": {"size": "10M"}}, "programs": {"/bin/hook": {"returncode": 0}}}
    plan, service = explained(World(TRIGGERS, load(state)), "start")
    reasons = Reasons(plan, service)
    found = {
        step.command.argv[1]: [key.reading.key for key in reasons.of(step.number).keys]
        for step in plan.steps
        if step.command.argv[0] == "/bin/hook"
    }
    assert found == {
        "before": ["disk#0.blocking_pre_start"],
        "too": ["disk#0.pre_start"],
        "all": ["DEFAULT.post_start"],
    }


def test_stopping_waits_the_other_way_round() -> None:
    """What needs something is stopped before it: the filesystem below waits for the one inside it."""
    state = load({"devices": {"/dev/sdb": {"size": "5G"}, "/dev/sdc": {"size": "5G"}}, "files": {"/srv": "directory"}})
    world = World(NESTED, state)
    up, service = explained(world)
    inner = next(step for step in up.steps if step.command.rid == "fs#1")
    assert [need.what for need in Reasons(up, service).needs(inner.number) if need.kind == "resource"] == ["fs#0"]
    world.act("provision")
    down, service = explained(world, "stop")
    outer = next(step for step in down.steps if step.command.rid == "fs#0")
    reasons = Reasons(down, service).of(outer.number)
    assert [(need.what, need.steps) for need in reasons.needs if need.kind == "resource"] == [("fs#1", (1,))]
    assert reasons.follows == ()


def test_what_the_record_has_explains_what_is_deleted() -> None:
    """Unprovision takes what to delete from the record: a step is told with what that says."""
    state = load({"files": {"/srv": "directory"}})
    world = World("[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 10M\n", state, allow=("disk#0",))
    world.act("provision")
    plan, service = explained(world, "unprovision")
    reasons = Reasons(plan, service)
    removal = next(step for step in plan.steps if step.command.argv[0] == "rm")
    assert [thing.identity for thing in reasons.of(removal.number).recorded.values()] == ["/srv/a.img"]


def test_a_value_stands_in_a_command_as_a_word_or_as_a_part_of_one() -> None:
    """A word of a specification counts; a short text inside of a longer word does not."""

    def stands(value: str | None, *argv: str, stdin: str | None = None) -> bool:
        return stands_in(Reading("k", "k", value, value), Command(argv, stdin))

    assert stands("<size=15,type=gp3>", "create-volume", "--size", "15")
    assert stands("/srv/a", "mount", "/srv/a")
    assert stands("/srv/a", "cp", "x:/srv/a/b")
    assert stands("secret", "tee", stdin="the secret")
    assert not stands("24", "ping", "10.0.24.1")
    assert not stands("", "ping", "")
    assert not stands(None, "ping", "")


def test_a_reference_that_gave_way_is_no_reason() -> None:
    """A disk that only mentions the filesystem on it does not wait for that: it comes first."""
    text = "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 10M\ncomment = for {fs#0.mnt}\n"
    text += "[fs#0]\ntype = ext4\ndev = {disk#0.file}\nmnt = /srv/a\n"
    plan, service = explained(World(text, load({"files": {"/srv": "directory"}})))
    needed = {
        step.command.rid: [need.what for need in Reasons(plan, service).needs(step.number) if need.kind == "resource"]
        for step in plan.steps
    }
    assert needed == {"disk#0": [], "fs#0": ["disk#0"]}


def test_a_trigger_is_told_with_its_option_when_a_value_has_changed_since() -> None:
    """What it refers to was allocated meanwhile; of two options, it is the one whose other words are the same."""
    text = "[disk#0]\ntype = amazon\nvolumes = <size=1>\n"
    text += "pre_provision = /bin/hook before {disk#0.volumes}\npost_provision = /bin/hook after {disk#0.volumes}\n"
    state = ec2_nodes.state()
    state["programs"]["/bin/hook"] = {"returncode": 0, "stdout": "", "stderr": ""}
    plan, service = explained(World(text, state))
    reasons = Reasons(plan, service)
    found = {
        step.command.argv[1:]: [key.reading.key for key in reasons.of(step.number).keys]
        for step in plan.steps
        if step.command.argv[0] == "/bin/hook"
    }
    assert found == {
        ("before", "<size=1>"): ["disk#0.pre_provision"],
        ("after", "«disk#0.volume.0»"): ["disk#0.post_provision"],
    }

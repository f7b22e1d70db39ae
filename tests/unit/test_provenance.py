"""What a service remembers of who read its keys."""

import json

from core.command import Command, Steps, UnsetKey
from core.config.service import Service
from core.errors import CommandFailed
from core.provenance import Reading, reading, remembered, thoughts, words_of
from core.state import load
from tests.conftest import REPOSITORY
from tests.golden import explained
from tests.worlds import World

FILE = """\
[DEFAULT]
aws_profile = lab
docker_data_dir = {fs#0.mnt}

[env]
top = /srv
size = 100

[disk#0]
type = loop
file = {env.top}/{svcname}.img
size = {env.size}
pre_provision = /bin/true {env.top}

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = {env.top}/a
comment = nobody reads this
"""
STATE = {
    "files": {"/srv": "directory", "/bin": "directory", "/bin/true": ""},
    "programs": {"/bin/true": {"returncode": 0}},
}


def world() -> World:
    """A loop file with a filesystem on it, both named by references."""
    return World(FILE, load(STATE))


def keys(world: World) -> dict[int, list[str]]:
    """The keys that were read before each step of the plan."""
    plan, service = explained(world)
    return {number: [each.key for each in thought.readings] for number, thought in thoughts(plan, service).items()}


def test_references_are_followed_to_their_end() -> None:
    """A key is told with the text that is written, its value, and every key that the text refers to."""
    found = reading(world().service, "fs#0", "dev")
    file = "{env.top}/{svcname}.img"
    image = f"/srv/{world().name}.img"
    top = Reading("env.top", "env.top", "/srv", "/srv")
    disk = Reading("disk#0.file", "disk#0.file", file, image, (top,))
    assert found == Reading("fs#0.dev", "fs#0.dev", "{disk#0.file}", image, (disk,))
    assert [each.key for each in found.whole()] == ["fs#0.dev", "disk#0.file", "env.top"]


def test_a_default_has_no_source() -> None:
    """A value that nobody wrote has neither source nor text; one that DEFAULT gives leads there."""
    service = world().service
    assert reading(service, "fs#0", "mnt_opt") == Reading("fs#0.mnt_opt", "", None, "")
    given = reading(service, "fs#0", "aws_profile")
    assert (given.source, given.text, [each.key for each in given.through]) == ("", None, ["DEFAULT.aws_profile"])


def test_a_value_in_a_circle_is_told_as_it_is_written() -> None:
    """What cannot be evaluated is followed no further than evaluating goes."""
    service = World("[env]\na = {env.b}\nb = {env.a}\n\n[fs#0]\ntype = ext4\n", load({})).service
    found = reading(service, "env", "a")
    assert found.value == found.text == "{env.b}"
    assert len([*found.whole()]) > 1


def test_a_driver_is_charged_with_what_it_reads_itself() -> None:
    """Titles, order and triggers read keys, too; a step has those that its own driver had read, and in its turn."""
    found = keys(world())
    read = {key for each in found.values() for key in each}
    assert {"disk#0.file", "disk#0.size", "fs#0.dev", "fs#0.mnt"} <= read
    assert not read & {
        "disk#0.type",
        "fs#0.type",
        "fs#0.comment",
        "fs#0.subset",
        "disk#0.pre_provision",
        "DEFAULT.nodes",
    }
    plan, _ = explained(world())
    of = {step.number: step.command.rid for step in plan.steps}
    assert not [key for number, each in found.items() if of[number] == "disk#0" for key in each if "fs#" in key]


def test_the_last_reading_counts() -> None:
    """A key that a cascade has changed meanwhile is told as it was when it was read last."""
    state = load(json.loads((REPOSITORY / "fixtures/nodes/ec2.json").read_text(encoding="utf-8")))
    plan, service = explained(World("[disk#0]\ntype = amazon\nvolumes = <size=1>\n", state))
    said = {
        plan.steps[number - 1].command.argv[3]: [each.text for each in thought.readings if each.key == "disk#0.volumes"]
        for number, thought in thoughts(plan, service).items()
        if plan.steps[number - 1].command.argv[0] == "aws"
    }
    assert said == {"create-volume": ["<size=1>"], "attach-volume": ["«disk#0.volume.0»"]}


def test_copies_remember_for_themselves() -> None:
    """The service that was copied has no thoughts; each of its copies is known, in order, and copies of copies."""
    service = remembered(world().service)
    one = service.copy()
    two = one.copy()
    assert service.copies == [one, two]  # type: ignore[attr-defined]
    assert service.thoughts == one.thoughts == []  # type: ignore[attr-defined]


def test_a_plan_of_a_service_that_remembers_nothing_has_no_thoughts() -> None:
    """Only a preview that was asked to remember knows why."""
    plan = world().preview()
    assert thoughts(plan, world().service) == {}


def test_a_cascade_is_known_by_key_and_value() -> None:
    """What the engine adds to the words of a cascade is no part of it."""
    from core.engine import set_key

    command = set_key("DEFAULT.docker_daemon_args", "--ip 10.0.0.9", None, shared=True)
    assert words_of(command) == ("set", "DEFAULT.docker_daemon_args", "--ip 10.0.0.9")


def test_a_copy_that_is_a_plain_service_remembers_nothing() -> None:
    """Whoever asks for a service of another kind gets one that nobody listens to."""
    service = remembered(world().service)
    assert type(service.copy(Service)) is Service
    assert service.copies == []  # type: ignore[attr-defined]


def test_a_failure_reaches_the_driver_that_is_listened_to() -> None:
    """A driver that answers a failure with another command is planned so, and its reasons go on."""

    def verb(service: Service) -> Steps:
        try:
            yield Command(("first",), kind="changes")
        except CommandFailed:
            service.read("fs#0", "mnt")
            yield UnsetKey("fs#0.comment")

    service = remembered(world().service)
    steps = service.listened("fs#0", "start", verb(service))  # type: ignore[attr-defined]
    assert next(steps).argv == ("first",)
    assert steps.throw(CommandFailed(("first",), 1, "", "")) == UnsetKey("fs#0.comment")
    first, second = service.thoughts  # type: ignore[attr-defined]
    assert (first.words, second.words) == (("first",), ("unset", "fs#0.comment"))
    assert [each.key for each in second.readings] == ["fs#0.mnt"]

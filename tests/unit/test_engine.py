"""The engine: what it does with each effect, and with each failure."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from core.command import Check, Command, Completed, Fresh, Note, SetKey, Steps, UnsetKey, Wait
from core.config.document import Document
from core.config.keywords import Keyword
from core.config.service import Service
from core.driver import Driver
from core.engine import ENGINE, PAUSE, SVCMGR, Engine, asked
from core.errors import CommandFailed, Failed, Refused, WaitedTooLong
from core.record import Record
from core.status import Status
from executors.layers.service_file import ServiceFile

OK, FAILS = Command(("ok",)), Command(("fails",))
Verb = Callable[[], Steps]


class Scripted(Driver):
    """A driver whose verbs are given by a test."""

    keywords = (Keyword("dev", ""), Keyword("size", ""))

    def __init__(self) -> None:
        self.verb: Verb = lambda: iter(())  # type: ignore[assignment,return-value]

    def start(self, resource: Any) -> Steps:
        """Do what the test says."""
        return (yield from self.verb())

    def status(self, resource: Any) -> Steps:
        """Say up after a question."""
        yield OK
        return Status("up")


class World:
    """A service, a node that answers by the first word, and what was run and heard."""

    def __init__(self, text: str = "[disk#0]\ndev = /dev/sdb\n") -> None:
        self.driver, self.ran, self.heard = Scripted(), list[Command](), list[str]()
        self.service = Service("svc", Document(text), "node1", Record(), lambda _group, _type: self.driver)
        self.engine = Engine(self.service, ServiceFile(self, self.service), self)

    def run(self, command: Command) -> Completed:
        """Answer 1 to what fails, a number to what counts; pauses last."""
        self.ran.append(command)
        said = "" if command.argv[0] == PAUSE else str(len(self.ran))
        return Completed(1 if command.argv[0] == "fails" else 0, said, "no luck")

    def note(self, rid: str, note: Note) -> None:
        """Hear a note."""
        self.heard.append(f"{rid}: {note.level}: {note.text}")

    def wait(self, rid: str, wait: Wait) -> None:
        """Hear of a wait."""
        self.heard.append(f"{rid}: waits for {wait.subject}")

    def start(self, verb: Verb) -> None:
        """Start all resources with this verb."""
        self.driver.verb = verb
        self.engine.act("start", self.service.resources())

    @property
    def words(self) -> list[str]:
        """The commands that reached the node."""
        return [" ".join(command.argv) for command in self.ran]


def test_commands_are_stamped_with_resource_and_verb() -> None:
    """The node hears whose command it is, and in which verb."""
    world = World()

    def verb() -> Steps:
        answer = yield OK
        assert answer == Completed(0, "1", "no luck")

    world.start(verb)
    assert [(command.argv, command.rid, command.verb) for command in world.ran] == [(("ok",), "disk#0", "start")]


def test_an_answer_that_is_none_is_thrown_into_the_driver() -> None:
    """A driver may catch a failed command and go on."""
    world = World()

    def verb() -> Steps:
        with pytest.raises(CommandFailed, match="fails: return code 1: no luck"):
            yield FAILS
        yield OK

    world.start(verb)
    assert world.words == ["fails", "ok"]


def test_an_accepted_return_code_is_an_answer() -> None:
    """A return code that the command accepts comes back as it is."""
    world = World()

    def verb() -> Steps:
        answer = yield FAILS._replace(accepts=(0, 1))
        assert answer.returncode == 1

    world.start(verb)


def test_a_failure_ends_the_action() -> None:
    """The resources after a failing one are not reached."""
    world = World("[disk#0]\n[disk#1]\n")

    def verb() -> Steps:
        yield FAILS

    with pytest.raises(CommandFailed):
        world.start(verb)
    assert world.words == ["fails"]


@pytest.mark.parametrize("error", [CommandFailed(("x",), 1), Failed("cannot be"), WaitedTooLong("too long")])
def test_the_failure_of_an_optional_resource_is_a_warning(error: Exception) -> None:
    """However an optional resource fails, the next one is reached."""
    world = World("[disk#0]\noptional = true\n[disk#1]\noptional = true\n")

    def verb() -> Steps:
        yield OK
        raise error

    world.start(verb)
    assert world.words == ["ok", "ok"]
    assert world.heard[0] == f"disk#0: warning: ignore start error on optional resource: {error}"


def test_a_refusal_ends_the_action_of_an_optional_resource() -> None:
    """That data would be destroyed is never ignored."""
    world = World("[disk#0]\noptional = true\n")

    def verb() -> Steps:
        yield OK
        raise Refused("there is data")

    with pytest.raises(Refused):
        world.start(verb)


def test_notes_are_heard() -> None:
    """A note goes to the listener with its resource."""
    world = World()

    def verb() -> Steps:
        yield Note("hello", "error")

    world.start(verb)
    assert world.heard == ["disk#0: error: hello"]


def test_a_made_up_value_is_asked_of_the_node() -> None:
    """`Fresh` is a command of the engine, and its answer is a text."""
    world = World()

    def verb() -> Steps:
        assert (yield Fresh("disk#0.token", "token")) == "1"

    world.start(verb)
    assert world.ran == [
        Command(("fresh", "token", "disk#0.token"), quiet=True, tool=ENGINE, rid="disk#0", verb="start")
    ]


def test_a_wait_ends_with_the_answer_that_was_waited_for() -> None:
    """The question is asked until its answer will do; the node sleeps in between, and each poll may be noted."""
    world = World()

    def verb() -> Steps:
        answer = yield Wait(
            OK, lambda answer: answer.stdout == "5", 2, 9, "five", lambda answer: f"poll {answer.stdout}"
        )
        assert answer.stdout == "5"

    world.start(verb)
    assert world.words == ["ok", "pause 2", "ok", "pause 2", "ok"]
    assert world.heard == [
        "disk#0: waits for five",
        "disk#0: info: poll 1",
        "disk#0: info: poll 3",
        "disk#0: info: poll 5",
    ]


def test_a_wait_lasts_no_longer_than_it_may() -> None:
    """What does not come in time raises WaitedTooLong in the driver, and the node slept no second more."""
    world = World()

    def verb() -> Steps:
        with pytest.raises(WaitedTooLong, match=r"timeout waiting for godot \(5 seconds\)"):
            yield Wait(OK, lambda _answer: False, 2, 5, "godot")

    world.start(verb)
    assert world.words == ["ok", "pause 2", "ok", "pause 2", "ok"]
    assert world.heard == ["disk#0: waits for godot"]


def test_a_failed_question_ends_a_wait() -> None:
    """A question that fails is not asked again: a failure is not a no."""
    world = World()

    def verb() -> Steps:
        with pytest.raises(CommandFailed):
            yield Wait(FAILS, lambda _answer: False, 2, 5, "godot")

    world.start(verb)
    assert world.words == ["fails"]


def test_a_cascade_is_written_where_the_value_came_from() -> None:
    """The key that holds the value changes, with its scope, and the resource says the new value at once."""
    world = World("[disk#0]\nsize@node1 = 5\nsize = 6\n")

    def verb() -> Steps:
        yield SetKey("disk#0.size", "7")
        assert world.service.resource("disk#0")["size"] == "7"

    world.start(verb)
    assert world.service.document.text == "[disk#0]\nsize@node1 = 7\nsize = 6\n"


def test_a_cascade_adds_a_key_that_was_not_there() -> None:
    """A key without a value comes to be."""
    world = World()

    def verb() -> Steps:
        yield SetKey("disk#0.size", "7")

    world.start(verb)
    assert world.service.text("disk#0.size") == "7"


def test_a_key_leaves_the_file() -> None:
    """`UnsetKey` takes the option out."""
    world = World("[disk#0]\nsize = 5\ndev = x\n")

    def verb() -> Steps:
        yield UnsetKey("disk#0.size")

    world.start(verb)
    assert world.service.document.text == "[disk#0]\ndev = x\n"


def test_what_the_file_says_already_is_not_written() -> None:
    """A cascade that changes nothing is no command."""
    seen = World()

    def verb() -> Steps:
        assert (yield SetKey("disk#0.dev", "/dev/sdb")) is None
        assert (yield UnsetKey("disk#0.size")) is None

    seen.start(verb)
    assert seen.service.record.is_empty


@pytest.mark.parametrize(
    "effect, argv, check, undo",
    [
        (SetKey("disk#0.dev", "b"), "set disk#0.dev b", "is disk#0.dev b", "set disk#0.dev a"),
        (
            SetKey("disk#0.dev", "b", shared=True),
            "set disk#0.dev b --shared",
            "is disk#0.dev b",
            "set disk#0.dev a --shared",
        ),
        (SetKey("disk#0.size", "b"), "set disk#0.size b", "is disk#0.size b", "unset disk#0.size"),
        (UnsetKey("disk#0.dev"), "unset disk#0.dev", "is disk#0.dev", "set disk#0.dev a"),
    ],
)
def test_a_cascade_is_a_command_with_check_and_undo(effect: Any, argv: str, check: str, undo: str) -> None:
    """Journal, contract and faults see a cascade as they see every change."""
    world = World("[disk#0]\ndev = a\n")
    world.engine = Engine(world.service, world, world)

    def verb() -> Steps:
        yield effect

    world.start(verb)
    (command,) = world.ran
    step = command.undo[0]
    assert isinstance(command.check, Check)
    assert isinstance(step, Command)
    words = (command.argv, command.check.ask.argv, step.argv)
    assert [" ".join(each) for each in words] == [f"svcmgr {each}" for each in (argv, check, undo)]
    assert (command.kind, command.tool, step.kind, step.tool) == ("changes", SVCMGR, "changes", SVCMGR)


def test_what_is_no_effect_is_our_mistake() -> None:
    """A driver that yields something else is wrong, and it is said at once."""
    with pytest.raises(AssertionError, match="disk#0: 5 is not an effect"):
        World().start(lambda: cast("Steps", iter([5])))


def test_status_is_what_the_driver_returns() -> None:
    """The status of a resource is the value of its verb."""
    world = World()
    assert world.engine.status(world.service.resource("disk#0")) == Status("up")


def test_triggers_run_around_the_verb() -> None:
    """Blocking ones first, of the whole service around those of the subset around those of the resource."""
    world = World(
        "[DEFAULT]\npre_start = a\npost_start = z\n"
        "[subset#disk:g]\npre_start = b\npost_start = y\n"
        "[disk#0]\nsubset = g\nblocking_pre_start = c\npre_start = d\n[disk#1]\nsubset = g\npost_start = x\n"
    )

    def verb() -> Steps:
        yield OK

    world.start(verb)
    assert world.words == ["a", "b", "c", "d", "ok", "ok", "x", "y", "z"]


def test_a_failing_trigger_is_a_warning() -> None:
    """A trigger that is not blocking does not stop the action."""
    world = World("[disk#0]\npre_start = fails\n")

    def verb() -> Steps:
        yield OK

    world.start(verb)
    assert world.words == ["fails", "ok"]
    assert world.heard == ["disk#0: warning: pre_start trigger failed: fails: return code 1: no luck"]


def test_a_failing_blocking_trigger_stops_the_action() -> None:
    """A blocking trigger that fails keeps the verb from running."""
    world = World("[disk#0]\nblocking_pre_start = fails\n")

    def verb() -> Steps:
        yield OK

    with pytest.raises(Failed, match=r"blocking_pre_start trigger failed: fails: return code 1: no luck") as raised:
        world.start(verb)
    assert raised.value.rid == "disk#0"
    assert world.words == ["fails"]


def test_who_only_looks_may_change_nothing() -> None:
    """Outside of an action nothing is journalled, so a change there is our mistake."""

    def look() -> Steps:
        yield Command(("rm", "/srv/a"), kind="changes")

    with pytest.raises(AssertionError, match="is not a question"):
        asked(look(), World())


def test_a_failed_look_is_no_answer() -> None:
    """Outside of an action, too, a return code that is no answer ends it."""

    def look() -> Steps:
        yield FAILS

    with pytest.raises(CommandFailed):
        asked(look(), World())

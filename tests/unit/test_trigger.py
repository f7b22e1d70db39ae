"""Triggers: the user's own commands before and after a verb."""

import pytest

from core import trigger
from core.checks import holds
from core.command import Check, Command, Completed
from core.config.document import Document
from core.config.service import Service
from core.driver import Driver
from core.errors import ConfigError
from core.record import Record
from core.state import load
from executors.simulated.node import SimulatedNode


def service(text: str) -> Service:
    """A service whose resources do nothing by themselves."""
    return Service("svc1", Document(text, "svc1.conf"), "node1", Record(), lambda _group, _type: Driver())


def triggers(options: str, verb: str = "start", when: str = "pre") -> list[tuple[tuple[str, ...], bool]]:
    """The words of the triggers of fs#0 for a moment, and whether they are blocking."""
    found = trigger.commands(service(f"[fs#0]\n{options}\n"), "fs#0", verb, when)
    assert all(command.kind == "changes" for command, _ in found)
    return [(command.argv, blocking) for command, blocking in found]


def test_words_are_split_as_a_shell_does() -> None:
    """A value is words, with quotation, over several lines."""
    assert triggers("pre_start = /bin/say 'a b'\n  c") == [(("/bin/say", "a b", "c"), False)]


def test_blocking_comes_first() -> None:
    """Both kinds may be given; the blocking one runs first."""
    assert triggers("pre_start = a\nblocking_pre_start = b") == [(("b",), True), (("a",), False)]


@pytest.mark.parametrize("verb, when", [("stop", "pre"), ("start", "post"), ("provision", "pre")])
def test_other_moments(verb: str, when: str) -> None:
    """A trigger is for its own moment."""
    assert triggers("pre_start = a", verb, when) == []


def test_references_and_scopes() -> None:
    """A trigger is a value like another."""
    assert triggers("pre_start = a\npre_start@node1 = b {svcname}") == [(("b", "svc1"), False)]


def test_sections_that_are_no_resource() -> None:
    """The whole service may have triggers, too; they are not those of its resources."""
    whole = service("[DEFAULT]\npost_stop = a\n[fs#0]\n")
    assert [command.argv for command, _ in trigger.commands(whole, "DEFAULT", "stop", "post")] == [("a",)]
    assert trigger.commands(whole, "fs#0", "stop", "post") == []


@pytest.mark.parametrize(
    "value, said",
    [
        ("say 'a", "no closing quotation"),
        ("a | b", "| is a word of the shell"),
        ("''", "names no program"),
        ("a && b", "&& is a word of the shell"),
        ("''x", None),
    ],
)
def test_what_is_no_command_is_an_error_of_the_file(value: str, said: str | None) -> None:
    """Open quotations and words of a shell are refused, at their line, with the likely fix."""
    if said is None:
        assert triggers(f"pre_start = {value}") == [(("x",), False)]
        return
    with pytest.raises(ConfigError) as raised:
        triggers(f"pre_start@node1 = {value}")
    (problem,) = raised.value.problems
    assert (problem.line, problem.section, problem.key) == (2, "fs#0", "pre_start@node1")
    assert said in problem.text
    assert problem.fix


def beside(options: str) -> Service:
    """A service with two files beside its own."""
    found = service(f"[fs#0]\n{options}\n")
    found.beside = {"web.cfg": "listen *:80\n", "schema.sql": "select 1"}.get
    return found


def test_a_trigger_reads_a_file_beside_the_service_file() -> None:
    """`< NAME` at the end is no word of the command: its text is the input, part of the plan like the words."""
    ((command, _),) = trigger.commands(beside("pre_start = psql -f - < schema.sql"), "fs#0", "start", "pre")
    assert (command.argv, command.stdin, command.check) == (("psql", "-f", "-"), "select 1", None)
    assert list(trigger.steps(command)) == [command]


@pytest.mark.parametrize(
    "value, said",
    [
        ("a < gone.cfg", "there is no file gone.cfg beside the service file"),
        ("a < ../web.cfg", "'../web.cfg' is not the name of a file"),
        ("a < /etc/passwd", "'/etc/passwd' is not the name of a file"),
        ("a < .hidden", "'.hidden' is not the name of a file"),
        ("a < web.cfg b", "< is a word of the shell"),
        ("< web.cfg", "names no program"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_the_file(value: str, said: str) -> None:
    """A file that is elsewhere, or not there, is found when the file is checked, and again before anything runs."""
    found = beside(f"post_stop = {value}")
    (problem,) = [each for each in found.problems() if each.key == "post_stop"]
    with pytest.raises(ConfigError) as raised:
        trigger.commands(found, "fs#0", "stop", "post")
    assert said in problem.text
    assert said in raised.value.problems[0].text
    assert raised.value.problems[0].fix
    assert problem.line == 2


def test_the_files_that_triggers_read_are_known() -> None:
    """Each is named with the option that reads it; what is no trigger, or no command, names none."""
    text = (
        "pre_start = a < web.cfg\nblocking_post_stop = b < schema.sql\n"
        "post_start = c | d < x\ncomment = e < f\npost_stop = plain"
    )
    assert list(trigger.inputs(beside(text))) == [
        ("fs#0", "pre_start", "web.cfg"),
        ("fs#0", "blocking_post_stop", "schema.sql"),
    ]
    assert list(trigger.inputs(beside("pre_start = {nothing} < web.cfg"))) == []


def placed(words: str, *files: str) -> tuple[list[Command], SimulatedNode]:
    """The changes that running a trigger comes to, and the node on which it ran, which had these files."""
    node = SimulatedNode(load({"files": {"/srv": "directory", **dict.fromkeys(files, "mine")}}))
    ((command, _),) = trigger.commands(beside(f"post_start = {words} < web.cfg"), "fs#0", "start", "post")
    steps, changes = trigger.steps(command), list[Command]()
    answer: Completed | None = None
    while True:
        try:
            effect = steps.send(answer)
        except StopIteration:
            return changes, node
        assert isinstance(effect, Command)
        answer = node.run(effect)
        assert answer.returncode in effect.accepts
        if effect.kind == "changes":
            changes.append(effect)


def test_a_file_is_brought_where_there_is_none() -> None:
    """`install ... /dev/stdin PATH < NAME` writes the text, with its mode and the directories above it."""
    changes, node = placed("install -D -m 0640 /dev/stdin /srv/a/b/web.cfg")
    assert [command.stdin for command in changes] == ["listen *:80\n"]
    entry = node.tree.entry("/srv/a/b/web.cfg")
    assert entry is not None
    assert (entry["text"], entry["mode"]) == ("listen *:80\n", "0640")


def test_a_file_that_is_there_is_left_alone() -> None:
    """What somebody may have edited since is not written over; an empty file is what a power failure left."""
    changes, node = placed("install /dev/stdin /srv/web.cfg", "/srv/web.cfg")
    entry = node.tree.entry("/srv/web.cfg")
    assert changes == []
    assert entry is not None
    assert entry["text"] == "mine"
    node.tree.put("/srv/web.cfg", {**entry, "text": ""})
    assert node.run(Command(("test", "-f", "/srv/web.cfg", "-a", "-s", "/srv/web.cfg"), tool="files")).returncode == 1


def test_bringing_a_file_can_be_undone() -> None:
    """The undo takes the file and the directories that were made for it, once it is sure that nobody changed it."""
    (change,), node = placed("install -D /dev/stdin /srv/a/b/web.cfg")
    proof, *undo = change.undo
    assert isinstance(proof, Check)
    assert holds(proof, node.run(proof.ask))
    assert change.check is not None
    assert holds(change.check, node.run(change.check.ask))
    steps = [step for step in undo if isinstance(step, Command)]
    assert [step.argv for step in steps] == [("rm", "/srv/a/b/web.cfg"), ("rmdir", "/srv/a/b"), ("rmdir", "/srv/a")]
    assert [node.run(step).returncode for step in steps] == [0, 0, 0]
    assert not holds(change.check, node.run(change.check.ask))
    assert not node.tree.exists("/srv/a")


def test_what_was_changed_since_is_not_undone() -> None:
    """A file that somebody edited is data: the first step of the undo does not hold any more."""
    (change,), node = placed("install /dev/stdin /srv/web.cfg")
    entry = node.tree.entry("/srv/web.cfg")
    assert entry is not None
    node.tree.put("/srv/web.cfg", {**entry, "text": "edited"})
    proof = change.undo[0]
    assert isinstance(proof, Check)
    assert not holds(proof, node.run(proof.ask))
    assert proof.otherwise == "/srv/web.cfg was changed since"


@pytest.mark.parametrize(
    "words",
    [
        "install -d /dev/stdin /srv/a",
        "install /srv/b /srv/a",
        "install /dev/stdin",
        "install /dev/stdin a",
        "install /dev/stdin /srv/a/",
        "install -m u+x /dev/stdin /srv/a",
        "cp /dev/stdin /srv/a",
    ],
)
def test_other_words_are_the_users_own(words: str) -> None:
    """What is not known to write one file is run each time as it is written, with its input, and never undone."""
    ((command, _),) = trigger.commands(beside(f"post_start = {words} < web.cfg"), "fs#0", "start", "post")
    assert (command.tool, command.stdin, command.check, command.undo) == (trigger.TOOL, "listen *:80\n", None, ())


def test_a_simulated_node_answers_the_programs_of_its_state() -> None:
    """What a user's program does is not known: a node says what it answers, or that there is none."""
    node = SimulatedNode(load({"programs": {"/bin/say": {"returncode": 3}}}))
    assert node.run(Command(("/bin/say", "x"), kind="changes", tool=trigger.TOOL)).returncode == 3
    assert node.run(Command(("/bin/other",), kind="changes", tool=trigger.TOOL)).returncode == 127

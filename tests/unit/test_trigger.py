"""Triggers: the user's own commands before and after a verb."""

import pytest

from core import trigger
from core.command import Command
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


def test_a_simulated_node_answers_the_programs_of_its_state() -> None:
    """What a user's program does is not known: a node says what it answers, or that there is none."""
    node = SimulatedNode(load({"programs": {"/bin/say": {"returncode": 3}}}))
    assert node.run(Command(("/bin/say", "x"), kind="changes", tool=trigger.TOOL)).returncode == 3
    assert node.run(Command(("/bin/other",), kind="changes", tool=trigger.TOOL)).returncode == 127

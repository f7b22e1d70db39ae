"""The lines of a script as they come to be: what they call and run is known at their end."""

from collections.abc import Iterator
from contextlib import contextmanager

from core import answers
from core.command import Check, Command
from core.errors import Refused
from core.holes import PATTERNS
from svcprov.script.functions import codes
from svcprov.script.words import Words

INDENT = "    "
BUILT_IN = {"test"}


class Unsayable(Refused):
    """A plan has something in it that no script can say: `text` says what."""


class Lines:
    """Lines, with the functions that they call, and the programs that they run."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.text: list[str] = []
        self.functions: set[str] = set()
        self.programs: set[str] = set()
        self._depth = 0

    def add(self, line: str, *functions: str) -> None:
        """Add a line, which calls these functions."""
        self.text.append(f"{INDENT * self._depth}{line}" if line else "")
        self.functions.update(functions)

    @contextmanager
    def inner(self) -> Iterator[None]:
        """What is added meanwhile stands one step to the right."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def comment(self, text: str) -> None:
        """Add a comment."""
        self.add(f"# {self.words.hidden(text)}".rstrip())

    def argv(self, command: Command) -> str:
        """The words of a command, whose program the node has to have."""
        program = command.argv[0]
        if "«" not in program and program not in BUILT_IN and answers_without(command):
            self.programs.add(program)
        return self.words.line(command.argv)

    def ask(self, question: Command) -> str:
        """A question: its answer is in $said then."""
        self.functions.add("ask")
        return f"ask {codes(question)} {self.argv(question)}"

    def condition(self, check: Check) -> str:
        """A condition of the shell: whether a check holds."""
        how, function = as_json(check.path), "holds_json"
        if not how:
            how, function = as_text(check.path), "holds"
        self.functions.add(function)
        words = f"{self.words.word(how)} {self.words.word(check.text)} {codes(check.ask)} {self.argv(check.ask)}"
        return f"{'! ' if check.absent else ''}{function} {words}"

    def picking(self, path: str) -> str:
        """The end of a pipe that picks what is meant in an answer."""
        if how := as_json(path):
            self.functions.add("pick_json")
            return f"pick_json {self.words.word(how)}"
        self.functions.add("pick")
        return f"pick {self.words.word(as_text(path))}"

    def only(self, kind: str) -> None:
        """Add the line that lets only one identity of this kind pass."""
        self.add(f"only {self.words.word(pattern(kind))}", "only")


def answers_without(command: Command) -> bool:
    """Tell whether a program has to be there: for some questions it is an answer that it is not."""
    not_found = 127
    return not_found not in command.accepts


def pattern(kind: str) -> str:
    """The extended regular expression of grep for identities of a kind."""
    return PATTERNS.get(kind, "[^[:space:]]+").replace("(?:", "(")


def as_text(path: str) -> str:
    """How `pick` of a script is told a path that is not one into JSON."""
    word = answers.WORD.fullmatch(path)
    return path if word is None else f"word {int(word[1]) + 1}"


def as_json(path: str) -> str:
    """The filter of jq that finds what `core.answers.pick` does; "" for a path that is not one into JSON."""
    if path in {"", ".", "lines"} or answers.WORD.fullmatch(path):
        return ""
    return " | ".join(_filter(step[0]) for step in answers.STEP.finditer(path))


def _filter(step: str) -> str:
    """One step of a path. An index behind the end is null, as a name is that is not there: `pick_json` drops them."""
    if step == "[]":
        return "each"
    if step.startswith("[?"):
        wanted = (f'.["{name}"] == "{text}"' for name, text in answers.equals(step[2:-1]))
        return f"each | objects | select({' and '.join(wanted)})"
    return f"number({step[1:-1]})" if step.startswith("[") else f'of("{step}")'

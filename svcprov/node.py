"""The node that a command line acts on: a file with a state, or this machine. What acts does not ask which it is."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from core.command import Command, Executor
from svcprov.listening import Listening
from svcprov.screen import Screen

if TYPE_CHECKING:
    from core.state import NodeState, Question
    from executors.real.progress import Progress

MACHINE = "this machine"
"""What a journal calls the node that is no file."""


class Hearing(Listening, Protocol):
    """A log, a display or JSON Lines: a listener of actions that also hears who answered in the place of a program."""

    @property
    def progress(self) -> "Callable[[Progress], None] | None":
        """Hears how far a command has come; None where nobody would see it."""
        ...

    def remark(self, text: str) -> None:
        """Hear who answered."""


class Node(Protocol):
    """Where an action happens."""

    @property
    def identity(self) -> str:
        """What a journal calls it."""
        ...

    @property
    def hostname(self) -> str:
        """Its name."""
        ...

    @property
    def where(self) -> str:
        """The beginning of the header line."""
        ...

    @property
    def lock_path(self) -> str | None:
        """The file that is locked while an action changes it; None where actions may run side by side."""
        ...

    def read(self) -> None:
        """Look again, once its lock is ours: what comes now is an action."""

    def claim(self, name: str) -> bool:
        """Keep other actions from a thing that seems free (`alias:eth0:3`); tell whether it is ours."""
        ...

    def release(self) -> None:
        """Give back what was claimed."""

    def check_writable(self) -> None:
        """Raise Failed when nothing could be changed here, before anything was."""

    def asking(self, listener: Hearing) -> Executor:
        """The node for questions."""
        ...

    def acting(self, listener: Hearing) -> Executor:
        """The node for changes."""
        ...

    def converse(self, command: Command, screen: Screen) -> int:
        """Run a command for the one who typed it: its words are theirs, and so is its return code."""
        ...

    def flush(self) -> None:
        """Keep what has not been kept yet."""

    def observed(self) -> "NodeState":
        """What is known of it, for a preview."""
        ...

    def learn(self, questions: "list[Question]") -> "list[Question]":
        """Look up what `observed` does not say; return the questions that found an answer."""
        ...

    def deferring(self, say: Callable[[str], None]) -> AbstractContextManager[None]:
        """While this lasts, Ctrl-C and a polite kill wait for the end of the command that runs."""
        ...

"""Tell a listener of every command and its answer, as it happens: between the journal and the node."""

from typing import Protocol

from core.command import Command, Completed, Executor


class CommandListener(Protocol):
    """Who wants to know of commands."""

    def begins(self, command: Command) -> None:
        """A command is about to run."""

    def ended(self, command: Command, answer: Completed) -> None:
        """A command has ended."""


class Log:
    """An executor that tells `listener` before and after each command."""

    def __init__(self, inner: Executor, listener: CommandListener) -> None:
        self._inner, self._listener = inner, listener

    def run(self, command: Command) -> Completed:
        """Run a command, heard by the listener."""
        self._listener.begins(command)
        answer = self._inner.run(command)
        self._listener.ended(command, answer)
        return answer

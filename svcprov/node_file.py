"""The simulated node that `--node FILE` names: read from the file, and back in it after every change."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.command import Command, Completed, Executor
from core.consistency import contradictions
from core.errors import Failed, UsageError
from core.schema import ShapeError
from core.state import STATE_BYTES_MAX, NodeState, Question, dumps, loads
from executors.simulated.node import SimulatedNode
from svcprov.listening import Listening
from svcprov.replace import replace, unwritable
from svcprov.screen import Screen

NODE_MODE = 0o644


class NodeFile:
    """A node-state file. Making one reads it; raises UsageError, naming file and JSON path, for what is none."""

    def __init__(self, path: str) -> None:
        self.path = self.identity = path
        self._bytes = b""
        self._saved = ""
        self.state: NodeState = {}
        self.read()

    def read(self) -> None:
        """Read the file (again, once its lock is ours)."""
        try:
            with open(self.path, "rb") as file:
                self._bytes = file.read(STATE_BYTES_MAX + 1)
        except FileNotFoundError:
            remedy = "copy one of fixtures/nodes/*.json to start from"
            raise UsageError(f"--node {self.path}: there is no such file; {remedy}") from None
        except OSError as error:
            raise UsageError(f"--node {self.path}: {error.strerror}") from None
        try:
            self.state = loads(self._bytes.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.path}: byte {error.start} is not UTF-8: this is no node-state file") from None
        except ShapeError as error:
            raise UsageError(f"{self.path}: {error}") from None
        if lies := contradictions(self.state):
            raise UsageError("\n".join(f"{self.path}: {lie}" for lie in lies))
        self._saved = ""

    def claim(self, name: str) -> bool:
        """Let everything be claimed: nobody else acts on the node while its lock is ours."""
        del name
        return True

    def release(self) -> None:
        """Do nothing: nothing is kept from others."""

    @property
    def hostname(self) -> str:
        """The name of the node."""
        return str(self.state["hostname"])

    @property
    def where(self) -> str:
        """The beginning of the header line."""
        return f"SIMULATED {self.path.rpartition('/')[2]}"

    def asking(self, listener: Listening) -> Executor:
        """The node, for questions: what they change (a clock) is not kept."""
        del listener
        return SimulatedNode(self.state)

    def acting(self, listener: Listening) -> Executor:
        """The node; every change is kept in the file."""
        del listener
        return SavedNode(SimulatedNode(self.state), self.save)

    def converse(self, command: Command, screen: Screen) -> int:
        """Run a command, and show what it said."""
        node = SavedNode(SimulatedNode(self.state), self.save)
        answer = node.run(command)
        self.save()
        if answer.stdout:
            screen.out(answer.stdout.removesuffix("\n"))
        if answer.stderr:
            screen.err(answer.stderr.removesuffix("\n"))
        return answer.returncode

    def flush(self) -> None:
        """Keep what has not been kept yet: time that passed."""
        self.save()

    def observed(self) -> NodeState:
        """The state."""
        return self.state

    def learn(self, questions: list[Question]) -> list[Question]:
        """Look nothing up: there is no node to ask."""
        del questions
        return []

    @contextmanager
    def deferring(self, say: Callable[[str], None]) -> Iterator[None]:
        """Interrupt at once: a simulated command takes no time."""
        del say
        yield

    @property
    def lock_path(self) -> str:
        """The file that is locked while an action changes the node; it is there only as long."""
        directory, name = os.path.split(os.path.realpath(self.path))
        return f"{directory}/.{name}.lock"

    def check_writable(self) -> None:
        """Raise Failed when the file could not be saved, before anything was changed."""
        if said := unwritable(self.path):
            raise Failed(f"{said}; nothing was changed")

    def save(self) -> None:
        """Put the state into the file, unless it is in there. Raises Failed when somebody else changed it meanwhile."""
        if not self._saved and loads(self._bytes.decode("utf-8")) == self.state:
            return
        text = dumps(self.state)
        if text == self._saved:
            return
        try:
            with open(self.path, "rb") as file:
                on_disk = file.read(STATE_BYTES_MAX + 1)
        except OSError as error:
            raise Failed(f"{self.path}: {error.strerror}: the node is gone") from None
        if on_disk != self._bytes:
            raise Failed(
                f"{self.path} was changed by somebody else while this action ran; it was not overwritten; "
                "look at it, then run the same command again"
            )
        data = text.encode()
        replace(self.path, data, NODE_MODE)
        self._bytes, self._saved = data, text


class SavedNode:
    """A simulated node that calls `save` after every command that changes it.

    Time that passes (a wait, a sleep) is saved with the next change.
    """

    def __init__(self, node: SimulatedNode, save: Callable[[], None]) -> None:
        self._node, self._save = node, save

    def run(self, command: Command) -> Completed:
        """Answer as the node, and keep what came of it."""
        # A value that was made up is never handed out again, whatever happens next.
        if command.kind == "reads" and command.argv[0] != "fresh":
            return self._node.run(command)
        with _uninterrupted():
            answer = self._node.run(command)
            self._save()
        return answer


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C and a polite kill wait: a machine does not stop in the middle because somebody here went away."""
    from signal import SIG_BLOCK, SIG_SETMASK, SIGHUP, SIGINT, SIGTERM, pthread_sigmask

    before = pthread_sigmask(SIG_BLOCK, (SIGINT, SIGTERM, SIGHUP))
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)

"""This machine as the node of a command line: observed when a preview needs it, acted on by real processes."""

import os
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from core.command import Command, Executor
from core.engine import asked
from core.errors import Failed
from core.observe import ahead, begin, learn
from core.state import NodeState, Question
from core.tree import Tree
from executors.real.machine import Machine
from svcprov.claims import Claims
from svcprov.files import log_directory, var
from svcprov.interruption import Interruption
from svcprov.node import MACHINE, Hearing
from svcprov.screen import Screen

if TYPE_CHECKING:
    from executors.real.progress import Progress


class ThisMachine:
    """The machine that this process runs on.

    screen: where is asked what an interruption means. live: what changing commands say is shown, as they say it.
    """

    lock_path: str | None = None

    def __init__(self, service: str, screen: Screen | None = None, *, live: bool = False) -> None:
        screen = Screen() if screen is None else screen
        self.identity = MACHINE
        self.hostname = os.uname().nodename.lower()
        self.where = f"REAL {self.hostname}"
        self._service, self._live = service, screen.live if live else None
        self._state: NodeState | None = None
        self._machine = Machine()
        self._interruption = Interruption(screen, lambda: self._machine)
        self._claims = Claims(f"{var()}/claims")
        self._claims_for_good = False

    def read(self) -> None:
        """Forget what was observed; what is claimed from now on is kept from others."""
        self._state = None
        self._claims_for_good = True

    def claim(self, name: str) -> bool:
        """Keep other actions from a thing that seems free; for a plan that is only shown, only look who does."""
        return self._claims.take(name) if self._claims_for_good else self._claims.is_free(name)

    def release(self) -> None:
        """Give back what was claimed."""
        self._claims.release()

    def check_writable(self) -> None:
        """Raise Failed without root: half of an action would be worse than none."""
        if os.geteuid():
            raise Failed("acting on this machine needs root; nothing was changed; use sudo, or --node FILE to simulate")

    def asking(self, listener: Hearing) -> Executor:
        """This machine, for questions."""
        return self.acting(listener)

    def acting(self, listener: Hearing) -> Executor:
        """This machine; its daemons write a log each."""
        self._machine = Machine(
            logs=f"{log_directory()}/{self._service}",
            live=self._live,
            progress=listener.progress if self._live is None else self._progress,
            remark=listener.remark,
            interrupted=lambda: self._interruption.wanted,
        )
        return self._machine

    def converse(self, command: Command, screen: Screen) -> int:
        """Run a command on the terminal that we were started from."""
        del screen
        environment = self._machine.environment | {"TERM": os.environ.get("TERM", "dumb")}
        try:
            return subprocess.run(command.argv, check=False, cwd="/", env=environment).returncode  # noqa: S603
        except OSError as error:
            raise Failed(f"{command.argv[0]}: {error.strerror}") from None

    def _progress(self, news: "Progress") -> None:
        """Show how far something has come (the layers of an image), a line each."""
        if self._live is not None:
            self._live(f"{news.text}\n")

    def flush(self) -> None:
        """Do nothing: what happened has happened."""

    def observed(self) -> NodeState:
        """What every plan needs, looked at now, and what was learnt since."""
        if self._state is None:
            self._claims.look()
            self._state = asked(begin(self.hostname), self._machine)
            if self._service:
                self.expect(self._service)
        return self._state

    def expect(self, service: str) -> None:
        """Count our own directory of a service as there: every action makes it before it begins."""
        state, directory = self.observed(), f"{var()}/{service}"
        self.learn([Question("path", directory)])
        tree = Tree(state)
        for end in (*(at for at, letter in enumerate(directory) if letter == "/" and at), len(directory)):
            if not tree.exists(directory[:end]):
                tree.put(directory[:end], {"kind": "directory", "mode": "0711", "docker": None})

    def learn(self, questions: list[Question]) -> list[Question]:
        """Look up what the state does not say."""
        state = self.observed()
        self._machine.ask_ahead(ahead(state, questions))
        found: list[Question] = asked(learn(state, questions), self._machine)
        return found

    def deferring(self, say: Callable[[str], None]) -> AbstractContextManager[None]:
        """Let the running command end before an interruption does."""
        return self._interruption.hearing(say)

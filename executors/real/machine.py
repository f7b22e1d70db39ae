"""This machine, as a node: commands become processes, but for the few that are answered in this one.

A tool has a real face of its own (`executors/real/tools/NAME.py`) where a library answers better than its program:
`aws` by botocore, the metadata service by an HTTP request, `docker pull` by docker's SDK. Such a face may pass (None);
then the program is run. What the plan shows is the program's argv either way.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from threading import get_ident
from typing import TYPE_CHECKING, NamedTuple, Protocol

from core import trigger
from core.command import Command, Completed
from core.engine import ENGINE
from core.observe.programs import PROBES
from core.tools import blkdiscard
from executors import missing
from executors.real import news, processes

if TYPE_CHECKING:
    from concurrent.futures import Future

    from executors.real.progress import Progress

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
READ_SECONDS_MAX = 60.0
"""How long a question may take; a `wait` of the cloud has its own, longer limit."""
SLEEP_SLICE_SECONDS = 0.05
KILL_SECONDS = 5
"""How long a command that somebody wants killed has until it is, after it was asked to end."""
AHEAD_MAX = 4
"""How many questions are asked side by side."""
VERSIONS = frozenset((*(probe.argv for probe in PROBES.values()), blkdiscard.version().argv))
"""The questions that have one answer as long as we run: a preview asks them, and then the run."""
PASSED_ON = ("AWS_", "HOME")
"""The beginnings of the variables that children keep: whose credentials, and where a user's files are."""


class Running(NamedTuple):
    """What a machine waits for. pid: its process; None where it is answered in this one. since: `time.monotonic`."""

    argv: tuple[str, ...]
    pid: int | None
    since: float


class Elsewhere(Protocol):
    """Another machine, on which the processes of this one's commands run."""

    def run(
        self,
        argv: tuple[str, ...],
        given: str | None,
        environment: Mapping[str, str],
        *,
        public: bool,
        seconds_max: float | None,
        live: processes.Live | None,
    ) -> Completed:
        """Run a program there to its end, as `processes.run` does here."""
        ...

    def start(self, argv: tuple[str, ...], environment: Mapping[str, str], log: str | None) -> Completed:
        """Start a daemon there, as `processes.start` does here."""
        ...


class RealFace(Protocol):
    """A module of `executors.real.tools`."""

    def run(self, machine: "Machine", command: Command) -> Completed | None:
        """Answer a command in this process; None leaves it to the program."""
        ...


def _ignore(_text: str) -> None:
    """Hear nothing."""


def _never() -> bool:
    return False


class Machine:
    """Runs commands on this machine.

    prefix: words put before each argv (`nsenter ...`). elsewhere: the machine on which the processes run; then none is
    answered in this one, and no news of devices are heard. logs: the directory for what daemons say, None for nowhere.
    live: hears what changing commands write, as they write it. remark: hears who answered, for the debug log.
    progress: hears how far something has come that shows nothing else; None: nobody does. interrupted: tells whether
    somebody wants an end; then no further command is begun, and KeyboardInterrupt is raised in its place.
    """

    def __init__(  # noqa: PLR0913 - each is one thing that a test, a terminal or a namespace needs otherwise
        self,
        *,
        prefix: tuple[str, ...] = (),
        elsewhere: Elsewhere | None = None,
        environment: Mapping[str, str] = os.environ,
        logs: str | None = None,
        live: Callable[[str], None] | None = None,
        remark: Callable[[str], None] = _ignore,
        progress: "Callable[[Progress], None] | None" = None,
        interrupted: Callable[[], bool] = _never,
        read_seconds_max: float = READ_SECONDS_MAX,
    ) -> None:
        kept = {name: value for name, value in environment.items() if name.startswith(PASSED_ON)}
        self.around = processes.Surroundings({**kept, "LC_ALL": "C.UTF-8", "PATH": PATH}, prefix)
        self.remark, self.progress = remark, progress
        self._elsewhere = elsewhere
        self.read_seconds_max = read_seconds_max
        self._logs, self._live, self._interrupted = logs, live, interrupted
        self._faces: dict[str, RealFace | None] = {}
        self._versions: dict[tuple[str, ...], Completed] = {}
        self._ahead: dict[Command, Future[Completed]] = {}
        self._news: news.BlockNews | None = None
        self.running: Running | None = None
        """What is being waited for; None between two commands."""
        self._thread, self._killed = get_ident(), False

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the children."""
        return dict(self.around.environment)

    def run(self, command: Command) -> Completed:
        """Run a command to its end; that it cannot be started is an answer, too (127, 126)."""
        if self._interrupted():
            raise KeyboardInterrupt
        if command.tool == ENGINE:
            return self._engine(command)
        if (known := self._versions.get(command.argv)) is not None:
            return known
        ahead = self._ahead.pop(command, None)
        answer = self._answered(command) if ahead is None else ahead.result()
        if self._killed and answer.returncode not in command.accepts:
            # Nobody knows how far it came: without an answer it is settled before the next action.
            raise KeyboardInterrupt
        if command.argv in VERSIONS and not answer.returncode:
            self._versions[command.argv] = answer
        elif command.tool == trigger.TOOL:
            # A program of the user's may bring others, or other versions of them.
            self._versions.clear()
        return answer

    def ask_ahead(self, commands: Iterable[Command]) -> None:
        """Begin with questions that will be asked in a moment, side by side: most of each is waiting."""
        from concurrent.futures import ThreadPoolExecutor

        wanted = [command for command in commands if command.argv not in self._versions]
        if len(wanted) > 1:
            pool = ThreadPoolExecutor(AHEAD_MAX)
            self._ahead |= {command: pool.submit(self._answered, command) for command in wanted}
            pool.shutdown(wait=False)

    def _answered(self, command: Command) -> Completed:
        face, answer = self._face(command.tool), None
        if face is not None:
            self._waits_for(Running(command.argv, None, time.monotonic()))
            try:
                answer = face.run(self, command)
            finally:
                self._waits_for(None)
        answer = self.program(command) if answer is None else answer
        if answer.returncode == missing.NOT_FOUND and answer == missing.answer(command.argv[0]):
            return missing.answer(command.argv[0], missing.packages_of(command.argv[0], command.tool))
        return answer

    def program(self, command: Command) -> Completed:
        """Run a command as a process, whoever else could answer it."""
        if command.background:
            program = command.argv[0].rpartition("/")[2]
            log = None if self._logs is None else f"{self._logs}/{program}.log"
            if self._elsewhere is not None:
                return self._elsewhere.start((*self.around.prefix, *command.argv), self.around.environment, log)
            # Behind a prefix its socket may be somewhere else.
            ready = None if self.around.prefix else getattr(self._face(command.tool), "is_ready", None)
            is_ready = _never if ready is None else partial(ready, command)
            return processes.start(command.argv, self.around, log, is_ready)
        reads = command.kind == "reads"
        seconds_max = self.read_seconds_max if reads and not command.check else None
        live = None if reads else self._live
        if self._elsewhere is not None:
            argv, around = (*self.around.prefix, *command.argv), self.around.environment
            return self._elsewhere.run(
                argv, command.stdin, around, public=command.public, seconds_max=seconds_max, live=live
            )
        return processes.run(
            command.argv,
            command.stdin,
            self.around,
            public=command.public,
            seconds_max=seconds_max,
            live=live,
            watch=partial(self._watch, command.argv),
        )

    def kill(self, pid: int) -> None:
        """End the process that is waited for, with its group, because somebody wants it: what it did is not known."""
        self._killed = True
        processes.end(pid, KILL_SECONDS)

    def _watch(self, argv: tuple[str, ...], pid: int | None) -> None:
        self._waits_for(None if pid is None else Running(argv, pid, time.monotonic()))

    def _waits_for(self, running: Running | None) -> None:
        # A question that is asked ahead, in a thread of its own, is waited for by nobody yet.
        if get_ident() == self._thread:
            self.running = running

    def _face(self, name: str) -> RealFace | None:
        if self._elsewhere is not None:
            return None
        if name not in self._faces:
            module = f"executors.real.tools.{name}"
            try:
                self._faces[name] = import_module(module) if name else None
            except ModuleNotFoundError as error:
                if error.name != module:
                    raise
                self._faces[name] = None
        return self._faces[name]

    def _engine(self, command: Command) -> Completed:
        match command.argv:
            case ("sleep", seconds):
                self._sleep(float(seconds))
                return Completed(0)
            case ("pause", seconds):
                return self._pause(float(seconds))
            case ("fresh", kind, _name):
                return Completed(0, made_up(kind))
            case _:
                return missing.answer(command.argv[0])

    def _pause(self, seconds: float) -> Completed:
        """Let time pass, until there is news of a device: then the answer says how long it was.

        The first pause begins to listen, and ends at once: what came before it was not heard.
        """
        if self._news is None:
            self._news = None if self._elsewhere is not None else news.listener()
            if self._news is not None:
                return Completed(0, "0")
            self._sleep(seconds)
            return Completed(0)
        began = time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0 and not self._interrupted():
            if self._news.within(min(left, SLEEP_SLICE_SECONDS)):
                return Completed(0, f"{min(time.monotonic() - began, seconds):.3f}")
        return Completed(0)

    def _sleep(self, seconds: float) -> None:
        """Let time pass, until somebody wants an end."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not self._interrupted():
            time.sleep(min(left, SLEEP_SLICE_SECONDS))


def made_up(kind: str) -> str:
    """A value that nobody has had before: a uuid (of an array as mdadm writes it), or a temporary directory's path."""
    if kind == "tmpdir":
        return f"/tmp/tmp{os.urandom(6).hex()}"
    digits = os.urandom(16).hex()
    if kind == "array":
        return f"{digits[:8]}:{digits[8:16]}:{digits[16:24]}:{digits[24:]}"
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

"""An account of an action: for whoever watches it, for the history of the service, and for the system's journal."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.command import Command, Completed, Note, Wait
from core.engine import ENGINE
from core.errors import SvcprovError
from svcprov import shell
from svcprov.events import Events
from svcprov.files import log_directory
from svcprov.history import History
from svcprov.invocation import RESULTS
from svcprov.node import MACHINE
from svcprov.numbering import Numbering
from svcprov.who import who

if TYPE_CHECKING:
    from core.plan import Plan, Step
    from executors.real.progress import Progress
    from svcprov.files import ServiceFiles
    from svcprov.invocation import Invocation
    from svcprov.node import Hearing

FAILED, INTERRUPTED = 1, 130
UNDONE = "rolled back"


class Account:
    """Hears of an action, hands on what it hears, and keeps what others will ask for.

    shown: the log or display that it hands on to. verb: what is acted out; "" is what was typed.
    exit_code, undone, half_undone, error: how the action ended; who acts says so before it is over.
    """

    def __init__(self, call: "Invocation", files: "ServiceFiles", shown: "Hearing", verb: str = "") -> None:
        self._call, self._files, self._shown = call, files, shown
        self.action = call.action if verb in {"", call.action} else f"{call.action}: {verb}"
        self._history = History(files.history, files.lock_path)
        self._numbering = Numbering()
        self._events = self._listening()
        self.changes = 0
        self.exit_code, self.undone, self.half_undone, self.error = 0, False, False, ""

    def _listening(self) -> "Events | None":
        """Who is told of events: nobody of those of a simulated node, which happen to no system."""
        if self._call.options.node is not None:
            return None
        return Events(self._files.name, f"{log_directory()}/{self._files.name}.log")

    @contextmanager
    def kept(self, steps: "Sequence[Step]" = (), done: "Plan | None" = None) -> Iterator["Account"]:
        """While this lasts, the action is going on; at its end, how it ended is written down.

        steps: what is being done, after the plan `done`.
        """
        self._numbering.follow(steps, done)
        self._begin()
        try:
            yield self
        except BaseException as error:
            self.exit_code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
            if isinstance(error, SvcprovError):
                self.exit_code, self.error = error.exit_code, str(error)
            raise
        finally:
            self._end()

    def _begin(self) -> None:
        node = MACHINE if self._call.options.node is None else str(self._call.options.node)
        argv = [self._masked(word) for word in ("svcmgr", *self._call.argv)]
        try:
            self._history.begin(self.action, node, argv)
        except (OSError, SvcprovError) as error:
            self._warn(error)
        self._tell("notice", f"{self.action} begins: {shell.line(argv)}", {"event": "begin", "user": who()})

    def _end(self) -> None:
        result = UNDONE if self.undone else RESULTS.get(self.exit_code, "failed") if self.exit_code else "done"
        error = self._masked(self.error)
        try:
            self._history.end(result, self.exit_code, self.changes, error)
        except (OSError, SvcprovError) as failure:
            self._warn(failure)
        fields = {"event": "end", "result": result, "exit_code": self.exit_code, "changes": self.changes}
        said = f"{self.action}: {result}" + (f": {error}" if error else "")
        self._tell("error" if self.exit_code else "notice", said, fields)
        if self._events is not None:
            self._events.close()

    def _warn(self, error: Exception) -> None:
        """Say that the history is not kept."""
        said = f"{self._files.history}: {getattr(error, 'strerror', None) or error}: the history lacks this action"
        self._shown.note("", Note(said, "warning"))

    def _masked(self, text: str) -> str:
        return self._call.screen.masked(text)

    def _tell(self, level: str, text: str, fields: dict[str, object]) -> None:
        if self._events is not None:
            self._events.tell(level, self._masked(text), {"action": self.action, **fields})

    def note(self, rid: str, note: Note) -> None:
        """Hand on what a driver has to say; warnings and errors are events."""
        self._shown.note(rid, note)
        if note.level != "info":
            self._tell(note.level, note.text, {"event": "note", **({"rid": rid} if rid else {})})

    def wait(self, rid: str, wait: Wait) -> None:
        """Hand on that something is waited for."""
        self._shown.wait(rid, wait)

    @property
    def progress(self) -> "Callable[[Progress], None] | None":
        """Who shows how far a command has come, if anybody does."""
        return self._shown.progress

    def remark(self, text: str) -> None:
        """Hand on who answered in the place of a program."""
        self._shown.remark(text)

    def begins(self, command: Command) -> None:
        """Hand on that a command begins."""
        self._shown.begins(command)

    def ended(self, command: Command, answer: Completed) -> None:
        """Hand on that a command ended; one that changes or announces something is an event."""
        self._shown.ended(command, answer)
        if command.kind == "reads" or command.tool == ENGINE:
            return
        as_meant = answer.returncode in command.accepts
        self.changes += command.kind == "changes" and as_meant
        if self._events is None:
            return
        fields: dict[str, object] = {"event": "step", "rid": command.rid, "verb": command.verb}
        if step := self._numbering.of(command):
            fields["step"] = step
        fields["returncode"] = answer.returncode
        self._tell("info" if as_meant else "error", shell.line(command.argv), fields)

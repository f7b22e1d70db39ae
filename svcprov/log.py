"""The log: the lines of the documentation's transcript, on standard error.

Every external command that changes the node is there as typed, with what it said; housekeeping and questions are there
at debug level only.
"""

from core.command import Command, Completed, Note, Wait
from core.config.service import Service
from core.engine import ENGINE, SVCMGR
from svcprov.screen import Screen

LEVEL_WIDTH = 7
NAME_WIDTH_MIN = 8

_LEVEL_STYLES = {"WARNING": "yellow", "ERROR": "red", "DEBUG": "dim"}


def name_width(service: Service) -> int:
    """The length of the longest name that the log of a service may have: its resources' and their sets'."""
    names = [service.name]
    for resource in service.resources():
        if not resource.disabled:
            names += (f"{service.name}.{resource.rid}", f"{service.name}.{resource.driver.set_name(resource)}")
    return max(NAME_WIDTH_MIN, *map(len, names))


class LogLines:
    """Hears of notes, waits and commands, and writes a line for each that a reader of the log expects."""

    def __init__(self, service: Service, screen: Screen, *, debug: bool = False) -> None:
        self._name, self._screen, self._debug = service.name, screen, debug
        self._width = name_width(service)

    def line(self, level: str, rid: str, text: str) -> None:
        """Write one line (or block of lines) of the service, or of one of its resources."""
        name = f"{self._name}.{rid}" if rid else self._name
        shown = f"{level:<{LEVEL_WIDTH}} {name:<{self._width}} {text}"
        style = _LEVEL_STYLES.get(level)
        self._screen.err(self._screen.styled(shown, style, error=True) if style else shown)

    def note(self, rid: str, note: Note) -> None:
        """Write what a driver has to say."""
        self.line(note.level.upper(), rid, note.text)

    @property
    def progress(self) -> None:
        """Show nothing of how far a command has come: lines are for what has happened."""

    def remark(self, text: str) -> None:
        """Write who answered in the place of a program, at debug level."""
        if self._debug:
            self.line("DEBUG", "", text)

    def wait(self, rid: str, wait: Wait) -> None:
        """Say what is waited for, at debug level: the notes of a wait say how it goes."""
        if self._debug:
            self.line("DEBUG", rid, f"waiting for {wait.subject}, {wait.seconds_max} seconds at most")

    def begins(self, command: Command) -> None:
        """Write the words of a command that changes or announces something."""
        if command.kind != "reads" and not command.quiet:
            self.line("INFO", command.rid, " ".join(command.argv))
        elif self._debug and command.tool != ENGINE:
            self.line("DEBUG", command.rid, " ".join(command.argv))

    def ended(self, command: Command, answer: Completed) -> None:
        """Write what a command said, unless that was an answer to its driver."""
        if command.tool in {ENGINE, SVCMGR} or command.background:
            return
        stdout, stderr = answer.stdout.rstrip("\n"), answer.stderr.rstrip("\n")
        if command.kind == "reads":
            if self._debug and (stderr or answer.returncode):
                self.line("DEBUG", command.rid, f"return code {answer.returncode}: {stderr or stdout}")
        elif answer.returncode not in command.accepts:
            if stderr:
                self.line("ERROR", command.rid, f"stderr:\n{stderr}")
            if stdout:
                self.line("ERROR", command.rid, f"command failed with stdout:\n{stdout}")
        elif command.shows and not command.quiet:
            if stderr:
                # The spelling is that of the transcript, which log readers search for.
                self.line("WARNING", command.rid, f"command succesful but stderr:\n{stderr}")
            if stdout:
                self.line("INFO", command.rid, f"output:\n{stdout}")

"""What an action keeps of itself, wherever that is: on disk, or nowhere."""

from typing import Any, Protocol

Lines = list[dict[str, Any]]


class Keeping(Protocol):
    """What an action keeps on disk. Each method returns when it is there, but for a line that need not be synced."""

    def journal_lines(self) -> Lines:
        """The lines of the journal of the last action; the first one says which it was, the last one how it ended."""
        ...

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Begin a new journal; the old one is kept beside it."""
        ...

    def journal_line(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Add a line to the journal; `core.wire.encode` makes JSON of it. sync: it outlives a power failure."""
        ...

    def save_record(self) -> None:
        """Save the record."""
        ...

    def save_file(self) -> None:
        """Save the service file."""
        ...


class Unkept:
    """Keeps nothing: for properties and benchmarks, where an action lives in memory."""

    def __init__(self) -> None:
        self.lines: Lines = []

    def journal_lines(self) -> Lines:
        """The lines so far."""
        return self.lines

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Forget the last action."""
        self.lines = [header]

    def journal_line(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Remember a line."""
        self.lines.append(line)

    def save_record(self) -> None:
        """Do nothing: the record is in memory."""

    def save_file(self) -> None:
        """Do nothing: the service file is in memory."""

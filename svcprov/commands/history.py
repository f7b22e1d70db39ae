"""`history`: what was done to a service, by whom, and how it ended."""

from collections.abc import Iterator, Sequence

from core.errors import Failed
from svcprov import shell
from svcprov.history import Entry, History
from svcprov.invocation import Invocation

HEADINGS = ("BEGUN", "ENDED", "WHO", "ACTION", "NODE", "RESULT", "CHANGES", "COMMAND LINE")
NUMBERS = {"CHANGES"}
ORDINARY_FAILURE = {None, 0, 130}
"""Exit codes that the word for the result says already."""


def history(call: Invocation) -> int:
    """List the actions, the newest last."""
    files = call.files()
    kept = History(files.history, files.lock_path)
    try:
        entries = kept.entries()
    except OSError as error:
        raise Failed(f"{files.history}: {error.strerror}") from None
    if not entries and not files.exists:
        # Raises: a name that was mistyped is no service without a past.
        files.document()
    if call.json is not None:
        for entry in entries:
            call.json.write(entry.as_json())
        for remark in kept.remarks:
            call.json.write({"type": "note", "rid": "", "level": "warning", "text": remark})
        call.json.summary(None, "history", "done")
        return 0
    for line in table(entries):
        call.screen.out(line)
    for remark in kept.remarks:
        call.screen.err(call.screen.styled(f"warning: {remark}", "yellow", error=True))
    return 0


def table(entries: Sequence[Entry]) -> Iterator[str]:
    """The lines of a table, with headings; one sentence when there is nothing to list."""
    if not entries:
        yield "nothing was done to this service yet"
        return
    rows = [HEADINGS, *map(_cells, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(HEADINGS, row, widths, strict=True)
        aligned = (f"{cell:>{width}}" if name in NUMBERS else f"{cell:<{width}}" for name, cell, width in cells)
        yield "  ".join(aligned).rstrip()


def _cells(entry: Entry) -> tuple[str, ...]:
    result = entry.result if entry.exit_code in ORDINARY_FAILURE else f"{entry.result} ({entry.exit_code})"
    changes = "" if entry.changes is None else str(entry.changes)
    known = (entry.begun, entry.ended or "", str(entry.by), entry.action, entry.node, result, changes)
    # A line break in a word would end the row.
    return tuple(map(_plain, (*known, shell.line(entry.argv))))


def _plain(text: str) -> str:
    """A text in which nothing moves the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)

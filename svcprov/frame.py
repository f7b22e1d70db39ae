"""A run as lines of a terminal: what is drawn of a `Course`, for the room that there is. Loads rich."""

import io
import re
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.filesize import decimal
from rich.spinner import Spinner
from rich.text import Text

from svcprov.course import DONE, FAILED, IDLE, RUNNING, WAITING, Course, Row, duration
from svcprov.region import Line

LOG_ROWS = 3
"""What is left to the log, where there is room for more than that."""
NARROW_COLUMNS = 40
"""Below this the time of a resource is left out."""
LAYERS_MAX = 5
BAR_COLUMNS = 20
LAYER = re.compile(r"[0-9a-f]{12}")
PULLED = {"pull complete", "already exists"}

SIGNS = {
    WAITING: ("·", ".", "dim"),
    DONE: ("✓", "+", "green"),
    FAILED: ("✗", "x", "red"),
    IDLE: ("–", "=", "dim"),
}
"""The sign of each state, what stands for it where there is only ASCII, and its style."""


class Drawing:
    """Draws a course. colors: in colour. encoding: what the terminal takes. masked: leaves out secrets."""

    def __init__(self, course: Course, *, colors: bool, encoding: str, masked: Callable[[str], str]) -> None:
        self._course, self._masked = course, masked
        self._ascii = not encoding.lower().replace("_", "-").startswith("utf")
        self._spinner = Spinner("line" if self._ascii else "dots")
        self._written = io.StringIO()
        # Its size is never asked for: whatever the environment says of it, each text is cut beforehand.
        self._console = Console(
            file=self._written,
            force_terminal=True,
            color_system="standard" if colors else None,
            legacy_windows=False,
            highlight=False,
            emoji=False,
            markup=False,
        )

    def lines(self, columns: int, rows: int) -> list[Line]:
        """Every line, none as wide as the terminal, together at least one lower than it."""
        room = max(1, rows - 1 - (LOG_ROWS if rows > 3 * LOG_ROWS else 0))
        texts = list(self._rows(columns, room - 1 if room > 1 else 1))
        if room > 1:
            texts.append(self._total())
        return [self._line(text, max(1, columns - 1)) for text in texts]

    def _line(self, text: Text, width: int) -> Line:
        text.truncate(width, overflow="crop" if self._ascii else "ellipsis")
        self._console.print(text, end="", soft_wrap=True)
        written = self._written.getvalue()
        self._written.seek(0)
        self._written.truncate()
        return Line(written, text.cell_len)

    def _rows(self, columns: int, room: int) -> Iterator[Text]:
        """The rows, each with what is pulled for it; where there is no room for all, those around the current one."""
        rows, current = self._course.rows, self._course.current
        place = rows.index(current) if current is not None else 0
        first = max(0, min(place - room // 2, len(rows) - room))
        shown = rows[first : first + room]
        left = room - len(shown)
        width = max((len(row.rid) for row in rows), default=0)
        for row in shown:
            yield self._row(row, width, columns)
            if row.state == RUNNING:
                yield from list(self._layers(row))[: min(left, LAYERS_MAX)]

    def _row(self, row: Row, width: int, columns: int) -> Text:
        now = self._course.now()
        text = Text(no_wrap=True)
        if row.state == RUNNING:
            text.append(str(self._spinner.render(now)), "cyan")
        else:
            sign, plain, style = SIGNS[row.state]
            text.append(plain if self._ascii else sign, style)
        text.append(f" {row.rid:<{width}}", "bold" if row.state == RUNNING else "")
        if columns >= NARROW_COLUMNS:
            text.append(f" {duration(row.seconds(now)) if row.state in {RUNNING, DONE, FAILED} else '':>6}", "dim")
        said, ending = self._said(row, now)
        # A word of a command may hold anything, also what moves the cursor.
        said = "".join(letter if letter.isprintable() else " " for letter in self._masked(said))
        # The end of what is said (a deadline, how many layers) is worth more than the end of a command.
        room = columns - 1 - text.cell_len - len(ending) - 1
        if said and room > 0:
            what = Text(f" {said}", "" if row.state in {RUNNING, FAILED} else "dim")
            what.truncate(room + 1, overflow="crop" if self._ascii else "ellipsis")
            text.append_text(what)
        text.append(ending, "cyan")
        return text

    def _said(self, row: Row, now: float) -> tuple[str, str]:
        """What a row says, and how it ends."""
        match row.state:
            case "waiting":
                return row.purpose, ""
            case "done":
                return f"{row.changes} command{'' if row.changes == 1 else 's'}" if row.changes else "", ""
            case "nothing to do":
                return row.state, ""
            case "failed":
                return row.command, ""
        if row.waits is not None:
            return row.waits.text, f" [{int(now - row.waits.since)}s of {row.waits.seconds_max}s]"
        return row.command, self._pulled(row)

    def _pulled(self, row: Row) -> str:
        """How much of an image is there."""
        layers = [news for part, news in row.layers.items() if LAYER.fullmatch(part)]
        if not layers:
            return ""
        done = sum(news.status.lower() in PULLED for news in layers)
        return f" [{done} of {len(layers)} layers]"

    def _layers(self, row: Row) -> Iterator[Text]:
        """A line for each layer that is on its way."""
        for part, news in row.layers.items():
            if not news.total or not LAYER.fullmatch(part) or news.status.lower() in PULLED:
                continue
            text = Text(f"    {part} {news.status.lower():<11} ", "dim")
            filled = BAR_COLUMNS * min(news.done, news.total) // news.total
            full, empty = ("#", ".") if self._ascii else ("━", "─")
            text.append(full * filled, "cyan")
            text.append(empty * (BAR_COLUMNS - filled), "dim")
            yield text.append(f" {decimal(news.done)} of {decimal(news.total)}")

    def _total(self) -> Text:
        course = self._course
        ended = course.counted(DONE, IDLE, FAILED)
        said = f"{course.verb}: {ended} of {len(course.rows)} resources, {duration(int(course.now() - course.began))}"
        return Text(said, "dim", no_wrap=True)

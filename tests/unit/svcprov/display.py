"""A terminal in memory: what a region writes on it, as a person would see it. It reflows, as terminals do by now."""

import re

WORDS = re.compile(r"\x1b\[(\d*)([AJm])|(\r)|(\n)|([^\x1b\r\n]+)")


class Display:
    """A screen of so many columns and rows, with the lines that have left it at the top."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._lines: list[str] = [""]
        """The lines as they were written, whatever their length; the cursor is at the end of the last."""

    def write(self, text: str) -> None:
        """Take what a program writes."""
        position = 0
        while position < len(text):
            found = WORDS.match(text, position)
            assert found is not None, text[position:]
            position = found.end()
            if found[4]:
                self._lines.append("")
            elif found[5]:
                self._lines[-1] += found[5]
            elif found[2] == "A":
                assert self._lines[-1] == "", "the cursor goes up from the beginning of a line"
                self._up(int(found[1]))

    def _up(self, rows: int) -> None:
        """Take away what is below a place that is some rows above the cursor: all that a region does there."""
        del self._lines[-1]
        while rows > 0:
            line = self._lines.pop()
            taken = max(1, -(-len(line) // self.columns))
            # A part of a line stays where fewer rows are taken away than it has.
            if taken > rows:
                self._lines.append(line[: (taken - rows) * self.columns])
            rows -= taken
        self._lines.append("")

    @property
    def lines(self) -> list[str]:
        """The lines, as they were written."""
        return self._lines[:-1]

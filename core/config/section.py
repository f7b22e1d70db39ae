"""The pieces that the text of a service file is made of; `core.config.document` scans and edits them."""

BLANKS = " \t"


class Piece:
    """One option with its value, or (without a name) lines that say nothing: comments and blanks.

    Once a document is scanned its pieces stay as they are, since copies share them: an edit puts another in place.
    lead: the text up to and with the separator. raw: what follows it, to the end of the last line of the value.
    end: the line end. frame: the blanks around the value, and what stands there when it is empty, as first met.
    """

    __slots__ = ("end", "frame", "lead", "name", "raw")

    def __init__(self, name: str, lead: str, raw: str, end: str) -> None:
        self.name, self.lead, self.raw, self.end = name, lead, raw, end
        self.frame: tuple[str, str, str] | None = None

    def holding(self, raw: str, frame: tuple[str, str, str] | None) -> "Piece":
        """Make the same option with another value."""
        other = Piece(self.name, self.lead, raw, self.end)
        other.frame = frame
        return other

    @property
    def is_blank(self) -> bool:
        """Tell whether it is an empty line."""
        return not self.name and not self.lead.strip(BLANKS)

    def lines(self) -> int:
        """Count the lines of the text."""
        return self.lead.count("\n") + self.raw.count("\n") + 1

    def value(self) -> str:
        """Read the value: its lines stripped, without comments."""
        if "\n" not in self.raw:
            return self.raw.strip(BLANKS)
        first, *others = (line.strip(BLANKS + "\r") for line in self.raw.split("\n"))
        return "\n".join((first, *(line for line in others if line and line[0] not in "#;")))

    def framed(self) -> tuple[str, str, str]:
        """Return the frame, found at the first call."""
        if self.frame is None:
            body = self.raw.strip(" \t\r\n")
            if body:
                before, _, after = self.raw.partition(body)
                self.frame = (" " if "\n" in before else before, after, after)
            else:
                self.frame = (self.raw or " ", "", self.raw)
        return self.frame


class Section:
    """A header and the pieces below it. The first one of a document has no header: it is what stands before any."""

    __slots__ = ("end", "header", "name", "options", "pieces", "text")

    def __init__(self, name: str, header: str, end: str) -> None:
        self.name, self.header, self.end = name, header, end
        self.pieces: list[Piece] = []
        self.options: dict[str, Piece] = {}
        self.text: str | None = None

    def copy(self) -> "Section":
        """Make a section of the same pieces, to be edited by itself."""
        other = Section(self.name, self.header, self.end)
        other.pieces, other.options, other.text = self.pieces.copy(), self.options.copy(), self.text
        return other

    def after_options(self) -> list[Piece]:
        """Return the comments and blanks below the last option."""
        last = max((position for position, piece in enumerate(self.pieces) if piece.name), default=-1)
        return self.pieces[last + 1 :]

    def comment_at_end(self) -> list[Piece]:
        """Return the comment that ends the section, down from its last blank line: it is about what comes next."""
        pieces = self.after_options()
        blanks = [position for position, piece in enumerate(pieces) if piece.is_blank]
        return pieces[blanks[-1] + 1 if blanks else 0 :]

    def put(self, piece: Piece, other: Piece) -> None:
        """Put an option in the place of another one of its name."""
        self.pieces[self.pieces.index(piece)] = self.options[piece.name] = other

    def joined(self) -> str:
        """Return the whole text."""
        if self.text is None:
            self.text = self.header + self.end + "".join([piece.lead + piece.raw + piece.end for piece in self.pieces])
        return self.text

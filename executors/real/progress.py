"""How far something has come that shows nothing else: a layer of an image that is pulled."""

from typing import NamedTuple


class Progress(NamedTuple):
    """A piece of news: a part of a whole (the layer of an image; "": the whole itself), and how far it has come.

    done, total: in bytes; 0 where it is not known.
    """

    whole: str
    part: str
    status: str
    done: int = 0
    total: int = 0

    @property
    def text(self) -> str:
        """The news as a line."""
        if self.total:
            return f"{self.whole}: layer {self.part}: {self.status.lower()}, {100 * self.done // self.total} %"
        if self.done:
            return f"{self.whole}: layer {self.part}: {self.status.lower()}, {self.done} bytes"
        return f"{self.whole}: {self.part}: {self.status}" if self.part else f"{self.whole}: {self.status}"

"""Where text goes: standard output and standard error, in colour or not, for as long as somebody reads them."""

import os
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from errno import EIO, EPIPE
from typing import Protocol, TextIO

from svcprov.secrets import shown

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")

ANSWER_BYTES_MAX = 4096
"""What a terminal takes as one line."""


class Region(Protocol):
    """The end of a terminal that is painted again and again: what is written comes above it."""

    def above(self, text: str) -> None:
        """Write text that ends a line."""

    def lifted(self) -> AbstractContextManager[None]:
        """While this lasts, the terminal is as if there were no region."""
        ...


class Screen:
    """Standard output and error. color: `always`, `never`, or `auto`: on a terminal without NO_COLOR.

    A reader that goes away (`| head`, a terminal that is closed) is not an error: an action runs on, its words go
    nowhere.
    """

    def __init__(self, color: str = "auto") -> None:
        self._color = color
        self._secrets: list[tuple[str, str]] = []
        self.region: Region | None = None
        """What is painted at the end of the terminal meanwhile."""
        _stand_in_for_closed()
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                # Holes are «quoted»; a terminal without these characters shows their codes.
                reconfigure(errors="backslashreplace")

    def hide(self, secrets: Mapping[str, str]) -> None:
        """Show `«secret:env.password»` wherever one of these values would be."""
        for name, value in secrets.items():
            # In JSON a quotation mark, a backslash or the end of a line of the value is written otherwise.
            escaped = _json_string(value, is_ascii=False)
            self._secrets += [(text, shown(name)) for text in {value, escaped} if text]
        self._secrets.sort(key=lambda pair: -len(pair[0]))

    def masked(self, text: str) -> str:
        """The text without the secrets in it."""
        for value, name in self._secrets:
            text = text.replace(value, name)
        return text

    def out(self, text: str) -> None:
        """Write lines to standard output."""
        self._write(sys.stdout, text)

    def json(self, text: str) -> None:
        """Write JSON to standard output: in UTF-8, or where that has another encoding, in ASCII alone.

        A character that the encoding lacks cannot be shown by its code, as it is elsewhere: that is no JSON.
        """
        whole = self.masked(text)
        if not whole.isascii() and not _is_utf_8(sys.stdout):
            whole = _BEYOND_ASCII.sub(lambda found: _json_string(found[0]), whole)
        self._write(sys.stdout, whole)

    def err(self, text: str) -> None:
        """Write lines to standard error."""
        self._write(sys.stderr, text)

    def live(self, text: str) -> None:
        """Write a piece of what a command says to standard error, as it comes."""
        with suppress(OSError, ValueError):
            sys.stderr.write(self.masked(text))
            sys.stderr.flush()

    def _write(self, stream: TextIO, text: str) -> None:
        whole = f"{self.masked(text)}\n"
        try:
            if self.region is not None and stream.isatty():
                self.region.above(whole)
                return
            stream.write(whole)
            stream.flush()
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in {EPIPE, EIO}:
                # A log that a full disk does not take stops no action; a result that it does not take is none.
                if stream is sys.stdout:
                    raise
                return
            with suppress(OSError, ValueError):
                # What Python still wants to flush at its end has to go somewhere.
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except RuntimeError:
            # A signal came in the middle of another line, and this is what is said about it.
            with suppress(OSError):
                os.write(stream.fileno(), whole.encode(stream.encoding, "backslashreplace"))

    def styled(self, text: str, style: str, *, error: bool = False) -> str:
        """The text in a style of `STYLES`, where the stream that it is for shows one."""
        return f"\033[{STYLES[style]}m{text}\033[0m" if self.in_color(error=error) else text

    def in_color(self, *, error: bool) -> bool:
        """Tell whether standard output, or standard error, shows colours."""
        if self._color != "auto":
            return self._color == "always"
        return (sys.stderr if error else sys.stdout).isatty() and not os.environ.get("NO_COLOR")

    @staticmethod
    def can_repaint() -> bool:
        """Tell whether standard error is a terminal on which lines can be written again."""
        return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"", "dumb", "unknown"}

    @staticmethod
    def can_ask() -> bool:
        """Tell whether there is somebody to ask."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str) -> str:
        """Ask on the terminal; the empty text when the answer is the end of the input."""
        sys.stderr.write(self.masked(question))
        sys.stderr.flush()
        return sys.stdin.readline().rstrip("\n")

    def ask_until(self, question: str, end: int | None) -> str | None:
        """Ask on the terminal until a descriptor is readable (None: as long as it takes); None when that comes first.

        What was typed before the question is no answer to it.
        """
        import select
        import termios

        poll = select.poll()
        for descriptor in (sys.stdin.fileno(), end):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        with nullcontext() if self.region is None else self.region.lifted(), suppress(OSError, termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
            os.write(sys.stderr.fileno(), self.masked(question).encode(sys.stderr.encoding, "backslashreplace"))
            if end not in [descriptor for descriptor, _ in poll.poll()]:
                return os.read(sys.stdin.fileno(), ANSWER_BYTES_MAX).decode(errors="replace").strip()
            os.write(sys.stderr.fileno(), b"\n")
            return None
        return ""


def _json_string(text: str, *, is_ascii: bool = True) -> str:
    """A text as it stands between the quotation marks of JSON."""
    from json import dumps

    return dumps(text, ensure_ascii=is_ascii)[1:-1]


def _is_utf_8(stream: TextIO) -> bool:
    """Tell whether a stream is UTF-8, by whichever of its names."""
    return (stream.encoding or "").lower().replace("_", "").replace("-", "") == "utf8"


def _stand_in_for_closed() -> None:
    """Have somewhere to write to when we were started with a stream closed.

    Its number is free, too: the next file that is opened would get it, and what others write to the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process

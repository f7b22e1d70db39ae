"""The terminals of `tests.e2e.terminal`, in a lab."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.e2e.real.lab import Lab
from tests.e2e.terminal import CTRL_C, SECONDS_MAX, Terminal, Window, at_terminal

__all__ = ["CTRL_C", "SECONDS_MAX", "Terminal", "Tmux", "on"]


@contextmanager
def on(lab: Lab, *argv: str, more: Mapping[str, str] | None = None, own: bool = True) -> Iterator[Terminal]:
    """Run a program on a terminal of 100 columns.

    more: environment variables. own: the terminal is the one that controls it: Ctrl-C and a closed window are heard.
    """
    words = lab.inside("setsid", *(("--ctty",) if own else ()), *argv)
    environment = lab.environment | {"TERM": "xterm-256color"} | dict(more or {})
    with at_terminal(words, environment, "/") as terminal:
        yield terminal


class Tmux(Window):
    """A window of tmux in a lab, with a shell."""

    def __init__(self, lab: Lab, columns: int, rows: int) -> None:
        socket = f"{lab.directory}/given/tmux"
        super().__init__(lab.done, socket, lab.environment, size=(columns, rows))

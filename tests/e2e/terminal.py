"""Terminals: a bare one, of which every byte is kept, and tmux, which shows what a person would see."""

import fcntl
import os
import re
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from select import select
from time import monotonic, sleep

SECONDS_MAX = 30
CTRL_C = b"\x03"


class Terminal:
    """A terminal with a program on it. Make one with `on`."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self.descriptor, self.process = descriptor, process
        self.written = b""
        """Everything that was written on it."""

    @property
    def text(self) -> str:
        """The same, as text, with line ends as the program wrote them."""
        return self.written.decode(errors="replace").replace("\r\n", "\n")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.descriptor, keys)

    def until(self, pattern: str, after: int = 0) -> re.Match[str]:
        """Read until this is there, behind so many characters."""
        deadline = monotonic() + SECONDS_MAX
        while (found := re.compile(pattern).search(self.text, after)) is None:
            assert monotonic() < deadline, (pattern, self.text)
            assert self._read(), (pattern, self.text)
        return found

    def ended(self) -> int:
        """Read to the end of the program; return its exit code."""
        deadline = monotonic() + SECONDS_MAX
        while self._read():
            assert monotonic() < deadline, self.text
        return self.process.wait(SECONDS_MAX)

    def close(self) -> None:
        """Close the terminal, as one does with a window."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
        self.descriptor = -1

    def _read(self) -> bytes:
        if not select([self.descriptor], [], [], SECONDS_MAX)[0]:
            return b""
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # nobody has the other end any more
            return b""
        self.written += data
        return data


@contextmanager
def at_terminal(words: Sequence[str], environment: Mapping[str, str], directory: str) -> Iterator[Terminal]:
    """Run a program on a terminal of 100 columns, in a directory; it is killed when it has not ended by itself."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=directory)
    os.close(theirs)
    terminal = Terminal(ours, process)
    try:
        yield terminal
    finally:
        terminal.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_MAX)
        process.kill()
        process.wait()


class Window:
    """A window of tmux, with bash in it.

    run: starts tmux with more words, and returns what that said. socket: where its server listens. prompt: what bash
    writes when it waits.
    """

    def __init__(
        self,
        run: Callable[..., str],
        socket: str,
        environment: Mapping[str, str],
        *,
        size: tuple[int, int],
        prompt: str = "ready> ",
    ) -> None:
        self._run, self._socket = run, socket
        settings = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        shell = ("env", f"PS1={prompt}", "bash", "--norc", "--noprofile", "-i")
        columns, rows = size
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *settings, *shell)
        self.until(lambda: self.lines()[-1:] == [prompt.rstrip()])

    def _tmux(self, *words: str) -> str:
        return self._run("tmux", "-u", "-S", self._socket, "-f", "/dev/null", *words)

    def close(self) -> None:
        """End tmux and what runs in it."""
        self._tmux("kill-server")

    def type(self, *keys: str) -> None:
        """Press keys, by their names."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Make the window larger or smaller."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def lines(self) -> list[str]:
        """The lines of the screen, down to the last that holds something."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p").rstrip().split("\n")]

    def history(self) -> list[str]:
        """The lines that were written, the screen with what has left it, each as long as it was."""
        return [line.rstrip() for line in self._tmux("capture-pane", "-p", "-J", "-S", "-").rstrip().split("\n")]

    def shows(self, pattern: str) -> re.Match[str]:
        """Wait until a line of the screen begins with this."""
        matches = re.compile(pattern).match
        self.until(lambda: any(map(matches, self.lines())))
        return next(found for line in self.lines() if (found := matches(line)))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = monotonic() + SECONDS_MAX
        while not holds():
            assert monotonic() < deadline, self.lines()
            sleep(0.05)

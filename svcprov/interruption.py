"""What Ctrl-C, a polite kill and a lost terminal mean: first an end after the running command, then a question.

Nothing is killed by itself. A command that is killed has no answer: the next action settles what it did.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import SIGHUP, SIGINT, SIGTERM, signal
from types import FrameType
from typing import TYPE_CHECKING

from svcprov import shell

if TYPE_CHECKING:
    from executors.real.machine import Machine, Running
    from svcprov.screen import Screen

SIGNALS = (SIGINT, SIGTERM, SIGHUP)
FIRST = "svcmgr: interrupted: the running command is let end"
ONCE_MORE = "; Ctrl-C once more asks whether to kill it"
YES = {"y", "yes"}


class Interruption:
    """Hears the signals of an action. screen: where is asked. machine: the one whose command runs."""

    def __init__(self, screen: "Screen", machine: "Callable[[], Machine]") -> None:
        self._screen, self._machine = screen, machine
        self.wanted = self._asking = False

    @contextmanager
    def hearing(self, say: Callable[[str], None]) -> "Iterator[None]":
        """Hear the signals while this lasts."""

        def hear(number: int, _frame: FrameType | None) -> None:
            self._hear(number, say)

        before = {number: signal(number, hear) for number in SIGNALS}
        try:
            yield
        finally:
            for number, earlier in before.items():
                signal(number, earlier)

    def _hear(self, number: int, say: Callable[[str], None]) -> None:
        if not self.wanted:
            self.wanted = True
            say(FIRST + ONCE_MORE if self._can_ask() else FIRST)
        elif not self._asking and (running := self._machine().running) is not None:
            # While somebody thinks about it, or it is being killed, another signal says nothing new.
            self._asking = True
            try:
                if number == SIGINT and self._can_ask():
                    self._ask(running, say)
                else:
                    say(f"svcmgr: interrupted again: {_still(running)}; {_by_hand(running)}")
            finally:
                self._asking = False

    def _can_ask(self) -> bool:
        """Tell whether there is a terminal, and it is ours: who reads from it in the background is stopped."""
        if not self._screen.can_ask():
            return False
        try:
            return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        except OSError:  # the terminal of others: no shell takes it away from us
            return True

    def _ask(self, running: "Running", say: Callable[[str], None]) -> None:
        seconds = int(time.monotonic() - running.since)
        name = running.argv[0].rpartition("/")[2]
        if running.pid is None:
            question = f"{shell.line(running.argv)} is still being answered [{seconds}s]. Give it up? [y/N] "
            if (self._screen.ask_until(question, None) or "").lower() in YES:
                # As after a crash: the next action finds out what became of it.
                raise KeyboardInterrupt
            return
        try:
            end = os.pidfd_open(running.pid)
        except ProcessLookupError:
            return
        try:
            question = f"{name} (pid {running.pid}) is still running [{seconds}s]. Kill it? [y/N] "
            answer = self._screen.ask_until(question, end)
        finally:
            os.close(end)
        if answer is not None and answer.lower() in YES:
            say(f"svcmgr: {name} (pid {running.pid}) is asked to end, and killed if it does not")
            self._machine().kill(running.pid)
        elif answer is not None:
            say(f"svcmgr: {name} goes on; nothing is begun after it")


def _still(running: "Running") -> str:
    seconds = time.monotonic() - running.since
    since = time.strftime("%H:%M:%S", time.localtime(time.time() - seconds))
    process = "" if running.pid is None else f" (pid {running.pid})"
    return f"{shell.line(running.argv)}{process} has been running since {since} ({int(seconds)} seconds) and is let end"


def _by_hand(running: "Running") -> str:
    if running.pid is None:
        return f"to give it up: kill -KILL {os.getpid()}"
    return f"to end it by hand: kill -- -{running.pid}"

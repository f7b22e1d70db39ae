"""Waiting for an answer."""

import os
import select
import signal
from pathlib import Path
from typing import Any

import pytest

from svcprov.interview import _wait_for

SECONDS_MAX = 5
OPEN = Path("/proc/self/fd")


def test_a_signal_right_before_the_wait_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the moment between question and wait is heard: with nothing to read, the wait is over at once."""
    heard = []
    handler = signal.signal(signal.SIGUSR1, lambda *_: heard.append("signal"))
    wait = select.select

    def late(readable: list[int], writable: list[int], odd: list[int]) -> Any:
        signal.raise_signal(signal.SIGUSR1)
        found = wait(readable, writable, odd, SECONDS_MAX)
        assert found != ([], [], []), "the signal was waited through"
        return found

    monkeypatch.setattr(select, "select", late)
    silent, other = os.pipe()
    try:
        _wait_for(silent)
        assert heard == ["signal"]
        assert wait([silent], [], [], 0)[0] == []
    finally:
        signal.signal(signal.SIGUSR1, handler)
        os.close(silent)
        os.close(other)


def test_an_answer_ends_the_wait() -> None:
    """What is there to read is waited for, and left to be read; no descriptor is left open."""
    silent, other = os.pipe()
    before = set(OPEN.iterdir())
    os.write(other, b"2G\n")
    _wait_for(silent)
    assert os.read(silent, 9) == b"2G\n"
    assert set(OPEN.iterdir()) == before
    os.close(silent)
    os.close(other)

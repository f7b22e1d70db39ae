"""Where text goes."""

import sys

import pytest

from svcprov.screen import Screen


@pytest.mark.parametrize("color,shown", [("always", "\033[31mx\033[0m"), ("never", "x"), ("auto", "x")])
def test_colour_is_for_those_who_want_it(color: str, shown: str) -> None:
    """Text is coloured when asked for; by itself only on a terminal, which a test has not."""
    assert Screen(color).styled("x", "red") == shown


def test_a_terminal_is_coloured_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there is colour, unless NO_COLOR says no."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Screen().styled("x", "bold") != "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Screen().styled("x", "bold") == "x"


def test_a_closed_stream_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Started with a stream closed, which Python shows as None, what would go there goes nowhere."""
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    screen = Screen()
    screen.out("x")
    screen.err("y")
    assert not screen.can_ask()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.close()


def test_secrets_are_masked_in_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """A hidden value is in neither stream; an empty one hides nothing."""
    screen = Screen("never")
    screen.hide({"env.password": "hunter2", "env.empty": ""})
    screen.out("a hunter2")
    screen.err("b hunter2")
    assert capsys.readouterr() == ("a «secret:env.password»\n", "b «secret:env.password»\n")

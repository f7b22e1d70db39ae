"""Where text goes."""

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer

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


def test_secrets_are_masked_as_json_writes_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A value with a quotation mark, a backslash, a tab or several lines is hidden in JSON as well."""
    screen = Screen("never")
    value = 'a"b\\c\td\ne'
    screen.hide({"env.password": value})
    screen.json(json.dumps({"x": f"<{value}>", "y": "ü"}, ensure_ascii=False))
    assert capsys.readouterr().out == '{"x": "<«secret:env.password»>", "y": "ü"}\n'


@pytest.mark.parametrize("encoding, said", [("utf-8", '"é𝄞"'), ("ascii", r'"\u00e9\ud834\udd1e"'), ("latin-1", None)])
def test_json_is_utf_8_or_ascii(encoding: str, said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of another encoding gets JSON of ASCII alone, though it may have the character."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    Screen("never").json('"é𝄞"')
    assert written.getvalue().decode("utf-8").strip() == (said or r'"\u00e9\ud834\udd1e"')


def test_a_terminal_that_was_closed_takes_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that is hung up stops nothing: what is written goes nowhere from then on."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        screen = Screen()
        os.close(ours)
        screen.err("x")
        screen.err("y")
        assert not stream.isatty()


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_full_disk_is_no_reader_that_went_away(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """What was asked for and cannot be written is an error; a log that cannot be written stops nothing."""
    stream = Path("/dev/full").open("w", encoding="utf-8")  # noqa: SIM115 - it cannot be closed in peace
    monkeypatch.setattr(sys, name, stream)
    if name == "stdout":
        with pytest.raises(OSError, match="No space left"):
            Screen().out("x")
    else:
        Screen().err("x")
    with suppress(OSError):
        stream.close()


def test_what_is_said_in_the_middle_of_a_line_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A signal may come while something is written, which Python refuses to begin again from within."""
    with (tmp_path / "said").open("w", encoding="utf-8") as stream:

        def busy(_text: str) -> int:
            raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stderr>'>")

        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(stream, "write", busy)
        Screen().err("x")
    assert (tmp_path / "said").read_text(encoding="utf-8") == "x\n"


@pytest.mark.parametrize(
    "term,seen", [("xterm", True), ("dumb", False), ("", False), ("unknown", False), (None, False)]
)
def test_not_every_terminal_is_painted_on(monkeypatch: pytest.MonkeyPatch, term: str | None, *, seen: bool) -> None:
    """Only one that says what it is, and is not dumb; and nothing that is no terminal."""
    if term is None:
        monkeypatch.delenv("TERM", raising=False)
    else:
        monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert not Screen.can_repaint()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert Screen.can_repaint() is seen


def test_a_question_is_answered_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a line, or by the end of what it is about; what was typed before it is none of its answers."""
    ours, theirs = os.openpty()
    end, ended = os.pipe()
    with os.fdopen(theirs, "r+b", 0) as terminal, os.fdopen(theirs, "w", encoding="utf-8", closefd=False) as writing:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stderr", writing)
        screen = Screen("never")
        screen.hide({"env.password": "hunter2"})
        os.write(ours, b"y\n")
        timer = Timer(0.2, os.write, (ours, b" No \n"))
        timer.start()
        assert screen.ask_until("Kill hunter2? ", end) == "No"
        os.write(ended, b"!")
        assert screen.ask_until("Kill it? ", end) is None
        timer.join()
    said = os.read(ours, 4096)
    assert b"Kill \xc2\xabsecret:env.password\xc2\xbb? " in said
    assert b"hunter2" not in said
    for descriptor in (ours, end, ended):
        os.close(descriptor)

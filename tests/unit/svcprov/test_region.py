"""The region at the end of a terminal."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcprov.region import Line, Region
from tests.unit.svcprov.display import Display

TEXTS = st.text("abc", max_size=30)


class Shown(Region):
    """A region on a display in memory."""

    def __init__(self, display: Display, environ: dict[str, str] | None = None) -> None:
        self._reading, writing = os.pipe()
        super().__init__(writing, "utf-8", environ or {})
        self._display, self._writing = display, writing

    def size(self) -> tuple[int, int]:
        """What the display has."""
        return self._display.columns, self._display.rows

    def sync(self) -> list[str]:
        """Have everything that was written on the display; return its lines."""
        os.set_blocking(self._reading, False)
        with suppress(BlockingIOError):
            while data := os.read(self._reading, 65536):
                self._display.write(data.decode())
        return self._display.lines

    def end(self) -> None:
        """Close the pipe."""
        os.close(self._reading)
        os.close(self._writing)


@pytest.fixture
def shown() -> Iterator[Shown]:
    """A region on a display of 20 columns."""
    region = Shown(Display(20, 10))
    yield region
    region.end()


def drawn(*texts: str) -> Callable[[int, int], list[Line]]:
    """Composes these texts, cut to the width that there is."""
    return lambda columns, _rows: [Line(text[: columns - 1], len(text[: columns - 1])) for text in texts]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("above"), TEXTS),
            st.tuples(st.just("paint"), st.lists(TEXTS, min_size=1, max_size=4)),
            st.tuples(st.just("resize"), st.integers(2, 30)),
            st.tuples(st.just("lift"), TEXTS),
        ),
        max_size=15,
    )
)
def test_no_line_of_the_log_is_lost_and_none_of_the_region_left(steps: list[tuple[str, object]]) -> None:
    """Painted, written above, resized and lifted in any order, the display has the log, and the last painting below."""
    display = Display(20, 10)
    region = Shown(display)
    try:
        log: list[str] = []
        for what, value in steps:
            match what, value:
                case "above", str(text):
                    region.above(f"{text}\n")
                    log.append(text)
                case "paint", list(texts):
                    assert region.paint(drawn(*texts))
                    painting = [line.text for line in drawn(*texts)(display.columns, 10)]
                    assert region.sync() == log + painting
                case "resize", int(columns):
                    region.sync()
                    display.columns = columns
                case "lift", str(text):
                    with region.lifted():
                        assert region.sync() == log
                        assert not region.paint(drawn("unseen"))
                        display.write(f"{text}\n")
                    log.append(text)
        region.close()
        assert region.sync() == log
        assert not region.paint(drawn("too late"))
        assert region.sync() == log
    finally:
        region.end()


def test_what_has_not_changed_is_not_written_again(shown: Shown) -> None:
    """A painting like the one that is there costs the terminal nothing."""
    written = list[bytes]()
    for texts in (("one",), ("one",), ("two",)):
        shown.paint(drawn(*texts))
        before = len(written)
        with suppress(BlockingIOError):
            os.set_blocking(shown._reading, False)  # noqa: SLF001 - the pipe of this test's own class
            written.append(os.read(shown._reading, 4096))  # noqa: SLF001
        assert (len(written) == before) is (texts == ("one",) and before == 1)


@pytest.mark.parametrize(
    "environ,left",
    [
        ({}, []),
        ({"TMUX": "/tmp/tmux", "XTERM_VERSION": "XTerm(379)"}, []),
        ({"XTERM_VERSION": "XTerm(379)"}, ["aaaaaaaaaa"]),
        ({"STY": "12.pts"}, ["aaaaaaaaaa"]),
    ],
)
def test_a_terminal_that_does_not_break_lines_keeps_its_log(environ: dict[str, str], left: list[str]) -> None:
    """Where a narrower terminal cuts its lines, as many are taken away as were painted; elsewhere as many as broke."""
    display = Display(20, 10)
    region = Shown(display, environ)
    try:
        region.paint(drawn("a" * 19))
        region.sync()
        display.columns = 10
        region.close()
        assert region.sync() == left
    finally:
        region.end()


def test_a_terminal_that_is_gone_takes_nothing(shown: Shown) -> None:
    """The first write that fails is the last that is tried; nothing is raised."""
    os.close(shown._reading)  # noqa: SLF001 - the pipe of this test's own class
    shown._reading = os.open(os.devnull, os.O_RDONLY)  # noqa: SLF001
    assert not shown.paint(drawn("one"))
    assert shown.is_over
    shown.above("two\n")


def test_a_terminal_that_takes_nothing_now_is_left_alone(shown: Shown) -> None:
    """While a terminal is full (Ctrl-S), nothing is painted, so nobody has to wait for it."""
    os.set_blocking(shown._writing, False)  # noqa: SLF001 - the pipe of this test's own class
    with suppress(BlockingIOError):
        while True:
            os.write(shown._writing, b"." * 4096)  # noqa: SLF001
    assert not shown.paint(drawn("one"))
    assert not shown.is_over


def test_its_size_has_to_come_from_somewhere() -> None:
    """What is no terminal, or one that says 0, has the size of old."""
    reading, writing = os.pipe()
    ours, theirs = os.openpty()
    try:
        for descriptor in (writing, theirs):
            assert Region(descriptor, "utf-8", {}).size() == (80, 24)
    finally:
        for descriptor in (reading, writing, ours, theirs):
            os.close(descriptor)

"""The live view: below the log, a line for each resource, for as long as a run lasts on a terminal.

It is drawn by a thread of its own, which loads rich when the run has lasted a moment: what is over before has a log and
nothing else.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from core.command import Command, Completed, Note, Wait
from core.plan import Plan
from svcprov.course import DONE, FAILED, IDLE, WAITING, Course, duration
from svcprov.log import LogLines
from svcprov.region import Region
from svcprov.screen import Screen

if TYPE_CHECKING:
    from executors.real.progress import Progress

DELAY_SECONDS = 0.4
"""How long a run lasts before there is anything to see."""
FRAME_SECONDS = 0.125


class LiveView:
    """Hears of a run, writes the log of it, and shows how far it has come."""

    def __init__(self, log: LogLines, screen: Screen) -> None:
        self._log, self._screen = log, screen
        self._shown: tuple[Course, Region] | None = None

    def note(self, rid: str, note: Note) -> None:
        """Hear what a driver has to say."""
        self._log.note(rid, note)
        self._tell(lambda course: course.note(rid, note))

    def wait(self, rid: str, wait: Wait) -> None:
        """Hear that a wait begins."""
        self._log.wait(rid, wait)
        self._tell(lambda course: course.wait(rid, wait))

    def remark(self, text: str) -> None:
        """Hear who answered."""
        self._log.remark(text)

    def begins(self, command: Command) -> None:
        """Hear of a command."""
        self._log.begins(command)
        self._tell(lambda course: course.begins(command))

    def ended(self, command: Command, answer: Completed) -> None:
        """Hear of its answer."""
        self._log.ended(command, answer)
        self._tell(lambda course: course.ended(command, answer))

    def progress(self, news: "Progress") -> None:
        """Hear how far a command has come."""
        self._tell(lambda course: course.progress(news))

    def _tell(self, what: Callable[[Course], None]) -> None:
        if self._shown is not None:
            course, region = self._shown
            with region.lock:
                what(course)

    @contextmanager
    def showing(self, verb: str, plan: Plan | None) -> Iterator[None]:
        """Show how far a verb has come while this lasts, then how it ended; nothing of one that lasts but a moment."""
        course = Course(verb, plan)
        region = Region(sys.stderr.fileno(), sys.stderr.encoding, os.environ)
        over, seen = Event(), Event()
        thread = Thread(target=self._draw, args=(course, region, over, seen), name="live view", daemon=True)
        failed = True
        try:
            self._shown, self._screen.region = (course, region), region
            with region.stoppable():
                thread.start()
                yield
            failed = False
        finally:
            over.set()
            region.close()
            self._shown = self._screen.region = None
            course.close(failed=failed)
            if seen.is_set():
                self._screen.err(self._screen.styled(summary(course), "dim", error=True))

    def _draw(self, course: Course, region: Region, over: Event, seen: Event) -> None:
        """Draw until it is over."""
        # Signals are the main thread's: only there they end a wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        if over.wait(DELAY_SECONDS):
            return
        try:
            from svcprov.frame import Drawing
        except ImportError:  # without rich there is the log
            return
        screen = self._screen
        drawing = Drawing(
            course, colors=screen.in_color(error=True), encoding=sys.stderr.encoding, masked=screen.masked
        )
        while not over.is_set() and not region.is_over:
            if region.paint(drawing.lines):
                seen.set()
            over.wait(FRAME_SECONDS)


def summary(course: Course) -> str:
    """How a run ended, in a line."""
    done, left = course.counted(DONE, IDLE), course.counted(WAITING)
    said = [f"{done} resource{'' if done == 1 else 's'} done"]
    said += [f"{row.rid} failed" for row in course.rows if row.state == FAILED]
    said += [f"{left} not begun"] if left else []
    return f"{course.verb}: {', '.join(said)}, {duration(int(course.now() - course.began))}"

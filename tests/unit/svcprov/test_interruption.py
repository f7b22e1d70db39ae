"""What signals mean to an action, without a terminal and without a program."""

import os
import signal
import time
from types import FrameType

import pytest

from core.command import Command
from executors.real.machine import Machine, Running
from svcprov.interruption import FIRST, Interruption
from svcprov.screen import Screen


class Asked(Screen):
    """A screen on which somebody gives an answer; None: the end came first."""

    def __init__(self, answer: str | None) -> None:
        super().__init__("never")
        self.answer, self.questions = answer, list[str]()

    @staticmethod
    def can_ask() -> bool:
        """Somebody is there."""
        return True

    def ask_until(self, question: str, end: int | None) -> str | None:
        """Answer."""
        self.questions.append(question)
        return self.answer


class Abandoned(Screen):
    """A screen that nobody sits at, whatever the tests run on."""

    @staticmethod
    def can_ask() -> bool:
        """Nobody is there."""
        return False


def press(*numbers: signal.Signals) -> None:
    """Send ourselves signals, one after the other."""
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.fixture
def said() -> list[str]:
    """What was said."""
    return []


def test_the_first_is_an_end_after_the_command(said: list[str]) -> None:
    """It is said once, and wanted from then on; between two commands another says nothing new."""
    interruption = Interruption(Abandoned(), Machine)
    with interruption.hearing(said.append):
        assert not interruption.wanted
        press(signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    assert (interruption.wanted, said) == (True, [FIRST])


def test_afterwards_signals_are_what_they_were() -> None:
    """Whoever heard them before hears them again."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with Interruption(Abandoned(), Machine).hearing(print):
        pass
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_only_ctrl_c_asks(said: list[str], number: signal.Signals) -> None:
    """A polite kill and a lost terminal are told what is waited for: whoever sent them is somewhere else."""
    machine, screen = Machine(), Asked("y")
    machine.running = Running(("docker", "pull", "web:1"), None, time.monotonic() - 34)
    with Interruption(screen, lambda: machine).hearing(said.append):
        press(number, number)
    assert screen.questions == []
    assert said[1].startswith("svcmgr: interrupted again: docker pull web:1 has been running since ")
    assert said[1].endswith(f" (34 seconds) and is let end; to give it up: kill -KILL {os.getpid()}")


def test_what_is_answered_here_can_be_given_up(said: list[str]) -> None:
    """Yes is an end at once, as after a crash; anything else is none."""
    machine = Machine()
    machine.running = Running(("aws", "ec2", "create-volume"), None, time.monotonic())
    for answer in ("", "n", "yes, please"):
        with Interruption(Asked(answer), lambda: machine).hearing(said.append):
            press(signal.SIGINT, signal.SIGINT)
    screen = Asked("yes")
    with Interruption(screen, lambda: machine).hearing(said.append), pytest.raises(KeyboardInterrupt):
        press(signal.SIGINT, signal.SIGINT)
    assert screen.questions == ["aws ec2 create-volume is still being answered [0s]. Give it up? [y/N] "]


def test_what_has_ended_is_not_asked_about(said: list[str]) -> None:
    """A process that is gone by the time it would be asked about is nobody's question."""
    machine, screen = Machine(), Asked("y")
    gone = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(gone, 0)
    machine.running = Running(("true",), gone, time.monotonic())
    with Interruption(screen, lambda: machine).hearing(said.append):
        press(signal.SIGINT, signal.SIGINT)
    assert screen.questions == []


def test_what_was_killed_has_no_answer() -> None:
    """Nobody knows what it did: that is an interruption, and no failure that a driver could take for an answer."""
    machine, began = Machine(environment={}), time.monotonic()

    def kill(_number: int, _frame: FrameType | None) -> None:
        assert machine.running is not None
        assert machine.running.pid is not None
        machine.kill(machine.running.pid)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            machine.run(Command(("sleep", "60"), kind="changes"))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - began < 5


def test_what_runs_is_known_while_it_runs() -> None:
    """A program with its number, a library's answer without, nothing between two commands or when asked ahead."""
    seen = list[Running | None]()
    machine = Machine(environment={}, live=lambda _text: seen.append(machine.running))
    machine.run(Command(("echo", "x"), kind="changes"))
    assert seen[0] is not None
    assert (seen[0].argv, seen[0].pid is not None) == (("echo", "x"), True)
    assert machine.running is None
    machine.ask_ahead([Command(("sleep", "0.2")), Command(("sleep", "0.3"))])
    time.sleep(0.1)
    assert machine.running is None

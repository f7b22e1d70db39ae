"""Pulling the plug: svcmgr killed at a change of its choice, then sent on."""

from collections.abc import Callable, Iterator
from itertools import count

from tests.e2e.real.lab import Inventory, Lab

DYING = """
import os, signal
from itertools import count
from executors.real.machine import Machine

run, changes = Machine.run, count(1)

def dying(machine, command):
    number = next(changes) if command.kind == "changes" else 0
    if (number, "HOW") == (AT, "before"):
        os.kill(os.getpid(), signal.SIGKILL)
    answer = run(machine, command)
    if number == AT:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Machine.run = dying
"""
"""Dies before change number AT, or after it: it has taken effect then, and nothing that svcmgr keeps says so."""

KILLED = -9
POINTS_MAX = 100


def kills(lab: Lab, how: str, words: tuple[str, ...], points: Callable[[int], bool]) -> Iterator[int]:
    """Kill `svcmgr WORDS` at each chosen change; whoever iterates mends it, and has the lab as before at the end.

    Ends when the command line has no such change any more, and has been done to its end.
    """
    for at in count(1):
        assert at < POINTS_MAX
        if points(at):
            ended = lab.changed(DYING.replace("HOW", how).replace("AT", str(at)), *words)
            if ended.code != KILLED:
                assert ended.code == 0, ended.err
                return
            yield at


def provisioned_again(lab: Lab, whole: Inventory, at: int) -> None:
    """`provision` goes on to where an undisturbed one would have come; nothing is there twice."""
    again = lab.svcmgr("provision")
    assert again.code == 0, (at, again.err)
    assert (at, lab.since(whole)) == (at, [])
    assert lab.is_up(), at


def unprovisioned(lab: Lab, before: Inventory, at: int) -> None:
    """Then nothing is left."""
    gone = lab.unprovision()
    assert gone.code == 0, (at, gone.err)
    assert (at, lab.since(before)) == (at, [])

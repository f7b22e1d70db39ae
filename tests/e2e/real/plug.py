"""Pulling the plug: svcmgr killed at a change of its choice, then sent on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

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
DATA = "somebody's data"


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


def rolled_back(lab: Lab, before: Inventory, at: int) -> None:
    """`rollback` refuses as long as there is data in the service's filesystem, and does not touch it; then all goes."""
    data = lab.path(f"{lab.directory}/srv/data")
    holds = data.is_mount()
    if holds:
        (data / "canary").write_text(DATA, encoding="utf-8")
        refused = lab.svcmgr("rollback", "--yes")
        assert (at, refused.code, "holds data" in refused.err) == (at, 3, True), refused.err
        with _looked_into(lab) as top:
            assert (top / "data/canary").read_text(encoding="utf-8") == DATA
            (top / "data/canary").unlink()
    back = lab.svcmgr("rollback", "--yes")
    over = "the last action came to its end" in back.err
    assert (at, back.code) == (at, 3 if over else 0), back.err
    if over:
        unprovisioned(lab, before, at)
    assert (at, lab.since(before)) == (at, [])


@contextmanager
def _looked_into(lab: Lab) -> Iterator[Path]:
    """The whole filesystem of the service's disk, mounted beside it for a moment."""
    place = f"{lab.directory}/given/inside"
    lab.done("mkdir", "-p", place)
    lab.done("mount", "-o", "loop,subvolid=5", f"{lab.directory}/disk/{lab.name}.img", place)
    try:
        yield lab.path(place)
    finally:
        lab.done("umount", place)

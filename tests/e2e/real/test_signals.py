"""Ctrl-C, a polite kill, a lost terminal, and output that nobody reads, while this machine is being changed."""

import json
import os
import shlex
import signal
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.e2e.real.lab import Lab
from tests.e2e.real.services import EXT4

BEGIN_SECONDS_MAX = 20
SLOW_SECONDS = 1


def until_there(path: Path) -> None:
    """Wait until a file is there."""
    until = monotonic() + BEGIN_SECONDS_MAX
    while not path.exists():
        assert monotonic() < until, path
        sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_running_command_ends_first(lab: Lab, number: signal.Signals) -> None:
    """The command that runs is let end and remembered, nothing is begun after it; the line that is said goes on."""
    begun, ended = lab.directory / "given/begun", lab.directory / "given/ended"
    slow = lab.script("slow", f"test -e {begun} || {{ touch {begun}; sleep {SLOW_SECONDS}; touch {ended}; }}")
    lab.created(EXT4.replace("[fs#0]", f"[fs#0]\npre_provision = {slow}"))
    with lab.start(*lab.words("provision")) as process:
        until_there(begun)
        lab.signal(process, number)
        _, said = process.communicate(timeout=BEGIN_SECONDS_MAX)
    assert (process.returncode, ended.exists()) == (130, True), said
    assert "Traceback" not in said
    assert "mkfs" not in said
    journal = [json.loads(line) for line in (lab.directory / f"var/{lab.name}/journal.jsonl").read_text().splitlines()]
    assert journal[-1].get("state") == "done", journal[-1]
    line = next(line.removeprefix("to go on:") for line in said.splitlines() if line.startswith("to go on:"))
    went_on = lab.run("/bin/sh", "-c", line.replace("svcmgr", shlex.quote(lab.words()[0]), 1))
    assert went_on.code == 0, went_on.err
    assert lab.is_up()


SIGNALLED = """
import os, signal
from itertools import count
from executors.real.machine import Machine

run, changes = Machine.run, count(1)

def signalled(machine, command):
    if command.kind == "changes" and next(changes) == AT:
        os.kill(os.getpid(), signal.NUMBER)
    return run(machine, command)

Machine.run = signalled
"""
"""Is sent a signal while change number AT runs."""
POINTS_MIN, POINTS_MAX = 5, 100
EVERY_CHANGE = os.environ.get("SVCPROV_KILLS") == "all"


def test_a_signal_at_any_change(lab: Lab) -> None:
    """Whichever signal comes at whichever change, the lines that are said go on from there, or undo it; in turns."""
    lab.created(EXT4)
    before = lab.inventory()
    for turn, at in enumerate(range(1, POINTS_MAX, 1 if EVERY_CHANGE else 3)):
        number, goes_on = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[turn % 3], turn % 2 == 0
        ended = lab.changed(SIGNALLED.replace("AT", str(at)).replace("NUMBER", number.name), "provision")
        if ended.code == 0:
            break
        assert (at, ended.code, "Traceback" in ended.err) == (at, 130, False), ended.err
        lines = dict(line.split(": ", 1) for line in ended.err.splitlines() if line.startswith("to "))
        line = lines["to go on" if goes_on else "to undo it"].strip().replace("svcmgr", shlex.quote(lab.words()[0]), 1)
        typed = lab.run("/bin/sh", "-c", line if goes_on else f"{line} --yes")
        # At the last change nothing is left to be interrupted.
        over = "the last action came to its end" in typed.err
        assert (at, typed.code) == (at, 3 if over else 0), typed.err
        if goes_on:
            assert lab.is_up(), at
        if goes_on or over:
            assert lab.unprovision().code == 0
        assert (at, lab.since(before)) == (at, [])
    assert at > POINTS_MIN


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "| true"])
def test_output_that_nobody_takes_stops_nothing(lab: Lab, closing: str) -> None:
    """With its standard output closed, or its reader gone, a provision is done to its end."""
    lab.created(EXT4)
    line = shlex.join(lab.words("provision", "--format", "json"))
    ended = lab.run("/bin/bash", "-c", f"set -o pipefail; {line} {closing}")
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err
    assert lab.is_up()

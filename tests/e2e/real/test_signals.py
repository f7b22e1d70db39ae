"""Ctrl-C, a polite kill, a lost terminal, and output that nobody reads, while this machine is being changed."""

import json
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


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "| true"])
def test_output_that_nobody_takes_stops_nothing(lab: Lab, closing: str) -> None:
    """With its standard output closed, or its reader gone, a provision is done to its end."""
    lab.created(EXT4)
    line = shlex.join(lab.words("provision", "--format", "json"))
    ended = lab.run("/bin/bash", "-c", f"set -o pipefail; {line} {closing}")
    assert ended.code == 0, ended
    assert "Traceback" not in ended.err
    assert lab.is_up()

"""What the real docker and network tools answered (fixtures/captured/*/pairs), beside the simulated words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.fidelity.pairs import CAPTURED, READS

RECORDS = sorted(CAPTURED.glob("*/pairs/*.json"))


def runs(record: Path) -> list[dict[str, Any]]:
    """The runs of one test of the fidelity lane: a node state, what changes from run to run, and the steps."""
    found: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    return found


def plain(text: str, changing: dict[str, str]) -> str:
    """A text with what changes from run to run replaced, as it was in the recorded one."""
    for pattern, put in changing.items():
        text = re.sub(pattern, put, text)
    return text


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_the_simulated_words_are_the_recorded_ones(record: Path) -> None:
    """A simulated node that runs the recorded commands answers as recorded, but where it is known to differ."""
    for run in runs(record):
        node = SimulatedNode(load(run["state"]))
        for step in run["steps"]:
            answer = node.run(Command(tuple(step["argv"]), kind=step["kind"], tool=step["tool"]))
            read, differs = READS[step["read"]], step["differs"]
            real = Completed(step["returncode"], step["stdout"], step["stderr"])
            said = Completed(
                answer.returncode, *(plain(text, run["changing"]) for text in (answer.stdout, answer.stderr))
            )
            if "returncode" not in differs:
                assert (step["argv"], said.returncode) == (step["argv"], real.returncode)
            if "answer" not in differs:
                assert (step["argv"], read(said)) == (step["argv"], read(real))


def test_something_was_recorded() -> None:
    """Docker in both of its clients, addresses, aliases, pings: a record that went missing is noticed."""
    packages = {record.parts[-3].rpartition("-")[0] for record in RECORDS}
    assert packages >= {"docker.io", "iproute2", "iputils-ping", "net-tools"}

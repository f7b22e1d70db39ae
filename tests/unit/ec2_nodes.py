"""Simulated instances of EC2 for tests: the nodes of `fixtures/nodes`, and undoing by hand what a driver did."""

from typing import Any

from core.answers import pick
from core.command import Check, Command, Completed
from core.holes import fill, fill_check
from core.state import NodeState, load, loads
from executors.simulated.node import SimulatedNode
from tests.conftest import REPOSITORY
from tests.unit.drivers.drive import Run

NAMES = ("ec2-2015", "ec2", "ec2-nitro")


def state(name: str = "ec2", **cloud: Any) -> NodeState:
    """The state of a fixture, with other values for some keys of its cloud."""
    loaded = loads((REPOSITORY / f"fixtures/nodes/{name}.json").read_text(encoding="utf-8"))
    return load({**loaded, "ec2": {**loaded["ec2"], **cloud}})


def node(name: str = "ec2", *, holes: bool = False, **cloud: Any) -> SimulatedNode:
    """A node of this state."""
    return SimulatedNode(state(name, **cloud), holes=holes)


def aws(on: SimulatedNode, *words: str) -> Completed:
    """Run `aws --output=json ec2 WORDS` as a shell would."""
    return on.run(Command(("aws", "--output=json", "ec2", *words), tool="aws"))


def holds(on: SimulatedNode, check: Check) -> bool:
    """Tell whether a check holds, as `Check` defines it."""
    answer = on.run(check.ask)
    assert answer.returncode in check.ask.accepts, answer
    found = pick(answer.stdout, check.path) if check.path and answer.returncode == 0 else []
    held = answer.returncode == 0 and (not check.path or bool(found)) and (not check.text or check.text in found)
    return held is not check.absent


def undo(on: SimulatedNode, run: Run, made: dict[str, str]) -> None:
    """Undo the changes of a run, last first, as a rollback does: what is undone already is skipped."""
    for command in reversed(run.changes):
        for step in command.undo:
            if isinstance(step, Check):
                on.state["clock"] += step.seconds_max
                assert holds(on, fill_check(step, made)), step.otherwise
                continue
            filled = fill(step, made)
            if filled.check is None or not holds(on, filled.check):
                answer = on.run(filled)
                assert answer.returncode in filled.accepts, (filled.argv, answer)

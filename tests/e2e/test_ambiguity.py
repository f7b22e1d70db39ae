"""An interrupted step of which nobody can tell what it made: the operator is shown what to type, and decides."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.bench import Bench, Said
from tests.e2e.kills import World, killed
from tests.e2e.test_interrupted import lines_of

STEP = "disk#0.volume.0"
SERVICE = """\
[disk#0]
type = amazon
volumes = <size=1G>
"""
WRITES_MAX = 100


def volumes(bench: Bench) -> dict[str, Any]:
    """The volumes of the node's account."""
    found: dict[str, Any] = bench.state()["ec2"]["volumes"]
    return found


def is_in_flight(bench: Bench) -> bool:
    """Tell whether the last thing in the journal is the intent to make a volume."""
    journal = bench.var / "web/journal.jsonl"
    last = journal.read_text().splitlines()[-1] if journal.exists() else "{}"
    return "create-volume" in json.loads(last).get("command", {}).get("argv", ())


@pytest.fixture
def doubt(bench: Bench) -> Iterator[dict[str, str]]:
    """A service killed while it made a volume, with tools that cannot mark it; somebody else has made one since.

    Gives the volumes that were made, "ours" and "theirs".
    """
    bench.use("ec2-2015.json")
    bench.on("web", "create", "--config", bench.write(SERVICE))
    before = volumes(bench)
    start = World(bench.files())
    for at in range(1, WRITES_MAX):
        start.back(bench)
        if killed(bench, at, "after", "web", "provision") and is_in_flight(bench) and volumes(bench) != before:
            break
    state = bench.state()
    (ours,) = state["ec2"]["volumes"].keys() - before.keys()
    state["ec2"]["volumes"]["vol-0badcafe"] = state["ec2"]["volumes"][ours]
    bench.node.write_text(json.dumps(state))
    yield {"ours": ours, "theirs": "vol-0badcafe"}
    assert "vol-0badcafe" in volumes(bench)


def asked(bench: Bench, said: Said, doubt: dict[str, str], *words: str) -> dict[str, tuple[str, ...]]:
    """Check that a command line stopped and asked; the line that it gives for each answer."""
    assert said.code == 1, said
    here = ("-s", "web", "--node", str(bench.node), *words)
    lines = {line[-1]: line for line in lines_of(said)}
    wanted = [*(f"{STEP}={each}" for each in sorted(doubt.values())), STEP]
    assert list(lines) == wanted
    assert list(lines.values()) == [
        *((*here, "--found", each) for each in wanted[:-1]),
        (*here, "--forget", STEP),
    ]
    return lines


@pytest.mark.parametrize(
    "words", [("provision",), ("rollback", "--yes"), ("unprovision", "--allow-destroy", "disk#0")], ids=lambda w: w[0]
)
def test_each_candidate_has_its_line(bench: Bench, doubt: dict[str, str], words: tuple[str, ...]) -> None:
    """Nothing is decided until one of them is typed; typed, it works, also twice, and what is not ours is let be."""
    before = bench.files()
    lines = asked(bench, bench.on("web", *words), doubt, *words)
    told = {"var/web/lock": b"", "var/web/history.jsonl": b""}
    assert bench.files() | told == before | told
    ours = lines[f"{STEP}={doubt['ours']}"]
    said = bench.svcmgr(*ours)
    assert said.code == 0, said.err
    assert (doubt["ours"] in volumes(bench)) is (words[0] == "provision")
    if words[0] == "provision":
        assert volumes(bench)[doubt["ours"]]["attachment"] is not None
        assert volumes(bench)[doubt["theirs"]]["attachment"] is None
        assert bench.on("web", "unprovision", "--allow-destroy", "disk#0").code == 0
        assert doubt["ours"] not in volumes(bench)
    assert (bench.etc / "web.conf").read_text() == SERVICE


def test_a_line_may_be_typed_again(bench: Bench, doubt: dict[str, str]) -> None:
    """When the line failed for another reason the same one goes on; the decision is not taken back by another."""
    state = bench.state()
    bench.node.write_text(json.dumps({**state, "ec2": {**state["ec2"], "credentials": False}}))
    found = ("provision", "--found", f"{STEP}={doubt['ours']}")
    for _ in range(2):
        said = bench.on("web", *found)
        assert (said.code, "credentials" in said.err) == (1, True)
    bench.node.write_text(json.dumps(state))
    other = bench.on("web", "provision", "--found", f"{STEP}={doubt['theirs']}")
    assert (other.code, "no interrupted step is in doubt" in other.err) == (6, True)
    assert bench.on("web", *found).code == 0


def test_forgotten_it_is_made_anew(bench: Bench, doubt: dict[str, str]) -> None:
    """--forget says that the step made nothing: another volume is made, and both candidates are let be."""
    said = bench.svcmgr(*asked(bench, bench.on("web", "provision"), doubt, "provision")[STEP])
    assert said.code == 0, said.err
    record = json.loads((bench.var / "web/record.json").read_text())
    assert record["made"][STEP]["identity"] not in doubt.values()
    assert bench.on("web", "unprovision", "--allow-destroy", "disk#0").code == 0
    assert set(doubt.values()) <= volumes(bench).keys()


@pytest.mark.parametrize(
    "words, shown", [(("plan",), "provision"), (("plan", "unprovision"), "unprovision")], ids=["plan", "unprovision"]
)
def test_a_plan_asks_for_the_action_that_decides(
    bench: Bench, doubt: dict[str, str], words: tuple[str, ...], shown: str
) -> None:
    """`plan` writes nothing, so the lines are those of what it shows."""
    before = bench.files()
    asked(bench, bench.on("web", *words), doubt, shown)
    assert bench.files() == before


def test_a_dry_run_asks_for_the_run(bench: Bench, doubt: dict[str, str]) -> None:
    """Typed without --dry-run, the same line decides."""
    asked(bench, bench.on("web", "provision", "--dry-run"), doubt, "provision")

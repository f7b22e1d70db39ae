"""What the operator knows of an interrupted step."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.command import Command, Makes
from core.wire import encode
from tests.e2e.bench import LOOP, Bench

CREATE = Command(
    ("aws", "ec2", "create-volume"), kind="changes", makes=Makes("disk#0.volume.0", "volume"), rid="disk#0"
)


@pytest.fixture
def journal(bench: Bench) -> Path:
    """A service whose last action was killed while it made a volume."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    lines: list[dict[str, Any]] = [
        {"action": "provision"},
        {"intent": 0, "command": encode(CREATE._replace(verb="provision")), "before": []},
    ]
    path = bench.var / "web/journal.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_what_was_found_is_the_services(bench: Bench, journal: Path) -> None:
    """--found writes the identity into journal and record."""
    bench.on("web", "provision", "--found", "disk#0.volume.0=vol-1a")
    record = json.loads((bench.var / "web/record.json").read_text())
    assert record["made"]["disk#0.volume.0"]["identity"] == "vol-1a"
    assert '"made": "vol-1a"' in journal.read_text()


def test_what_is_forgotten_was_never_made(bench: Bench, journal: Path) -> None:
    """--forget decides that an interrupted step made nothing."""
    said = bench.on("web", "provision", "--forget", "disk#0.volume.0")
    assert said.code == 0, said.err
    assert "disk#0.volume.0" not in (bench.var / "web/record.json").read_text()


@pytest.mark.parametrize(
    "words,sentence",
    [
        (("--found", "disk#0.volume.0"), "write it as --found STEP=ID"),
        (("--found", "disk#0.volume.0=nonsense"), "this is no volume"),
        (("--found", "disk#9.volume.0=vol-1a"), "no interrupted step is in doubt"),
        (("--forget", "disk#9.volume.0"), "neither an interrupted step nor the record has it"),
    ],
)
def test_what_nobody_doubts_is_not_settled(bench: Bench, journal: Path, words: tuple[str, str], sentence: str) -> None:
    """A step that is not in doubt, and an identity of another kind, are refused; the journal is as it was."""
    before = journal.read_bytes()
    said = bench.on("web", "provision", *words)
    assert (said.code, sentence in said.err, journal.read_bytes()) == (6, True, before)

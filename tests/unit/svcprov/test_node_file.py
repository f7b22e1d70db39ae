"""The node that --node names, and its documentation."""

import json
import re
import signal
import threading
from pathlib import Path

import pytest

from core.command import Command
from core.errors import Failed, UsageError
from core.state import load, loads
from executors.simulated.node import SimulatedNode
from svcprov.node_file import NodeFile, SavedNode
from tests.conftest import REPOSITORY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small node-state file."""
    path = tmp_path / "node.json"
    path.write_text('{"devices": {"/dev/sdb": "20G"}}')
    return path


def test_what_is_saved_is_read_back(path: Path) -> None:
    """Saved and read again, the state is the same."""
    node = NodeFile(str(path))
    node.state["hostname"] = "other"
    node.save()
    assert NodeFile(str(path)).state == node.state


def test_a_change_is_saved_before_the_next_one(path: Path) -> None:
    """After every command that changes something, the file has it."""
    node = NodeFile(str(path))
    saved = SavedNode(SimulatedNode(node.state), node.save)
    saved.run(Command(("mkdir", "/srv"), kind="changes", tool="files"))
    assert "/srv" in loads(path.read_text())["files"]


def test_a_question_is_not_saved_but_time_is_kept(path: Path) -> None:
    """Time that passes is in the file after the next change, or at the end."""
    before = path.read_bytes()
    node = NodeFile(str(path))
    saved = SavedNode(SimulatedNode(node.state), node.save)
    saved.run(Command(("sleep", "5"), tool="engine"))
    assert path.read_bytes() == before
    node.flush()
    assert loads(path.read_text())["clock"] == 5


def test_a_value_that_was_made_up_is_not_made_up_again(path: Path) -> None:
    """What makes values different from each other is in the file before one is used."""
    values = []
    for _ in range(2):
        node = NodeFile(str(path))
        values.append(
            SavedNode(SimulatedNode(node.state), node.save).run(Command(("fresh", "uuid", "x"), tool="engine")).stdout
        )
    assert len(set(values)) == 2


def test_a_file_that_says_the_same_is_left_alone(path: Path) -> None:
    """Saving a state that did not change keeps a file as its author wrote it."""
    before = path.read_bytes()
    NodeFile(str(path)).save()
    assert path.read_bytes() == before


def test_what_somebody_else_saved_is_not_overwritten(path: Path) -> None:
    """A file that changed since it was read is named, and left alone."""
    node = NodeFile(str(path))
    path.write_text("{}")
    node.state["hostname"] = "other"
    with pytest.raises(Failed, match="changed by somebody else"):
        node.save()
    assert path.read_text() == "{}"


@pytest.mark.parametrize(
    "text,place",
    [
        ("{", "line 1, column 2"),
        ('{"devises": {}}', "did you mean 'devices'?"),
        ('{"devices": {"/dev/sdb": "big"}}', "devices./dev/sdb.size"),
        ('{"hostname": "«x»"}', "hostname"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_file_and_place(path: Path, text: str, place: str) -> None:
    """What is no node state is a usage error with the file and the place in it."""
    path.write_text(text)
    with pytest.raises(UsageError) as refused:
        NodeFile(str(path))
    assert str(refused.value).startswith(f"{path}: ")
    assert place in str(refused.value)


def test_the_documentation_has_every_key() -> None:
    """docs/node-state.md names every key of a node state, and no other in the table of the node."""
    text = (REPOSITORY / "docs/node-state.md").read_text()
    table = text.split("## The node\n")[1].split("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named == set(load({}))


def test_the_documentations_example_is_a_node() -> None:
    """The first example of docs/node-state.md can be used as it is."""
    text = (REPOSITORY / "docs/node-state.md").read_text()
    assert load(json.loads(text.split("```json\n")[1].split("```")[0]))["hostname"] == "node1"


def test_an_interrupt_waits_for_the_change_to_be_saved(path: Path) -> None:
    """Ctrl-C in the middle of a change ends the action once the file has it, not with half of it."""
    node = NodeFile(str(path))

    def save() -> None:
        # To this very thread: a test runner has others, which would take it at once.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        node.save()

    saved = SavedNode(SimulatedNode(node.state), save)
    with pytest.raises(KeyboardInterrupt):
        saved.run(Command(("mkdir", "/srv"), kind="changes", tool="files"))
    assert "/srv" in loads(path.read_text())["files"]
    node.save()

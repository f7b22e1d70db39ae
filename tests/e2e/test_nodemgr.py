"""nodemgr as a user types it."""

import json
from pathlib import Path

import pytest

from core.state import loads
from svcprov.nodemgr import main


@pytest.mark.parametrize("before", [True, False])
def test_this_machine_is_written_as_a_node_state(before: bool, tmp_path: Path) -> None:  # noqa: FBT001 - the cases
    """`observe -o FILE`, in either order, writes a file that `--node` reads, and that does not claim to be complete."""
    file = str(tmp_path / "node.json")
    assert main(["-o", file, "observe"] if before else ["observe", f"--output={file}"]) == 0
    state = loads(Path(file).read_text(encoding="utf-8"))
    assert (state["complete"], "lo" in state["interfaces"]) == (False, True)
    assert Path(file).stat().st_mode & 0o777 == 0o600


def test_without_a_file_the_state_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """What was seen is standard output, what was not is standard error."""
    assert main(["observe"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["format"] == 1
    assert all(line.startswith("not seen: ") for line in said.err.splitlines())


@pytest.mark.parametrize(
    "line, sentence",
    [
        ("observe here", "unexpected word 'here'"),
        ("observe -o", "-o needs the name of a file"),
        ("observe --format json", "--format is for `print keywords`"),
        ("print drivers -o x", "-o is for `observe`"),
        ("obsreve", "did you mean 'observe'?"),
    ],
)
def test_a_bad_line_is_exit_6(line: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that makes no sense is exit 6 and one sentence."""
    assert main(line.split()) == 6
    assert sentence in capsys.readouterr().err

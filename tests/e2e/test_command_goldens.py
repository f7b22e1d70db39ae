"""Each form of `create`, `update` and `delete --rid`: what it prints and what it writes, as data."""

from pathlib import Path

import pytest

from tests.command_lines import folders, written
from tests.drift import drift


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_the_golden_is_what_is_said_and_written(folder: Path) -> None:
    """Each line prints and leaves what the golden shows; `python -m tests.command_lines --write` rewrites it."""
    changed = drift(folder, written)
    assert not changed, f"{changed}\n\nright? `python -m tests.command_lines --write` and review the difference"

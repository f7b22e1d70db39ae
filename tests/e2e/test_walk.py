"""docs/interactive.md shows what a real terminal shows."""

import shutil

import pytest

from tests.walk import PAGE, WALKS, blocks, recorded


@pytest.mark.skipif(shutil.which("tmux") is None, reason="what a person sees: tmux is not installed")
@pytest.mark.parametrize("number", range(len(WALKS)))
def test_the_walks_are_what_a_terminal_shows(number: int) -> None:
    """Typed again, each walk comes to the same; `python -m tests.walk` rewrites them."""
    shown = blocks(PAGE.read_text(encoding="utf-8"))
    assert len(shown) == len(WALKS)
    assert shown[number] == recorded(WALKS[number])
    assert "swordfish" not in shown[number]

"""The tables of `nodemgr import` and the translations are those of the goldens."""

from pathlib import Path

import pytest

from core.agents.translation import translated
from core.driver import load
from tests.agents import files, golden, written


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_golden_is_what_is_told(path: Path) -> None:
    """Each file has the table that its golden shows; `python -m tests.agents` rewrites it."""
    assert golden(path).read_text(encoding="utf-8") == written(path)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_the_collection_is_told_apart(path: Path) -> None:
    """Each file is of the agent whose directory it is in."""
    agent = {"2015": "first", "2016": "second", "later": "later"}[path.parent.name]
    assert translated(path.read_text(encoding="utf-8"), path.suffix, load).agent == agent


@pytest.mark.parametrize("path", [path for path in files() if path.parent.name != "later"], ids=lambda path: path.name)
def test_a_translation_is_not_translated_again(path: Path) -> None:
    """What was translated stays as it is, so that an import of an import changes nothing."""
    done = translated(path.read_text(encoding="utf-8"), path.suffix, load)
    if not any(row.verdict == "refused" for row in done.rows):
        again = translated(done.text, ".conf", load)
        assert again.text == done.text
        assert [row for row in again.rows if row.now] == []

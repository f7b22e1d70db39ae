"""The goldens say what is run now, and what cannot be run yet is still lacking."""

from pathlib import Path

import pytest

from core.driver import UnknownDriver, load
from tests.drift import drift
from tests.golden import folders, not_yet, services, written


@pytest.mark.parametrize("folder", [*folders("services"), *folders("drivers")], ids=lambda folder: folder.name)
def test_the_golden_is_what_is_run(folder: Path) -> None:
    """Each verb runs what the golden shows; `python -m tests.golden --write` rewrites it."""
    changed = drift(folder, written)
    assert not changed, f"{changed}\n\nright? `python -m tests.golden --write` and review the difference"


@pytest.mark.parametrize("template", sorted(not_yet()))
def test_what_is_lacking_is_still_lacking(template: str) -> None:
    """A template listed as not possible yet lacks the driver that the list names: else it gets its golden."""
    with pytest.raises(UnknownDriver):
        load(*not_yet()[template])
    assert template not in services()

"""Every keyword that an agent read has been looked at."""

import pytest

from core.agents.meanings import RENAMED, meaning
from core.agents.vocabulary import ADDED, FIRST
from core.config.keywords import COMMON, DEFAULTS
from core.driver import UnknownDriver, load

UNTYPED = {"disk": "vg", "fs": "ext4", "container": "docker"}
NOBODY = "svcprov has nothing that does this"


def _lacking() -> list[tuple[str, str, str]]:
    """The keywords of the agents (section, driver, name) that a driver of svcprov does not have."""
    found = []
    for table in (FIRST, ADDED):
        for section, drivers in table.items():
            for driver, words in drivers.items():
                try:
                    own = (
                        DEFAULTS if section == "DEFAULT" else load(section, driver or UNTYPED.get(section, "")).keywords
                    )
                except UnknownDriver:
                    continue
                names = {keyword.name for keyword in (*COMMON, *own)}
                keys = ((section, driver, name) for name in words.split() if name not in names)
                found += [key for key in keys if key not in RENAMED]
    return found


@pytest.mark.parametrize("section, driver, name", _lacking())
def test_what_svcprov_lacks_is_explained(section: str, driver: str, name: str) -> None:
    """Of each it is said what it would do, or why the service is the same without it."""
    assert meaning(name, "something").why not in {NOBODY, ""}, (section, driver)


def test_what_nobody_has_looked_at_is_refused() -> None:
    """A keyword of which nothing is said may mean anything."""
    assert meaning("whatever", "x") == (False, NOBODY)

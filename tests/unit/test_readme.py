"""The README and the pages that it names say what is so."""

import re
import sys
from types import ModuleType

import pytest

from core.command import Command
from core.compare import same_world
from core.config.keywords import Keyword
from core.state import load
from svcprov.arguments import ACTIONS, LATER
from tests.readme import README, block_of, parts, printed
from tests.worlds import World

PAGES = [README, *sorted(README.parent.glob("docs/*.md"))]
DRIVERS = (README.parent / "docs/writing-a-driver.md").read_text(encoding="utf-8")


def test_the_plan_is_what_the_command_prints() -> None:
    """Whoever types the README's command line sees what the README shows."""
    text = README.read_text(encoding="utf-8")
    _, line, _ = parts(text)
    assert block_of(text) == printed(line), "rewrite it: python -m tests.readme"


def test_every_command_exists() -> None:
    """No action of svcmgr is promised that it does not have."""
    text = README.read_text(encoding="utf-8")
    named = re.findall(r"`svcmgr -s \w+ (\w+(?: config| status)?)", text)
    assert named
    assert [action for action in named if action not in ACTIONS] == []


def test_nothing_of_a_later_version_is_promised() -> None:
    """No page shows a command line that this version refuses."""
    promised = {
        f"{page.name}: {action}"
        for page in PAGES
        for action in re.findall(r"svcmgr (?:-s \S+ )?([a-z]+)", page.read_text(encoding="utf-8"))
        if action in LATER
    }
    assert promised == set()


def test_every_link_leads_somewhere() -> None:
    """What the README and the pages it names link to is there."""
    dead = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_driver_that_is_written_from_nothing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of docs/writing-a-driver.md is a driver: up after provision, and all gone after unprovision."""
    module = ModuleType("core.drivers.fs.directory")
    code = DRIVERS.partition("```python\n")[2].partition("```\n")[0]
    exec(compile(code, "docs/writing-a-driver.md", "exec"), module.__dict__)  # noqa: S102 - a page of ours
    monkeypatch.setitem(sys.modules, module.__name__, module)
    before = load({"files": {"/srv": "directory"}})
    world = World("[fs#0]\ntype = directory\npath = /srv/{svcname}/data\n", before)
    world.act("provision")
    assert world.availstatus == "up"
    world.act("unprovision")
    assert same_world(before, world.state) == []


@pytest.mark.parametrize("field", sorted({*Keyword._fields, *Command._fields} - {"rid", "verb"}))
def test_every_field_is_explained_to_authors_of_drivers(field: str) -> None:
    """What a driver may declare is in docs/writing-a-driver.md."""
    assert f"`{field}" in DRIVERS

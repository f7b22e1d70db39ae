"""The README cannot lie."""

import re

from svcprov.arguments import ACTIONS
from tests.readme import README, block_of, parts, printed


def test_the_plan_is_what_the_command_prints() -> None:
    """Whoever types the README's command line sees what the README shows."""
    text = README.read_text(encoding="utf-8")
    _, line, _ = parts(text)
    assert block_of(text) == printed(line), "rewrite it: python -m tests.readme"


def test_every_command_exists() -> None:
    """No action of svcmgr is promised that it does not have."""
    text = README.read_text(encoding="utf-8")
    named = re.findall(r"`svcmgr -s \w+ (\w+)", text)
    assert named
    assert [action for action in named if action not in ACTIONS] == []


def test_every_link_leads_somewhere() -> None:
    """What the README and the pages it names link to is there."""
    pages = [README, *README.parent.glob("docs/*.md")]
    dead = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []

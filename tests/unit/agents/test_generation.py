"""Which agent a file was written for is told by what is in it, and by its name where nothing is."""

import pytest

from core.agents.generation import refers
from tests.unit.agents.told import told


@pytest.mark.parametrize(
    "text, suffix, agent",
    [
        ("[fs#0]\ntype = ext4\n", ".env", "first"),
        ("[fs#0]\ntype = ext4\n", ".conf", "second"),
        ("[DEFAULT]\nservice_type = PRD\n", ".conf", "first"),
        ("[default]\nservice_type = PRD\n", ".conf", "first"),
        ("[vg#0]\nvgname = x\n", ".conf", "first"),
        ("[sync#0]\ntype = symclone\nsymdevs = x\n", ".conf", "first"),
        ("[fs#0]\npre_syncnodes = x\n", ".conf", "first"),
        ("[fs#0]\nmnt = /srv/__SVCNAME__\n", ".conf", "first"),
        ("[DEFAULT]\nenv = PRD\n", ".env", "second"),
        ("[env]\nsize = 1\n", ".env", "second"),
        ("[task#0]\ncommand = x\n", ".env", "second"),
        ("[disk#0]\ntype = zpool\n", ".env", "second"),
        ("[fs#0]\nblocking_pre_start = x\n", ".env", "second"),
        ("[fs#0]\nstart_requires = ip#0\n", ".env", "second"),
        ("[fs#0]\nmnt = /srv/{svcname}\n", ".conf", "second"),
        ("[fs#0]\nmnt = /srv/{svcname}\n", ".env", "first"),
        ("[fs#0]\npre_start = /x $(date)\n[DEFAULT]\nservice_type = PRD\n", ".conf", "first"),
        ("[DEFAULT]\norchestrate = ha\n", ".conf", "later"),
        ("[volume#0]\nname = x\n", ".conf", "later"),
        ("[container#0]\ntype = podman\n", ".conf", "later"),
        ("[ip#0]\nnetns = container#0\n", ".conf", "later"),
        ("[ip#0]\nipname = {fqdn}\n", ".conf", "later"),
        ("[env]\nfqdn = {fqdn}\norchestrate = ha\n", ".conf", "second"),
    ],
)
def test_the_agent_is_told(text: str, suffix: str, agent: str) -> None:
    """One word that only one of the agents read tells; braces tell nothing in a file that is named as in 2015."""
    found = told(text, suffix)
    assert found.agent == agent
    assert all(clue.agent == agent for clue in found.clues)
    assert all(f"{clue.line}" and clue.line <= text.count("\n") for clue in found.clues)


def test_what_a_later_agent_wrote_is_not_read() -> None:
    """Its file stays as it is, and has no table."""
    found = told("[DEFAULT]\ntopology = flex\n")
    assert (found.rows, found.text) == ((), "[DEFAULT]\ntopology = flex\n")


@pytest.mark.parametrize(
    "value, refers_", [("{svcname}", True), ("{#nodes}", True), ("$(1+1)", True), ("{{.Name}}", False), ("${x}", False)]
)
def test_what_was_text_and_is_a_reference_is_known(value: str, refers_: bool) -> None:  # noqa: FBT001 - the cases
    """Braces of docker and of shells are text to everybody."""
    assert refers(value) is refers_

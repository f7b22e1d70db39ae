"""Service files of older agents, told in a line."""

from core.agents.judgement import Judgement, judged
from core.agents.translation import Row, Translation, translated
from core.driver import load


def told(text: str, suffix: str = ".conf") -> Translation:
    """The translation of a text."""
    return translated(text, suffix, load)


def rows(text: str, suffix: str = ".conf") -> dict[str, Row]:
    """The rows of a text, by section and keyword."""
    return {f"{row.section}.{row.key}".rstrip("."): row for row in told(text, suffix).rows}


def judgement(text: str, suffix: str = ".conf", nodename: str = "node1") -> Judgement:
    """What validation says of the translation of a text."""
    return judged(told(text, suffix), "svc1", f"svc1{suffix}", nodename, load)

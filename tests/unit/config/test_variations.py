"""How the values of [env] may vary."""

import pytest

from core.config.variations import problems, values
from tests.unit.config.declared import service

DISK = "[disk#0]\ntype = loop\n"


@pytest.mark.parametrize(
    "declared,found",
    [
        ("size = 5G\nsize.candidates = 1G 5G 9G 20G\n", {"size": ("1G", "20G", "9G")}),
        ("size = 5G\nsize.candidates = {env.size}\n", {"size": ()}),
        ("size = 5G\nsize.range = 1G..30G\n", {"size": ("1G", "30G", "15G")}),
        ("size = 5\nsize.range = 1 .. 5\n", {"size": ("1", "3")}),
        ("size = 5G\nsize.range = 500M..30G\n", {"size": ("500M", "30G")}),
        ("size = 5G\nsize.range = much\n", {"size": ()}),
        ("size = 5G\nsize.secret = true\nsize.note = x\n", {}),
        ("size.range = 1..2\n", {}),
    ],
)
def test_values(declared: str, found: dict[str, tuple[str, ...]]) -> None:
    """The outermost values come first, and the one that the service has anyway is left out."""
    assert values(service(f"{DISK}[env]\n{declared}")) == found


@pytest.mark.parametrize(
    "declared,said",
    [
        ("size.range = 1..2\n", "[env] has no size that could vary; add size = ..."),
        ("size = 1\nsize.range = 9..2\n", "'9..2' is no range"),
        ("size = 1\nsize.range = 9\n", "'9' is no range"),
        ("size = 1\nsize.candidates =\n", "no candidate is given"),
    ],
)
def test_a_declaration_that_says_nothing(declared: str, said: str) -> None:
    """It is a problem of the service file, with its place."""
    made = service(f"{DISK}[env]\n{declared}")
    assert said in str(*problems(made))
    assert any(said in str(problem) for problem in made.problems())


@pytest.mark.parametrize("declared", ["size = 1\nsize.range = {env.size}..2\n", "size = 1M\nsize.range = 9M..1G\n"])
def test_a_declaration_that_may_be_right(declared: str) -> None:
    """What refers to something else, or counts in two units, is left to whoever reads it."""
    assert list(problems(service(f"{DISK}[env]\n{declared}"))) == []

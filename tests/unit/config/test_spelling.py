"""What somebody may have meant."""

from core.config.spelling import NAMES_MAX, closest, meant


def test_the_closest_name() -> None:
    """A name that is nearly the word, in any case, or that begins with it, is found; one that is neither is not."""
    assert closest("SISE", ["Size", "type"]) == "Size"
    assert closest("ty", ["size", "typed_long_name"]) == "typed_long_name"
    assert closest("mount", ["size", "type"]) == ""
    assert meant("sise", ["size"]) == "; did you mean 'size'?"
    assert meant("mount", ["size"]) == ""


def test_among_very_many_names() -> None:
    """Where there are more names than can be compared, those with the same first letter are."""
    names = [f"a{number}" for number in range(NAMES_MAX)] + ["size"]
    assert closest("sise", names) == "size"
    assert closest("mize", names) == ""

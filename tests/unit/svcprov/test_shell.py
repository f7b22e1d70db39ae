"""Words as a shell takes them."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from svcprov import shell


@given(st.lists(st.text(st.characters(exclude_characters="«»"), min_size=0, max_size=12), min_size=1))
def test_a_line_splits_into_its_words(words: list[str]) -> None:
    """What is printed can be typed: a shell gets the same words."""
    assert shlex.split(shell.line(words), comments=False) == words


def test_rids_and_holes_are_read_without_quotes() -> None:
    """A `#` inside a word and a hole need no quotes, a leading `#` does."""
    assert shell.line(("a", "fs#1", "«fs#1.tmp»/data", "#x", "b c")) == "a fs#1 «fs#1.tmp»/data '#x' 'b c'"

"""A file is read as the parser of Python 2 read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.lines import Line, read

PIECES = st.sampled_from(
    ("[fs#0]", "[", "]", "a = b", "a: b", " ; c", "\n", "\r\n", " ", "\t", "#", ";", "=", "x", "«")
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_the_lines_are_the_file(text: str) -> None:
    """Joined, the texts of the lines are the file, whatever it is, and each begins where its number says."""
    lines = read(text)
    assert "".join(line.text for line in lines) == text
    numbers = [1]
    for line in lines:
        numbers.append(numbers[-1] + line.text.count("\n"))
    assert [line.number for line in lines] == numbers[: len(lines)]


@pytest.mark.parametrize(
    "text, words",
    [
        ("a = b", "b"),
        ("a: b", "b"),
        ("A   =b  \n", "b"),
        ("a = b ; c\n", "b"),
        ("a = b;c\n", "b;c"),
        ("a = ; c\n", ""),
        ('a = ""\n', ""),
        ("a = b\n  c\n\td ; e\n", "b\nc\nd ; e"),
        ("a = b\n\n# no\n  c\n", "b\nc"),
        ("a = b\n  # c\n", "b\n# c"),
        ("a =\r\n  b\r\n", "\nb"),
    ],
)
def test_a_value_is_what_the_agents_read(text: str, words: str) -> None:
    """A comment after a blank ends the first line of a value; whatever is indented goes on with it."""
    option = next(line for line in read(f"[fs#0]\n{text}") if line.kind == "option")
    assert (option.option, option.words) == ("a", words)


@pytest.mark.parametrize("text", ["a = b\n[fs#0]\n", "[fs#0]\n  a = b\n", "[fs#0]\njust words\n", "[fs#0]\n= b\n"])
def test_what_is_none_of_these_is_broken(text: str) -> None:
    """A key before the first section or without a name, a line without a separator, a further line of nothing."""
    assert "broken" in {line.kind for line in read(text)}


def _option(text: str) -> Line:
    return read(f"[fs#0]\n{text}")[1]


@pytest.mark.parametrize(
    "text, name, value, written",
    [
        ("Size = 1g\n", "size", "1g", "Size = 1g\n"),
        ("Size = 1g\n", "length", "1g", "length = 1g\n"),
        ("size  =  1g\r\n", "size", "2g", "size  =  2g\r\n"),
        ("size =\n", "size", "2g", "size = 2g\n"),
        ("size = 1g ; large\n", "size", "1g", "size = 1g\n"),
        ("size = 1g ; large\n", "size", "2g", "size = 2g\n"),
        ("args = a ; b\n   c\n", "args", "a\nc", "args = a\n   c\n"),
    ],
)
def test_a_line_is_written_with_little_changed(text: str, name: str, value: str, written: str) -> None:
    """Another name or value, and no comment at the end; blanks, further lines and the line's end stay."""
    assert _option(text).written(name, value) == written


def test_the_end_of_a_line_is_known() -> None:
    """A line that is put beside another one ends as that does."""
    assert [_option(text).end for text in ("a = b\r\n", "a = b\n", "a = b")] == ["\r\n", "\n", "\n"]

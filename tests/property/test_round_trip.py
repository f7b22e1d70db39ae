"""Reading and writing a service file gives the same bytes, and an edit changes its own lines and no other."""

import io
import string

from configobj import ConfigObj
from hypothesis import assume, given
from hypothesis import strategies as st

from core.config.document import Document

NAMES = st.text(string.ascii_lowercase + string.digits + "_#@", min_size=1, max_size=6).filter(
    lambda name: name[0] not in "#@"
)
PLAIN = string.ascii_letters + string.digits + "_-/.:=<>{}$()@%ü"
WORDS = st.text(PLAIN, min_size=1, max_size=8)
VALUES = st.lists(WORDS, max_size=3).map(" ".join)
BLANKS = st.text(" \t", max_size=3)
FURTHER = st.tuples(st.sampled_from(["  ", "\t", "      "]), WORDS).map("".join)
IDLE = st.sampled_from(["", "  ", "# a comment", "; x = 1", "  # indented"])


@st.composite
def options(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw the name of an option, and its lines."""
    name = draw(NAMES)
    separator = draw(st.sampled_from(["=", " = ", ": ", " =", "\t:\t"]))
    value, further = draw(VALUES), draw(st.lists(FURTHER | IDLE, max_size=3))
    return name, [f"{name}{separator}{value}{draw(BLANKS)}", *further]


@st.composite
def files(draw: st.DrawFn) -> str:
    """Draw the text of a service file without problems."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = draw(st.lists(IDLE, max_size=2))
    for section in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        lines.append(f"[{section}]{draw(st.sampled_from(['', '  ', '  # main']))}")
        lines += draw(st.lists(IDLE, max_size=2))
        for _, option in draw(st.lists(options(), max_size=4, unique_by=lambda drawn: drawn[0])):
            lines += option
    return end.join(lines) + draw(st.sampled_from(["", end]))


def keys(document: Document) -> list[tuple[str, str]]:
    """List every option of a document."""
    return [(section, option) for section in document.sections() for option in document.options(section)]


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    """Whatever the text is, writing gives what was read."""
    assert Document(text).text == text


@given(st.text("[]=: \t\r\n#;ab\ufeff", max_size=40))
def test_odd_texts_come_back(text: str) -> None:
    """Texts made of the characters that mean something come back as well."""
    assert Document(text).text == text


@given(files())
def test_generated_files_are_right(text: str) -> None:
    """What the other properties are tried on are files without problems, and they come back."""
    document = Document(text)
    assert document.problems == []
    assert document.text == text


@given(files(), st.data())
def test_set_changes_its_own_lines(text: str, data: st.DataObject) -> None:
    """Setting a value changes the lines of that option, and no other value or line."""
    document = Document(text)
    assume(keys(document))
    section, option = data.draw(st.sampled_from(keys(document)))
    first, length = document.line(section, option) - 1, (document.raw(section, option) or "").count("\n") + 1
    others = {key: document.get(*key) for key in keys(document) if key != (section, option)}
    document.set(section, option, data.draw(VALUES | st.lists(WORDS, min_size=2, max_size=3).map("\n".join)))
    before, after = text.split("\n"), document.text.split("\n")
    kept = before[first + length :]
    assert after[:first] == before[:first]
    assert after[len(after) - len(kept) :] == kept
    assert {key: Document(document.text).get(*key) for key in others} == others


@given(files(), NAMES, NAMES, st.lists(WORDS, min_size=1, max_size=3).map("\n".join))
def test_set_is_read_back(text: str, section: str, option: str, value: str) -> None:
    """A value that was set is read from the written file, wherever its option was or was not."""
    document = Document(text)
    document.set(section, option, value)
    assert document.get(section, option) == value
    again = Document(document.text)
    assert again.problems == []
    assert again.get(section, option) == value


@given(files(), st.data())
def test_set_raw_restores_the_bytes(text: str, data: st.DataObject) -> None:
    """After any number of changes, the raw text of before gives back the bytes of before."""
    document = Document(text)
    assume(keys(document))
    section, option = data.draw(st.sampled_from(keys(document)))
    raw = document.raw(section, option)
    assert raw is not None
    for value in data.draw(st.lists(VALUES, min_size=1, max_size=3)):
        document.set(section, option, value)
    again = Document(document.text)
    for each in (document, again):
        each.set_raw(section, option, raw)
        assert each.text == text


@given(files(), st.data())
def test_set_back_restores_a_single_line(text: str, data: st.DataObject) -> None:
    """A value of one line that is set to something else and back gives back the bytes of before."""
    document = Document(text)
    single = [key for key in keys(document) if "\n" not in (document.raw(*key) or "")]
    assume(single)
    section, option = data.draw(st.sampled_from(single))
    before = document.get(section, option)
    assert before is not None
    for value in (*data.draw(st.lists(VALUES | st.just("a\nb"), min_size=1, max_size=3)), before):
        document.set(section, option, value)
    assert document.text == text


@given(files(), NAMES, NAMES, VALUES)
def test_unset_takes_back_what_set_added(text: str, section: str, option: str, value: str) -> None:
    """Unsetting an option that `set` added gives back the bytes of before, in this process and in the next."""
    document = Document(text)
    assume(option not in document.options(section))
    prune = not document.has(section)
    document.set(section, option, value)
    again = Document(document.text)
    document.unset(section, option)
    again.unset(section, option, prune=prune)
    assert (document.text, again.text) == (text, text)


@given(files(), st.data())
def test_lines_point_at_their_options(text: str, data: st.DataObject) -> None:
    """The line of an option is the one that its name stands on, also after edits."""
    document = Document(text)
    assume(keys(document))
    for section, option in data.draw(st.lists(st.sampled_from(keys(document)), max_size=2)):
        document.set(section, option, data.draw(VALUES | st.just("a\nb\nc")))
    lines = document.text.split("\n")
    for section, option in keys(document):
        assert lines[document.line(section, option) - 1].lstrip().startswith(option)
        assert lines[document.line(section) - 1].startswith(f"[{section}]")


SIMPLE = st.text(string.ascii_letters + string.digits + "_-/.<>@ ", min_size=1, max_size=12).map(str.strip).filter(bool)
SIMPLE_NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=6)


@given(
    st.dictionaries(SIMPLE_NAMES, st.dictionaries(SIMPLE_NAMES, SIMPLE, max_size=4), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_second_opinion(content: dict[str, dict[str, str]], spaced: bool) -> None:  # noqa: FBT001 - drawn
    """On files without its traps, ConfigObj finds the same sections, options and values."""
    equals = " = " if spaced else "="
    lines = []
    for section, pairs in content.items():
        lines += [f"[{section}]", "# a comment", *(f"{name}{equals}{value}" for name, value in pairs.items()), ""]
    text = "\n".join(lines) + "\n"
    document = Document(text)
    ours = {
        section: {name: document.get(section, name) for name in document.options(section)}
        for section in document.sections()
    }
    other = ConfigObj(io.StringIO(text), list_values=False, interpolation=False)
    assert ours == content == {section: dict(other[section]) for section in other.sections}

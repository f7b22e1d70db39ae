"""`set`, `unset` and `update` touch the lines of what they name, in any file, and no others."""

import json
from collections.abc import Collection

from hypothesis import assume, given
from hypothesis import strategies as st

from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.record import Record
from svcprov.definitions import define
from tests.property.test_evaluation import EXAMPLES
from tests.property.test_round_trip import NAMES, VALUES, WORDS, files, keys

Key = tuple[str, str]
NEW = VALUES | st.lists(WORDS, min_size=2, max_size=3).map("\n".join)
ADDED = "\n[disk#0]\ntype = loop\n# the file\nfile = /a\n  b\n\nsize@n1 = 1G\n"


def lines_without(document: Document, options: Collection[Key]) -> list[str]:
    """The lines of a file that are not those of some options."""
    lines = document.text.split("\n")
    gone: set[int] = set()
    for section, option in options:
        raw = document.raw(section, option)
        if raw is not None:
            first = document.line(section, option) - 1
            gone |= set(range(first, first + raw.count("\n") + 1))
    return [line for number, line in enumerate(lines) if number not in gone]


def ended(text: str) -> str:
    """A file whose last line has an end."""
    return text if text.endswith("\n") else text + ("\r\n" if "\r\n" in text else "\n")


@EXAMPLES
@given(files(), st.data())
def test_unset_takes_its_own_lines(text: str, data: st.DataObject) -> None:
    """Taking options out takes their lines, and those that go on from them; every other line stays, in its place."""
    text = ended(text)
    document = Document(text)
    assume(keys(document))
    gone = data.draw(st.lists(st.sampled_from(keys(document)), min_size=1, max_size=3, unique=True))
    expected = lines_without(Document(text), gone)
    for section, option in gone:
        document.unset(section, option)
    assert document.text.split("\n") == expected
    again = Document(document.text)
    assert again.problems == []
    assert keys(again) == [key for key in keys(Document(text)) if key not in gone]


@EXAMPLES
@given(files(), st.data())
def test_a_service_sets_its_own_lines(text: str, data: st.DataObject) -> None:
    """A value that a service sets stands where it came from, its scope included, and every other line stays."""
    document = Document(ended(text) + ADDED)
    before = Document(document.text)
    made = Service("web", document, "n1", Record(), load)
    key = data.draw(st.sampled_from(["disk#0.size", "disk#0.size@n1", "disk#0.file", "disk#0.type"]))
    section, _, option = (made.source(key) or key).partition(".")
    assert made.set(key, data.draw(NEW)) == f"{section}.{option}"
    assert lines_without(document, [(section, option)]) == lines_without(before, [(section, option)])


@EXAMPLES
@given(files(), st.dictionaries(st.sampled_from(["type", "file", "size@n1", "SIZE"]) | NAMES, NEW, max_size=4))
def test_a_resource_changes_its_own_lines(text: str, values: dict[str, str]) -> None:
    """What --resource says of a resource that is there changes the lines of these options, or adds some below them."""
    document = Document(ended(text) + ADDED)
    assume(len({name.lower() for name in values}) == len(values) and not {"rid", "rtype"} & values.keys())
    before = Document(document.text)
    assert define(document, [json.dumps({"rid": "disk#0", **values})]) == ["disk#0"]
    touched = [("disk#0", name) for name in values]
    assert lines_without(document, touched) == lines_without(before, touched)
    assert {name: document.get("disk#0", name) for name in values} == values
    assert Document(document.text).problems == []


@EXAMPLES
@given(files(), st.dictionaries(NAMES, NEW, min_size=1, max_size=3))
def test_a_new_resource_is_added_at_the_end(text: str, values: dict[str, str]) -> None:
    """What --resource adds stands below everything that was there, which stays byte for byte."""
    document = Document(text)
    assume(not document.has("fs#0"))
    define(document, [json.dumps({"rtype": "fs", **values})])
    assert document.text.startswith(text)
    assert Document(document.text).options("fs#0") == tuple(values)

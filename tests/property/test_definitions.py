"""Whatever is given with `--resource`: a document that says it, or an error that is listed."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config.document import Document
from core.config.service import Service
from core.config.validation import GROUPS
from core.errors import ConfigError, UsageError
from core.record import Record
from svcprov.definitions import FREE, checked, define
from svcprov.inventory import load_driver

FILE = "# mine\n[DEFAULT]\nnodes = n1\n\n[disk#0]\ntype = loop ; as it is\nfile:/srv/a.img\nsize = 1M\n\n[env]\nx = 1\n"
NAMES = st.sampled_from(("type", "dev", "mnt", "size", "file", "ipname@nodes", "mnt_opt", "pre_start", "x", "rid"))
WORDS = st.sampled_from(("loop", "btrfs", "<allocate>", "{disk#0.file}", "$(2**9)", "{fs#0.mnt}", "a\nb", "'", "# c"))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=20), st.just("\ud800")
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
RIDS = st.one_of(st.sampled_from(("disk#0", "fs#x", "DEFAULT", "env", "subset#fs:a", "fs#1.2", "a@b")), VALUES)
RTYPES = st.one_of(st.sampled_from((*GROUPS, *FREE, "subset")), VALUES)
OBJECTS = st.builds(
    lambda naming, options: {**options, **naming},
    st.fixed_dictionaries({}, optional={"rtype": RTYPES, "rid": RIDS}),
    st.dictionaries(st.one_of(NAMES, st.text(max_size=10)), VALUES, max_size=4),
)


def outcome(*definitions: str) -> Document | None:
    """What definitions make of the file; None when they are refused. Anything else is raised."""
    document = Document(FILE)
    try:
        define(document, definitions)
        document = checked(document)
        Service("web", document.copy(), "n1", Record(), load_driver).check()
    except (UsageError, ConfigError) as error:
        refusal = str(error)
    else:
        return document
    assert refusal
    return None


@given(st.text())
@example("[" * 100_000)
@example('{"a":' * 50_000)
@example("9" * 10_000)
@example("@")
@example("@\0")
@example("@/")
@example("\udcff")
@example('{"rtype": "fs", "dev": "\\ud800"}')
def test_any_text_has_a_result_or_an_error(text: str) -> None:
    """No text, JSON or not, ends in anything but a document or a listed error."""
    outcome(text)


@given(st.lists(st.one_of(OBJECTS, st.lists(OBJECTS, max_size=3), VALUES), max_size=4))
def test_any_json_has_a_result_or_an_error(definitions: list[object]) -> None:
    """No JSON, nearly right or not, ends in anything but a document or a listed error."""
    outcome(*(json.dumps(each) for each in definitions))


def plain() -> st.SearchStrategy[str]:
    """Texts that a value of a service file can hold as they are: no blanks at the ends, nothing that is evaluated."""
    return st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="«»{}$"), max_size=30)


@given(st.lists(st.tuples(st.sampled_from(("ip", "disk", "fs")), plain()), max_size=6))
def test_what_is_given_is_what_the_file_says(given_: list[tuple[str, str]]) -> None:
    """Each value is read back from the section of the next free number, and no other line of the file changes."""
    document = Document(FILE)
    touched = define(document, [json.dumps({"rtype": group, "comment": text}) for group, text in given_])
    again = checked(document)
    assert [again.get(rid, "comment") for rid in touched] == [text for _, text in given_]
    assert again.text.startswith(FILE)
    for group, first in (("ip", 0), ("disk", 1), ("fs", 0)):
        numbers = [int(rid.partition("#")[2]) for rid in touched if rid.startswith(f"{group}#")]
        assert numbers == list(range(first, first + len(numbers)))


@given(st.lists(st.sampled_from(("ip", "disk", "fs")), max_size=6), st.data())
def test_removing_gives_back_the_bytes(groups: list[str], data: st.DataObject) -> None:
    """Resources that were added can be removed in any order, now or by another process, without a trace."""
    document = Document(FILE)
    touched = define(document, [json.dumps({"rtype": group, "comment": "x"}) for group in groups])
    for rid in data.draw(st.permutations(touched)):
        document = checked(document) if data.draw(st.booleans()) else document
        assert document.remove(rid)
    assert document.text == FILE


@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_a_list_is_its_objects(objects: list[dict[str, object]]) -> None:
    """A list means what its objects mean one after the other."""
    one, other = outcome(json.dumps(objects)), outcome(*map(json.dumps, objects))
    assert (None if one is None else one.text) == (None if other is None else other.text)


@pytest.mark.parametrize("text", ['{"rid": "disk#0", "size": "2M"}', '{"size": "2M", "rid": "disk#0"}'])
def test_a_change_touches_its_line_only(text: str) -> None:
    """A changed value keeps the layout of its line, and every other byte."""
    document = Document(FILE)
    assert define(document, [text]) == ["disk#0"]
    assert document.text == FILE.replace("1M", "2M")

"""Any file at all is told, or is a listed error."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.commented import restored
from core.agents.judgement import judged
from core.agents.lines import read, split
from core.agents.translation import MARK, translated
from core.config.document import Document
from core.driver import load
from core.errors import SvcprovError
from svcprov.import_table import json_of, text_of
from svcprov.importing import Imported, imported, place_of
from tests.agents import files
from tests.conftest import REPOSITORY
from tests.property.many import MANY

DEBIAN = str(REPOSITORY / "fixtures/nodes/debian.json")
WORDS = (
    "[DEFAULT]", "[default]", "[vg#0]", "[disk#0]", "[pool]", "[fs#0]", "[FS#0]", "[ip#0]", "[sync#0]", "[hb#0]",
    "[app#0]", "[container#0]", "[env]", "[subset#fs:a]", "[task#0]", "[]", "[x", "type = ext4", "type = pool",
    "type = vg", "type = docker", "type = kvm", "dev = /dev/sdb", "dev = {vg#0.vgname}", "dev = {fs#0.dev}",
    "mnt = /srv/a ; b", "vgname = a", "name = a", "pvs = /dev/sdb /dev/sdc", "size = 1,5G", "size = 10 GiB",
    "size = 99999999999", "service_type = PRD", "env = PRD", "nodes = debian", "scsireserv = true",
    "mnt_opt@flex_primary = x", "tags = encap", "    more", "  # text", "# comment", "; comment", "", "= x", "what",
    "run_image = a", "run_args = $(1+", "a = {b.c}", "cascade_allocation = vg#0.x", "\ufeff", "\r", "«x»",
    "post_start = /bin/true", "ipname = 192.0.2.9", "ipdev = eth0",
)  # fmt: skip
LINES = sorted({line for path in files() for line in path.read_text(encoding="utf-8").splitlines()})
texts = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=20)), max_size=30).map("\n".join)
contents = st.one_of(st.binary(max_size=300), texts.map(str.encode), st.tuples(texts, st.binary(max_size=3)).map(
    lambda pair: pair[0].encode() + pair[1]
))  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for the file of the example at hand."""
    return tmp_path_factory.mktemp("agents")


def _told(path: Path, content: bytes) -> Imported:
    path.write_bytes(content)
    return imported(str(path), place_of(DEBIAN), write=False)


@given(contents, st.sampled_from((".env", ".conf", "")))
@MANY
def test_any_bytes_are_told_or_a_listed_error(folder: Path, content: bytes, suffix: str) -> None:
    """A file gives a table, whose lines are lines of the file, or says why there is none; nothing is raised."""
    found = _told(folder / f"svc1{suffix}", content)
    assert found.translation is not None or found.problems
    assert all(0 <= row.line <= content.count(b"\n") + 1 for row in found.rows)
    assert all(row.why for row in found.rows if row.verdict != "supported")
    assert json.loads(json.dumps(list(json_of(found))))
    assert all(line.isprintable() for line in text_of(found, "here"))
    assert found.problems or found.plan is not None


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A file of the collection with lines of others in it, and without some of its own; and its suffix."""
    path = draw(st.sampled_from(files()))
    lines = path.read_text(encoding="utf-8").splitlines()
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(lines)))
        if draw(st.booleans()):
            lines.insert(at, draw(st.one_of(st.sampled_from(LINES), st.sampled_from(WORDS))))
        else:
            del lines[at : at + 1]
    return "\n".join(lines), path.suffix


@given(edited())
@MANY
def test_what_can_be_used_says_what_it_said(world: tuple[str, str]) -> None:
    """Of a translation without a refusal every value is the one that the agent read, unless its row says why not."""
    text, suffix = world
    done = translated(text, suffix, load)
    if judged(done, "svc1", "svc1.conf", "debian", load).refused:
        return
    lines = read(text.removeprefix("\ufeff"))
    lines = restored(lines)[0] if done.agent == "second" else lines
    were = {(line.section, line.option): line for line in lines if line.kind == "option"}
    document = Document(done.text)
    for row in (row for row in done.rows if row.key and (row.section, row.key.lower()) in were):
        was = were[row.section, row.key.lower()]
        key = row.now.partition(".")[2] if row.now else was.option
        says = document.get(done.names[row.section], key) if was.number == row.line else None
        explained = row.why and row.verdict == "supported"
        if says is not None and not explained and was.option != "type" and "{" not in was.words:
            assert says == was.words, row


@given(texts)
@MANY
def test_a_translation_has_every_line_of_the_file(text: str) -> None:
    """Each line is there still: as it was, with another name or value, or as a comment; what is new says its place."""
    try:
        done = translated(text, ".conf", load)
    except SvcprovError as error:
        pytest.fail(f"raised {error!r}")
    if done.agent == "later":
        assert done.text == text
        return
    lines, places = split(done.text.removeprefix("\ufeff")), done.places
    assert len(lines) == len(places)
    assert {place for place in places if place} >= {
        at for at, line in enumerate(split(text), 1) if line.strip("\ufeff\r\n")
    }
    changed = {row.line for row in done.rows}
    before = split(text.removeprefix("\ufeff"))
    for line, place in zip(lines, places, strict=True):
        if place and place not in changed and line.strip():
            assert line.rstrip("\r\n").removeprefix(MARK) in before[place - 1]

"""Whatever a service file holds, it gets findings, each with a place in it, and the same ones every time."""

from hypothesis import example, given
from hypothesis import strategies as st

from core.config.document import Document
from core.config.findings import Finding, findings, of_error
from core.config.service import Service
from core.errors import ConfigError
from core.record import Record
from svcprov.inventory import drivers, load_driver, templates
from tests.conftest import REPOSITORY

SECTIONS = (
    *("DEFAULT", "env", "subset#fs:a", "fs", "dsk#0", "vg#0", "app#0"),
    *(f"{group}#{number}" for group in ("ip", "disk", "fs", "container", "sync") for number in "01"),
)
OPTIONS = (
    *(
        "type",
        "dev",
        "mnt",
        "mnt_opt",
        "size",
        "vg",
        "name",
        "vgname",
        "pvs",
        "devs",
        "volumes",
        "images",
        "file",
        "level",
    ),
    *(
        "ipname",
        "ipdev",
        "run_image",
        "run_args",
        "docker_data_dir",
        "docker_daemon_args",
        "nodes",
        "target",
        "src",
        "dst",
    ),
    *(
        "tags",
        "disable",
        "a",
        "a.secret",
        "password",
        "service_type",
        "pre_start",
        "vdev",
        "unknown",
        "lock_shared_tag",
    ),
)
SCOPES = ("", "", "", "@n1", "@n2", "@nodes", "@")
WORDS = (
    *(name.partition(".")[2] for name in drivers()),
    *(
        "/dev/sdb",
        "/srv/a",
        "/srv",
        "/var/lib",
        "{var}/{svcname}/dev/disk.0.0",
        "{disk#0.file}",
        "{env.a}",
        "{nodes[1]}",
    ),
    *(
        "$(1+1)",
        "$(1/0)",
        "$(",
        "{",
        "}",
        "{a}",
        "{#nodes}",
        "10",
        "10G",
        "<size=5>",
        "<size-5>",
        "LABEL=a",
        "UUID=",
        "true",
    ),
    *(
        "-p",
        "80:80",
        "--net=container:web.container.0",
        "'",
        "-e",
        "A_TOKEN=x",
        "n1",
        "n2",
        "10.0.0.5",
        "eth0",
        "tank/a",
        "«x»",
    ),
    *("\n  more", "\n# comment", "mirror", "é", "a" * 60),
)
KINDS = tuple(tuple(name.split(".")) for name in drivers())
OPTION = st.builds(
    lambda option, scope, words: f"{option}{scope} = {' '.join(words)}",
    st.sampled_from(OPTIONS),
    st.sampled_from(SCOPES),
    st.lists(st.sampled_from(WORDS), max_size=3),
)
RESOURCE = st.builds(
    lambda kind, number, options: "\n".join((f"[{kind[0]}#{number}]", f"type = {kind[1]}", *options)),
    st.sampled_from(KINDS),
    st.sampled_from("012"),
    st.lists(OPTION, max_size=8),
)
FILES = st.lists(
    st.one_of(RESOURCE, OPTION, st.sampled_from([f"[{section}]" for section in SECTIONS])), max_size=12
).map("\n".join)


def said(text: str) -> list[Finding]:
    """The findings of a text, for two nodes."""
    try:
        document = Document(text, "web.conf")
        return findings([Service("web", document, node, Record(), load_driver) for node in ("n1", "n2")])
    except ConfigError as error:
        return of_error(error)


def rests_on_its_text(text: str) -> None:
    """Raise AssertionError for a finding that points beside the text, or says nothing."""
    lines = text.removeprefix("\ufeff").split("\n")
    found = said(text)
    for level, problem in found:
        assert level in {"error", "warning"}
        assert problem.text
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1].rstrip("\r")) + 1
    assert found == said(text)


@given(FILES)
@example("[fs#0]\ntype = ext4\ndev = {disk#0.file}\n[disk#0]\ntype = loop\nfile = {fs#0.dev}\n")
def test_files_that_are_nearly_right(text: str) -> None:
    """Known words in any order: findings with places inside of the text, and never a traceback."""
    rests_on_its_text(text)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Any text at all."""
    rests_on_its_text(text)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """What is not even text is an error, too."""
    try:
        document = Document.from_bytes(data, "web.conf")
    except ConfigError:
        return
    rests_on_its_text(document.text)


@given(st.sampled_from(sorted(templates())), st.integers(0, 2000), st.sampled_from(["", "x", " ", "\n", "{", "=", "#"]))
def test_templates_with_one_mistake(name: str, at: int, instead: str) -> None:
    """A shipped template with one character lost, or replaced by another."""
    text = (REPOSITORY / f"fixtures/templates/{name}.template").read_text(encoding="utf-8")
    place = at % len(text)
    rests_on_its_text(text[:place] + instead + text[place + 1 :])

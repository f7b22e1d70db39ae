"""The reference of keywords: it is what the declarations say, in every format."""

import json
from typing import Any, get_args

import pytest

from core.config.keywords import COMMON, DEFAULTS, SUBSET, TRIGGERS, Kind
from core.driver import load
from core.errors import UsageError
from svcprov import inventory, nodemgr, svcmgr
from svcprov.keyword_pages import COMMAND, GENERAL, KINDS, files, pages
from tests.conftest import REPOSITORY


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a nodemgr command line that succeeds writes."""
    capsys.readouterr()
    assert nodemgr.main(["print", "keywords", *words]) == 0
    return capsys.readouterr().out


def objects(name: str = "") -> list[dict[str, Any]]:
    """The reference as JSON."""
    found: list[dict[str, Any]] = json.loads("\n".join(pages(name, "json")))
    return found


def test_the_pages_are_what_is_declared() -> None:
    """docs/keywords is generated and up to date, and has no page of a driver that is gone."""
    folder = REPOSITORY / "docs/keywords"
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert kept == files(), f"rewrite them: {COMMAND}"


def test_the_page_says_how_it_is_written() -> None:
    """Whoever wants to change the pages finds the command at the top of the first."""
    assert COMMAND in "\n".join(files()[GENERAL].splitlines()[:5])


def test_text_is_the_format_unless_another_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --format, and with --format text, people get text."""
    plain = printed(capsys, "disk.loop")
    assert plain.startswith("# disk.loop: [disk#N] type = loop\n# A file that is created")
    assert "#\n# keyword:       file\n" in plain
    assert printed(capsys, "--format=text", "disk.loop") == plain


@pytest.mark.parametrize("format_, written", [("text", "\n# keyword:       {}\n"), ("md", "\n| `{}` |")])
def test_every_keyword_is_told(format_: str, written: str) -> None:
    """No keyword is missing from a page that people read; triggers are a table of their own."""
    page = "\n".join(pages("", format_))
    drivers = [load(*name.split(".")) for name in inventory.drivers()]
    declared = [*DEFAULTS, *COMMON, *SUBSET, *(keyword for driver in drivers for keyword in driver.keywords)]
    assert [each.name for each in declared if each not in TRIGGERS and written.format(each.name) not in page] == []


def test_provisioning_keywords_are_marked_as_in_the_listings() -> None:
    """The documentation's grep finds the same keywords in what is printed: each is three lines above its mark."""
    lines = list(pages("disk.md", "text"))
    marked = [lines[at - 3] for at, line in enumerate(lines) if line == "#  provisioning: True"]
    names = ["devs", "level", "chunk", "layout", "spares"]
    assert marked == [f"# keyword:       {name}" for name in names]


@pytest.mark.parametrize("format_", ["text", "json", "md"])
def test_svcmgr_prints_the_same(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`svcmgr print keywords` and nodemgr's are one reference; neither needs a service."""
    ours = printed(capsys, "disk.loop", "--format", format_)
    assert svcmgr.main(["print", "keywords", "disk.loop", "--format", format_]) == 0
    assert capsys.readouterr().out == ours


def test_svcmgr_names_the_likely_driver(capsys: pytest.CaptureFixture[str]) -> None:
    """A driver that there is not is exit 6."""
    assert svcmgr.main(["print", "keywords", "disk.lop"]) == 6
    assert "did you mean 'disk.loop'?" in capsys.readouterr().err


def test_every_section_and_driver_is_an_object() -> None:
    """The JSON has the sections that are no driver's, then the drivers in order."""
    names = [each["name"] for each in objects()]
    assert names == ["DEFAULT", "every resource", "subset#GROUP:NAME", *inventory.drivers()]


def test_an_object_has_what_was_declared() -> None:
    """A keyword in JSON has every field of its declaration but the function."""
    (driver,) = objects("disk.loop")
    assert driver["keywords"][1] == {
        "name": "size",
        "text": "The size of the file to create; a bare number counts MiB.",
        "kind": "size",
        "default": "10",
        "required": False,
        "provisioning": True,
        "scopable": True,
        "candidates": [],
        "unit": "M",
        "only_with": None,
    }


def test_what_a_driver_adds_to_default_is_told_apart() -> None:
    """Keywords of DEFAULT that belong to a driver are not among those of its section."""
    (driver,) = objects("container.docker")
    assert [each["name"] for each in driver["service_keywords"]] == ["docker_daemon_args"]
    assert "# container.docker, in [DEFAULT]" in list(pages("container.docker", "text"))
    assert "In `[DEFAULT]`:" in list(pages("container.docker", "md"))


def test_a_group_has_the_driver_of_no_type() -> None:
    """`ip` is the driver of an ip resource without a type."""
    assert [(each["name"], each["section"]) for each in objects("ip")] == [("ip.address", "[ip#N]")]


def test_what_no_action_runs_says_so() -> None:
    """The reference does not promise a sync that nobody does."""
    idle = [each["name"] for each in objects() if "no action runs it" in each["text"]]
    assert idle == [name for name in inventory.drivers() if load(*name.split(".")).verbs_do_nothing]


def test_every_kind_is_explained() -> None:
    """The page explains each kind that a keyword can be of."""
    assert set(KINDS) == set(get_args(Kind))


def test_markdown_shows_what_was_written() -> None:
    """A `<` outside of code does not begin a tag, a bar does not end a cell, code stays as it is."""
    lines = list(pages("", "md"))
    assert [line for line in lines if " <" in line.replace("`<", "")] == []
    assert {line.replace("\\|", "").count("|") for line in lines if line.startswith("| `")} <= {3, 4}


def test_an_unknown_driver_is_named_with_the_likely_one() -> None:
    """The remedy is in the message."""
    with pytest.raises(UsageError, match=r"no driver 'disk\.lop'; did you mean 'disk\.loop'\?; see"):
        list(pages("disk.lop", "md"))


@pytest.mark.parametrize(
    "words",
    [
        ("print", "keywords", "--format", "sh"),
        ("print", "keywords", "--format"),
        ("print", "keywords", "disk.loop", "fs.xfs"),
        ("print", "drivers", "--format", "md"),
        ("print", "templates", "--format=json"),
        ("print", "keywords", "--formt=md"),
    ],
)
def test_a_wrong_command_line_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """What nodemgr does not understand is exit 6, and nothing is printed."""
    assert (nodemgr.main(words), capsys.readouterr().out) == (UsageError.exit_code, "")

"""The scanner of service files: it finds values, and edits them where they stand."""

import time

import pytest

from core.config.document import DOCUMENT_BYTES_MAX, PROBLEMS_MAX, Document
from core.errors import ConfigError

TEMPLATE = """\
# a service
[DEFAULT]
nodes = n1 n2
docker_daemon_args =

[container#0]  # the first
Run_Args = --net=bridge -p 80:80
      -v /etc/localtime:/etc/localtime:ro
; a note
type: docker

# about the disk
[disk#0]
volumes=<size=5> <size=5>
"""


def problems(text: str) -> list[str]:
    """Return the problems of a text, as users read them."""
    return [str(problem) for problem in Document(text, "x.conf").problems]


def test_sections_in_order() -> None:
    """Sections are listed in the order of the file."""
    assert Document(TEMPLATE).sections() == ("DEFAULT", "container#0", "disk#0")


def test_options_lower_case_in_order() -> None:
    """Options are listed in lower case, in the order of the section."""
    document = Document(TEMPLATE)
    assert document.options("container#0") == ("run_args", "type")
    assert document.options("nosuch") == ()


def test_has() -> None:
    """A document knows which sections it has."""
    assert Document(TEMPLATE).has("disk#0")
    assert not Document(TEMPLATE).has("disk#1")


@pytest.mark.parametrize(
    "section,option,value",
    [
        ("DEFAULT", "nodes", "n1 n2"),
        ("DEFAULT", "docker_daemon_args", ""),
        ("container#0", "RUN_args", "--net=bridge -p 80:80\n-v /etc/localtime:/etc/localtime:ro"),
        ("container#0", "type", "docker"),
        ("disk#0", "volumes", "<size=5> <size=5>"),
        ("disk#0", "nosuch", None),
        ("nosuch", "type", None),
    ],
)
def test_get(section: str, option: str, value: str | None) -> None:
    """A value is what follows the first separator, stripped, with its continuation lines."""
    assert Document(TEMPLATE).get(section, option) == value


def test_comment_and_blank_inside_a_value() -> None:
    """Comments and blank lines between the lines of a value are not part of it."""
    document = Document("[a]\nx = 1\n# no\n\n  2\n  ; no\n  3\ny = 4\n")
    assert document.get("a", "x") == "1\n2\n3"
    assert document.get("a", "y") == "4"


def test_indented_options() -> None:
    """A line continues a value only when it is indented deeper than the option."""
    document = Document("[a]\n  x = 1\n  y = 2\n    [3]\n  z = 4\n")
    assert document.options("a") == ("x", "y", "z")
    assert document.get("a", "y") == "2\n[3]"


def test_a_line_that_continues_nonsense() -> None:
    """What continues a line that is no option belongs to that line: it is told once, and stays where it is."""
    text = "[a]\nx = 1\nnonsense\n  goes on\n"
    document = Document(text)
    assert (len(document.problems), document.get("a", "x"), document.text) == (1, "1", text)


def test_byte_order_mark() -> None:
    """A byte order mark at the beginning is kept, and is no part of the first line."""
    document = Document("\ufeff[a]\nx = 1\n")
    document.set("a", "x", "2")
    assert document.text == "\ufeff[a]\nx = 2\n"


@pytest.mark.parametrize(
    "section,option,line",
    [("DEFAULT", None, 2), ("DEFAULT", "nodes", 3), ("container#0", "TYPE", 10), ("disk#0", "volumes", 14),
     ("disk#0", "nosuch", 13), ("nosuch", "x", 0)],
)  # fmt: skip
def test_line(section: str, option: str | None, line: int) -> None:
    """Lines count from 1; an option that is not there has the line of its section."""
    assert Document(TEMPLATE).line(section, option) == line


def test_line_after_an_edit() -> None:
    """Lines are those of the text as it is now."""
    document = Document(TEMPLATE)
    document.set("DEFAULT", "nodes", "n1\nn2\nn3")
    assert document.line("disk#0", "volumes") == 16
    assert document.text.splitlines()[15].startswith("volumes")


@pytest.mark.parametrize(
    "before,value,after",
    [
        ("[a]\nx = 1\n", "2", "[a]\nx = 2\n"),
        ("[a]\nx=1\n", "2", "[a]\nx=2\n"),
        ("[a]\n  X :  1  \n", "2", "[a]\n  X :  2  \n"),
        ("[a]\nx =\n", "2", "[a]\nx = 2\n"),
        ("[a]\nx = \n", "2", "[a]\nx = 2\n"),
        ("[a]\nx = 1\n", "", "[a]\nx =\n"),
        ("[a]\r\nx = 1\r\n", "2\n3", "[a]\r\nx = 2\r\n    3\r\n"),
        ("[a]\nx = 1\n  2\n", "5\n6", "[a]\nx = 5\n  6\n"),
        ("[a]\nx = 1\n  2\n", "5", "[a]\nx = 5\n"),
        ("[a]\nx =\n  2\n", "5", "[a]\nx = 5\n"),
        ("[a]\nx = 1\n # no\n   2\n", "5\n6", "[a]\nx = 5\n   6\n"),
        ("[a]\nx = 1\n", "\n6\n\n7\n", "[a]\nx =\n    6\n    7\n"),
        ("[a]\nx = 1", "2", "[a]\nx = 2"),
        ("[a]\nx = 1\n", " 1 ", "[a]\nx = 1\n"),
    ],
)
def test_set(before: str, value: str, after: str) -> None:
    """A value is replaced where it stands; what surrounds it stays."""
    document = Document(before)
    document.set("a", "x", value)
    assert document.text == after


@pytest.mark.parametrize(
    "before,after",
    [
        ("[a]\ny = 1\n", "[a]\ny = 1\nx = 2\n"),
        ("[a]\n  y = 1\n\n# about b\n[b]\n", "[a]\n  y = 1\n  x = 2\n\n# about b\n[b]\n"),
        ("[a]\n# nothing yet\n", "[a]\nx = 2\n# nothing yet\n"),
        ("[a]\ny = 1", "[a]\ny = 1\nx = 2"),
        ("[a]", "[a]\nx = 2"),
        ("[b]\ny = 1\n", "[b]\ny = 1\n\n[a]\nx = 2\n"),
        ("[b]\r\ny = 1", "[b]\r\ny = 1\r\n\r\n[a]\r\nx = 2"),
        ("", "[a]\nx = 2\n"),
    ],
)
def test_set_adds_what_is_missing(before: str, after: str) -> None:
    """A missing option comes at the end of its section, a missing section at the end of the file."""
    document = Document(before)
    document.set("a", "x", "2")
    assert document.text == after


@pytest.mark.parametrize(
    "text", ["[b]\ny = 1\n", "[b]\ny = 1", "[a]\n\n[b]\n", "[a]\ny = 1\n# end", "[b]\r\ny=1\r\nz=2"]
)
def test_unset_undoes_an_added_option(text: str) -> None:
    """Unsetting what `set` added gives back the bytes before."""
    document = Document(text)
    document.set("a", "x", "2\n3")
    assert document.unset("a", "x")
    assert document.text == text


@pytest.mark.parametrize("text", ["[b]\ny = 1\n", "[b]\ny = 1", "[b]\n\n\n", "# c\n[b]", "[b]\r\ny = 1"])
def test_unset_undoes_an_added_section_in_another_process(text: str) -> None:
    """A section that an earlier process added goes with its last option, when `prune` says so."""
    document = Document(text)
    document.set("DEFAULT", "x", "2")
    document = Document(document.text)
    document.unset("DEFAULT", "x", prune=True)
    assert document.text == text


def test_prune_without_a_blank_line_before() -> None:
    """Pruning takes no line of the user's: where somebody removed the blank line, none is taken."""
    document = Document("[b]\ny = 1\n[a]\nx = 2\n")
    document.unset("a", "x", prune=True)
    assert document.text == "[b]\ny = 1\n"


def test_unset_keeps_the_section() -> None:
    """A section of the user's stays when its last option goes."""
    document = Document("[a]\nx = 1\n[b]\n")
    document.unset("a", "x")
    assert document.text == "[a]\n[b]\n"


def test_unset_of_nothing() -> None:
    """Unsetting what is not there changes nothing, and says so."""
    document = Document(TEMPLATE)
    assert not document.unset("disk#0", "nosuch")
    assert not document.unset("nosuch", "x")
    assert document.text == TEMPLATE


def test_set_raw_restores_a_long_value() -> None:
    """What `raw` gave, `set_raw` puts back byte for byte, comments and indents included."""
    text = "[a]\nx =  1  \n\t2 \n # no\n      3\n\ny = 4\n"
    document = Document(text)
    raw = document.raw("a", "x")
    assert raw == "  1  \n\t2 \n # no\n      3"
    document.set("a", "x", "other")
    document.set_raw("a", "x", raw)
    assert document.text == text


def test_set_raw_adds_the_option() -> None:
    """A raw text can be put where the option is gone."""
    document = Document("[a]\n")
    document.set_raw("a", "x", " 1")
    assert document.text == "[a]\nx = 1\n"


def test_raw_of_nothing() -> None:
    """An option that is not there has no raw text."""
    assert Document(TEMPLATE).raw("a", "x") is None


@pytest.mark.parametrize(
    "section,option,value,said",
    [
        ("a", "x", "1\x00", "control character 0x00"),
        ("a", "x", "1\r2", "control character 0x0d"),
        ("a", "x", "1\n# 2", "would be read as a comment"),
        ("a]", "x", "1", "not the name of an option"),
        ("a", "x = 2\ny", "1", "not the name of an option"),
        ("a", "# x", "1", "not the name of an option"),
    ],
)
def test_set_refuses(section: str, option: str, value: str, said: str) -> None:
    """What would be read back as something else is not written."""
    document = Document("[a]\n")
    with pytest.raises(ValueError, match=said):
        document.set(section, option, value)
    assert document.text == "[a]\n"


def test_holes_may_be_set() -> None:
    """A preview puts holes into its own copy, and may copy that."""
    document = Document("[a]\nx = 1\n")
    document.set("a", "x", "«disk#0.volume.0»")
    copied = document.copy()
    assert copied.get("a", "x") == "«disk#0.volume.0»"
    assert not copied.problems


def test_copy_is_independent() -> None:
    """Editing a copy leaves the document alone."""
    document = Document(TEMPLATE)
    document.copy().set("DEFAULT", "nodes", "n3")
    assert document.text == TEMPLATE


@pytest.mark.parametrize(
    "text,said",
    [
        ("", "x.conf: the file has no section: there is nothing to act on; write a section such as [fs#0]"),
        ("[a]\n\n[b]\n[a]\n", "x.conf:4: a: this section is already on line 1; join the two"),
        ("[a]\nx = 1\n  2\nX: 3\n", "x.conf:4: a.x: this key is already on line 2; keep one of them"),
        ("x = 1\n[a]\n", "x.conf:1: text before the first section: 'x = 1'; put [DEFAULT] above it"),
        ("[a]\nnonsense\n", "x.conf:2: a: neither section, option nor comment: 'nonsense'; write it as KEY = VALUE"),
        ("[a]\n= 1\n", "x.conf:2: a: neither section, option nor comment: '= 1'"),
        ("[a\nx = 1\n", "x.conf:1: not the header of a section: '[a'; write it as [fs#0]"),
        ("[a] b\n", "x.conf:1: not the header of a section: '[a] b'"),
        ("[]\n", "x.conf:1: not the header of a section: '[]'"),
        ("[a]\nx = \0\n", "x.conf:2: column 5: control character 0x00; take it out"),
        ("[a]\nx = 1\r2\n", "x.conf:2: column 6: control character 0x0d"),
        ("[a]\n# «\n", "x.conf:2: column 3: « stands for values that nobody knows yet"),
        (f"[a]\n{'z' * 60}\n", f"x.conf:2: a: neither section, option nor comment: '{'z' * 37}...'"),
    ],
)
def test_problems(text: str, said: str) -> None:
    """What is wrong is told with file, line, section, key and the likely fix."""
    assert any(problem.startswith(said) for problem in problems(text))


def test_all_problems_at_once() -> None:
    """Every problem of a file is told, in one go."""
    assert len(problems("junk\n[a]\nx = 1\nx = 2\njunk\n[a]\n[b\n")) == 5


def test_problems_are_bounded() -> None:
    """A file of another kind does not fill the screen."""
    assert len(problems("\0" * 1000)) == PROBLEMS_MAX
    assert len(problems("[a]\n" * 1000)) == PROBLEMS_MAX


def test_check_raises_all() -> None:
    """`check` raises one error that carries every problem."""
    with pytest.raises(ConfigError) as caught:
        Document("[a]\n[a]\njunk\n").check()
    assert len(caught.value.problems) == 2


def test_check_of_a_good_file() -> None:
    """A good file passes."""
    Document(TEMPLATE).check()


def test_from_bytes() -> None:
    """A file is read as UTF-8."""
    assert Document.from_bytes("[a]\nx = ü\n".encode(), "x.conf").get("a", "x") == "ü"


def test_not_a_text() -> None:
    """A file that is no text is refused with the line of the first wrong byte."""
    with pytest.raises(ConfigError, match=r"x\.conf:2: byte 8 \(0xff\) is not UTF-8: this is not a text file"):
        Document.from_bytes(b"[a]\nx = \xff\n", "x.conf")


def test_ten_megabytes() -> None:
    """A huge file is refused in a sentence that says how large one may be, without being scanned."""
    data = b"[a]\n" * 2_500_000
    with pytest.raises(ConfigError, match=r"more than 1048576 bytes \(1 MiB\)"):
        Document.from_bytes(data, "x.conf")


def test_huge_text() -> None:
    """A huge text has that one problem, and is kept."""
    text = "x" * (DOCUMENT_BYTES_MAX + 1)
    document = Document(text)
    assert document.text == text
    assert len(document.problems) == 1


def test_long_lines_cost_little() -> None:
    """No line, however odd, costs more than its length."""
    start = time.process_time()
    Document("[a]\nx" + " " * 1_000_000)
    Document("[a]\nx = 1\n" + " y\n" * 300_000)
    Document("[" * 1_000_000)
    assert time.process_time() - start < 5


def test_ten_thousand_edits() -> None:
    """Editing ten thousand options of ten thousand sections takes less than five seconds."""
    document = Document("".join(f"[fs#{number}]\nsize = 1\nkept = 1\n" for number in range(10_000)))
    start = time.process_time()
    for number in range(10_000):
        document.set(f"fs#{number}", "size", "20G")
        document.set(f"fs#{number}", "added", "1\n2")
    assert time.process_time() - start < 5
    assert document.text.count("20G") == 10_000


@pytest.mark.parametrize("section,option", [("env", "a\udcff"), ("e\ud800", "a"), ("env", "a\x85"), ("env", "«a»")])
def test_names_that_no_file_holds(section: str, option: str) -> None:
    """A name with a byte that is no UTF-8, a control character or a hole in it is not written."""
    document = Document("[env]\n")
    with pytest.raises(ValueError, match="not the name of an option that a file can hold"):
        document.set(section, option, "x")
    assert document.text == "[env]\n"


@pytest.mark.parametrize("value,said", [("\udcff", "half character 0xdcff"), ("\x1b", "control character 0x1b")])
def test_what_a_value_cannot_hold_is_named(value: str, said: str) -> None:
    """What a value cannot hold is told by its code, and by what it is."""
    with pytest.raises(ValueError, match=said):
        Document("[env]\n").set("env", "a", value)
    assert any(said in problem.text for problem in Document(f"[env]\na = {value}\n").problems)


def test_the_text_of_a_section() -> None:
    """A section is given with its header and its comments, as it stands; one that is not there has no text."""
    document = Document("# first\n[env]\n# about a\na = 1\n\n[fs#0]\n")
    assert document.section_text("env") == "[env]\n# about a\na = 1\n\n"
    assert document.section_text("fs#1") == ""

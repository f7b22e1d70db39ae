"""Taking whole sections out of a service file."""

import pytest

from core.config.document import Document

FILE = """\
# the header of the file

[DEFAULT]
app = x
# about the disk
[disk#0]
type = loop
# of the disk, since a blank line follows

# about the filesystem
# in two lines
[fs#0]
dev = /dev/x

; of the filesystem

[fs#1]
dev = /dev/y

# the end of the file
"""


def without(*names: str, text: str = FILE) -> str:
    """The text of a file after these sections went."""
    document = Document(text)
    for name in names:
        assert document.remove(name)
    document.check()
    return document.text


def test_a_section_goes_with_the_comment_above_it() -> None:
    """What is right above a header is about that section; what is right above the next one stays."""
    gone = "# about the disk\n[disk#0]\ntype = loop\n# of the disk, since a blank line follows\n\n"
    assert without("disk#0") == FILE.replace(gone, "")


def test_the_next_sections_comment_is_not_of_the_one_that_goes() -> None:
    """A comment in the middle goes with its section, whatever is above and below."""
    gone = "# about the filesystem\n# in two lines\n[fs#0]\ndev = /dev/x\n\n; of the filesystem\n\n"
    assert without("fs#0") == FILE.replace(gone, "")


def test_the_end_of_the_file_stays() -> None:
    """A comment behind the last section, apart from its options, is not about it."""
    assert without("fs#1") == FILE.replace("[fs#1]\ndev = /dev/y\n\n", "")


def test_the_beginning_of_the_file_stays() -> None:
    """The comment that begins a file is about the file, also right above the first section."""
    text = "# of the file\n[fs#0]\na = 1\n[fs#1]\n"
    assert without("fs#0", text=text) == "# of the file\n[fs#1]\n"


@pytest.mark.parametrize("text", ["[DEFAULT]\napp = x\n", "[DEFAULT]", "[DEFAULT]\r\napp = x\r\n", FILE])
@pytest.mark.parametrize("again", [False, True])
def test_removing_is_the_inverse_of_adding(text: str, *, again: bool) -> None:
    """A section that was added goes without a trace, in the same process and in a later one."""
    document = Document(text)
    document.set("ip#0", "ipdev", "eth0")
    document.set("ip#1", "ipdev", "eth0")
    document = Document(document.text) if again else document.copy()
    assert document.remove("ip#0")
    assert document.remove("ip#1")
    assert document.text == text or (again and document.text == f"{text}\n")


def test_the_comment_of_the_last_section_goes_with_it() -> None:
    """Without a blank line in between, a comment below the last option is about its section."""
    assert without("fs#0", text="[DEFAULT]\n\n[fs#0]\na = 1\n# of it\n") == "[DEFAULT]\n"


def test_what_is_not_there_is_not_removed() -> None:
    """A name that the file does not have is told, and nothing changes."""
    document = Document(FILE)
    assert not document.remove("fs#7")
    assert document.text == FILE


def test_lines_are_counted_anew() -> None:
    """After a removal each option is found at the line where it is then."""
    document = Document(FILE)
    document.remove("disk#0")
    assert document.line("fs#0", "dev") == document.text.splitlines().index("dev = /dev/x") + 1
    assert document.sections() == ("DEFAULT", "fs#0", "fs#1")
    assert not document.options("disk#0")

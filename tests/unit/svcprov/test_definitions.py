"""What --resource puts into a service file."""

import pytest

from core.config.document import Document
from core.errors import UsageError
from svcprov.definitions import define


def defined(*definitions: str, text: str = "[DEFAULT]\n") -> Document:
    """A document after definitions."""
    document = Document(text)
    define(document, definitions)
    return document


def test_numbers_are_counted_from_zero() -> None:
    """Each resource of a type takes the first number that is free."""
    document = defined('{"rtype": "ip"}', *['{"rtype": "ip", "ipdev": "eth0"}'] * 2, '{"rtype": "fs", "dev": "/dev/x"}')
    assert document.sections() == ("DEFAULT", "ip#0", "ip#1", "fs#0")


def test_a_number_that_is_taken_is_passed_over() -> None:
    """A section that is there, in the file or by an explicit rid, keeps its number for itself."""
    document = defined('{"rid": "disk#1", "a": "1"}', '{"rtype": "disk", "a": "2"}', text="[disk#0]\na = 0\n")
    assert document.get("disk#2", "a") == "2"


def test_a_rid_is_merged_into_its_section() -> None:
    """A definition with a rid changes what it names, and no more."""
    document = defined('{"rid": "disk#0", "b": "2"}', text="[disk#0]\na = 1\n")
    assert document.text == "[disk#0]\na = 1\nb = 2\n"


def test_a_definition_without_type_is_of_the_service() -> None:
    """Without rtype, and with rtype DEFAULT, the section is DEFAULT; rtype itself is not written."""
    assert defined('{"nodes": "a"}', '{"rtype": "DEFAULT", "app": "b"}').text == "[DEFAULT]\nnodes = a\napp = b\n"


def test_env_is_a_section_too() -> None:
    """The rtype env fills the section env."""
    assert defined('{"rtype": "env", "x": "1"}').get("env", "x") == "1"


def test_values_are_written_as_the_file_writes_them() -> None:
    """Booleans are true and false, numbers are numbers, texts are themselves."""
    document = defined('{"rtype": "ip", "a": true, "b": false, "c": 12, "d": "", "e": "x y", "f": 1.5}')
    assert [document.get("ip#0", option) for option in "abcdef"] == ["true", "false", "12", "", "x y", "1.5"]


def test_what_was_touched_is_told() -> None:
    """The resources that were added or changed are returned once each; DEFAULT is none."""
    document = Document("[DEFAULT]\n")
    definitions = ['{"rtype": "ip", "a": 1}', '{"rid": "ip#0", "b": 2}', '{"app": "x"}']
    assert define(document, definitions) == ["ip#0"]


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("{", "--resource 1: not JSON: column 2"),
        ("[]", "not an object"),
        ('"x"', "not an object"),
        ('{"a": [1]}', "a is a list"),
        ('{"a": null}', "a is null"),
        ('{"a": {}}', "a is an object"),
        ('{"a": 1, "A": 2}', "the key 'A' is there twice"),
        ('{"rtype": "disc"}', "did you mean 'disk'?"),
        ('{"rtype": 3}', "rtype: 3 is not a text"),
        ('{"rid": "fs"}', "must be formatted as 'rtype#n'"),
        ('{"rid": "fs#1#2"}', "must be formatted as 'rtype#n'"),
        ('{"rid": "fs#1", "rtype": "ip"}', "contradict each other"),
        ('{"rid": "foo#1"}', "unknown rtype 'foo'"),
        ('{"rtype": "fs", "a": "«x»"}', "values that nobody knows yet"),
        ('{"rtype": "fs", "a": "\\u0000"}', "control character"),
        ("[" * 100_000, "--resource 1"),
    ],
)
def test_a_bad_definition_is_refused(text: str, sentence: str) -> None:
    """What is not understood is refused with its position and a remedy."""
    with pytest.raises(UsageError) as refused:
        defined(text)
    assert sentence in str(refused.value)
    assert len(str(refused.value)) < 300

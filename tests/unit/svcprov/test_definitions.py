"""What --resource puts into a service file."""

import json
from pathlib import Path

import pytest

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.errors import UsageError
from svcprov.definitions import define


def defined(*definitions: str, text: str = "[DEFAULT]\n") -> Document:
    """A document after definitions."""
    document = Document(text)
    define(document, definitions)
    return document


def test_numbers_are_counted_from_zero() -> None:
    """Each resource of a type takes the first number that is free."""
    document = defined(*['{"rtype": "ip", "ipdev": "eth0"}'] * 2, '{"rtype": "fs", "dev": "/dev/x"}')
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


def test_a_list_is_one_definition_after_the_other() -> None:
    """A list of objects means what they mean one by one, whoever stands before and behind it."""
    one, two, three = '{"rtype": "ip", "a": 1}', '{"rtype": "ip", "a": 2}', '{"rid": "ip#0", "b": 3}'
    assert defined(f"[{one}, {two}]", three).text == defined(one, two, three).text


def test_a_file_is_read_for_what_it_holds(tmp_path: Path) -> None:
    """`@FILE` stands for the text of the file, with or without a byte order mark, an object or a list."""
    path = tmp_path / "more.json"
    for text in ('{"rtype": "ip", "a": 1}', '\ufeff[\n {"rtype": "ip", "a": 1}\n]\n'):
        path.write_text(text, encoding="utf-8")
        assert defined(f"@{path}").text == "[DEFAULT]\n\n[ip#0]\na = 1\n"


def test_a_file_that_is_wrong_is_named_and_not_shown(tmp_path: Path) -> None:
    """A mistake in a file has its path, line and column, and nothing of its text: that may be secret."""
    path = tmp_path / "more.json"
    wrong = {
        b'{"password": "hunter2",\n "a"}': ["line 2, column 5"],
        b'"hunter2"': ["this is not an object"],
        b'["hunter2"]': ["item 1: this is not an object"],
        b"\xff": ["byte 0 is not UTF-8", "iconv -t UTF-8"],
        b"[" + b" " * DOCUMENT_BYTES_MAX: ["more than 1048576 bytes (1 MiB)"],
    }
    for data, sentences in wrong.items():
        path.write_bytes(data)
        with pytest.raises(UsageError) as refused:
            defined('{"app": "x"}', f"@{path}")
        for sentence in ("--resource 2: ", str(path)[:60], *sentences):
            assert sentence in str(refused.value)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("path", ["/nowhere/more.json", "/", "", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(path: str) -> None:
    """What cannot be read is an error with the reason and what belongs there."""
    with pytest.raises(UsageError, match="after @ comes the file with the definitions"):
        defined(f"@{path}")


def test_a_name_of_a_section_is_never_taken_for_another() -> None:
    """A rid goes into the section of that name, or is refused: never into DEFAULT or another resource."""
    for rid in ("fs#a@b", "fs#1.2", "fs#A", "fs#0]", "subset#fs:a.b", "subset#fs:a@b", "fs#0 "):
        document = Document("[DEFAULT]\n[fs#1]\n")
        with pytest.raises(UsageError, match="must be formatted as 'rtype#n'"):
            define(document, [json.dumps({"rid": rid, "comment": "x"})])
        assert document.text == "[DEFAULT]\n[fs#1]\n"


def test_a_subset_has_a_name() -> None:
    """A subset is a section by its rid; by its rtype it would have a number, which no subset has."""
    assert defined('{"rid": "subset#fs:a", "parallel": true}').get("subset#fs:a", "parallel") == "true"
    with pytest.raises(UsageError, match="give its rid, such as subset#fs:data"):
        defined('{"rtype": "subset", "parallel": true}')


def test_many_resources_are_numbered_in_no_time() -> None:
    """The next free number is not looked for from the beginning each time."""
    document = Document("".join(f"[fs#{number}]\n" for number in range(0, 20_000, 2)))
    text = json.dumps([{"rtype": "fs", "a": 1}] * 50)
    define(document, [text])
    assert [document.has(f"fs#{number}") for number in (97, 99, 101)] == [True, True, False]


def test_what_was_touched_is_told() -> None:
    """The resources that were added or changed are returned once each; DEFAULT is none."""
    document = Document("[DEFAULT]\n")
    definitions = ['{"rtype": "ip", "a": 1}', '{"rid": "ip#0", "b": 2}', '{"app": "x"}']
    assert define(document, definitions) == ["ip#0"]


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("{", "--resource 1: not JSON: column 2"),
        ("[]", "the list is empty"),
        ("[[]]", "item 1: this is not an object"),
        ('[{"app": "x"}, 1]', "item 2: this is not an object"),
        ('{"rtype": "ip"}', "it says nothing of ip#0; give at least its type"),
        ('{"rid": "DEFAULT", "rtype": "ip"}', "contradict each other"),
        ('{"rid": "a#b", "rtype": "ip"}', "unknown rtype 'a'"),
        ('{"rid": null, "rtype": ["ip"]}', "rtype: ['ip'] is not a text"),
        ('{"app": NaN}', "NaN is no number of JSON"),
        ('{"app": -Infinity}', "-Infinity is no number of JSON"),
        ('{"app": "\\ud800"}', "half of a surrogate pair"),
        ('{"\udcff": 1}', "half of a surrogate pair"),
        ('{"a=b": 1}', "not the name of an option"),
        ('{"": 1}', "not the name of an option"),
        ('{"app": "%s"}' % ("x" * 70_000), "the value has 70000 characters, and may have 65536"),
        ('{"%s": null}' % ("x" * 70_000), "is null"),
        ('{"%s\u0001": 1}' % ("x" * 70_000), "--resource 1"),
        ('{"rtype": "%s"}' % ("x" * 70_000), "unknown rtype"),
        ("1" * 5000, "--resource 1"),
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
    assert len(str(refused.value)) < 350

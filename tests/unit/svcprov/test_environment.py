"""The values of [env]: who may give them, who wins, and what is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from core.config.service import Service
from core.errors import UsageError
from svcprov.environment import SYSTEM, explained, fill_in, of_files, of_words, remarks, secret_keys
from tests.unit.config.declared import service

ENV = "[DEFAULT]\n\n[env]\nsize = 1G\nvg = data\n"
SECRET = "[env]\npassword = open\npassword.secret = true\nsize = 1G\n"


def filled(
    text: str, words: Sequence[str] = (), environment: Mapping[str, str] | None = None, files: Sequence[str] = ()
) -> Service:
    """The service of a file whose [env] was filled in."""
    made = service(text)
    fill_in(made, [*of_files(files), *of_words(words)], environment or {})
    return made


def refused(text: str, *words: str, files: Sequence[str] = ()) -> str:
    """What is said when values are refused."""
    with pytest.raises(UsageError) as error:
        filled(text, words, {}, files)
    return str(error.value)


@pytest.mark.parametrize("text", ["size=2G", "size:2G", "SIZE = 2G"])
def test_env_takes_both_separators(text: str) -> None:
    """`K=V` and `K:V` mean the same."""
    assert filled(ENV, [text]).document.text == ENV.replace("1G", "2G")


@pytest.mark.parametrize("text,value", [("size:a=b", "a=b"), ("size=c:d", "c:d"), ("size==x", "=x"), ("size=", "")])
def test_the_first_separator_wins(text: str, value: str) -> None:
    """A value may contain the other separator, and be empty."""
    assert filled(ENV, [text]).document.get("env", "size") == value


@pytest.mark.parametrize(
    "words,environment,value",
    [
        ([], {}, "1G"),
        (["size=2G"], {}, "2G"),
        (["size=2G", "size:4G"], {}, "4G"),
        (["size=2G"], {"SIZE": "5G"}, "5G"),
        ([], {"SIZE": ""}, ""),
    ],
)
def test_the_later_source_wins(words: list[str], environment: dict[str, str], value: str) -> None:
    """File, --env, environment: each overrides those before it; the last --env overrides the first."""
    assert filled(ENV, words, environment).document.get("env", "size") == value


def test_an_env_file_is_overridden_by_env(tmp_path: Path) -> None:
    """--env wins over --env-file wherever the two stand, a later file over an earlier one."""
    for name, size in (("one", "3G"), ("two", "4G")):
        (tmp_path / name).write_text(f"size = {size}\nvg: {name}\n")
    given = filled(ENV, ["size=2G"], {}, [str(tmp_path / "one"), str(tmp_path / "two")])
    assert (given.document.get("env", "size"), given.document.get("env", "vg")) == ("2G", "two")


def test_what_each_source_gave_is_told() -> None:
    """Every key is there with its winner and those that it overrides, the strongest first."""
    made = service(ENV)
    settled = fill_in(made, list(of_words(["size=2G"])), {"SIZE": "3G", "OTHER": "x"})
    assert [tuple(each) for each in settled] == [
        ("size", "3G", "environment SIZE", ("--env", "template")),
        ("vg", "data", "template", ()),
    ]
    assert list(remarks(settled)) == ["env.size is taken from the environment variable SIZE"]
    assert explained(settled, ()) == [
        "KEY   VALUE  FROM",
        "size  3G     environment SIZE (over --env, template)",
        "vg    data   template",
    ]


def test_a_secret_is_not_explained() -> None:
    """The table has the name of a secret, not its value."""
    made = service(SECRET)
    settled = fill_in(made, list(of_words(["password=hunter2"])), {})
    assert explained(settled, secret_keys(made))[1].split() == [
        "password",
        "«secret:env.password»",
        "--env",
        "(over",
        "template)",
    ]


def test_only_what_env_declares_is_looked_for() -> None:
    """No variable of the environment becomes a key; what is said of a key is none itself."""
    text = "[env]\nsize = 1G\nsize.comment = how much\nsize.secret = no\n"
    environment = {"PATH": "/bin", "SIZE_COMMENT": "x", "SIZE_SECRET": "true"}
    assert filled(text, [], environment).document.text == text


@pytest.mark.parametrize("name", ["PATH", "home", "LC_ALL"])
def test_a_name_of_the_system_has_to_be_declared(name: str) -> None:
    """A value for PATH is refused, with the reason and another name to use, unless [env] declares such a key."""
    said = refused(ENV, f"{name}=/x")
    assert said.startswith(f"--env {name.lower()}: {name.upper()} is a name that the system uses")
    assert f"declare a key of another name, such as my_{name.lower()}" in said
    assert filled(f"[env]\n{name} = /a\n", [f"{name}=/x"]).document.get("env", name) == "/x"


def test_a_declared_name_of_the_system_is_overridden_aloud() -> None:
    """The environment wins as documented, and that it always will is said."""
    made = service("[env]\nhome = /srv\n")
    assert "HOME" in SYSTEM
    (said,) = remarks(fill_in(made, [], {"HOME": "/root"}))
    assert made.document.get("env", "home") == "/root"
    assert said.endswith("which every process has; call the key otherwise to give it a value of its own")


@pytest.mark.parametrize(
    "text,sentence",
    [
        ("sise=1", "--env sise: [env] has no such option; did you mean 'size'?; it declares size, vg"),
        ("size", "--env size: write it as --env KEY=VALUE or --env KEY:VALUE"),
        ("=1", "write it as --env KEY=VALUE"),
        (" :1", "write it as --env KEY=VALUE"),
        ("", "write it as --env KEY=VALUE"),
        ("x" * 9999, "write it as --env KEY=VALUE"),
        ("size=«hole»", "« and » stand for values"),
        ("size=a\x00b", "--env: env.size: a value cannot hold the control character 0x00"),
        ("size=a\udcffb", "--env: env.size: the value is not UTF-8 text"),
        ("size=a\n\nb", "a service file keeps no blanks at the ends of lines, and no empty lines"),
    ],
)
def test_what_cannot_be_given_is_refused(text: str, sentence: str) -> None:
    """Each mistake of --env is told with what it is about and what to write."""
    said = refused(ENV, text)
    assert sentence in said
    assert len(said) < 300


def test_a_file_without_env_declares_nothing() -> None:
    """The reason is told: there is no [env], or it is empty."""
    assert refused("[DEFAULT]\n", "size=1").endswith("the file has no section [env]")
    assert refused("[env]\n", "size=1").endswith("it declares none")


@pytest.mark.parametrize(
    "text,place,sentence",
    [
        (b"size = 1G\nsize: 2G\n", ":2", "size is already on line 1; keep one of them"),
        (b"# sizes\n\n; more\nsise = 1G\n", ":4 sise", "did you mean 'size'?"),
        (b"size\n", ":1", "size: write it as KEY=VALUE or KEY:VALUE"),
        (b"size = \xff\n", "", "this is not a text file: byte 7 is not UTF-8"),
        (b"size = @/no/such\n", ":1", "size=@/no/such: No such file or directory"),
        (b"x" * (1024 * 1024 + 1), "", "the file has more than 1048576 bytes"),
    ],
)
def test_a_mistake_in_an_env_file_is_told_with_its_line(tmp_path: Path, text: bytes, place: str, sentence: str) -> None:
    """File and line are named, as an editor opens them."""
    path = tmp_path / "site.env"
    path.write_bytes(text)
    said = refused(ENV, files=[str(path)])
    assert f"{path}{place}: " in said
    assert sentence in said


@pytest.mark.parametrize("name", ["absent", ".", "nul\0"])
def test_an_env_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    """What is no file is told, whatever its name."""
    assert f"--env-file {tmp_path}/{name}: " in refused(ENV, files=[f"{tmp_path}/{name}"])


def test_an_env_file_may_come_from_another_system(tmp_path: Path) -> None:
    """Its lines may end as on Windows, and begin with a byte order mark."""
    (tmp_path / "site.env").write_bytes(b"\xef\xbb\xbfsize = 3G\r\nvg=fast\r\n")
    assert filled(ENV, files=[str(tmp_path / "site.env")]).document.text == ENV.replace("1G", "3G").replace(
        "data", "fast"
    )


def test_a_value_is_written_where_it_comes_from() -> None:
    """Where a scope holds the value of this node, that is what changes; the others stay."""
    text = "[env]\nsize = 1G\nsize@nodes = 2G\nsize@elsewhere = 3G\n"
    assert filled(text, ["size=9G"]).document.text == text.replace("2G", "9G")
    assert filled(text, [], {"SIZE": "9G"}).document.text == text.replace("2G", "9G")
    assert filled(text, ["size@elsewhere=9G"]).document.text == text.replace("3G", "9G")


def test_a_value_from_a_file_is_a_secret(tmp_path: Path) -> None:
    """`K=@FILE` takes all of a file but the end of its last line, and declares a secret, also where it loses."""
    (tmp_path / "password").write_text("line 1\nline 2\n")
    given = [f"vg=@{tmp_path}/password"]
    assert filled(ENV, given).document.get("env", "vg") == "line 1\nline 2"
    assert secret_keys(filled(ENV, given, {"VG": "mine"})) == {"vg"}


@pytest.mark.parametrize("content", ["QQQ \nQQ", " QQQ", "Q\n\nQ", "Q" * 65537, "Q\n#Q", "Q\x1bQ", "Q«Q»", "Q\udcff"])
def test_a_secret_that_would_change_is_refused_unseen(tmp_path: Path, content: str) -> None:
    """What a service file cannot hold as it is, or not all of it, is refused without a character of it."""
    (tmp_path / "password").write_bytes(content.encode(errors="surrogateescape"))
    said = refused(SECRET, f"password=@{tmp_path}/password")
    assert said.startswith("--env")
    assert "Q" not in said

"""What is offered at the cursor, for each shell."""

from pathlib import Path

import pytest

from svcprov.arguments import ACTIONS, OPTIONS, Option
from svcprov.completion import _Svcmgr, lines
from tests.conftest import REPOSITORY

CONF = """\
[DEFAULT]
nodes = n1

[env]
size = 1G
size.comment = How large the data is
size.candidates = 5G 10G
password = hunter2
password.secret = true

[disk#0]
type = loop
file = /srv/a.img
size = {env.size}
tags = slow big

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = /srv/a
subset = late

[subset#fs:late]
"""


@pytest.fixture(autouse=True)
def _services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service called web, one that is broken, and files that are no services."""
    monkeypatch.setenv("OSVCETC", str(tmp_path))
    (tmp_path / "web.conf").write_text(CONF)
    (tmp_path / "broken.conf").write_bytes(b"\xff")
    for name in ("node.conf", ".hidden.conf", "web.conf.bak", "web.d"):
        (tmp_path / name).touch()


def offered(line: str, shell: str = "zsh", program: str = "svcmgr") -> list[str]:
    """The words that are offered after a line; what is a word of it is separated by blanks."""
    return [each.partition("\t")[0] for each in lines(program, shell, line.split(" "))]


@pytest.mark.parametrize(
    "line,words",
    [
        ("-s ", ["broken", "web"]),
        ("-s w", ["web"]),
        ("--service=w", ["web"]),
        ("prov", ["provision"]),
        ("print st", ["status"]),
        ("-s web print c", ["config"]),
        ("edit ", ["config"]),
        ("plan un", ["unprovision"]),
        ("plan stop ", []),
        ("apply ", [":files"]),
        ("docker ps ", [":files"]),
        ("completion ", ["bash", "zsh", "fish"]),
        ("-s web --rid ", ["disk#0", "fs#0", "disk", "fs"]),
        ("-s web --rid fs#0,", ["fs#0,disk#0", "fs#0,disk", "fs#0,fs"]),
        ("-s web --adopt f", ["fs#0"]),
        ("-s web --allow-destroy d", ["disk#0", ":files"]),
        ("-s web --tags b", ["big"]),
        ("-s web --subsets ", ["late"]),
        ("--node ", [":files"]),
        ("create --template testec", ["testec2docker", ":files"]),
        ("plan --format ", ["text", "json", "sh", "md"]),
        ("start --format ", ["text", "json"]),
        ("--color a", ["auto", "always"]),
        ("-s web --waitlock ", []),
        ("-s web get --param d", ["disk#0.", ":nospace"]),
        ("-s web get --param disk#0.", ["disk#0.type", "disk#0.file", "disk#0.size", "disk#0.tags"]),
        ("-s web set --param fs#0.mnt_", ["fs#0.mnt_opt"]),
        ("-s web set --param subset#fs:late.par", ["subset#fs:late.parallel"]),
        ("-s web set --param fs#0.optional --value ", ["true", "false"]),
        ("-s web set --param fs#0.type --value x", ["xfs"]),
        ("-s web set --param env.size --value ", ["1G", "5G", "10G"]),
        ("-s web set --param env.password --value ", []),
        ("-s web update --env ", ["size=", "password=", ":nospace"]),
        ("-s web update --env size=", ["size=1G", "size=5G", "size=10G"]),
        ("-s web update --env size:1", ["size:1G", "size:10G"]),
        ("-s web update --env password=", []),
        ("-s nobody --rid ", []),
        ("-s broken --rid ", []),
        ("-s ../web --rid ", []),
        ("-s nobody --allow-destroy ", [":files"]),
        ("nothing ", []),
        ("", [*dict.fromkeys(name.split()[0] for name in ACTIONS)]),
    ],
)
def test_what_may_stand_there_is_offered(line: str, words: list[str]) -> None:
    """Services, actions, resources, options of the file, keywords, values: each where it means something."""
    assert offered(line) == words


def test_options_are_offered_where_they_mean_something() -> None:
    """Those of the action, by their long names; one that may be given once is not offered again."""
    found = offered("-s web set --param fs#0.mnt --")
    assert {"--value", "--waitlock", "--node"} < set(found)
    assert {"--param", "--service", "--rid", "--template"}.isdisjoint(found)
    assert "--rid" in offered("plan --rid fs#0 --")
    assert set(offered("--")) == {next(name for name in each.names if name[:2] == "--") for each in OPTIONS}


@pytest.mark.parametrize(
    "value,words",
    [
        ("URI|NAME|ID", ["btrfs-on-lvm", "btrfs-on-md", "haproxy", "testec2docker", ":files"]),
        ("DIR|FILE", [":files"]),
        ("NODE", ["n1"]),
        ("SECONDS", []),
        ("JSON|@FILE", []),
    ],
)
def test_what_a_value_is_called_says_what_is_offered(
    monkeypatch: pytest.MonkeyPatch, value: str, words: list[str]
) -> None:
    """An option is completed by the name of its value in the table, so a new one needs nothing here."""
    monkeypatch.setattr(_Svcmgr, "options", (OPTIONS[0], Option(("--new",), value, "something")))
    assert offered("-s web --new ") == words


@pytest.mark.parametrize(
    "typed,words",
    [
        (["-s", "web", "--rid", "=", "d"], ["disk#0", "disk"]),
        (["-s", "web", "--rid", "="], ["disk#0", "fs#0", "disk", "fs"]),
        (["-s", "web", "--rid", "=", "fs#0,d"], ["fs#0,disk#0", "fs#0,disk"]),
        (["-s", "web", "update", "--env", "size", ":", "1"], ["1G", "10G"]),
        (["-s", "web", "update", "--env", "size", "="], ["1G", "5G", "10G"]),
        (["-s", "web", "update", "--env", "=", "size", "=", "5"], ["5G"]),
        (["-s", "web", "set", "--param", "subset#fs", ":", "late.par"], ["late.parallel"]),
        (["-s", "'w"], ["web"]),
        (["-s", "web", "--rid", "fs\\#"], ["fs#0"]),
    ],
)
def test_bash_takes_words_apart(typed: list[str], words: list[str]) -> None:
    """Bash gives `--rid=d` as three words, and completes the last: it gets back the end of each candidate."""
    assert [line.partition("\t")[0] for line in lines("svcmgr", "bash", typed)] == words


@pytest.mark.parametrize("shell,word", [("bash", "disk#0"), ("zsh", "disk#0"), ("fish", "--rid=disk#0")])
def test_an_option_with_its_value_is_completed_as_the_shell_has_it(shell: str, word: str) -> None:
    """Bash that was told not to split words, and zsh, complete what follows `=`; fish the whole word."""
    assert offered("-s web --rid=disk#", shell) == [word]


def test_a_word_is_offered_with_what_it_is() -> None:
    """Actions with their summary, keywords with their sentence, keys of [env] with their comment, on one line."""
    assert lines("svcmgr", "fish", ["unprov"]) == ["unprovision\tdelete what was made for the service"]
    assert lines("svcmgr", "fish", ["-s", "web", "update", "--env", "si"])[0] == "size=\tHow large the data is"
    (line,) = lines("svcmgr", "fish", ["-s", "web", "set", "--param", "fs#0.mkfs_o"])
    assert line == "fs#0.mkfs_opt\tFurther options of mkfs."


def test_a_service_that_is_being_made_has_the_keys_of_its_template() -> None:
    """`create --template FILE --env` offers the keys that the template declares."""
    template = REPOSITORY / "fixtures/templates/testec2docker.template"
    assert offered(f"create --template {template} --rid ip") == ["ip#0", "ip#1", "ip"]
    assert offered("create --template testec2docker --rid sy") == ["sync#0", "sync#1", "sync"]


@pytest.mark.parametrize(
    "line,words",
    [
        ("ob", ["observe"]),
        ("print k", ["keywords"]),
        ("print keywords fs.x", ["fs.xfs"]),
        ("print keywords --format m", ["md"]),
        ("observe -o ", [":files"]),
        ("--out", ["--output"]),
        ("im", ["import"]),
        ("import ", [":files"]),
        ("import /etc/opensvc --w", ["--write"]),
        ("import --node ", [":files"]),
        ("print drivers disk.l", ["disk.loop", "disk.lv", "disk.lvm"]),
    ],
)
def test_nodemgr_is_completed_as_well(line: str, words: list[str]) -> None:
    """Its actions, drivers, options."""
    assert offered(line, program="nodemgr") == words

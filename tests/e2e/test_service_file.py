"""get, set, unset, print config, edit config, validate config."""

import os
import pty
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench

CONF = LOOP.replace("size = 100M", "size = {env.size}") + "\n# kept\n[env]\nsize = 100M\npassword = hunter2\n"


@pytest.fixture
def web(bench: Bench) -> Bench:
    """A bench with a service."""
    said = bench.on("web", "create", "--config", bench.write(CONF))
    assert said.code == 0, said.err
    return bench


def text_of(bench: Bench) -> str:
    """The service file."""
    return (bench.etc / "web.conf").read_text()


def test_print_config_is_the_file(web: Bench) -> None:
    """`print config` shows the file as it is, comments included."""
    assert web.svcmgr("-s", "web", "print", "config").out == CONF


def test_print_config_eval_resolves(web: Bench) -> None:
    """`--eval` shows each value as it is understood."""
    said = web.svcmgr("-s", "web", "print", "config", "--eval")
    assert "size = 100M" in said.out
    assert "dev = /srv/web.img" in said.out


def test_get_prints_a_value(web: Bench) -> None:
    """`get` prints the text, with --eval the value, with a default also what the file does not have."""
    get = ("-s", "web", "get", "--param")
    assert web.svcmgr(*get, "disk#0.size").out == "{env.size}\n"
    assert web.svcmgr(*get, "disk#0.size", "--eval").out == "100M\n"
    assert web.svcmgr(*get, "nodes").out == "node12.nsx.lab.net\n"


def test_set_changes_one_line(web: Bench) -> None:
    """`set` changes its line and no other."""
    assert web.svcmgr("-s", "web", "set", "--param", "env.size", "--value", "1G").code == 0
    assert text_of(web) == CONF.replace("size = 100M", "size = 1G")


def test_unset_takes_one_line_out(web: Bench) -> None:
    """`unset` takes its line and no other."""
    assert web.svcmgr("-s", "web", "unset", "--param", "env.password").code == 0
    assert text_of(web) == CONF.replace("password = hunter2\n", "")


@pytest.mark.parametrize(
    "words,sentence",
    [
        ("get", "no parameter. set --param"),
        ("get --param fs#7.dev", "section 'fs#7' not found; did you mean 'fs#0'?"),
        ("get --param fs#0.zz", "option 'zz' not found in section 'fs#0'"),
        ("get --param .x", "malformed parameter '.x'. format as 'section.key'"),
        ("set --param fs#0.mnt", "no value. set --value"),
        ("set --param fs#0.mnt --value srv", "is not an absolute path"),
        ("set --param fs#0.mnt --value «x»", "values that nobody knows yet"),
        ("set --param disk#0.sice --value 1G", "did you mean 'size'?"),
        ("unset --param fs#0.dev", "the keyword 'dev' is missing"),
        ("unset --param fs#0.zz", "option 'zz' not found in section 'fs#0'"),
        ("unset --param fs#7.zz", "section 'fs#7' not found"),
    ],
)
def test_what_makes_no_sense_changes_nothing(web: Bench, words: str, sentence: str) -> None:
    """A bad key or value is exit 6 with the reason, and the file is as it was."""
    said = web.svcmgr("-s", "web", *words.split())
    assert (said.code, text_of(web)) == (6, CONF)
    assert sentence in said.err


def test_set_can_repair_one_problem_of_two(web: Bench) -> None:
    """A broken file may be mended step by step: only new problems are refused."""
    (web.etc / "web.conf").write_text(CONF.replace("ext4", "ext5").replace("100M", "big"))
    assert web.svcmgr("-s", "web", "set", "--param", "env.size", "--value", "1G").code == 0
    assert web.svcmgr("-s", "web", "validate", "config").code == 6
    assert web.svcmgr("-s", "web", "set", "--param", "fs#0.type", "--value", "ext4").code == 0
    assert web.svcmgr("-s", "web", "validate", "config").code == 0


def test_sections_and_scopes_are_set_and_unset(web: Bench) -> None:
    """A value for one node is an option of its own; a section comes with its first option, and not with a wrong one."""
    before = text_of(web)
    for key, value in (("fs#0.mnt@node12.nsx.lab.net", "/srv/here"), ("subset#fs:late.parallel", "true")):
        assert web.svcmgr("-s", "web", "set", "--param", key, "--value", value).code == 0
    asked = ("get", "--param", "fs#0.mnt", "--eval")
    assert web.on("web", *asked).out == "/srv/here\n"
    assert "[subset#fs:late]\nparallel = true\n" in text_of(web)
    for key in ("fs#0.mnt@node12.nsx.lab.net", "subset#fs:late.parallel"):
        assert web.svcmgr("-s", "web", "unset", "--param", key).code == 0
    assert text_of(web).rstrip() == f"{before.rstrip()}\n\n[subset#fs:late]"
    assert web.svcmgr("-s", "web", "set", "--param", "disc#0.type", "--value", "loop").code == 6
    assert web.svcmgr("-s", "web", "unset", "--param", "fs#0.mnt@nodes").code == 6


def test_a_whole_section_is_not_unset(web: Bench) -> None:
    """What was made for a resource would be forgotten; the line that deletes it is said."""
    said = web.svcmgr("-s", "web", "unset", "--param", "fs#0")
    assert (said.code, "svcmgr -s web delete --rid fs#0" in said.err) == (6, True)


def test_validate_says_everything_at_once(web: Bench) -> None:
    """Every problem is named with file, line, key and fix."""
    (web.etc / "web.conf").write_text(CONF.replace("100M", "big").replace("mnt =", "mont ="))
    said = web.svcmgr("-s", "web", "validate", "config")
    assert said.code == 6
    conf = f"{web.etc}/web.conf"
    assert f"{conf}:12:1: error: fs#0.mont: unknown keyword 'mont'; did you mean 'mnt'?" in said.out
    assert [line for line in said.out.splitlines() if line.startswith(f"{conf}:7:8: error: disk#0.size: ")]
    assert [line for line in said.out.splitlines() if "the keyword 'mnt' is missing" in line]


@pytest.mark.parametrize("edit,code", [("s/100M/2G/", 0), ("s/ext4/ext5/", 6)])
def test_edit_config_checks_what_was_edited(web: Bench, edit: str, code: int) -> None:
    """What an editor leaves takes the file's place only when it is right; else the text is kept beside."""
    environment = {**os.environ, "OSVCETC": str(web.etc), "OSVCVAR": str(web.var), "VISUAL": f"sed -i {edit}"}
    ours, theirs = pty.openpty()
    words = (sys.executable, "-m", "svcprov.svcmgr", "-s", "web", "edit", "config")
    ended = subprocess.run(
        words, cwd=REPOSITORY, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert ended.returncode == code
    assert text_of(web) == (CONF.replace("100M", "2G") if code == 0 else CONF)
    assert (web.etc / "web.conf.draft").exists() is (code != 0)


def test_env_is_resolved_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of [env] come from template, --env and environment, and are written into the file."""
    monkeypatch.setenv("PASSWORD", "swordfish")
    path = bench.write(CONF)
    bench.on("web", "create", "--config", path, "--env", "size=2G", "--env", "password:open")
    assert text_of(bench) == CONF.replace("size = 100M", "size = 2G").replace("hunter2", "swordfish")


def test_the_first_service_finds_no_directory(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """OSVCETC is made when it is not there yet."""
    monkeypatch.setenv("OSVCETC", str(bench.directory / "new" / "etc"))
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 0
    assert (bench.directory / "new" / "etc" / "web.conf").exists()

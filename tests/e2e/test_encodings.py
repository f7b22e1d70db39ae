"""What is written where standard output is not UTF-8: JSON that is JSON, and text that can be read."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, TEMPLATE, Bench

NAME = "web"
PASSWORD = "hünter2"
LOCALES = {
    "none": {"LC_ALL": "xx_XX.UTF-8", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "C": {"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "utf-8": {"PYTHONIOENCODING": "UTF8"},
}
"""Environments: a locale that does not exist, none, one whose characters are single bytes, and what is usual."""
ACTIONS = (
    ("plan", "--format", "json"),
    ("plan", "--format", "json", "--reads"),
    ("plan", "--why", "1", "--format", "json"),
    ("provision", "--format", "json"),
    ("provision", "--format", "json", "--dry-run"),
    ("status", "--format", "json"),
    ("history", "--format", "json"),
    ("stop", "--format", "json"),
    ("verify", "--format", "json", "--examples", "0"),
)


def ran(bench: Bench, face: str, *words: str, locale: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in a process of its own, in a locale."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return subprocess.run(
        (sys.executable, "-c", f"import sys; from svcprov.{face} import main; sys.exit(main())", *words),
        env=environment | {"PYTHONPATH": str(REPOSITORY), **LOCALES[locale]},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        cwd=bench.directory,
        check=False,
    )


def created(bench: Bench) -> None:
    """Create a service with a name of a file that is not ASCII, and a secret in it that is not either."""
    text = LOOP.replace("/srv/{svcname}.img", "/srv/é-{env.password}.img")
    secret = bench.write(PASSWORD, "secret")
    config = bench.write(f"{text}\n[env]\npassword =\npassword.secret = true\n")
    assert bench.on(NAME, "create", "--config", config, "--env", f"password=@{secret}").code == 0


def objects(said: bytes, *, ascii_only: bool) -> list[dict[str, Any]]:
    """Standard output as JSON Lines in UTF-8."""
    assert said.isascii() or not ascii_only, said
    return [json.loads(line) for line in said.decode("utf-8").splitlines()]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("words", ACTIONS, ids=" ".join)
def test_json_is_json_in_every_locale(words: tuple[str, ...], locale: str, bench: Bench) -> None:
    """Whatever the locale, each line is an object with the same text in it, holes and names included."""
    created(bench)
    ended = ran(bench, "svcmgr", "-s", NAME, "--node", str(bench.node), *words, locale=locale)
    found = objects(ended.stdout, ascii_only=locale != "utf-8")
    assert found, ended.stderr
    text = json.dumps(found, ensure_ascii=False)
    assert "nter2" not in text
    assert b"nter2" not in ended.stderr
    if words[0] in {"plan", "provision"}:
        assert "/srv/é-«secret:env.password».img" in text
        assert "«disk#0." in text or "--why" in words


@pytest.mark.parametrize("locale", LOCALES)
def test_what_nodemgr_writes_is_json(locale: str, bench: Bench) -> None:
    """The state of this machine and the keywords are JSON as well."""
    for words in (("observe",), ("print", "keywords", "--format", "json")):
        ended = ran(bench, "nodemgr", *words, locale=locale)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.isascii() or locale == "utf-8"
        assert json.loads(ended.stdout.decode("utf-8"))


@pytest.mark.parametrize("locale", ["none", "C"])
def test_text_stays_readable(locale: str, bench: Bench) -> None:
    """On a terminal that lacks the characters a plan is shown all the same, each as its code."""
    created(bench)
    ended = ran(bench, "svcmgr", "-s", NAME, "--node", str(bench.node), "plan", locale=locale)
    assert (ended.returncode, ended.stdout.isascii()) == (0, True)
    assert b"/srv/\\xe9-\\xabsecret:env.password\\xbb.img" in ended.stdout, ended.stdout


@pytest.mark.parametrize("locale", LOCALES)
def test_a_failure_is_json_too(locale: str, bench: Bench) -> None:
    """What is refused ends with a summary, in every locale."""
    text = TEMPLATE.read_text(encoding="utf-8")
    words = ("create", "--config", bench.write(text + "\n[disk#9]\ntype = lööp\n"), "--format", "json")
    ended = ran(bench, "svcmgr", "-s", NAME, "--node", str(bench.node), *words, locale=locale)
    assert ended.returncode
    assert objects(ended.stdout, ascii_only=locale != "utf-8")[-1]["type"] == "summary"

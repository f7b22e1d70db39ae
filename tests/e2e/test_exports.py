"""`plan --format sh` and `--format md` as a user types them."""

import subprocess

import pytest

from tests.e2e.bench import LOOP, SERVICE, TEMPLATE, Bench

SECRET = LOOP + "post_provision = /usr/bin/login --password={env.password}\n\n[env]\npassword = hunter2\n"


def test_only_the_script_is_on_standard_output(bench: Bench) -> None:
    """What is printed is a script and nothing else, and no file has changed."""
    assert bench.on(SERVICE, "create", "--config", str(TEMPLATE)).code == 0
    before = bench.files()
    said = bench.on(SERVICE, "plan", "--format", "sh")
    assert (said.code, said.err, bench.files()) == (0, "", before)
    assert said.out.startswith(f"#!/bin/sh\n# provision of {SERVICE} on node12.nsx.lab.net\n")
    assert subprocess.run(("sh", "-n"), input=said.out, text=True, check=False).returncode == 0


def test_what_is_lost_has_to_be_named(bench: Bench) -> None:
    """The script of a plan that destroys is exit 3 without --allow-destroy; the last line of the refusal works."""
    bench.provisioned("web")
    said = bench.on("web", "plan", "unprovision", "--format", "sh")
    assert (said.code, said.out) == (3, "")
    assert "to allow it:" in said.err
    words = said.err.splitlines()[-1].split()
    allowed = bench.svcmgr(*words[1:])
    assert (allowed.code, allowed.err) == (0, "")
    assert "# DESTROYS file /srv/web.img (step " in allowed.out
    assert "prove_file /srv/web.img\n" in allowed.out


def test_an_unfinished_action_is_no_script(bench: Bench) -> None:
    """While an action is unfinished its journal is needed: exit 3, with what to type."""
    assert bench.on("web", "create", "--config", bench.write(LOOP)).code == 0
    journal = bench.var / "web/journal.jsonl"
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_text('{"action": "provision"}\n', encoding="utf-8")
    said = bench.on("web", "plan", "--format", "sh")
    assert (said.code, said.out) == (3, "")
    assert said.err.splitlines()[-1].endswith(f"svcmgr -s web --node {bench.node} apply web.plan")


def test_nothing_to_do(bench: Bench) -> None:
    """The plan of what is up already is a script that says so, and a document that does."""
    bench.provisioned("web")
    script = bench.on("web", "plan", "--format", "sh")
    ended = subprocess.run(("sh",), input=script.out, text=True, check=False, capture_output=True)
    assert (ended.returncode, ended.stdout) == (0, "provision of web: nothing is to be done\n")
    assert bench.on("web", "plan", "--format", "md").out.endswith("There is nothing to do.\n")


@pytest.mark.parametrize("format_", ["sh", "md"])
def test_secrets_are_in_neither(bench: Bench, format_: str) -> None:
    """No byte of a secret is exported; the script demands it."""
    conf = f"{SECRET}password.secret = true\n"
    assert bench.on("web", "create", "--config", bench.write(conf)).code == 0
    said = bench.on("web", "plan", "--format", format_)
    assert (said.code, "hunter2" in said.out + said.err) == (0, False), said
    assert ("SVCPROV_ENV_PASSWORD:?" in said.out) is (format_ == "sh")

"""What a script finds in an answer is what svcprov finds in it."""

import json
import shutil
import subprocess

import pytest

from core.answers import pick
from core.checks import holds
from core.command import Check, Command, Completed
from core.holes import PATTERNS, is_of_kind
from core.tools import aws
from svcprov.script.library import wanted
from svcprov.script.lines import Lines
from svcprov.script.words import Words

VOLUMES = {"Volumes": [{"VolumeId": "vol-1", "State": "in-use"}, {"VolumeId": ""}, {"State": None}, 3]}
ADDRESSES = {
    "Reservations": [
        {"Instances": [{"NetworkInterfaces": [{"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.1"}, {}]}, {}]}]}
    ]
}
JSON_ANSWERS = (
    "",
    "{}",
    "[]",
    "[[1, 2], [3]]",
    json.dumps(VOLUMES),
    json.dumps(ADDRESSES),
    '{"a": {"b": [true, 1.5]}}',
    json.dumps(
        [{"pool": "rbd", "name": "a", "device": "/dev/rbd0"}, {"pool": "ssd", "name": "a", "device": "/dev/rbd1"}]
    ),
)
JSON_PATHS = (
    *(aws.VOLUME_IDS, "Volumes[].State", aws.PRIVATE_ADDRESSES, "Volumes[0].VolumeId", "[].a", "[1]", "a.b[]"),
    *("Volumes[?State=='in-use'].VolumeId", "[?pool=='ssd'&&name=='a'].device", "[?pool=='ssd'&&name=='b']"),
)
TEXTS = ("", "\n", "one", " one \n", "one\n\ntwo words\n", "\n\n  late\nlines  \n\n", "a\n a b\n", "true false 0\n")
PATHS = ("", ".", "lines", "words[0]", "words[1]", "words[9]")
LOOKED_FOR = ("", "one", "two words", "two", "late\nlines", "late", "a b", "true", "false")


def answering(text: str, code: int) -> Command:
    """A question that is answered so."""
    return Command(("sh", "-c", f'printf "%s" "$1"; exit {code}', "sh", text), accepts=(0, 1))


def shell(lines: Lines, *more: str) -> subprocess.CompletedProcess[str]:
    """Run lines with the functions that they need."""
    functions = "\n".join(function.text for function in wanted(lines.functions | {"fail"}))
    text = "\n".join(("set -eu", "service=web", "step=", functions, *lines.text, *more))
    return subprocess.run(("sh", "-c", text), capture_output=True, text=True, check=False)


def agree(checks: list[tuple[Check, Completed]]) -> None:
    """See that each check holds for a shell when it holds for svcprov; one shell tells of all."""
    lines = Lines(Words({}))
    for check, _ in checks:
        lines.add(f"if {lines.condition(check)}; then echo holds; else echo no; fi")
    told = shell(lines).stdout.split()
    expected = ["holds" if holds(check, answer) else "no" for check, answer in checks]
    wrong = [check for (check, _), is_so, said in zip(checks, expected, told, strict=True) if is_so != said]
    assert wrong == []


@pytest.mark.parametrize("text", TEXTS)
def test_checks_of_texts_agree(text: str) -> None:
    """A check holds in a script when it holds in svcprov: by code, by all of the answer, by a line, by a word."""
    agree(
        [
            (Check(answering(text, code), path, looked_for if path else "", absent), Completed(code, text))
            for code in (0, 1)
            for path in PATHS
            for looked_for in LOOKED_FOR
            for absent in (False, True)
        ]
    )


@pytest.mark.parametrize("text", JSON_ANSWERS)
def test_checks_of_json_agree(text: str) -> None:
    """So it is where the answer is JSON; and both find the same texts, in the same order."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    agree(
        [
            (Check(answering(text, 0), path, looked_for, absent), Completed(0, text))
            for path in JSON_PATHS
            for looked_for in ("", "vol-1", "in-use", "10.0.0.1")
            for absent in (False, True)
        ]
    )
    for path in JSON_PATHS:
        lines = Lines(Words({}))
        lines.add(f"printf '%s' {lines.words.word(text)} | {lines.picking(path)}")
        ended = shell(lines)
        assert (ended.stderr, [_same(each) for each in ended.stdout.splitlines()]) == (
            "",
            [_same(each) for each in pick(text, path)],
        )


def _same(text: str) -> str:
    """JSON inside a text, without the blanks that one writer sets and the other does not."""
    return text.replace(" ", "")


def test_an_answer_that_is_no_json_ends_the_script() -> None:
    """What cannot be read is not taken for an empty answer."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    lines = Lines(Words({}))
    check = Check(answering("not JSON", 0), aws.VOLUME_IDS, absent=True)
    lines.add(f"if {lines.condition(check)}; then echo holds; fi")
    ended = shell(lines)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "web: sh has not answered with the JSON it should" not in ended.stdout
    assert "has not answered with the JSON it should" in ended.stderr


@pytest.mark.parametrize("kind", [*PATTERNS, "of no known kind"])
def test_identities_are_of_their_kind(kind: str) -> None:
    """A script lets the same texts pass as the identity of a thing as svcprov does."""
    texts = (
        "10.0.0.1", "fe80::1", "eipalloc-0a", "0123456789ab", "/dev/sdb", "/dev/loop7", "/tmp/tmpab", "vol-0a", "x",
        "two words", "7c1f49d1-b2e4-4b1c-8a53-0e6f6a1d2c3b", "vol-0a x", "/dev/loop7x",
    )  # fmt: skip
    for text in texts:
        lines = Lines(Words({}))
        lines.add(f"found={lines.words.word(text)}")
        lines.only(kind)
        assert (shell(lines).returncode == 0) is is_of_kind(text, kind), text

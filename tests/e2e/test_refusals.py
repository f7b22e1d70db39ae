"""What is refused: with the exit code of the contract, a clear sentence, and before anything was touched."""

import fcntl
import json
import os
import shlex

import pytest

from tests.e2e.bench import LOOP, Bench

BAD_LINES = {
    "no action": ((), "no action"),
    "unknown action": (("provison",), "did you mean 'provision'?"),
    "unknown option": (("-s", "x", "--nodes", "f", "plan"), "--nodes"),
    "option of another action": (("-s", "x", "--eval", "provision"), "--eval means nothing to provision"),
    "superfluous word": (("-s", "x", "provision", "now"), "unexpected word 'now'"),
    "no service": (("plan",), "give its name with -s"),
    "two services": (("-s", "a,b", "validate", "config"), "one service at a time"),
    "slash in the name": (("-s", "a/b", "validate", "config"), "cannot be the name of a service"),
    "long name": (("-s", "a" * 200, "validate", "config"), "200 characters"),
    "no such service": (("-s", "x", "validate", "config"), "there is no service x"),
    "no node file": (("-s", "x", "--node", "/nowhere", "plan"), "/nowhere: there is no such file"),
    "later action": (("-s", "x", "pull"), "later version"),
    "format of another action": (("-s", "x", "provision", "--format", "sh"), "--format sh is for plan"),
    "no plan": (("-s", "x", "apply"), "apply: which plan?"),
    "no such plan": (("apply", "/nowhere"), "/nowhere: there is no such file"),
    "option of a plan": (("apply", "f", "--allow-destroy", "x"), "--allow-destroy means nothing to apply"),
    "unknown verb": (("-s", "x", "plan", "startt"), "did you mean 'start'?"),
    "contradiction": (("-s", "x", "start", "--rollback", "--no-rollback"), "contradict"),
    "bad number": (("-s", "x", "start", "--waitlock", "soon"), "--waitlock"),
    "bad choice": (("-s", "x", "plan", "--color", "red"), "--color"),
    "nothing to create from": (("-s", "x", "create"), "--config, --template or --resource"),
    "two things to create from": (("-s", "x", "create", "--config", "a", "--template", "b"), "can't both"),
    "no such file": (("-s", "x", "create", "--config", "/nowhere"), "/nowhere: there is no such file"),
    "no such scheme": (("-s", "x", "create", "--config", "sftp://host/f"), "sftp is not fetched"),
    "no such template": (("-s", "x", "create", "--template", "testec2dock"), "did you mean 'testec2docker'?"),
    "resource is no JSON": (("-s", "x", "create", "--resource", "{bad"), "--resource 1: not JSON: column 2"),
    "resource is a list": (("-s", "x", "create", "--resource", "[1]"), "this is not an object"),
    "resource of unknown type": (("-s", "x", "create", "--resource", '{"rtype": "dsk"}'), "did you mean 'disk'?"),
    "no parameter": (("-s", "x", "get"), "no parameter. set --param"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_is_exit_6_and_touches_nothing(bench: Bench, case: str) -> None:
    """A command line that makes no sense is exit 6, says why in one message, and writes no file."""
    words, sentence = BAD_LINES[case]
    before = bench.files()
    said = bench.svcmgr(*words)
    assert (said.code, said.out) == (6, "")
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert bench.files() == before


BAD_FILES = {
    "empty": ("", "the file has no section"),
    "section twice": (f"{LOOP}\n[disk#0]\ntype = loop\n", "already on line"),
    "key twice": (LOOP.replace("size = 100M", "size = 100M\nsize = 1G"), "already on line"),
    "no number": (LOOP.replace("[disk#0]", "[disk]"), "give it a number"),
    "unknown keyword": (LOOP.replace("size =", "sice ="), "did you mean 'size'?"),
    "unknown type": (LOOP.replace("ext4", "ext5"), "did you mean 'ext4'?"),
    "unknown reference": (LOOP.replace("{disk#0.file}", "{disk#1.file}"), "disk#1"),
    "division": (LOOP.replace("100M", "$(1/0)"), "1/0"),
    "code": (LOOP.replace("100M", "$(__import__('os'))"), "__import__"),
    "root": (LOOP.replace("/srv/{svcname}\n", "/\n"), "root"),
    "hole": (LOOP.replace("100M", "«x»"), "«"),
    "another node": (LOOP.replace("node12.nsx.lab.net", "node13"), "none of the service's"),
}


@pytest.mark.parametrize("case", BAD_FILES)
@pytest.mark.parametrize("words", [(), ("--provision",), ("--provision", "--dry-run")])
def test_a_bad_file_is_exit_6_and_touches_nothing(bench: Bench, case: str, words: tuple[str, ...]) -> None:
    """A service file that is wrong is exit 6 with file and reason, before anything is written."""
    text, sentence = BAD_FILES[case]
    path = bench.write(text)
    before = bench.files()
    said = bench.on("web", "create", "--config", path, *words)
    if case == "another node" and not words:
        assert said.code == 0
        return
    assert said.code == 6, said
    assert path in said.err
    assert sentence in said.err
    assert bench.files() == before


def test_a_file_of_ten_megabytes_is_refused(bench: Bench) -> None:
    """A file that is far too large is refused by its size."""
    said = bench.on("web", "create", "--config", bench.write("#" * 10_000_000))
    assert (said.code, "at most 1048576" in said.err) == (6, True)


def test_a_preview_that_fails_has_touched_nothing(bench: Bench) -> None:
    """What the node lacks is found before anything is written: not even the service file."""
    state = bench.state()
    state["tools"]["e2fsprogs"] = None
    bench.node.write_text(json.dumps(state))
    path = bench.write(LOOP)
    before = bench.files()
    said = bench.on("web", "create", "--config", path, "--provision")
    assert said.code == 1, said.err
    assert bench.files() == before


def test_a_held_service_is_exit_5_and_names_the_holder(bench: Bench) -> None:
    """A lock that another process has is exit 5, with who has it since when; --waitlock waits for it."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    holder = {"pid": 77, "host": "far", "user": "ann", "action": "provision", "since": "noon"}
    lock = bench.var / "web"
    lock.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock / "lock", os.O_RDWR | os.O_CREAT)
    os.write(descriptor, json.dumps(holder).encode())
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        said = bench.on("web", "provision", "--waitlock", "0.2")
    finally:
        os.close(descriptor)
    assert said.code == 5
    assert "web is held by `provision` of ann (pid 77 on far, since noon)\nto wait for it to end:\n  svcmgr" in said.err
    line = said.err.rstrip().splitlines()[-1]
    assert bench.svcmgr(*shlex.split(line)[1:]).code == 0


def test_a_node_that_another_action_changes_is_held_too(bench: Bench) -> None:
    """Two services do not act on one node-state file at the same time."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    descriptor = os.open(bench.directory / ".ec2.json.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert bench.on("web", "provision").code == 5
    finally:
        os.close(descriptor)


def test_a_read_only_service_file_is_found_before_any_effect(bench: Bench) -> None:
    """A service file that cannot be written is exit 1 before the node is touched."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    bench.etc.joinpath("web.conf").chmod(0o440)
    before = bench.node.read_bytes()
    said = bench.on("web", "provision")
    assert (said.code, "read-only" in said.err, bench.node.read_bytes()) == (1, True, before)


def test_a_mistake_in_the_node_file_names_its_place(bench: Bench) -> None:
    """A node-state file that is wrong is exit 6, with file and JSON path."""
    state = bench.state()
    state["devices"]["/dev/xvda"]["size"] = "large"
    bench.node.write_text(json.dumps(state))
    bench.on("web", "create", "--config", bench.write(LOOP))
    said = bench.on("web", "plan")
    assert (said.code, f"{bench.node}: devices./dev/xvda.size" in said.err) == (6, True)


LIES = {
    "mounts[1].device: there is no device /dev/sdz": {"device": "/dev/sdz", "mount_point": "/mnt", "type": "ext4"},
    "devices./dev/loop7.file: there is no file /nowhere": {"size": "1M", "file": "/nowhere"},
    "devices./dev/loop7.holders[0]: there is no device /dev/dm-9": {"size": "1M", "holders": ["/dev/dm-9"]},
    "ec2.volumes.vol-9.attachment: it is attached here as /dev/sdx": {
        "size": "1G",
        "attachment": {"instance": "i-40753486", "device": "/dev/sdx"},
    },
}


@pytest.mark.parametrize("place", LIES)
def test_a_node_file_that_contradicts_itself_names_its_place(bench: Bench, place: str) -> None:
    """What one part of a node-state file says and another denies is exit 6 for whatever reads it, file and place."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    state, lie = bench.state(), LIES[place]
    if "mounts" in place:
        state["mounts"].append(lie)
    elif "loop7" in place:
        state["devices"]["/dev/loop7"] = lie
    else:
        state["ec2"]["volumes"]["vol-9"] = lie
    bench.node.write_text(json.dumps(state))
    before = bench.files()
    for words in (("plan",), ("status",), ("provision",)):
        said = bench.on("web", *words)
        assert (said.code, f"{bench.node}: {place}" in said.err, bench.files()) == (6, True, before), said


def test_a_node_file_of_another_format_is_said(bench: Bench) -> None:
    """A node-state file of another version is exit 6, with the versions."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    bench.node.write_text(json.dumps({**bench.state(), "format": 0}))
    said = bench.on("web", "plan")
    assert (said.code, "this is format 0; this program reads format 1" in said.err) == (6, True), said


def test_errors_come_as_json_lines_too(bench: Bench) -> None:
    """With --format json, standard output is JSON Lines also when nothing runs: version first, summary last."""
    said = bench.on("web", "provision", "--format", "json")
    first, last = said.objects
    assert (said.code, first["type"], last["type"], last["result"]) == (6, "version", "summary", "invalid")

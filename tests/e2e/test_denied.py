"""A record that says what the world denies: what was made for the service was taken away, or replaced, by others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.bench import Bench, Said
from tests.e2e.kills import World
from tests.e2e.test_interrupted import lines_of

State = dict[str, Any]
IMAGE = "/srv/web.img"
OTHER = "11111111-1111-1111-1111-111111111111"
VOLUME = "[disk#0]\ntype = amazon\nvolumes = <size=1G>\n"
READING = (("status",), ("plan", "stop"), ("plan", "unprovision"))
ALLOWED = ("--allow-destroy", "disk#0,fs#0")


def _file(state: State) -> None:
    _loop(state)
    del state["files"][IMAGE]


def _loop(state: State) -> None:
    state["mounts"] = [each for each in state["mounts"] if each["device"] != "/dev/loop0"]
    del state["devices"]["/dev/loop0"]


def _zeroed(state: State) -> None:
    state["mounts"] = [each for each in state["mounts"] if each["device"] != "/dev/loop0"]
    state["files"][IMAGE]["content"] = {"kind": "zero"}


def _other(state: State) -> None:
    _zeroed(state)
    state["files"][IMAGE]["content"] = {"type": "ext4", "uuid": OTHER, "files": {"/theirs": "data"}}


def _moved(state: State) -> None:
    content = state["files"][IMAGE]["content"]
    _zeroed(state)
    state["devices"]["/dev/xvdz"] = {"size": "100M", "content": content}


def _point(state: State) -> None:
    state["mounts"] = [each for each in state["mounts"] if each["device"] != "/dev/loop0"]
    del state["files"]["/srv/web"]


GONE: dict[str, tuple[Callable[[State], None], str]] = {
    "its file": (_file, "disk#0.file"),
    "its filesystem": (_zeroed, "fs#0.filesystem"),
    "its filesystem, to another disk": (_moved, "fs#0.filesystem"),
}
"""What was taken away, how, and what has to be forgotten before another is made."""
HARMLESS: dict[str, Callable[[State], None]] = {"its loop device": _loop, "its mount point": _point}


def denied(bench: Bench, change: Callable[[State], None]) -> World:
    """The world of a service that is up, in which this was changed without svcmgr."""
    bench.provisioned("web")
    state = bench.state()
    change(state)
    bench.node.write_text(json.dumps(state))
    return World(bench.files())


def made(bench: Bench) -> dict[str, Any]:
    """What the record has."""
    found: dict[str, Any] = json.loads((bench.var / "web/record.json").read_text())["made"]
    return found


def look(bench: Bench) -> None:
    """Whatever only looks works, without a traceback."""
    for words in READING:
        said = bench.on("web", *words)
        assert (said.code, "Traceback" in said.err) == (0, False), said


@pytest.mark.parametrize("what", GONE)
def test_what_was_made_once_is_not_made_again_unasked(bench: Bench, what: str) -> None:
    """`provision` refuses, naming the thing; each line that it gives leads on, until the service is up anew."""
    change, name = GONE[what]
    world = denied(bench, change)
    look(bench)
    first: Said = bench.on("web", "plan")
    assert (first.code, made(bench)[name]["identity"] in first.err) == (3, True), first
    for verb in ("plan", "provision"):
        world.back(bench)
        said = bench.on("web", verb)
        before = bench.node.read_bytes()
        steps = []
        while said.code == 3:
            (line,) = lines_of_forgetting(said)
            steps.append(line[-1])
            assert (line[4], bench.node.read_bytes()) == ("provision", before)
            said = bench.svcmgr(*line)
        assert (said.code, steps[0]) == (0, name), said
        assert bench.on("web", "status", "--check").code == 0


def lines_of_forgetting(said: Said) -> list[tuple[str, ...]]:
    """The command lines that end a refusal."""
    _, svcmgr, line = said.err.rstrip("\n").rpartition("svcmgr -s")
    assert svcmgr, said.err
    return [tuple(("-s" + line).split())]


@pytest.mark.parametrize("what", GONE)
def test_what_is_gone_is_unprovisioned_all_the_same(bench: Bench, what: str) -> None:
    """`stop` and `unprovision` leave nothing; what others have of it is let be, and stays in the record."""
    denied(bench, GONE[what][0])
    if "another disk" not in what:
        assert bench.on("web", "stop").code == 0
    said = bench.on("web", "unprovision", *ALLOWED)
    assert said.code == 0, said.err
    state = bench.state()
    if "another disk" in what:
        assert "/dev/xvdz now, and is let be" in said.err
        assert state["devices"]["/dev/xvdz"]["content"]["type"] == "ext4"
        assert list(made(bench)) == ["fs#0.filesystem"]
        assert bench.on("web", "unprovision", "--forget", "fs#0.filesystem").code == 0
    assert (made(bench), IMAGE in state["files"]) == ({}, False)
    assert bench.on("web", "delete", "--yes").code == 0


@pytest.mark.parametrize("what", HARMLESS)
def test_what_holds_nothing_is_made_again(bench: Bench, what: str) -> None:
    """A loop device or a mount point that is missing comes back with the next `provision` or `start`."""
    world = denied(bench, HARMLESS[what])
    for verb in ("provision", "start"):
        world.back(bench)
        look(bench)
        assert bench.on("web", verb).code == 0
        assert bench.on("web", "status", "--check").code == 0
    assert bench.on("web", "unprovision", *ALLOWED).code == 0
    assert made(bench) == {}


def test_a_filesystem_of_somebody_elses_is_not_ours(bench: Bench) -> None:
    """Another filesystem in the place of ours is refused by `provision`, and data in it outlives all but its disk."""
    world = denied(bench, _other)
    look(bench)
    said = bench.on("web", "provision")
    assert (said.code, OTHER in said.err, "--adopt fs#0" in said.err) == (3, True, True), said
    assert bench.on("web", "stop").code == 0
    world.back(bench)
    assert bench.on("web", "provision", "--adopt", "fs#0").code == 0
    assert bench.state()["files"][IMAGE]["content"]["files"]["/theirs"]["text"] == "data"
    world.back(bench)
    assert bench.on("web", "provision", "--allow-destroy", IMAGE).code == 0
    assert made(bench)["fs#0.filesystem"]["identity"] != OTHER


def test_a_volume_that_was_deleted(bench: Bench) -> None:
    """Each verb names it; `unprovision`, pasted, takes back what is left, and another can be bought."""
    bench.provisioned("web", VOLUME)
    state = bench.state()
    volume = made(bench)["disk#0.volume.0"]["identity"]
    del state["ec2"]["volumes"][volume]
    state["devices"] = {path: each for path, each in state["devices"].items() if each["volume"] != volume}
    bench.node.write_text(json.dumps(state))
    world = World(bench.files())
    look(bench)
    for verb in ("plan", "provision", "start"):
        said = bench.on("web", verb)
        assert (said.code, f"the volume {volume} was created for it" in said.err) == (3, True), said
        (line,) = lines_of(said)
        asked = bench.svcmgr(*line)
        assert "asks on a terminal" in asked.err
        assert bench.svcmgr(*lines_of(asked)[0]).code == 0
        assert (made(bench), (bench.etc / "web.conf").read_text()) == ({}, VOLUME)
        assert bench.on("web", "provision").code == 0
        world.back(bench)
    assert bench.on("web", "stop").code == 0


def test_a_volume_of_nobodys(bench: Bench) -> None:
    """An id that was written by hand and is none is said to be none."""
    bench.on("web", "create", "--config", bench.write(VOLUME.replace("<size=1G>", "vol-0bad0bad0bad0bad0")))
    said = bench.on("web", "provision")
    assert (said.code, "there is no volume vol-0bad0bad0bad0bad0" in said.err) == (1, True), said


@pytest.mark.parametrize("created", [True, False])
def test_a_volume_that_others_detached(bench: Bench, created: bool) -> None:  # noqa: FBT001
    """`unprovision` forgets the attachment with the volume, and with one that was only lent."""
    text = VOLUME
    if not created:
        state = bench.state()
        state["ec2"]["volumes"]["vol-0a"] = {"size": "1G", "zone": state["ec2"]["zone"]}
        bench.node.write_text(json.dumps(state))
        text = VOLUME.replace("<size=1G>", "vol-0a")
    bench.provisioned("web", text)
    assert "disk#0.attachment.0" in made(bench)
    state = bench.state()
    for volume in state["ec2"]["volumes"].values():
        if volume["attachment"] and volume["attachment"]["device"] == "/dev/sdf":
            volume |= {"attachment": None, "state": "available"}
    state["devices"] = {path: each for path, each in state["devices"].items() if path == "/dev/xvda"}
    bench.node.write_text(json.dumps(state))
    said = bench.on("web", "unprovision", "--yes", "--allow-destroy", "disk#0")
    assert said.code == 0, said.err
    assert made(bench) == {}
    assert ("vol-0a" in bench.state()["ec2"]["volumes"]) is not created

"""How large filesystems are is asked of a node where somebody wants one to grow."""

from typing import Any

import pytest

from core.command import Command
from core.engine import asked
from core.observe import learn
from core.state import Question, copy, load
from executors.simulated.node import SimulatedNode

MIB = 1024 * 1024


def node(type_: str, *, mounted: bool, size: int) -> SimulatedNode:
    """A node with a filesystem on a loop device of 600 MiB, perhaps mounted, perhaps smaller than that."""
    content = {"type": type_, "uuid": "u", "size": size * MIB}
    mounts = [{"device": "/dev/loop0", "mount_point": "/mnt", "type": type_}] if mounted else []
    file = {"size": "600M", "content": content}
    devices = {"/dev/loop0": {"size": "600M", "file": "/l.img"}}
    return SimulatedNode(load({"files": {"/l.img": file, "/mnt": "directory"}, "devices": devices, "mounts": mounts}))


@pytest.mark.parametrize("size", [0, 400])
@pytest.mark.parametrize("mounted", [False, True])
@pytest.mark.parametrize("type_", ["ext4", "xfs", "btrfs"])
def test_how_large_it_is(type_: str, *, mounted: bool, size: int) -> None:
    """Mounted or not, of its file or its device; one that fills its device says nothing."""
    on = node(type_, mounted=mounted, size=size)
    for subject in ("/l.img", "/dev/loop0"):
        state = copy(on.state)
        state["files"]["/l.img"]["content"]["size"] = 7
        assert asked(learn(state, [Question("held", subject)]), on) == [Question("held", subject)]
        assert state["files"]["/l.img"]["content"]["size"] == size * MIB


@pytest.mark.parametrize("type_", ["ext4", "xfs", "btrfs", "swap"])
def test_what_cannot_be_told_is_said(type_: str) -> None:
    """A filesystem that is gone, or none at all, leaves the question open."""
    on, state = SimulatedNode(load({})), node(type_, mounted=False, size=400).state
    assert asked(learn(state, [Question("held", "/dev/loop0"), Question("held", "/gone")]), on) == []
    assert any(each.startswith("how large the filesystem on /dev/loop0 is") for each in state["unseen"])


def test_a_preview_asks() -> None:
    """Who wants to know the size of what was there before asks; until he knows, it is as large as its device."""
    known: dict[str, Any] = {**node("ext4", mounted=False, size=0).state, "complete": False}
    known["files"]["/l.img"]["content"]["known"] = False
    on = SimulatedNode(known)
    assert on.run(Command(("tune2fs", "-l", "/dev/loop0"), tool="ext")).returncode == 0
    assert Question("held", "/l.img") in on.questions

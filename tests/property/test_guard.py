"""Somebody else who comes to a device after a driver has proved that it may be destroyed, and before it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.command import Command, Completed, Executor
from core.errors import Refused, SvcprovError
from core.state import load
from executors.simulated.node import SimulatedNode
from svcprov.verification.crashes import goes_wrong
from tests.property.generated import worlds
from tests.property.many import MANY
from tests.worlds import Point, World

HELD: dict[str, dict[str, Any]] = {
    "writes": {"kind": "residue"},
    "formats": {"type": "ext4", "uuid": "11111111-2222-4333-8444-555555555555", "files": {"/payroll": "1492 lines"}},
}
HELD["mounts"] = HELD["formats"]
MOUNT = {"device": "", "mount_point": "/mnt/payroll", "type": "ext4"}
FEWER = settings(MANY, max_examples=60)
"""Of the properties that have a whole provision behind them."""
USES = {("lsblk", "-nro"), ("lsblk", "-nrbo")}
"""How a proof begins, a driver's and the guard's: who uses the device is the first question."""


class Actor:
    """An executor around a node, with somebody beside it who comes to a device right before its `at`-th proof."""

    def __init__(self, world: World, at: int, what: str) -> None:
        self._world, self._at, self._what = world, at, what
        self._inner: Executor = world.node
        self._proofs = 0
        self.device = ""
        self.left = ""
        world.layer = self._around

    def _around(self, inner: Executor) -> Executor:
        self._inner = inner
        return self

    def run(self, command: Command) -> Completed:
        """Run a command, after what somebody else does."""
        if command.argv[:2] in USES:
            self._proofs += 1
            # Whoever deletes an image may lose what is in it, as with a volume: that is asked before it is unmapped.
            if self._proofs == self._at and not command.argv[-1].startswith("/dev/rbd"):
                self._come(command.argv[-1])
        return self._inner.run(command)

    def _come(self, path: str) -> None:
        node = self._world.node
        device = node.device(path)
        if device is None or node.users(path):
            return
        self.device = node.tree.real(path)
        node.set_content(device, _of_devices(HELD[self._what]))
        if self._what == "mounts":
            node.state["mounts"].append(_loaded("mounts", [{**MOUNT, "device": self.device}])[0])
        self.left = self.seen()

    def seen(self) -> str:
        """What is at the device now, and where it is mounted."""
        node = SimulatedNode(self._world.state)
        device = node.state["devices"][self.device]
        mounts = [each["mount_point"] for each in node.state["mounts"] if each["device"] == self.device]
        return json.dumps([node.content(device), mounts], sort_keys=True)


def formatted() -> st.SearchStrategy[World]:
    """Worlds in which something is formatted."""
    return worlds().filter(lambda world: any(each.group == "fs" for each in world.service.resources()))


def met(act: Callable[[], object]) -> SvcprovError | None:
    """What an action met, if anything."""
    try:
        act()
    except SvcprovError as error:
        return error
    return None


def _loaded(key: str, value: Any) -> Any:
    return load({key: value})[key]


def _of_devices(content: dict[str, Any]) -> Any:
    return _loaded("devices", {"/dev/x": {"size": 1, "content": content}})["/dev/x"]["content"]


@given(formatted(), st.integers(1, 6), st.sampled_from(sorted(HELD)))
@MANY
def test_what_comes_to_a_device_before_it_is_formatted_is_not_lost(world: World, at: int, what: str) -> None:
    """A provision that meets it is refused, again and again, and its rollback leaves it as well."""
    actor = Actor(world, at, what)
    plan = world.preview()
    refusal = met(lambda: world.act("provision", plan=plan))
    assume(actor.left)
    assert isinstance(refusal, Refused | None)
    assert actor.seen() == actor.left
    with pytest.raises(SvcprovError):
        world.act("provision")
    assert actor.seen() == actor.left
    if actor.device in world.first_state["devices"]:
        world.rollback()
        assert actor.seen() == actor.left


@given(formatted(), st.integers(1, 8), st.sampled_from(sorted(HELD)))
@FEWER
def test_what_comes_to_a_device_before_it_is_zeroed_is_not_lost(world: World, at: int, what: str) -> None:
    """An unprovision zeroes the filesystem that it was about to zero, or none."""
    world.act("provision")
    actor = Actor(world, at, what)
    met(lambda: world.act("unprovision"))
    assume(actor.left)
    assert actor.seen() == actor.left


@given(formatted(), st.integers(1, 40), st.integers(1, 4), st.sampled_from(sorted(HELD)))
@FEWER
def test_what_comes_to_a_device_in_a_rollback_is_not_lost(world: World, killed: int, at: int, what: str) -> None:
    """Whatever somebody put on a device before a resumed rollback zeroes it, the rollback does not zero."""
    world.act("provision")
    world.unfinish()
    assume(goes_wrong(world, "rollback", Point(killed, "after", "inside")))
    actor = Actor(world, at, what)
    met(world.rollback)
    assume(actor.left)
    assert actor.seen() == actor.left

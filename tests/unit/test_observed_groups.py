"""Volume groups of a node that somebody looks at: what is found is what is there."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.engine import asked
from core.observe import learn
from core.signature import member
from core.state import NodeState, Question, copy, load
from core.tools import lvm
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

QUESTION = Question("lvm", "everything")
TEXT = """\
[disk#1]
type = vg
name = data-1
pvs = /dev/sdb /dev/sdc
[disk#2]
type = lv
name = logs
vg = data-1
size = 1500m
"""


def node(tools: dict[str, Any] | None = None) -> SimulatedNode:
    """A node on which a group and a volume were made."""
    disks = {"/dev/sdb": "1G", "/dev/sdc": "1G", "/dev/sdd": "1G"}
    on = SimulatedNode(load({"tools": {"lvm2": "2.03.16"} if tools is None else tools, "devices": disks}))
    if tools is None:
        of = service(TEXT)
        for rid in ("disk#1", "disk#2"):
            drive(of.resource(rid), "provision", on)
        on.run(lvm.create_physical("/dev/sdd", "/dev/sdd", "unused"))
    return on


def state_of(on: SimulatedNode) -> NodeState:
    """A state that knows the devices of a node, and nothing of what they hold."""
    state = load({"complete": False, "devices": copy(on.state)["devices"], "tools": on.state["tools"]})
    for device in state["devices"].values():
        device["content"], device["stacked"] = {"kind": "unseen"}, None
    return state


def test_what_is_there_is_found() -> None:
    """The groups of the state are those of the node, with their volumes in all of their segments."""
    on = node()
    state = state_of(on)
    assert asked(learn(state, [QUESTION]), on) == [QUESTION]
    found = copy(state)["volume_groups"]
    for group in found.values():
        assert [volume["content"] for volume in group["volumes"].values()] == [{"kind": "unseen"}]
        for volume in group["volumes"].values():
            volume["content"] = {"kind": "zero"}
    assert found == on.state["volume_groups"]
    assert [device["stacked"] for device in state["devices"].values()] == [
        device["stacked"] for device in on.state["devices"].values()
    ]
    held = {path: device["content"].get("member_of") for path, device in state["devices"].items()}
    (uuid,) = found
    assert held == {"/dev/sdb": uuid, "/dev/sdc": uuid, "/dev/sdd": "", "/dev/dm-0": None}


def test_without_lvm2_there_are_none() -> None:
    """Where lvm2 is not installed, nothing is asked twice."""
    on = node({})
    state = state_of(on)
    assert asked(learn(state, [QUESTION]), on) == [QUESTION]
    assert state["volume_groups"] == {}


def test_who_may_not_look_sees_nothing() -> None:
    """A failure is not "none": the question stays open, and it is said why."""
    on = node()
    state = state_of(on)

    class Denying:
        """A node on which nobody may look."""

        def run(self, command: Command) -> Completed:
            """Refuse."""
            del command
            return Completed(5, "", "  WARNING: Running as a non-root user.\n  /run/lock/lvm: Permission denied\n")

    assert asked(learn(state, [QUESTION]), Denying()) == []
    assert state["unseen"] == ["volume groups:   /run/lock/lvm: Permission denied"]


def test_a_plan_asks_for_groups_once() -> None:
    """A preview on a state that is not complete hears of lvm with the first command, and never again."""
    on = node()
    preview = SimulatedNode(state_of(on), holes=True)
    drive(service(TEXT).resource("disk#2"), "status", preview)
    assert QUESTION in preview.questions


def observed(state: NodeState, on: SimulatedNode, **puts: tuple[str, str]) -> NodeState:
    """A state after lvm was asked, in whose answers some words were put for others, by program."""

    class Changed:
        def run(self, command: Command) -> Completed:
            answer, (old, new) = on.run(command), puts.get(command.argv[0], ("", ""))
            return answer._replace(stdout=answer.stdout.replace(old, new)) if old else answer

    asked(learn(state, [QUESTION]), Changed())
    return state


def test_a_physical_volume_that_is_missing_is_of_no_device() -> None:
    """It is [unknown] to lvm: it is in its group, and nothing is said of any disk."""
    on = node()
    state = observed(state_of(on), on, pvs=("/dev/sdc", "[unknown]"))
    (group,) = state["volume_groups"].values()
    assert len(group["physical_volumes"]) == 2
    assert state["devices"]["/dev/sdc"]["content"] == {"kind": "unseen"}


@pytest.mark.parametrize("name, held", [("mpatha", True), ("mpathb", False), ("", False)])
def test_a_physical_volume_of_device_mapper_is_found_by_its_name(name: str, held: bool) -> None:  # noqa: FBT001
    """A disk with several paths is /dev/mapper/NAME to lvm, and /dev/dm-N to the kernel."""
    on = node()
    state = state_of(on)
    state["devices"]["/dev/dm-7"] = {**state["devices"].pop("/dev/sdc"), "name": name}
    observed(state, on, pvs=("/dev/sdc", "/dev/mapper/mpatha"))
    content = state["devices"]["/dev/dm-7"]["content"]
    assert content.get("type") == ("LVM2_member" if held else None)


def test_what_was_seen_on_a_device_is_told_its_group() -> None:
    """Somebody looked at the disk first: what was found stays, and says now whose it is."""
    on = node()
    state = state_of(on)
    seen = {**member("LVM2_member", "some-uuid", ""), "tail": True}
    state["devices"]["/dev/sdb"]["content"] = seen
    observed(state, on)
    assert state["devices"]["/dev/sdb"]["content"] == {**seen, "member_of": next(iter(state["volume_groups"]))}


def test_the_parts_of_a_volume_that_is_not_linear_are_passed_over() -> None:
    """They have names in brackets, and no volume of their own."""
    on = node()
    (group,) = observed(state_of(on), on, pvs=("logs", "[logs_rimage_0]"))["volume_groups"].values()
    assert (group["volumes"]["logs"]["segments"], len(group["volumes"])) == ([], 1)

"""The simulated node: whom it asks, what it refuses, what it hands out, what devices hold."""

import sys
from types import ModuleType
from typing import Any

import pytest

from core.command import Command, Completed, Makes
from core.engine import ENGINE
from core.state import Question, load
from executors import missing
from executors.simulated.node import SimulatedNode

MAKE = Command(("make",), makes=Makes("disk#0.volume.0", "volume"))


def node(*, holes: bool = False, **state: Any) -> SimulatedNode:
    """A node of this state."""
    return SimulatedNode(load(state), holes=holes)


def engine(*words: str) -> Command:
    """A command of the engine's own."""
    return Command(words, tool=ENGINE)


@pytest.fixture
def _bell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool with two programs, of two packages, and one that either of two packages brings."""
    bell = ModuleType("bell")
    bell.PROGRAMS = {"ring": "bells", "toll": "towers", "chime": ("bells", "towers")}  # type: ignore[attr-defined]
    bell.run = lambda _node, command: Completed(0, command.argv[0])  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "executors.simulated.tools.bell", bell)
    monkeypatch.setattr("executors.simulated.tools.bell", bell, raising=False)


@pytest.mark.usefixtures("_bell")
@pytest.mark.parametrize(
    "argv, tool, found",
    [
        (("ring",), "bell", True),
        (("chime",), "bell", True),
        (("toll",), "bell", False),
        (("peal",), "bell", False),
        (("ring",), "", False),
        (("ring",), "nosuchtool", False),
    ],
)
def test_a_program_runs_where_its_package_is_installed(argv: tuple[str, ...], tool: str, *, found: bool) -> None:
    """What the node does not have, or no tool plays, is not found, as by a shell; its package is named, if known."""
    answer = node(tools={"bells": "1"}).run(Command(argv, tool=tool))
    assert answer == (
        Completed(0, argv[0]) if found else missing.answer(argv[0], "towers" if argv[0] == "toll" else ())
    )


def test_a_tool_that_lacks_a_module_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing inside a simulated tool is not taken for a program that is not installed."""

    def refuse(name: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named 'gone', wanted by {name}", name="gone")

    monkeypatch.setattr("executors.simulated.node.import_module", refuse)
    with pytest.raises(ModuleNotFoundError, match="gone"):
        node().run(Command(("x",), tool="x"))


def test_a_program_may_be_answered_by_the_state() -> None:
    """A user's own program, of a trigger, answers what the state says."""
    on = node(programs={"/opt/notify": {"returncode": 3, "stdout": "hello\n"}})
    assert on.run(Command(("/opt/notify", "x"), tool="trigger")) == Completed(3, "hello\n")


def test_sleeping_lets_the_clock_go_on() -> None:
    """Time passes on the node, and nowhere else."""
    on = node(clock=5)
    assert on.run(engine("sleep", "3")) == Completed(0)
    assert on.clock == 8


def test_a_value_is_made_up() -> None:
    """The node hands out a token; in a preview it is the hole."""
    assert len(node().run(engine("fresh", "token", "r#0.token")).stdout) == 36
    assert node(holes=True).run(engine("fresh", "token", "r#0.token")).stdout == "«r#0.token»"


def test_other_words_of_the_engine_are_refused() -> None:
    """The engine asks two things only."""
    assert node().run(engine("dream")) == Completed(127, "", "dream: command not found\n")


def test_identifiers_of_the_state_are_handed_out_first() -> None:
    """Those that are listed, in order, then such as are generated, none twice."""
    on = node(identifiers={"volume": ["vol-1", "vol-2"]})
    found = [on.identifier("volume", MAKE) for _ in range(4)]
    assert found[:2] == ["vol-1", "vol-2"]
    assert len({*found}) == 4


def test_two_nodes_of_another_seed_hand_out_others() -> None:
    """The seed makes the identifiers."""
    assert node(seed="0a").identifier("volume", MAKE) != node(seed="0b").identifier("volume", MAKE)


@pytest.mark.parametrize("part, hole", [("", "«disk#0.volume.0»"), ("address", "«disk#0.volume.0.address»")])
def test_a_preview_hands_out_holes(part: str, hole: str) -> None:
    """The hole is the name of what the command makes, and of its part; nothing is used up."""
    on = node(holes=True, identifiers={"volume": ["vol-1"]})
    assert on.identifier("volume", MAKE, part) == hole
    assert on.state["identifiers"]["volume"] == ["vol-1"]


def test_what_a_command_does_not_name_gets_an_identifier() -> None:
    """A process number is no thing of the plan: in a preview, too, it is a number."""
    assert node(holes=True).identifier("pid", Command(("dockerd",))).isdigit()


@pytest.mark.parametrize(
    "text, version",
    [("2.38.1", (2, 38, 1)), ("7.88.1-10+deb12u5", (7, 88, 1)), ("20221126", (20221126,)), (None, ())],
)
def test_versions_can_be_compared(text: str | None, version: tuple[int, ...]) -> None:
    """A version is its numbers; a package that is not installed has none."""
    assert node(tools={"curl": text}).version("curl") == version


def test_a_state_says_how_long_things_take() -> None:
    """What it does not say takes as long as it usually does."""
    on = node(latencies={"attach": 5})
    assert (on.latency("attach", 1), on.latency("detach", 1)) == (5, 1)


def test_a_device_is_found_through_links_when_it_has_appeared() -> None:
    """A link leads to its device; one that is still being attached is none yet."""
    on = node(
        devices={"/dev/sdb": {"size": 1, "appears": 2}, "/dev/sdc": 1},
        files={"/d": {"kind": "link", "target": "/dev/sdb"}},
    )
    assert on.device("/d") is None
    assert list(on.present()) == ["/dev/sdc"]
    on.state["clock"] = 2
    assert on.device("/d") is on.state["devices"]["/dev/sdb"]
    assert list(on.present()) == ["/dev/sdb", "/dev/sdc"]
    assert on.device("/etc") is None


def test_content_is_where_it_lives() -> None:
    """What is written to an attached volume is on the volume, also when the device is gone."""
    on = node(
        devices={"/dev/xvdf": {"size": 1, "volume": "vol-1"}},
        ec2={"instance": "i-1", "volumes": {"vol-1": {"size": "1G"}}},
    )
    device = on.state["devices"]["/dev/xvdf"]
    on.set_content(device, {"kind": "residue"})
    assert on.content(device) == on.state["ec2"]["volumes"]["vol-1"]["content"] == {"kind": "residue"}
    assert device["content"] == {"kind": "zero"}


def test_what_a_volume_holds_is_asked_by_its_device() -> None:
    """A volume that is attached can be looked at through the device that it is here, by that device's path."""
    volume = {"size": 1, "content": {"kind": "unseen"}}
    cloud = {"instance": "i-1", "zone": "z", "zones": ["z"], "region": "r", "volumes": {"vol-1": volume}}
    devices = {"/dev/xvdf": {"size": 1, "volume": "vol-1"}}
    on = node(complete=False, ec2=cloud, devices=devices)
    on.content(on.state["devices"]["/dev/xvdf"])
    assert on.questions == [Question("content", "/dev/xvdf")]


@pytest.mark.parametrize(
    "tag, device",
    [
        ("LABEL=data", "/dev/sdb"),
        ("UUID=77", "/dev/sdc"),
        ("LABEL=other", None),
        ("LABEL=", None),
        ("/dev/sdb", "/dev/sdb"),
        ("/dev/none", None),
    ],
)
def test_a_device_is_found_by_what_it_holds(tag: str, device: str | None) -> None:
    """By label, by uuid or by its path; the first one where several have the same label."""
    content = {"type": "btrfs", "label": "data"}
    devices = {
        "/dev/sda": 1,
        "/dev/sdc": {"size": 1, "content": {**content, "uuid": "77"}},
        "/dev/sdb": {"size": 1, "content": content},
    }
    assert node(devices=devices).by_tag(tag) == device


def test_a_device_is_in_use_by_mounts_swap_and_holders() -> None:
    """All who hold it are named; an unknown device is held by nobody."""
    on = node(
        devices={"/dev/sdb": {"size": 1, "holders": ["md0"]}},
        mounts=[{"device": "/dev/sdb", "mount_point": "/m", "type": "xfs"}],
        swaps=["/dev/sdb"],
    )
    assert on.users("/dev/sdb") == ["/m", "[SWAP]", "md0"]
    assert on.users("/dev/sdc") == []


def test_loop_devices_are_found_by_their_file() -> None:
    """Those that the state has and those that come to be, each as long as it is there."""
    loop = {"size": 1, "file": "/img"}
    on = node(devices={"/dev/loop0": loop, "/dev/sda": 1})
    assert (on.loops("/img"), on.loops("/other")) == (["/dev/loop0"], [])
    on.attach_loop("/dev/loop1", load({"devices": {"x": loop}})["devices"]["x"])
    assert on.loops("/img") == ["/dev/loop0", "/dev/loop1"]
    del on.state["devices"]["/dev/loop0"]
    on.state["devices"]["/dev/sdb"] = load({"devices": {"x": 1}})["devices"]["x"]
    assert on.loops("/img") == ["/dev/loop1"]

"""What a simulated node asks when its state is not complete: each unknown once, and nothing that it knows."""

from typing import Any

import pytest

from core.command import Command
from core.state import Question, load
from core.tools import blkid, cmp, files, find, losetup
from executors.simulated.node import SimulatedNode

DISK = {"size": "1G", "content": {"kind": "unseen"}}
MOUNTED = {"device": "/dev/sdb", "mount_point": "/srv", "type": "ext4"}
UNKNOWN_INSIDE = {"type": "ext4", "uuid": "u", "known": False}


def node(
    *, supposes: bool = False, hopeless: tuple[Question, ...] = (), hidden: dict[str, Any] | None = None, **state: Any
) -> SimulatedNode:
    """A node of which only this is known."""
    known = {"complete": False, "tools": {"coreutils": "9.1", "findutils": "4.9", "diffutils": "3.8"}, **state}
    known["tools"] |= {"util-linux": "2.38.1"}
    return SimulatedNode(load(known), holes=True, supposes=supposes, hopeless=hopeless, hidden=hidden or {})


def test_a_path_is_asked_about_once() -> None:
    """What is at a path that the state does not have is a question, and until it is answered nothing is there."""
    there = node()
    for _ in range(2):
        assert there.run(files.exists("/srv/web")).returncode == 1
    assert there.questions == [Question("path", "/srv/web")]


def test_an_answered_question_is_none() -> None:
    """What is known not to be there is not there."""
    there = node(known=["path /srv/web", "below /srv"], files={"/srv": "directory"})
    assert there.run(files.exists("/srv/web")).returncode == 1
    assert there.run(find.entry("/srv")).stdout == ""
    assert there.questions == []


def test_what_the_plan_makes_is_known() -> None:
    """A directory that was just made is empty, one that was removed is gone, and nobody has to look."""
    there = node(known=["path /srv/web"], files={"/srv": "directory"})
    there.run(files.make_directory("/srv/web"))
    assert there.run(find.entry("/srv/web")).stdout == ""
    there.run(files.remove_directory("/srv/web"))
    assert there.run(files.exists("/srv/web")).returncode == 1
    assert there.questions == []


def test_names_that_were_made_up_are_nowhere() -> None:
    """A temporary directory that the plan made up is not asked about."""
    there = node()
    assert there.run(files.exists("«fs#0.tmp»")).returncode == 1
    assert (there.questions, there.guesses) == ([], [])


def test_what_a_disk_holds_is_asked_and_taken_for_blank_until_then() -> None:
    """A disk that nobody has looked at counts as blank in the round that asks, so that the round goes on."""
    there = node(devices={"/dev/sdb": DISK})
    assert there.run(cmp.zeroes("/dev/sdb", 0, 512)).returncode == 0
    assert there.questions == [Question("content", "/dev/sdb")]


def test_a_disk_that_nobody_can_look_at_is_not_blank() -> None:
    """What is unknown for good is never taken for blank."""
    there = node(devices={"/dev/sdb": DISK}, hopeless=(Question("content", "/dev/sdb"),))
    assert there.run(cmp.zeroes("/dev/sdb", 0, 512)).returncode != 0
    assert there.run(blkid.probe("/dev/sdb")).returncode == 2
    assert (there.questions, there.guesses) == ([], [Question("content", "/dev/sdb")])


@pytest.mark.parametrize("supposes", [False, True])
def test_what_cannot_be_seen_is_supposed(supposes: bool) -> None:  # noqa: FBT001 - the cases
    """Inside a filesystem that only the plan mounts, a path is there or not as it is supposed, and that is noted."""
    there = node(devices={"/dev/sdb": {"size": "1G", "content": UNKNOWN_INSIDE}}, supposes=supposes)
    there.state["mounts"].append(load({"mounts": [MOUNTED]})["mounts"][0])
    assert there.run(files.exists("/srv/data")).returncode == (0 if supposes else 1)
    assert (there.questions, there.guesses) == ([], [Question("path", "/srv/data")])


@pytest.mark.parametrize("supposes", [False, True])
@pytest.mark.parametrize("content", ["zero", "unseen"])
def test_a_file_that_is_hidden_is_supposed_to_be_one(content: str, supposes: bool) -> None:  # noqa: FBT001 - the cases
    """Of a file that the record knows there is nothing to guess; any other is supposed, and then it is a file."""
    hidden = load({"files": {"/srv/a": {"size": "1M", "content": content}}})["files"]
    there = node(devices={"/dev/sdb": {"size": "1G", "content": UNKNOWN_INSIDE}}, supposes=supposes, hidden=hidden)
    there.state["mounts"].append(load({"mounts": [MOUNTED]})["mounts"][0])
    is_there = supposes or content == "zero"
    assert there.run(files.is_file("/srv/a")).returncode == (0 if is_there else 1)
    assert there.run(losetup.attach("/srv/a", "disk#0.loop")).returncode == (0 if is_there else 1)
    assert there.guesses == ([Question("path", "/srv/a")] if content == "unseen" else [])


def test_a_file_that_was_hidden_and_is_removed_is_gone() -> None:
    """What the plan does to it counts, whatever the record says."""
    hidden = load({"files": {"/srv/a": {"size": "1M", "content": "zero"}}})["files"]
    there = node(devices={"/dev/sdb": {"size": "1G", "content": UNKNOWN_INSIDE}}, hidden=hidden)
    there.state["mounts"].append(load({"mounts": [MOUNTED]})["mounts"][0])
    assert there.run(files.remove("/srv/a")).returncode == 0
    assert there.run(files.exists("/srv/a")).returncode == 1


def test_a_file_that_is_hidden_is_not_there_before_its_filesystem_is_mounted() -> None:
    """Until then the path leads elsewhere, and whoever looks sees what is there."""
    there = node(hidden=load({"files": {"/srv/a": {"size": "1M", "content": "zero"}}})["files"])
    assert there.run(files.is_file("/srv/a")).returncode == 1
    assert there.questions == [Question("path", "/srv/a")]


def test_what_is_mounted_already_can_be_asked() -> None:
    """Inside a filesystem that was mounted before, a path is a question like any other."""
    there = node(devices={"/dev/sdb": {"size": "1G", "content": UNKNOWN_INSIDE}}, mounts=[MOUNTED])
    there.run(files.exists("/srv/data"))
    assert there.questions == [Question("path", "/srv/data")]


def test_tools_and_programs_are_asked_for() -> None:
    """A tool that nobody asked for counts as there, as a program of the user's counts as going well, until asked."""
    there = node()
    assert there.run(Command(("mkfs.xfs", "-V"), tool="xfs")).returncode == 0
    assert there.run(Command(("/opt/hook",), kind="changes", tool="trigger")).returncode == 0
    assert there.questions == [Question("tool", "xfsprogs"), Question("program", "/opt/hook")]
    known = node(known=["program /opt/hook", "tool xfsprogs"])
    assert known.run(Command(("mkfs.xfs", "-V"), tool="xfs")).returncode == 127
    assert known.run(Command(("/opt/hook",), kind="changes", tool="trigger")).returncode == 127


def test_nothing_is_asked_of_a_complete_state() -> None:
    """Of a node that is only a state everything is known: what it does not have is not there."""
    there = SimulatedNode(load({}))
    there.run(files.exists("/srv/web"))
    there.run(Command(("/opt/hook",), kind="changes", tool="trigger"))
    assert (there.questions, there.guesses) == ([], [])


def test_what_is_removed_is_asked_about_all_at_once() -> None:
    """Paths that nobody has looked at count as removed until somebody has: one round asks about all of them."""
    there = node()
    for path in ("/srv/a", "/srv/b", "/srv/c"):
        assert there.run(files.remove(path)).returncode == 0
    assert there.questions == [Question("path", path) for path in ("/srv/a", "/srv/b", "/srv/c")]
    known = node(known=["path /srv/a"], files={"/srv": "directory"})
    assert known.run(files.remove("/srv/a")).returncode == 1
    assert node(hopeless=(Question("path", "/srv/a"),)).run(files.remove("/srv/a")).returncode == 1

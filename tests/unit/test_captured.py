"""What the real tools answered (fixtures/captured), read by the parsers of core.tools and beside the simulated words.

`python -m tests.fidelity.capture` records it, as root.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.command import Command, Completed
from core.state import DEBIAN_12, load
from core.tools import blkid, blockdev, btrfs, ext, fuser, mount, xfs
from executors.simulated.node import SimulatedNode
from tests.conftest import REPOSITORY
from tests.fidelity.answers import Comparison

CAPTURED = REPOSITORY / "fixtures/captured"
RECORDS = sorted(CAPTURED.glob("*/*.json"))


def steps(record: Path) -> list[dict[str, Any]]:
    """The steps of a record."""
    found: list[dict[str, Any]] = json.loads(record.read_text(encoding="utf-8"))
    return found


def node(record: Path) -> SimulatedNode:
    """A node with the packages of the record, and an empty directory."""
    package, _, version = record.parent.name.rpartition("-")
    tools = {**DEBIAN_12, "psmisc": "23.6", package: version}
    return SimulatedNode(load({"tools": tools, "files": {"/captured": {"kind": "directory", "mode": "0700"}}}))


def captured(*words: str) -> Iterator[Completed]:
    """What was answered to the commands that begin with these words."""
    for record in RECORDS:
        for step in steps(record):
            if step.get("argv", ())[: len(words)] == list(words):
                yield Completed(step["returncode"], step["stdout"], step["stderr"])


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_simulated_words_are_the_recorded_ones(record: Path) -> None:
    """A simulated node that runs the recorded commands answers as recorded, but where it is known to differ."""
    on, comparison = node(record), Comparison()
    for step in steps(record):
        if "protect" in step:
            on.state["devices"][step["protect"]]["read_only"] = step["on"]
            continue
        command = Command(tuple(step["argv"]), kind=step["kind"], tool=step["tool"], public=step["public"])
        on.state["identifiers"]["loop"] = list(step["loops"])
        real = Completed(step["returncode"], step["stdout"], step["stderr"])
        differences = comparison.differences(command, real, on.run(command))
        assert [each for each in differences if each.part not in step["differs"]] == [], " ".join(step["argv"])


def test_blkid_is_read() -> None:
    """A probe that found something has a type and a uuid; one that did not has no tag."""
    answers = list(captured("blkid", "-p", "-o", "export"))
    found = [blkid.tags(answer) for answer in answers if answer.returncode == 0]
    assert found
    assert all(tags["TYPE"] and tags["UUID"] for tags in found)
    assert all(blkid.tags(answer) == {} for answer in answers if answer.returncode)


def test_findmnt_is_read() -> None:
    """Device, mount point, type, options and subvolume are told apart."""
    found = [each for answer in captured("findmnt", "-P") for each in mount.mounts(answer)]
    assert {each.mount_point.partition("/")[0] for each in found} <= {""}
    assert all(each.device.startswith("/dev/loop") and each.options[0] in {"rw", "ro"} for each in found)


def test_lsblk_is_read() -> None:
    """The padding of a device that nobody uses is no user."""
    for answer in captured("lsblk", "-nro", "NAME,MOUNTPOINT"):
        assert blockdev.users(answer) == []


def test_subvolumes_are_read() -> None:
    """Subvolumes are found by their paths, and a refusal lists none."""
    found = [btrfs.paths(answer) for answer in captured("btrfs", "subvol", "list")]
    assert ["data", "data/inner", "other"] in found
    assert [] in found


def test_superblocks_are_read() -> None:
    """tune2fs tells label, uuid and state of an ext; of anything else it tells no field."""
    answers = list(captured("tune2fs", "-l"))
    found = [ext.fields(answer) for answer in answers if answer.returncode == 0]
    assert {each["Filesystem volume name"] for each in found} == {"first", "", "mounted"}
    assert {each["Filesystem state"] for each in found} == {"clean"}
    assert all(ext.fields(answer) == {} for answer in answers if answer.returncode)


def test_the_identity_of_an_xfs_is_read() -> None:
    """xfs_admin tells label and uuid, also of a mounted filesystem; of anything else it tells nothing."""
    answers = list(captured("xfs_admin", "-lu"))
    found = [xfs.identity_of(answer) for answer in answers if answer.returncode == 0]
    assert [each.label for each in found if each is not None] == ["first", "xxxxxxxxxxxx", "", ""]
    assert all(xfs.identity_of(answer) is None for answer in answers if answer.returncode)


def test_fuser_is_read() -> None:
    """The kernel's own use of a mount, below a name that does not fit into its column, is no process."""
    (answer,) = captured("fuser", "-vm")
    assert fuser.described(answer).startswith("by no process")


def test_a_long_mount_point_hides_no_process() -> None:
    """A mount point with a line of its own does not shift the rows: fuser's table, of psmisc 23.6."""
    table = f"{'':21}USER        PID ACCESS COMMAND\n/srv/a-long-mount-point:\n{'':21}root      mount /srv/a\n"
    answer = Completed(0, "kernel 4711", f"{table}{'':21}root      ..c.. sleep\n")
    assert fuser.described(answer) == "pid 4711 (root, sleep)"

"""Arrays that lack a member, or were left by others: what is brought together again, and what goes."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.config.service import Service
from core.order import order
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

PATH = "/dev/md/svc1.disk.0"
MIRROR = "[disk#0]\ntype = md\ndevs = /dev/sdb /dev/sdc\nlevel = 1\n"
FS = f"[fs#0]\ntype = ext4\ndev = {PATH}\nmnt = /srv/a\n"
LOOP = "[disk#{0}]\ntype = loop\nfile = /srv/{0}.img\nsize = 200M\n"
ON_FILES = "[disk#0]\ntype = md\ndevs = {disk#1.file} {disk#2.file}\nlevel = 1\n" + LOOP.format(1) + LOOP.format(2)


def node(**state: Any) -> SimulatedNode:
    """A node with three blank disks."""
    devices = {f"/dev/sd{letter}": "1G" for letter in "bcd"}
    return SimulatedNode(load({"devices": devices, "files": {"/srv": "directory"}, **state}))


def provisioned(of: Service) -> SimulatedNode:
    """A node on which every resource was provisioned, and the array has copied what it had to."""
    on = node()
    for resource in order(of.resources()):
        drive(resource, "provision", on)
    on.state["clock"] += 3600
    return on


def run(of: Service, verb: str, on: Any, rid: str = "disk#0") -> Run:
    """Run a verb of a resource."""
    return drive(of.resource(rid), verb, on)


def assembled(of: Service, on: SimulatedNode, *options: str) -> None:
    """Somebody assembles the array from its first member alone."""
    words = ("mdadm", "--assemble", PATH, f"--uuid={of.resource('disk#0').made('array')}", *options, "/dev/sdb")
    on.run(Command(words, kind="changes", tool="mdadm"))


def members(on: SimulatedNode) -> list[str]:
    """Which slots of the array are taken, by the disks that the kernel has for it."""
    return sorted(path for path, each in on.state["devices"].items() if each["holders"] and path.startswith("/dev/sd"))


def test_a_member_that_comes_back_into_an_array_in_use_is_added_again() -> None:
    """It is older than what was written meanwhile, so it is copied to; nobody has to unmount anything."""
    of = service(MIRROR + FS)
    on = provisioned(of)
    for rid in ("fs#0", "disk#0"):
        run(of, "stop", on, rid)
    pulled = on.state["devices"].pop("/dev/sdc")
    for rid in ("disk#0", "fs#0"):
        run(of, "start", on, rid)
    on.state["devices"]["/dev/sdc"] = {**pulled, "holders": []}
    ran = run(of, "provision", on)
    assert [note for note in ran.notes if "was not there when it was started: added again" in note]
    (add,) = [command for command in ran.changes if "--add" in command.argv]
    assert [thing.kind for thing in add.destroys] == ["array"]
    assert members(on) == ["/dev/sdb", "/dev/sdc"]
    assert run(of, "status", on, "fs#0").value.state == "up"


def test_an_array_that_was_assembled_without_a_member_is_assembled_again() -> None:
    """Nobody uses it yet, so it is stopped, and started with all that is there."""
    of = service(MIRROR)
    on = provisioned(of)
    run(of, "stop", on)
    assembled(of, on, "--run")
    assert members(on) == ["/dev/sdb"]
    ran = run(of, "start", on)
    assert any("was assembled without members that are there now" in note for note in ran.notes)
    assert members(on) == ["/dev/sdb", "/dev/sdc"]


def test_an_array_that_could_not_be_started_is_let_go() -> None:
    """The kernel holds its first member and waits for the others: stop gives the disk free."""
    of = service(MIRROR)
    on = provisioned(of)
    run(of, "stop", on)
    assembled(of, on)
    assert members(on) == ["/dev/sdb"]
    ran = run(of, "stop", on)
    assert any("waits for members of" in note for note in ran.notes)
    assert members(on) == []


def test_members_in_files_go_with_them() -> None:
    """The loop devices are detached: nothing of the array has to be erased, since the files are deleted anyway."""
    of = service(ON_FILES)
    on = provisioned(of)
    for rid in ("disk#0", "disk#1", "disk#2"):
        run(of, "stop", on, rid)
    ran = run(of, "unprovision", on)
    assert [note for note in ran.notes if note.endswith("what was made on it goes with its disk")]
    assert not any(line.startswith(("dd", "blkdiscard")) for line in ran.lines)
    assert of.resource("disk#0").made("array") is None


def half_erased(content: dict[str, Any]) -> tuple[Service, SimulatedNode]:
    """An array that is stopped; its first member holds this by now."""
    of = service(MIRROR)
    on = provisioned(of)
    run(of, "stop", on)
    on.state["devices"]["/dev/sdb"]["content"] = content
    return of, on


def test_a_member_that_was_erased_to_the_half_is_erased_to_its_end() -> None:
    """An unprovision was killed between the first and the last MiB of a disk."""
    of, on = half_erased({"kind": "residue", "head": False, "tail": True})
    run(of, "unprovision", on)
    assert {on.state["devices"][path]["content"]["kind"] for path in ("/dev/sdb", "/dev/sdc")} == {"zero"}
    assert of.resource("disk#0").made("array") is None


@pytest.mark.parametrize("kind", ["head", "signature"])
def test_what_somebody_else_wrote_meanwhile_is_let_be(kind: str) -> None:
    """Bytes in the first MiB, or a signature that wipefs finds elsewhere, are not what an unprovision leaves."""
    content = {"kind": "residue", "head": kind == "head", "tail": True}
    of, on = half_erased(content)
    before = copy(on.state)["devices"]["/dev/sdb"]["content"]

    class Signed:
        """The node, on which wipefs finds something on the first disk."""

        def run(self, command: Command) -> Completed:
            """Answer as the node does, but for that."""
            if command.argv == ("wipefs", "-n", "/dev/sdb"):
                return Completed(0, "DEVICE OFFSET TYPE UUID LABEL\nsdb 0x3ffff000 zfs_member 42 tank\n")
            return on.run(command)

    ran = run(of, "unprovision", Signed() if kind == "signature" else on)
    assert not any("/dev/sdb" in line for line in ran.lines if line.startswith(("dd", "blkdiscard")))
    assert on.state["devices"]["/dev/sdb"]["content"] == before

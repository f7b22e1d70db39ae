"""Loop disks, and a filesystem on one."""

from typing import Any

import pytest

from core.command import Check, Command, Completed
from core.compare import same_world
from core.config.service import Service
from core.driver import Tie
from core.errors import Failed, Refused
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

DISK = "[disk#0]\ntype = loop\nfile = /var/svc/a/l.img\nsize = 500m\n"
WITH_FS = DISK + "[fs#0]\ntype = ext4\ndev = {disk#0.file}\nmnt = /srv/data\n"


def node(**state: Any) -> SimulatedNode:
    """A node with /var and /srv."""
    return SimulatedNode(load({"files": {"/var/svc": "directory", "/srv": "directory"}, **state}))


def run(of: Service, verb: str, on: SimulatedNode, rid: str = "disk#0") -> Run:
    """Run a verb of one resource."""
    return drive(of.resource(rid), verb, on)


def test_the_file_is_created_and_attached() -> None:
    """What is done, and in which words."""
    ran = run(service(DISK), "provision", node())
    assert ran.lines == [
        "mkdir /var/svc/a",
        "truncate -s 524288000 /var/svc/a/l.img",
        "losetup -f --show /var/svc/a/l.img",
    ]
    assert ran.notes == [
        "create directory /var/svc/a",
        "create file /var/svc/a/l.img, size 500m",
        "provisioned",
        "/dev/loop0 now loops to /var/svc/a/l.img",
    ]


@pytest.mark.parametrize("text, size", [("size = 10", 10 * 1024**2), ("", 10 * 1024**2), ("size = 1g", 1024**3)])
def test_sizes(text: str, size: int) -> None:
    """A bare number counts MiB, and there is a default."""
    on = node()
    run(service(f"[disk#0]\ntype = loop\nfile = /srv/l.img\n{text}\n"), "provision", on)
    assert on.state["devices"]["/dev/loop0"]["size"] == size


def test_a_share_is_no_size() -> None:
    """A file is no part of a volume group."""
    with pytest.raises(Failed, match="a file has no size such as 10%FREE"):
        run(service("[disk#0]\ntype = loop\nfile = /srv/l.img\nsize = 10%FREE\n"), "provision", node())


def test_a_second_provision_changes_nothing() -> None:
    """Where the file is attached, nothing is run."""
    of, on = service(DISK), node()
    run(of, "provision", on)
    again = run(of, "provision", on)
    assert again.lines == []
    assert again.notes == ["already provisioned", "loop /var/svc/a/l.img is already up"]


def test_unprovision_is_the_inverse() -> None:
    """File, directory and device are gone, and what is lost is typed."""
    of, on = service(DISK), node()
    before = copy(on.state)
    run(of, "provision", on)
    ran = run(of, "unprovision", on)
    assert [tuple(thing[:2]) for each in ran.changes for thing in each.destroys] == [("file", "/var/svc/a/l.img")]
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_a_file_of_somebody_else_is_refused() -> None:
    """A file that exists is not attached by provision, unless it is adopted; unprovision keeps it."""
    of, on = service(DISK), node(files={"/var/svc/a/l.img": {"size": "500M", "content": {"type": "ext4"}}})
    with pytest.raises(Refused, match="svcmgr -s svc1 provision --adopt disk#0"):
        run(of, "provision", on)
    of.adopt = frozenset(("disk#0",))
    run(of, "provision", on)
    assert run(of, "unprovision", on).notes == ["no file was made for this resource"]
    assert on.tree.exists("/var/svc/a/l.img")


def test_a_file_that_is_attached_is_used() -> None:
    """What is where the file says needs no record."""
    of, on = service(DISK), node(files={"/var/svc/a/l.img": {"size": "500M", "content": {"type": "ext4"}}})
    run(of, "start", on)
    assert run(of, "provision", on).lines == []


def test_a_file_never_written_to_is_ours() -> None:
    """A file of the right size without one allocated block is what a killed run leaves, and nobody's data."""
    of, on = service(DISK), node(files={"/var/svc/a/l.img": {"size": "500M"}})
    run(of, "provision", on)
    assert of.resource("disk#0").made("file") == "/var/svc/a/l.img"


def test_the_undo_of_a_file_looks_for_data() -> None:
    """A rollback does not delete a file when there are files in a filesystem that somebody made in it meanwhile."""
    on = node()
    ran = run(service(DISK), "provision", on)
    (create,) = (each for each in ran.changes if each.argv[0] == "truncate")
    (check,) = (step for step in create.undo if isinstance(step, Check))
    assert check.otherwise == "/var/svc/a/l.img holds data that its provisioning did not put there"
    entry = on.state["files"]["/var/svc/a/l.img"]
    for content, answer in (("zero", ""), ({"type": "xfs"}, ""), ({"type": "xfs", "files": {"/a": "b"}}, "/a")):
        entry["content"] = load({"files": {"/x": {"content": content}}})["files"]["/x"]["content"]
        for step in create.undo[:3]:
            seen = on.run(step.ask if isinstance(step, Check) else step)
        assert seen.stdout.strip().endswith(answer)
        for step in create.undo[3:5]:
            assert isinstance(step, Command)
            on.run(step)


def test_status_and_start() -> None:
    """Down when it is not attached, with a remark when there is no file; start needs the file."""
    of, on = service(DISK), node()
    assert run(of, "status", on).value.remarks[0].text == "/var/svc/a/l.img does not exist"
    with pytest.raises(Failed, match="does not exist; provision creates it"):
        run(of, "start", on)
    run(of, "provision", on)
    assert run(of, "status", on).value.state == "up"
    run(of, "stop", on)
    assert (run(of, "status", on).value.state, run(of, "status", on).value.remarks) == ("down", ())
    assert run(of, "stop", on).notes == ["loop /var/svc/a/l.img is already down"]


def test_a_busy_disk_is_not_down() -> None:
    """The kernel says yes to a detach of a busy loop device; stop looks again and fails."""
    of, on = service(WITH_FS), node()
    run(of, "provision", on)
    run(of, "provision", on, "fs#0")
    with pytest.raises(Failed, match="/dev/loop0 is still in use"):
        run(of, "stop", on)


def test_a_filesystem_finds_the_loop_device_of_its_file() -> None:
    """The key dev names the file; what is formatted and mounted is the device."""
    of, on = service(WITH_FS), node()
    run(of, "provision", on)
    lines = run(of, "provision", on, "fs#0").lines
    assert lines[-2:] == ["e2fsck -p /dev/loop0", "mount -t ext4 /dev/loop0 /srv/data"]


def test_checks_and_undos_are_about_the_file() -> None:
    """After a reboot the loop device is gone, so what was formatted is looked for, and taken back, in the file."""
    of, on = service(WITH_FS), node()
    run(of, "provision", on)
    ran = run(of, "provision", on, "fs#0")
    (format_,) = (each for each in ran.changes if each.argv[0] == "mkfs.ext4")
    assert format_.check is not None
    on.state["mounts"].clear()
    del on.state["devices"]["/dev/loop0"]
    assert on.run(format_.check.ask).returncode == 0
    for step in format_.undo:
        assert on.run(step.ask if isinstance(step, Check) else step).returncode == 0
    assert on.state["files"]["/var/svc/a/l.img"]["content"] == {"kind": "zero"}


def test_what_was_on_it_goes_with_it() -> None:
    """After a stop the loop device is gone: the filesystem on it is forgotten, since its disk is deleted."""
    of, on = service(WITH_FS), node()
    before = copy(on.state)
    run(of, "provision", on)
    run(of, "provision", on, "fs#0")
    for verb in ("stop", "unprovision"):
        for rid in ("fs#0", "disk#0"):
            run(of, verb, on, rid)
    assert same_world(before, on.state) == []
    assert of.record.is_empty


def test_ties() -> None:
    """It needs the tree that its file is in, and gives the device by the name of the file."""
    resource = service(DISK).resource("disk#0")
    assert list(resource.driver.needs(resource)) == [Tie("path", "/var/svc/a")]
    assert list(resource.driver.gives(resource)) == [Tie("device", "/var/svc/a/l.img")]


@pytest.mark.parametrize("text, size", [("size = 10", "10M"), ("size = 2048", "2G"), ("size = 10%FREE", "10%FREE")])
def test_the_purpose_says_the_size_that_is_understood(text: str, size: str) -> None:
    """A bare number is shown with the unit that it counts."""
    here = service(f"[disk#0]\ntype = loop\nfile = /srv/l.img\n{text}\n").resource("disk#0")
    assert here.driver.purpose(here) == f"the file /srv/l.img of {size}, as a loop device"


def test_a_device_that_somebody_looks_at_is_waited_for() -> None:
    """Who reads every disk of the node has a device open for a moment: a stop waits until it is let go."""

    class Looked:
        """A node that lists a detached device twice more."""

        def __init__(self, inner: SimulatedNode) -> None:
            self.inner, self.left = inner, 2

        def run(self, command: Command) -> Completed:
            answer = self.inner.run(command)
            if command.argv[:2] == ("losetup", "-n") and not answer.stdout and self.left:
                self.left -= 1
                return Completed(0, "/dev/loop0\n")
            return answer

    of, on = service(DISK), node()
    run(of, "provision", on)
    looked = Looked(on)
    assert drive(of.resource("disk#0"), "stop", looked).lines == ["losetup -d /dev/loop0"]
    assert looked.left == 0

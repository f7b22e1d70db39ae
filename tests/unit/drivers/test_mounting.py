"""Filesystems that are only mounted."""

from typing import Any

import pytest

from core.errors import CommandFailed, ConfigError, Failed, Refused
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, drive, service

BIND = "[fs#0]\ntype = bind\ndev = /srv/a/\nmnt = /srv/b\n"
TMPFS = "[fs#0]\ntype = tmpfs\nmnt = /srv/b\n"
NFS = "[fs#0]\ntype = nfs\ndev = server:/\nmnt = /srv/b\n"


def node(**state: Any) -> SimulatedNode:
    """A node with /srv/a and a server."""
    known = {"tools": {"nfs-common": "2"}, "files": {"/srv/a/file": "text"}, "trees": {"server:/": {}}}
    return SimulatedNode(load({**known, **state}))


def run(text: str, verb: str, on: SimulatedNode) -> Run:
    """Run a verb of one resource."""
    return drive(service(text).resource("fs#0"), verb, on)


@pytest.mark.parametrize(
    "text, line",
    [
        (BIND, "mount -t none -o bind /srv/a /srv/b"),
        (f"{BIND}mnt_opt = ro,bind\n", "mount -t none -o bind,ro /srv/a /srv/b"),
        (TMPFS, "mount -t tmpfs tmpfs /srv/b"),
        (f"{TMPFS}size = 1\n", "mount -t tmpfs -o size=1024k tmpfs /srv/b"),
        (f"{TMPFS}size = 1025B\nmnt_opt = noatime\n", "mount -t tmpfs -o size=2k,noatime tmpfs /srv/b"),
        (NFS, "mount -t nfs server:/ /srv/b"),
    ],
)
def test_it_is_mounted_once(text: str, line: str) -> None:
    """The mount point is made, it is mounted, it is up; once more changes nothing; it goes down."""
    on = node()
    assert run(text, "provision", on).lines == ["mkdir /srv/b", line]
    assert run(text, "status", on).value.state == "up"
    assert run(text, "provision", on).lines == []
    assert run(text, "stop", on).lines == ["umount /srv/b"]
    assert run(text, "stop", on).lines == []
    assert run(text, "status", on).value.state == "down"


@pytest.mark.parametrize("text", [BIND, NFS, TMPFS])
def test_something_else_is_mounted_there(text: str) -> None:
    """It is not taken for what the file names, nothing is mounted over it, and it stays."""
    on = node(files={"/srv/a/file": "text", "/srv/b": "directory", "/srv/c": "directory"})
    other = "[fs#0]\ntype = bind\ndev = /srv/c\nmnt = /srv/b\n"
    run(other, "provision", on)
    with pytest.raises(Refused, match="is mounted on /srv/b"):
        run(text, "start", on)
    assert run(text, "stop", on).lines == []
    assert run(text, "status", on).value.state == "warn"


def test_a_directory_that_is_not_there() -> None:
    """Nothing is made of it."""
    with pytest.raises(Failed, match="there is no directory /srv/a; make it, or correct dev"):
        run(BIND, "provision", node(files={"/srv": "directory"}))


def test_a_directory_in_its_own_mount_point() -> None:
    """It would be hidden by its mount."""
    with pytest.raises(ConfigError, match=r"fs#0.dev: /srv/b/c lies in /srv/b, and would be hidden"):
        run(BIND.replace("/srv/a/", "/srv/b/c"), "provision", node())


def test_the_root_may_be_mounted_once_more() -> None:
    """It has no slash too many."""
    on = node(files={"/mnt": "directory"})
    assert run("[fs#0]\ntype = bind\ndev = /\nmnt = /mnt\n", "start", on).lines == ["mount -t none -o bind / /mnt"]


def test_a_server_that_does_not_answer() -> None:
    """What mount.nfs says is what is said."""
    with pytest.raises(CommandFailed, match="Connection timed out"):
        run(NFS, "start", node(trees={}, names={"server": "192.0.2.3"}))


@pytest.mark.parametrize("dev", ["server:srv", "/srv", ":/x", "a b:/x"])
def test_what_is_no_export(dev: str) -> None:
    """It has a server and an absolute path."""
    keyword = service(NFS).keyword("fs#0", "dev")
    assert "is no export" in (keyword.complaint(dev) or "")
    assert keyword.complaint("[fd00::1]:/srv") is None

"""What is mounted without a device of its own: exports of simulated servers, and the places of a bind mount."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from executors.simulated.unformatted import kibibytes

EXPORT = "files.example.com:/srv/web"
STATE = {
    "tools": {"nfs-common": "2.6.2"},
    "names": {"files.example.com": "192.0.2.30", "other": "192.0.2.31"},
    "files": {"/mnt": "directory", "/srv/a/b/c": "text", "/srv/link": {"kind": "link", "target": "/srv/a"}},
    "trees": {EXPORT: {"/index.html": "hello"}},
}


def node(**state: Any) -> SimulatedNode:
    """A node with a server that it can reach."""
    return SimulatedNode(load({**STATE, **state}))


def run(on: SimulatedNode, line: str, tool: str = "mount") -> Completed:
    """Run a command line."""
    return on.run(Command(tuple(line.split()), tool=tool))


@pytest.mark.parametrize(
    "line, said",
    [
        ("-t nfs files.example.com:/gone /mnt", "mount.nfs: access denied by server while mounting"),
        ("-t nfs nobody.example.com:/srv /mnt", "mount.nfs: Failed to resolve server nobody.example.com"),
        ("-t nfs other:/srv /mnt", "mount.nfs: Connection timed out"),
        ("-t nfs 192.0.2.9:/srv /mnt", "mount.nfs: Connection timed out"),
        ("-t nfs files.example.com /mnt", "mount.nfs: remote share not in 'host:dir' format"),
        (f"-t nfs -o frobnicate {EXPORT} /mnt", "mount.nfs: an incorrect mount option was specified"),
        (f"-t nfs {EXPORT} /srv/a/b/c", "mount.nfs: mount point /srv/a/b/c is not a directory"),
        (f"-t nfs4 {EXPORT} /srv/nothing", "mount.nfs4: mount point /srv/nothing does not exist"),
        (
            "-t nfs4 files.example.com:/gone /mnt",
            "mount.nfs4: mounting files.example.com:/gone failed, reason given by",
        ),
        ("-t nfs4 -o vers=3 files.example.com:/gone /mnt", "mount.nfs4: access denied by server while mounting"),
    ],
)
def test_what_nfs_refuses(line: str, said: str) -> None:
    """No such export, no such server, no answer, no directory, an unknown option."""
    answer = run(node(), f"mount {line}")
    assert answer.returncode == 32
    assert answer.stderr.startswith(said)
    assert "dmesg" not in answer.stderr


def test_nfs_needs_its_helper() -> None:
    """Without nfs-common there is no mount.nfs."""
    answer = run(node(tools={}), f"mount -t nfs {EXPORT} /mnt")
    assert "you might need a /sbin/mount.<type> helper program" in answer.stderr


def test_an_export_outlives_its_mounts() -> None:
    """What was written is there the next time, also after a reboot; of a tmpfs nothing is."""
    on = node()
    for line in (f"mount -t nfs4 -o ro,vers=3,hard {EXPORT} /mnt", "umount /mnt", f"mount -t nfs {EXPORT} /mnt"):
        assert run(on, line).returncode == 0
    assert run(on, "test -f /mnt/index.html", "files").returncode == 0
    assert run(on, "mkdir /mnt/new", "files").returncode == 0
    assert run(on, "mount -t tmpfs tmpfs /srv/a").returncode == 0
    reboot(on.state)
    again = SimulatedNode(on.state)
    assert run(again, "test -d /mnt/new", "files").returncode == 1
    assert run(again, f"mount -t nfs {EXPORT} /mnt").returncode == 0
    assert run(again, "test -d /mnt/new", "files").returncode == 0
    assert list(on.state["trees"]) == [EXPORT]


def test_an_export_that_is_mounted_already_is_mounted_once() -> None:
    """Mount.nfs says nothing of it, and one unmount is enough."""
    on = node()
    for _ in range(2):
        assert run(on, f"mount -t nfs {EXPORT} /mnt") == Completed(0)
    assert [run(on, "umount /mnt").returncode for _ in range(2)] == [0, 32]


def test_the_kernel_calls_nfs_by_its_version() -> None:
    """The type that findmnt shows is the version that was agreed upon."""
    on = node()
    run(on, f"mount -t nfs -o vers=3,hard {EXPORT} /mnt")
    assert run(on, "findmnt -P -o SOURCE,TARGET,FSTYPE,OPTIONS /mnt").stdout == (
        f'SOURCE="{EXPORT}" TARGET="/mnt" FSTYPE="nfs" OPTIONS="rw,relatime,vers=3,hard"\n'
    )


@pytest.mark.parametrize("root", [None, "", "@"])
def test_a_directory_of_the_root_once_more(root: str | None) -> None:
    """It is the same directory, whatever the node's state says of its root filesystem, also through a link."""
    mounts = [] if root is None else [{"device": "/dev/sda", "mount_point": "/", "type": "btrfs", "subvolume": root}]
    on = node(devices={"/dev/sda": "5G"}, mounts=mounts)
    assert run(on, "mount -t none -o bind /srv/link /mnt").returncode == 0
    assert run(on, "test /srv/a -ef /mnt", "files").returncode == 0
    assert run(on, "test /srv/a/b -ef /mnt", "files").returncode == 1
    assert run(on, "test -f /mnt/b/c", "files").returncode == 0
    source = "rootfs" if root is None else "/dev/sda"
    inside = "/@/srv/a" if root else "/srv/a"
    assert run(on, "findmnt -n -o SOURCE /mnt").stdout == f"{source}[{inside}]\n"
    assert run(on, "mkdir /mnt/new", "files").returncode == 0
    assert "/srv/a/new" in on.state["files"]


def test_a_filesystem_that_is_mounted_once_more_may_go_from_its_first_place() -> None:
    """A bind mount keeps what it shows."""
    content = {"type": "ext4", "uuid": "u", "files": {"/x/y": "text"}}
    on = node(devices={"/dev/sdb": {"size": "1G", "content": content}})
    for line in ("mount /dev/sdb /srv/a", "mount -t none -o bind,ro /srv/a/x /mnt", "umount /srv/a"):
        assert run(on, line).returncode == 0
    assert run(on, "test -f /mnt/y", "files").returncode == 0
    assert run(on, "mkdir /mnt/z", "files").stderr.endswith("Read-only file system\n")


@pytest.mark.parametrize("text, size", [("50%", 2 * 1024**2), ("1", 4), ("4k", 4), ("5K", 8), ("1g", 1024**2)])
def test_sizes_of_a_tmpfs(text: str, size: int) -> None:
    """They are rounded to pages; a part is one of the memory."""
    assert kibibytes(text) == size


def test_what_nobody_has_looked_at_is_the_same_all_the_same() -> None:
    """Two mounts of one directory are one, before anybody knows what the device holds."""
    mounts = [
        {"device": "/dev/sdb", "mount_point": each, "type": "btrfs", "subvolume": "data"} for each in ("/a", "/b")
    ]
    devices = {"/dev/sdb": {"size": "1G", "content": {"kind": "unseen"}}}
    on = SimulatedNode(load({"complete": False, "mounts": mounts, "devices": devices}))
    assert run(on, "test /a -ef /b", "files").returncode == 0

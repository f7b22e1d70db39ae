"""The simulated mount, umount, findmnt and losetup: what is where, and who keeps it busy."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import files, losetup, mount
from executors.simulated.node import SimulatedNode

BTRFS = {"type": "btrfs", "uuid": "b", "label": "svc.fs.1", "subvolumes": {"data": {"/kept": "text"}}}


def node(**state: Any) -> SimulatedNode:
    """A node with an ext4, a btrfs, a blank disk and two directories."""
    devices = {
        "/dev/sdb": {"size": "1G", "content": {"type": "ext4", "uuid": "e", "files": {"/kept": "text"}}},
        "/dev/sdc": {"size": "1G", "content": BTRFS},
        "/dev/sdd": {"size": "1G"},
    }
    tree = {"/mnt": "directory", "/srv": "directory", "/srv/file": "text", "/link": {"kind": "link", "target": "/mnt"}}
    return SimulatedNode(load({"devices": devices, "files": tree, **state}))


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line of words with the simulated face of `mount`."""
    return on.run(Command(tuple(line.split()), tool="mount"))


WRONG = "wrong fs type, bad option, bad superblock on {}, missing codepage or helper program, or other error.\n"
HINT = "       dmesg(1) may have more information after failed mount system call.\n"


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("-t ext4 /dev/sdb /gone", 32, "mount: /gone: mount point does not exist.\n"),
        ("-t ext4 /dev/sdb /srv/file", 32, "mount: /srv/file: mount point is not a directory.\n"),
        ("-t ext4 /dev/sde /mnt", 32, "mount: /mnt: special device /dev/sde does not exist.\n"),
        ("-t ext4 /srv /mnt", 32, "mount: /mnt: /srv is not a block device.\n"),
        ("-t ext4 /srv/file /mnt", 32, "mount: /mnt: " + WRONG.format("/dev/loop0")),
        ("-t btrfs LABEL=gone /mnt", 1, "mount: /mnt: can't find LABEL=gone.\n"),
        ("-t xfs /dev/sdb /mnt", 32, "mount: /mnt: " + WRONG.format("/dev/sdb")),
        ("-t ext4 /dev/sdd /mnt", 32, "mount: /mnt: " + WRONG.format("/dev/sdd")),
        ("-t ext4 -o subvol=data /dev/sdb /mnt", 32, "mount: /mnt: " + WRONG.format("/dev/sdb")),
        ("-t zfs /dev/sdb /mnt", 32, "mount: /mnt: unknown filesystem type 'zfs'.\n"),
        (
            "-t btrfs -o subvol=gone /dev/sdc /mnt",
            32,
            "mount: /mnt: mount(2) system call failed: No such file or directory.\n",
        ),
    ],
)
def test_what_mount_refuses(line: str, returncode: int, said: str) -> None:
    """A mount that the kernel would refuse is refused, with the words of mount."""
    hint = HINT if returncode == mount.REFUSED else ""
    assert ran(node(), f"mount {line}") == Completed(returncode, "", said + hint)


def test_a_mount_shows_what_the_device_holds() -> None:
    """What is on the device is seen below the mount point, and no longer after umount."""
    on = node()
    assert on.run(mount.mount("ext4", "", "/dev/sdb", "/mnt")).returncode == 0
    assert on.run(files.exists("/mnt/kept")).returncode == 0
    assert on.run(mount.umount("/mnt")).returncode == 0
    assert on.run(files.exists("/mnt/kept")).returncode == 1


def test_a_subvolume_is_mounted_by_label() -> None:
    """LABEL= finds the device, subvol= the part of it, and findmnt names both."""
    on = node()
    assert on.run(mount.mount("btrfs", "defaults,subvol=data", "LABEL=svc.fs.1", "/mnt")).returncode == 0
    assert on.run(files.exists("/mnt/kept")).returncode == 0
    options = ("rw", "relatime", "space_cache=v2", "subvolid=256", "subvol=/data")
    assert mount.mounts(on.run(mount.at("/mnt"))) == [mount.Mount("/dev/sdc", "/mnt", "btrfs", options, "data")]


def test_the_top_of_a_btrfs_shows_its_subvolumes() -> None:
    """subvolid=0 is the whole filesystem."""
    on = node()
    on.run(mount.mount("btrfs", "subvolid=0", "/dev/sdc", "/mnt"))
    assert on.run(files.exists("/mnt/data/kept")).returncode == 0


def test_findmnt_answers_by_place_and_by_source() -> None:
    """A mount is found by its mount point, through links, by its source, and by both; else the code is 1."""
    on = node()
    on.run(mount.mount("ext4", "ro", "/dev/sdb", "/mnt"))
    assert [place.mount_point for place in mount.mounts(on.run(mount.of("/dev/sdb")))] == ["/mnt"]
    assert mount.mounts(on.run(mount.at("/link")))[0].options == ("ro", "relatime")
    assert ran(on, "findmnt -n -o TARGET /dev/sdb /mnt").stdout == "/mnt\n"
    assert ran(on, "findmnt -n -o TARGET /dev/sdc /mnt").returncode == 1
    assert on.run(mount.at("/srv")).returncode == 1
    assert ran(on, "findmnt -o SIZE /mnt").returncode == 1


def test_the_same_mount_twice_is_refused() -> None:
    """A device is not mounted twice on one directory."""
    on = node()
    on.run(mount.mount("ext4", "", "/dev/sdb", "/mnt"))
    answer = on.run(mount.mount("ext4", "", "/dev/sdb", "/mnt"))
    assert answer == Completed(32, "", "mount: /mnt: /dev/sdb already mounted on /mnt.\n" + HINT)


@pytest.mark.parametrize(
    "user",
    [
        {"processes": {"7": {"program": "sleep", "files": ["/mnt/kept"]}}},
        {"mounts": [{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"},
                    {"device": "/dev/sdc", "mount_point": "/mnt/inner", "type": "btrfs"}]},
        {"docker": {"unix:///a.sock": {"pid": 7, "data_root": "/mnt/docker"}}},
    ],
)  # fmt: skip
def test_a_busy_filesystem_stays(user: dict[str, Any]) -> None:
    """An open file, a mount below, or a daemon that lives there keeps a filesystem mounted."""
    on = node(**{"mounts": [{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4"}], **user})
    assert on.run(mount.umount("/mnt")) == Completed(32, "", "umount: /mnt: target is busy.\n")


def test_what_umount_refuses() -> None:
    """Nothing is mounted, or nothing is there: two sentences, one code."""
    assert node().run(mount.umount("/mnt")) == Completed(32, "", "umount: /mnt: not mounted.\n")
    assert node().run(mount.umount("/gone")) == Completed(32, "", "umount: /gone: no mount point specified.\n")


def test_a_loop_device_has_the_whole_sectors_of_its_file() -> None:
    """The first free device is attached, found by its file, and detached again."""
    on = node(files={"/l.img": {"size": 1300}})
    assert on.run(losetup.attach("/l.img", "disk#0.loop")).stdout == "/dev/loop0\n"
    assert on.state["devices"]["/dev/loop0"]["size"] == 1024
    assert on.run(losetup.associated("/l.img")).stdout == "/dev/loop0\n"
    assert on.run(losetup.detach("/dev/loop0", "/l.img")).returncode == 0
    assert on.run(losetup.associated("/l.img")) == Completed(0)


def test_a_busy_loop_device_goes_with_its_last_user() -> None:
    """The answer to losetup -d of a mounted device is 0, and it goes only at umount."""
    on = node(files={"/mnt": "directory", "/l.img": {"size": "1M", "content": {"type": "ext4"}}})
    on.run(losetup.attach("/l.img", "disk#0.loop"))
    on.run(mount.mount("ext4", "", "/dev/loop0", "/mnt"))
    assert on.run(losetup.detach("/dev/loop0", "/l.img")) == Completed(0)
    assert on.run(losetup.associated("/l.img")).stdout == "/dev/loop0\n"
    on.run(mount.umount("/mnt"))
    assert on.run(losetup.associated("/l.img")) == Completed(0)


def test_a_file_is_mounted_with_a_loop_device_of_its_own() -> None:
    """`-o loop` attaches the file for as long as it is mounted."""
    on = node(files={"/mnt": "directory", "/l.img": {"size": "1M", "content": {"type": "ext4"}}})
    before = repr(on.state)
    assert on.run(mount.mount("ext4", "ro,loop", "/l.img", "/mnt", temporary=True)).returncode == 0
    on.run(mount.umount("/mnt", temporary=True))
    assert repr(on.state) == before


@pytest.mark.parametrize(
    "line, said",
    [
        ("-f --show /gone", "losetup: /gone: failed to set up loop device: No such file or directory\n"),
        ("-f --show /srv", "losetup: /srv: failed to set up loop device: Is a directory\n"),
        ("-d /dev/loop0", "losetup: /dev/loop0: detach failed: No such device or address\n"),
        ("-d /dev/sdz", "losetup: /dev/sdz: failed to use device: No such device\n"),
        ("-d /dev/sdb", "losetup: /dev/sdb: detach failed: No such device or address\n"),
        ("-c /dev/loop0", "losetup: /dev/loop0: set capacity failed: No such device or address\n"),
        ("-c /dev/sdz", "losetup: /dev/sdz: failed to use device: No such device\n"),
        ("-z", "losetup: invalid option -- 'z'\nTry 'losetup --help' for more information.\n"),
    ],
)
def test_what_losetup_refuses(line: str, said: str) -> None:
    """A file or device that is not there, a directory, and options that are not known."""
    assert node().run(Command(("losetup", *line.split()), tool="losetup")) == Completed(1, "", said)

"""mount, umount, findmnt and fuser: what is where, and who keeps it busy."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from core.command import Command
from core.tools import ext, files, find, fuser, losetup, mount, xfs
from tests.fidelity.answers import without
from tests.fidelity.test_formats import TYPES, formatting
from tests.fidelity.twins import Twins

MIB = 1024 * 1024
OPTIONS = ("ro", "noatime", "nosuid,nodev,noexec", "defaults", "sync", "ro,noatime")


LABEL = f"disk-{10 + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}"
"""A label of this process's own: the machine looks for labels on every device, those of other tests as well."""


def formatted(twins: Twins, type_: str = "ext4", name: str = "disk") -> tuple[str, str]:
    """Make a filesystem and a mount point on both sides; return the device and the mount point."""
    device, point = twins.attach(name, 320 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    twins.run(formatting(type_, device, twins.uuid(), "-L", LABEL if name == "disk" else name))
    return device, point


@pytest.fixture
def sleeper(twins: Twins) -> Iterator[str]:
    """A mounted filesystem with a process of ours in it, on both sides; its mount point."""
    device, point = formatted(twins)
    twins.run(mount.mount("ext4", "", device, point))
    with subprocess.Popen(("sleep", "60"), cwd=point) as process:
        pid = str(process.pid)
        twins.node.state["processes"][pid] = {"program": "sleep", "files": [point], "user": "root", "unit": ""}
        yield point
        process.terminate()


@pytest.mark.parametrize("type_", TYPES)
def test_a_filesystem_is_mounted_and_unmounted(twins: Twins, type_: str) -> None:
    """By its device, its label and its uuid, with what findmnt shows of it; and then it is gone."""
    device, point = formatted(twins, type_)
    for source in (device, f"LABEL={LABEL}"):
        twins.run(mount.mount(type_, "", source, point))
        for command in (mount.at(point), mount.of(device), mount.is_mounted(source, point).ask,
                        mount.is_free(point).ask, find.file(point)):  # fmt: skip
            twins.run(command)
        twins.run(files.make_directory(f"{point}/inside", "x"), read=lambda _answer: None)
        twins.run(mount.umount(point))
        twins.run(mount.umount(point))
    twins.run(find.entry(point))


@pytest.mark.parametrize("type_", TYPES)
def test_mount_options(twins: Twins, type_: str) -> None:
    """The options are those that the kernel shows, in its order."""
    device, point = formatted(twins, type_)
    for options in OPTIONS:
        twins.run(mount.mount(type_, options, device, point))
        twins.run(mount.umount(point))
    twins.run(mount.mount(type_, "frobnicate", device, point))


def test_a_device_is_unmounted_by_its_name(twins: Twins) -> None:
    """Unmounting takes the device as well as the mount point."""
    device, point = formatted(twins)
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(mount.umount(device))
    twins.run(mount.umount(device))


def test_what_is_not_mounted(twins: Twins) -> None:
    """A blank device, another type, an unknown type, no device, no label, no mount point, a file as mount point."""
    device, point = formatted(twins)
    blank, file = twins.attach("blank", 4 * MIB), twins.file("file", 2 * MIB)
    for type_, source, target in (
        ("ext4", blank, point),
        ("auto", blank, point),
        ("xfs", device, point),
        ("frobnicate", device, point),
        ("ext4", "/dev/nosuch", point),
        ("ext4", "LABEL=nosuch", point),
        ("ext4", "UUID=nosuch", point),
        ("ext4", device, twins.path("missing")),
        ("ext4", "/dev/nosuch", twins.path("missing")),
        ("ext4", device, file),
        ("ext4", point, point),
    ):
        twins.run(mount.mount(type_, "", source, target))
    for target in (point, file, "/dev/nosuch", twins.path("missing")):
        twins.run(mount.umount(target))
        twins.run(mount.at(target))


def test_mounted_twice(twins: Twins) -> None:
    """A device is mounted once at a place; elsewhere only if it is as writable as before."""
    device, point = formatted(twins)
    other = twins.path("other")
    twins.run(files.make_directory(other, "fs#1.directory"))
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(mount.mount("ext4", "ro", device, other))
    twins.run(mount.mount("ext4", "", device, other))
    twins.run(mount.umount(point))
    twins.run(mount.umount(other))


def test_a_mount_over_a_mount(twins: Twins) -> None:
    """What is mounted last is unmounted first, and hides what was there."""
    device, point = formatted(twins)
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(files.make_directory(f"{point}/below", "x"))
    second = twins.attach("second", 320 * MIB)
    twins.run(xfs.make_filesystem(second, (), "fs#1.filesystem", twins.uuid()))
    twins.run(mount.mount("xfs", "", second, f"{point}/below"))
    twins.run(mount.umount(point))
    twins.run(files.remove_directory(f"{point}/below"))
    twins.run(mount.umount(f"{point}/below"))
    twins.run(mount.umount(point))


def test_a_file_is_mounted(twins: Twins) -> None:
    """`-o loop` attaches a file for as long as it is mounted; a file that holds nothing is refused."""
    blank, point = twins.file("blank", 4 * MIB), twins.path("point")
    twins.run(files.make_directory(point, "fs#0.directory"))
    # The device that the file had for a moment is named; nobody else hears of it.
    twins.run(mount.look_into(blank, point), read=without(r"/dev/loop\d+"))
    file = twins.file("file", 32 * MIB)
    twins.run(ext.make_filesystem("ext4", file, (), "fs#0.filesystem", twins.uuid()))
    twins.run(mount.look_into(file, point))
    twins.run(losetup.associated(file))
    twins.run(files.make_directory(f"{point}/inside", "x"))
    twins.run(mount.umount(point, temporary=True))
    twins.run(losetup.associated(file))


def test_a_busy_loop_device_goes_with_its_last_user(twins: Twins) -> None:
    """After losetup -d of a mounted device, which ends with 0, the device goes at the umount."""
    device, point = formatted(twins)
    twins.run(mount.mount("ext4", "", device, point))
    twins.run(losetup.detach(device, twins.path("disk")))
    twins.run(losetup.associated(twins.path("disk")))
    twins.run(mount.umount(point))
    twins.run(losetup.associated(twins.path("disk")))


def test_a_process_keeps_a_filesystem_busy(twins: Twins, sleeper: str) -> None:
    """A busy filesystem is not unmounted, and fuser says by whom: pid, user and command."""
    twins.run(mount.umount(sleeper))
    twins.run(fuser.users(sleeper), read=fuser.described)
    twins.run(fuser.users(twins.path("missing")), read=lambda answer: answer.returncode)


def test_a_loop_device_keeps_a_filesystem_busy(twins: Twins) -> None:
    """A file that is attached keeps the filesystem that it lies in mounted; fuser names no process."""
    device, point = formatted(twins)
    twins.run(mount.mount("ext4", "", device, point))
    file = twins.file("point/inner", 4 * MIB)
    inner = twins.run(losetup.attach(file, "disk#1.loop")).stdout.strip()
    twins.run(mount.umount(point))
    twins.run(fuser.users(point), read=fuser.described)
    twins.run(losetup.detach(inner, file))
    twins.run(mount.umount(point))


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown option and a missing operand are the tool's own usage error."""
    for line in ("mount --foo", "mount -o ro", "umount", "umount --foo", "findmnt --foo"):
        twins.run(Command(tuple(line.split()), tool=mount.TOOL))

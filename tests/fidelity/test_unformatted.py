"""Directories mounted once more, and tmpfs: what is there, what findmnt shows, and what mount refuses."""

import pytest

from core.command import Command
from core.tools import files, find, mount
from tests.fidelity.twins import Twins


def directories(twins: Twins, *names: str) -> list[str]:
    """Make directories on both sides; return their paths."""
    paths = [twins.path(name) for name in names]
    for path in paths:
        twins.run(files.make_directory(path, "fs#0.directory"))
    return paths


@pytest.mark.parametrize("options", ["", "size=64k", "nosuid,mode=0750,size=4m", "ro,noatime,nr_inodes=100,size=1g"])
def test_a_tmpfs(twins: Twins, options: str) -> None:
    """It has the size that was asked for, rounded to pages; and it is empty again the next time."""
    (point,) = directories(twins, "point")
    command = mount.mount("tmpfs", options, "tmpfs", point)
    for _ in range(2):
        twins.run(command)
        twins.run(mount.is_mounted("tmpfs", point).ask)
        twins.run(find.entry(point))
        twins.run(files.make_directory(f"{point}/inside", "x"))
        twins.run(files.is_same(point, point))
        twins.run(mount.umount(point))
    twins.run(find.entry(point))


@pytest.mark.parametrize("options", ["frobnicate", "size=4x", "size=", "size"])
def test_what_is_no_tmpfs(twins: Twins, options: str) -> None:
    """Unknown options and sizes, no directory, a file."""
    (point,) = directories(twins, "point")
    twins.run(mount.mount("tmpfs", options, "tmpfs", point))
    file = twins.file("file", 10)
    for target in (twins.path("missing"), file):
        twins.run(mount.mount("tmpfs", "", "tmpfs", target))


@pytest.mark.parametrize("options", ["bind", "bind,ro", "bind,nosuid,noexec", "bind,noatime", "bind,frobnicate"])
def test_a_directory_of_a_filesystem_once_more(twins: Twins, options: str) -> None:
    """What is in one place is in the other; a tmpfs stands for any filesystem."""
    below, point = directories(twins, "below", "point")
    twins.run(mount.mount("tmpfs", "size=1m,nodev", "tmpfs", below))
    directories(twins, "below/inside")
    twins.run(mount.bind(options, f"{below}/inside", point))
    twins.run(files.is_same(f"{below}/inside", point))
    twins.run(files.is_same(below, point))
    directories(twins, "below/inside/more")
    twins.run(find.entry(point))
    twins.run(files.make_directory(f"{point}/again", "x"))
    twins.run(mount.umount(below))
    twins.run(find.entry(point))
    twins.run(mount.umount(point))
    twins.run(files.is_same(f"{below}/inside", point))


def test_what_cannot_be_mounted_once_more(twins: Twins) -> None:
    """Nothing, a file, onto nothing, onto a file."""
    below, point = directories(twins, "below", "point")
    file = twins.file("file", 10)
    for source, target in ((twins.path("missing"), point), (file, point), (below, twins.path("missing")),
                           (below, file)):  # fmt: skip
        twins.run(mount.bind("bind", source, target))
    twins.run(Command(("mount", "-t", "none", below, point), kind="changes", tool="mount"))

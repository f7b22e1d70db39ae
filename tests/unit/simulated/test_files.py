"""The simulated coreutils, find and fuser: what they make, and what they refuse."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import files, find, fuser
from executors.simulated.node import SimulatedNode


def node(**state: Any) -> SimulatedNode:
    """A node with a file, a link, a directory and a filesystem that is mounted read-only."""
    return SimulatedNode(
        load(
            {
                "tools": {"psmisc": "23.6"},
                "files": {
                    "/srv/file": "text",
                    "/srv/link": {"kind": "link", "target": "/srv/file"},
                    "/mnt": "directory",
                },
                "devices": {"/dev/sdb": {"size": "1G", "content": {"type": "ext4", "files": {"/old": "text"}}}},
                "mounts": [{"device": "/dev/sdb", "mount_point": "/mnt", "type": "ext4", "options": "ro"}],
                **state,
            }
        )
    )


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line of words with the simulated face of `files`."""
    return on.run(Command(tuple(line.split()), tool="files"))


@pytest.mark.parametrize(
    "line, stderr",
    [
        ("mkdir /srv/file", "mkdir: cannot create directory \u2018/srv/file\u2019: File exists\n"),
        ("mkdir /srv/a/b", "mkdir: cannot create directory \u2018/srv/a/b\u2019: No such file or directory\n"),
        ("mkdir /mnt/new", "mkdir: cannot create directory \u2018/mnt/new\u2019: Read-only file system\n"),
        ("rmdir /srv", "rmdir: failed to remove '/srv': Directory not empty\n"),
        ("rmdir /mnt", "rmdir: failed to remove '/mnt': Device or resource busy\n"),
        ("rmdir /gone", "rmdir: failed to remove '/gone': No such file or directory\n"),
        ("rmdir /srv/file", "rmdir: failed to remove '/srv/file': Not a directory\n"),
        ("rm /srv", "rm: cannot remove '/srv': Is a directory\n"),
        ("rm /srv/gone", "rm: cannot remove '/srv/gone': No such file or directory\n"),
        ("rm /mnt/old", "rm: cannot remove '/mnt/old': Read-only file system\n"),
        ("ln -sfn /srv/file /a/b", "ln: failed to create symbolic link '/a/b': No such file or directory\n"),
        ("truncate -s 512 /a/b", "truncate: cannot open '/a/b' for writing: No such file or directory\n"),
        ("cat /srv/gone", "cat: /srv/gone: No such file or directory\n"),
    ],
)
def test_what_is_refused(line: str, stderr: str) -> None:
    """What the real programs refuse is refused with their words and code, and changes nothing."""
    on = node()
    before = repr(on.state)
    assert ran(on, line) == Completed(1, "", stderr)
    assert repr(on.state) == before


@pytest.mark.parametrize("line", ["mkdir -p /srv/a", "rm -r /srv", "ln -s /a /b", "cat", "truncate -s x /srv/file"])
def test_unknown_options_are_usage_errors(line: str) -> None:
    """An option that nobody taught the simulated program is refused, never ignored."""
    assert ran(node(), line).returncode == 1


@pytest.mark.parametrize(
    "words, returncode",
    [
        ("-e /srv/file", 0),
        ("-e /srv/gone", 1),
        ("-d /srv", 0),
        ("-f /srv/link", 0),
        ("-L /srv/link", 0),
        ("-L /srv/file", 1),
        ("-b /dev/sdb", 0),
        ("-b /srv/file", 1),
        ("! -e /srv/gone", 0),
        ("-e /srv/gone -o -L /srv/link", 0),
        ("-d /srv -a ! -e /srv/file", 1),
        ("-q /srv", 2),
        ("-d /srv -a -e /srv -o -e /srv", 2),
    ],
)
def test_conditions(words: str, returncode: int) -> None:
    """A test answers 0 or 1, and 2 for an expression that it does not know."""
    assert ran(node(), f"test {words}").returncode == returncode


def test_a_made_directory_is_there() -> None:
    """A directory comes with its mode, and rmdir takes it away again."""
    on = node()
    before = repr(on.state)
    assert on.run(files.make_directory("/srv/new", mode="700")).returncode == 0
    assert on.tree.entry("/srv/new") == {"kind": "directory", "mode": "0700", "docker": None}
    assert on.run(files.remove_directory("/srv/new")).returncode == 0
    assert repr(on.state) == before


def test_a_link_is_replaced_not_followed() -> None:
    """An existing link is pointed elsewhere by ln -sfn."""
    on = node()
    assert on.run(files.link("/srv/other", "/srv/link")).returncode == 0
    assert on.run(files.read_link("/srv/link")).stdout == "/srv/other\n"


def test_a_temporary_directory_may_be_a_hole() -> None:
    """In a preview a directory whose whole path is a hole is made, found, used and removed like any other."""
    on = SimulatedNode(load({}), holes=True)
    before = repr(on.state)
    assert on.run(files.make_directory("«fs#1.tmp»")).returncode == 0
    assert on.run(files.is_directory("«fs#1.tmp»")).returncode == 0
    assert on.run(find.entry("«fs#1.tmp»")).stdout == ""
    assert on.run(files.remove_directory("«fs#1.tmp»")).returncode == 0
    assert repr(on.state) == before


def test_a_removed_file_lives_on_in_its_loop_device() -> None:
    """A file that is removed while it is attached keeps what it holds, in the device."""
    on = node(files={"/srv/l.img": {"size": "1M", "content": {"type": "ext4", "uuid": "1234"}}})
    on.run(Command(("losetup", "-f", "--show", "/srv/l.img"), tool="losetup"))
    assert on.run(files.remove("/srv/l.img")).returncode == 0
    assert on.content(on.state["devices"]["/dev/loop0"])["uuid"] == "1234"


def test_only_files_count_as_data() -> None:
    """find.file passes over directories, however deep; find.entry does not."""
    on = node(files={"/srv/a/b": "directory"}, mounts=[])
    assert on.run(find.file("/srv")).stdout == ""
    assert on.run(find.entry("/srv")).stdout == "/srv/a\n"
    ran(on, "truncate -s 512 /srv/a/b/file")
    assert on.run(find.file("/srv")).stdout == "/srv/a/b/file\n"


def test_find_knows_only_what_is_asked() -> None:
    """Another expression, or a directory that is not there, is an error."""
    assert node().run(Command(("find", "/srv", "-delete"), tool="find")).returncode == 1
    assert node().run(find.file("/gone")).stderr == "find: \u2018/gone\u2019: No such file or directory\n"


def test_a_sparse_file_has_no_blocks() -> None:
    """What truncate made takes no space; what is formatted does."""
    on = node()
    on.run(files.truncate("/srv/l.img", 1024, "disk#0.file"))
    assert on.run(files.blocks("/srv/l.img")).stdout == "1024 0\n"
    on.tree.put("/srv/l.img", {**(on.tree.entry("/srv/l.img") or {}), "content": {"kind": "residue"}})
    assert on.run(files.blocks("/srv/l.img")).stdout == "1024 2\n"


def test_fuser_names_the_processes() -> None:
    """Who uses a mounted filesystem is told with pid, user and program."""
    on = node(processes={"4711": {"program": "sleep", "files": ["/mnt/old"]}})
    assert fuser.described(on.run(fuser.users("/mnt"))) == "pid 4711 (root, sleep)"


def test_fuser_gives_a_long_path_a_line_of_its_own() -> None:
    """What psmisc 23.6 said of a mount point with a longer name, and what the simulated one says, is read alike."""
    point = "/tmp/sv26tydb71/srv/data"
    head = f"{'':21}USER        PID ACCESS COMMAND\n{point}:\n"
    table = f"{head}{'':21}root      mount {point}\n{'':21}root      ..c.. sleep\n"
    assert fuser.described(Completed(0, "kernel    72", table)) == "pid 72 (root, sleep)"
    on = node(files={point: "directory"}, processes={"72": {"program": "sleep", "files": [f"{point}/old"]}})
    answer = on.run(fuser.users(point))
    assert [line.split() for line in answer.stderr.splitlines()] == [line.split() for line in table.splitlines()]


def test_fuser_says_when_no_process_is_to_blame() -> None:
    """The kernel's own use of a mount is no process."""
    assert fuser.described(node().run(fuser.users("/mnt"))).startswith("by no process")


def test_without_fuser_its_package_is_named() -> None:
    """Where fuser is not installed, the reader learns what to install."""
    on = node(tools={})
    assert fuser.described(on.run(fuser.users("/mnt"))) == "install psmisc to see by whom"

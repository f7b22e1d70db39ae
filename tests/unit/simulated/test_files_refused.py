"""What coreutils 9.1 and util-linux 2.38.1 refuse of files: their words, as the simulated ones say them."""

import shlex

import pytest

from core.command import Command
from core.compare import same_world
from core.state import copy, load
from executors.simulated.node import SimulatedNode

EITHER = "you must specify either \u2018--size\u2019 or \u2018--reference\u2019"


def node() -> SimulatedNode:
    """A node with a directory, a file, and a filesystem that is mounted read-only."""
    content = {"type": "ext4", "uuid": "4711", "files": {"/in": "directory", "/file": ""}}
    mount = {"device": "/dev/sdb", "mount_point": "/srv/ro", "type": "ext4", "options": "ro"}
    files = {"/srv/d": "directory", "/srv/f": "hi\n", "/srv/ro": "directory"}
    return SimulatedNode(
        load({"files": files, "devices": {"/dev/sdb": {"size": "1G", "content": content}}, "mounts": [mount]})
    )


@pytest.mark.parametrize(
    "line, said",
    [
        ("mkdir /srv/f/x", "mkdir: cannot create directory \u2018/srv/f/x\u2019: Not a directory"),
        ("mkdir /srv/ro/x", "mkdir: cannot create directory \u2018/srv/ro/x\u2019: Read-only file system"),
        ("ln -sfn /t /srv/f/x", "ln: failed to access '/srv/f/x': Not a directory"),
        ("ln -sfn /t /srv/ro/x", "ln: failed to create symbolic link '/srv/ro/x': Read-only file system"),
        ("ln -sfn /t /srv/none/x", "ln: failed to create symbolic link '/srv/none/x': No such file or directory"),
        ("truncate -s 1048576 /srv/d", "truncate: cannot open '/srv/d' for writing: Is a directory"),
        ("truncate -s 1048576 /srv/ro/x", "truncate: cannot open '/srv/ro/x' for writing: Read-only file system"),
        (
            "truncate -s 1048576 /srv/none/x",
            "truncate: cannot open '/srv/none/x' for writing: No such file or directory",
        ),
        (
            "truncate /srv/f",
            f"truncate: {EITHER}\nTry 'truncate --help' for more information.",
        ),
        ("fallocate /srv/f", "fallocate: no length argument specified"),
        ("fallocate -l x /srv/f", "fallocate: invalid length value specified"),
        ("fallocate -l 1048576 /srv/none/x", "fallocate: cannot open /srv/none/x: No such file or directory"),
        ("fallocate -l 1048576 /srv/d", "fallocate: cannot open /srv/d: Is a directory"),
        ("fallocate -l 1048576 /srv/ro/x", "fallocate: cannot open /srv/ro/x: Read-only file system"),
        ("cat /srv/none", "cat: /srv/none: No such file or directory"),
        ("cat /srv/d", "cat: /srv/d: Is a directory"),
        ("rmdir /srv/f", "rmdir: failed to remove '/srv/f': Not a directory"),
        ("rmdir /srv/ro/in", "rmdir: failed to remove '/srv/ro/in': Read-only file system"),
        ("rm /srv/ro/file", "rm: cannot remove '/srv/ro/file': Read-only file system"),
    ],
)
def test_what_cannot_be_is_refused_in_the_real_words(line: str, said: str) -> None:
    """It ends with 1, and the node is as it was."""
    on = node()
    before = copy(on.state)
    answer = on.run(Command(tuple(shlex.split(line)), kind="changes", tool="files"))
    assert (answer.returncode, answer.stdout, answer.stderr) == (1, "", f"{said}\n")
    assert same_world(before, on.state) == []

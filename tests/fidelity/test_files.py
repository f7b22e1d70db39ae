"""coreutils, findutils and diffutils: the real programs and their simulated twins, side by side.

Each case is a sequence of command lines, run in a fresh directory on this machine and at the same path on a simulated
node. Return codes, what is printed and what is left behind have to be the same after every line.
"""

import os
import subprocess
from pathlib import Path

import pytest

from core.command import Command, Completed
from core.state import load
from executors.simulated.node import SimulatedNode

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
TOOLS = {"cmp": "cmp", "find": "find"}
"""The simulated module of a program; all others belong to `files`."""

SEQUENCES = {
    "directories": (
        "mkdir D/a",
        "mkdir D/a",
        "mkdir D/x/y",
        "mkdir -m 0700 D/private",
        "test -d D/a",
        "test -f D/a",
        "rmdir D/a",
        "rmdir D/a",
        "test -e D/a",
    ),
    "a directory that holds something": ("mkdir D/a", "mkdir D/a/b", "rmdir D/a", "rmdir D/a/b", "rmdir D/a"),
    "links": (
        "mkdir D/a",
        "ln -sfn D/a D/link",
        "readlink -f D/link",
        "readlink D/link",
        "readlink D/a",
        "readlink D/missing",
        "mkdir D/b",
        "ln -sfn D/b D/link",
        "readlink -f D/link",
        "ln -sfn D/nowhere D/dangling",
        "readlink -f D/dangling",
        "readlink -f D/missing/below",
        "test -e D/dangling",
        "test -d D/link",
        "rm D/link",
        "test -e D/link",
        "test -d D/b",
    ),
    "links to links": (
        "ln -sfn D/two D/one",
        "ln -sfn D/three D/two",
        "mkdir D/three",
        "mkdir D/three/in",
        "readlink -f D/one/in",
        "readlink D/one",
        "readlink D/one/in",
        "test -d D/one/in",
    ),
    "files": (
        "truncate -s 1048576 D/file",
        "test -f D/file",
        "test -b D/file",
        "test ! -e D/file",
        "rm D/file",
        "rm D/file",
        "truncate -s 512 D/missing/file",
    ),
    "what is a directory is not removed as a file": ("mkdir D/a", "rm D/a", "test -d D/a"),
    "emptiness": (
        "mkdir D/a",
        "find D/a -mindepth 1 -maxdepth 1 -print -quit",
        "mkdir D/a/b",
        "find D/a -mindepth 1 -maxdepth 1 -print -quit",
        "find D/a -mindepth 1 ! -type d -print -quit",
        "truncate -s 512 D/a/b/file",
        "find D/a -mindepth 1 ! -type d -print -quit",
        "find D/missing -mindepth 1 -maxdepth 1 -print -quit",
    ),
    "zeroes": (
        "truncate -s 2097152 D/blank",
        "cmp -n 1048576 D/blank /dev/zero",
        "cmp -n 1048576 -i 1048576:0 D/blank /dev/zero",
        "cmp -n 1048576 D/missing /dev/zero",
    ),
    "conditions together": (
        "mkdir D/a",
        "test -d D/a -a ! -e D/b",
        "test -d D/b -a ! -e D/a",
        "test -d D/b -o -d D/a",
    ),
}


def real(argv: list[str]) -> Completed:
    """Run a command line on this machine."""
    ended = subprocess.run(
        argv, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/"
    )
    return Completed(ended.returncode, ended.stdout, ended.stderr)


def left(directory: Path) -> set[tuple[str, str]]:
    """What a directory of this machine holds: paths, and what each is."""
    kinds = {}
    for folder, names, files in os.walk(directory):
        for name in (*names, *files):
            path = Path(folder, name)
            kinds[str(path)] = "link" if path.is_symlink() else "directory" if path.is_dir() else "file"
    return set(kinds.items())


def left_simulated(node: SimulatedNode, directory: Path) -> set[tuple[str, str]]:
    """What the same directory of a simulated node holds."""
    files = node.state["files"].items()
    return {(path, entry["kind"]) for path, entry in files if path.startswith(f"{directory}/")}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_has_the_same_answers_and_effects(name: str, tmp_path: Path) -> None:
    """After each command line, return code, both outputs and the files are the same on both sides."""
    node = SimulatedNode(load({"files": {str(tmp_path): "directory"}}))
    for line in SEQUENCES[name]:
        argv = [word.replace("D/", f"{tmp_path}/", 1) if word.startswith("D/") else word for word in line.split()]
        expected = real(argv)
        answer = node.run(Command(tuple(argv), tool=TOOLS.get(argv[0], "files")))
        assert (line, *answer[:3]) == (line, *expected[:3])
        assert left_simulated(node, tmp_path) == left(tmp_path), line

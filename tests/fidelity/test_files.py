"""coreutils and findutils: directories, links, files, and what is in them.

Each case is a sequence of command lines in a fresh directory, for which `D` stands.
"""

import pytest

from core.command import Command
from core.tools import files
from tests.fidelity.twins import Twins

TOOLS = {"cmp": "cmp", "find": "find", "install": "install"}
"""The simulated module of a program; all others belong to `files`."""
READS = {"cmp", "find", "readlink", "stat", "test", "cat"}

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
    "files that are brought": (
        "mkdir D/a",
        "install -D -m 0640 /dev/stdin D/b/c/file",
        "install /dev/stdin D/file",
        "install -m 0600 D/file D/copy",
        "cat D/copy",
        "install -m 0604 /dev/stdin D/copy",
        "install D/copy D/a",
        "install -T D/copy D/a",
        "install D/missing D/other",
        "install D/a D/other",
        "install /dev/stdin D/missing/file",
        "install -D /dev/stdin D/file/below",
        "install /dev/stdin D/file/below",
        "install -m 0999 /dev/stdin D/file",
        "install -q /dev/stdin D/file",
        "install /dev/stdin",
        "install",
        "install D/a D/b D/file",
        "install D/a D/b D/missing",
        "install -T D/a D/b D/file",
        "test -f D/file -a -s D/file",
        "test -s D/a",
        "truncate -s 0 D/empty",
        "test -s D/empty",
        "test -s D/missing",
    ),
    "conditions together": (
        "mkdir D/a",
        "test -d D/a -a ! -e D/b",
        "test -d D/b -a ! -e D/a",
        "test -d D/b -o -d D/a",
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_has_the_same_answers_and_effects(twins: Twins, name: str) -> None:
    """After each command line, return code, both outputs and the files are the same on both sides."""
    for line in SEQUENCES[name]:
        words = line.split()
        argv = tuple(twins.path(word[2:]) if word.startswith("D/") else word for word in words)
        command = Command(argv, tool=TOOLS.get(words[0], files.TOOL))
        twins.run(command if words[0] in READS else command._replace(kind="changes"))


def test_who_may_enter(twins: Twins) -> None:
    """A directory that others pass through is open to them, a temporary one and a file are for their owner."""
    for command in (
        files.make_directory(twins.path("above"), "fs#0.directory.above"),
        files.make_directory(twins.path("temporary"), temporary=True),
        files.make_directory(twins.path("chosen"), "fs#0.directory.chosen", mode="0711"),
        files.truncate(twins.path("file"), 4096, "disk#0.file"),
        files.link(twins.path("above"), twins.path("link"), "disk#0.link"),
    ):
        twins.run(command)


def test_what_is_not_removed(twins: Twins) -> None:
    """A directory with something in it stays, one is no file to rm and cat, and what is missing is said to be."""
    for line in ("mkdir D/a", "mkdir D/a/b", "rmdir D/a", "rm D/a", "cat D/a", "cat D/missing"):
        words = [twins.path(word[2:]) if word.startswith("D/") else word for word in line.split()]
        twins.run(Command(tuple(words), kind="changes", tool=files.TOOL))


def test_words_that_are_not_understood(twins: Twins) -> None:
    """An unknown option and a missing operand are the program's own usage error."""
    for line in ("mkdir", "mkdir --foo", "rmdir --foo", "rm --foo", "ln --foo", "readlink --foo", "stat --foo",
                 "truncate x", "truncate -s x /nosuch", "cat --foo"):  # fmt: skip
        twins.run(Command(tuple(line.split()), tool=files.TOOL))

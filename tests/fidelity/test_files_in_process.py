"""`test` answered in this process, beside the program."""

import os
from pathlib import Path

import pytest

from core.command import Command
from executors.real.machine import Machine
from executors.real.tools import files as face


@pytest.mark.parametrize("kind", ["-e", "-d", "-f", "-b"])
def test_it_answers_as_the_program_does(kind: str, tmp_path: Path) -> None:
    """For files, directories, links to both and to nothing, devices, pipes, what is not there, and odd names."""
    (tmp_path / "file").write_text("")
    (tmp_path / "directory").mkdir()
    for name in ("file", "directory", "nothing"):
        (tmp_path / f"to-{name}").symlink_to(name)
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    odd = [
        "/",
        "/dev/null",
        "/dev/loop0",
        "/dev/vda",
        f"{tmp_path}/nothing",
        f"{tmp_path}/file/below",
        f"/{'x' * 300}",
        f"{tmp_path}/«a b»",
    ]
    program = Machine(prefix=("env",))
    for path in (*map(str, tmp_path.iterdir()), *odd):
        command = Command(("test", kind, path), tool="files")
        assert face.run(Machine(), command) == program.run(command), path


@pytest.mark.parametrize(
    "argv", [("test", "-e", "relative"), ("test", "-x", "/bin/sh"), ("test", "!", "-e", "/x"), ("mkdir", "/x")]
)
def test_all_else_is_left_to_the_program(argv: tuple[str, ...]) -> None:
    """Paths that depend on a directory, other questions, other programs; and whatever has a prefix."""
    assert face.run(Machine(), Command(argv, tool="files")) is None
    assert face.run(Machine(prefix=("env",)), Command(("test", "-e", "/"), tool="files")) is None

"""Goldens of command lines: what each of them prints and what it leaves on disk, as the documentation writes them.

A folder below `goldens/commands` holds `lines`, the command lines as a shell reads them (`#` begins a comment), and
beside it whatever files they name. They run one after the other on a copy of a node-state file (`# node: NAME` chooses
another than ec2) and `sudo` is left out. The rest is written by `python -m tests.command_lines --write`:

    transcript    each line with what it printed (`> ` to standard output, `2> ` to standard error) and its exit code
    files         what is in the directory of service files at the end: modes, links, texts
"""

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from svcprov import nodemgr, svcmgr
from tests.conftest import REPOSITORY
from tests.drift import compare

GOLDENS = REPOSITORY / "tests/goldens/commands"
WRITTEN = ("transcript", "files")
ETC, VAR = "/etc/opensvc", "/var/lib/opensvc"
NODE = re.compile(r"^# node: (\S+)$", re.MULTILINE)
VARIABLE = re.compile(r"[A-Z_]+=\S*")


class Ran(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str


class Place:
    """A directory with service files, a copy of a node and a current directory, where command lines are run."""

    def __init__(self, directory: Path, node: str = "ec2") -> None:
        self.etc, self.var, self.here = directory / "etc", directory / "var", directory / "here"
        self.node = self.here / f"{node}.json"
        for made in (self.etc, self.here):
            made.mkdir()
        shutil.copyfile(REPOSITORY / "fixtures/nodes" / self.node.name, self.node)

    def run(self, line: str) -> Ran:
        """Run a line as it is printed: `sudo` left out, variables before it set, on the node that is a file."""
        words = shlex.split(line)
        words = words[1:] if words[0] == "sudo" else words
        variables = {}
        while VARIABLE.fullmatch(words[0]):
            name, _, variables[name] = words.pop(0).partition("=")
        program, *rest = [word.replace(ETC, str(self.etc)) for word in words]
        main = {"svcmgr": svcmgr.main, "nodemgr": nodemgr.main}[program]
        out, err = StringIO(), StringIO()
        with self._inside(variables), redirect_stdout(out), redirect_stderr(err):
            code = main([*rest, "--node", self.node.name] if program == "svcmgr" else rest)
        return Ran(code, self.plain(out.getvalue()), self.plain(err.getvalue()))

    @contextmanager
    def _inside(self, variables: Mapping[str, str]) -> Iterator[None]:
        """Be in the current directory, with its variables and no others that mean something."""
        before, directory = dict(os.environ), Path.cwd()
        os.environ.update(OSVCETC=str(self.etc), OSVCVAR=str(self.var), NO_COLOR="1", **variables)
        os.chdir(self.here)
        try:
            yield
        finally:
            os.chdir(directory)
            os.environ.clear()
            os.environ.update(before)

    def plain(self, text: str) -> str:
        """A text with the usual directories in it, that of the checkout as SVCPROV and the current one as HERE."""
        usual = {str(self.etc): ETC, str(self.var): VAR, str(self.here): "HERE", str(REPOSITORY): "SVCPROV"}
        for directory, name in usual.items():
            text = text.replace(directory, name)
        return text

    def files(self) -> str:
        """What is in the directory of service files."""
        shown = []
        for path in sorted(self.etc.rglob("*")):
            name = f"{ETC}/{path.relative_to(self.etc)}"
            if path.is_symlink():
                target = str(path.readlink())
                shown.append(f"== {name} -> {Path(target).name if target.startswith('/') else target}\n")
            elif path.is_dir():
                shown.append(f"== {name}/ {path.stat().st_mode & 0o777:04o}\n")
            else:
                text = self.plain(path.read_text(encoding="utf-8"))
                shown.append(f"== {name} {path.stat().st_mode & 0o777:04o}\n{text}")
        return "\n".join(shown)


def folders() -> list[Path]:
    """The folders of the goldens."""
    return sorted(path.parent for path in GOLDENS.glob("*/lines"))


def lines_of(folder: Path) -> list[str]:
    """The command lines of a folder, each whole."""
    text = (folder / "lines").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def written(folder: Path) -> dict[str, str]:
    """What the files of a folder should hold, by name."""
    chosen = NODE.search((folder / "lines").read_text(encoding="utf-8"))
    transcript = []
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory), *(() if chosen is None else (chosen[1],)))
        for path in folder.iterdir():
            if path.name not in {"lines", *WRITTEN}:
                shutil.copyfile(path, place.here / path.name)
        for line in lines_of(folder):
            ran = place.run(line)
            transcript += [f"$ {line}", *(f"> {each}".rstrip() for each in ran.out.splitlines())]
            transcript += [f"2> {each}".rstrip() for each in ran.err.splitlines()]
            transcript += [f"exit {ran.code}", ""]
        return {"transcript": "\n".join(transcript), "files": place.files()}


if __name__ == "__main__":
    sys.exit(compare("Compare the goldens with what the command lines do now.", folders(), written))

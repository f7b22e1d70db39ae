"""A place where command lines are tried: directories of their own, a copy of a node, what was said, what is there."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from svcprov.svcmgr import main
from tests.conftest import REPOSITORY

SERVICE = "testec2docker4.nsx.lab.net"
TEMPLATE = REPOSITORY / "fixtures/templates/testec2docker.template"

LOOP = """\
[DEFAULT]
nodes = node12.nsx.lab.net

[disk#0]
type = loop
file = /srv/{svcname}.img
size = 100M

[fs#0]
type = ext4
dev = {disk#0.file}
mnt = /srv/{svcname}
"""
"""A service that needs no cloud."""


class Said(NamedTuple):
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class Bench:
    """Runs svcmgr in this process, on files below a directory."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory, self._capsys = directory, capsys
        self.etc, self.var, self.node = directory / "etc", directory / "var", directory / "ec2.json"
        self.etc.mkdir()
        self.use("ec2.json")

    def use(self, name: str) -> None:
        """Act on another of the nodes that come with svcprov from now on."""
        shutil.copyfile(REPOSITORY / "fixtures/nodes" / name, self.node)

    def svcmgr(self, *words: str) -> Said:
        """Run a command line as it is."""
        self._capsys.readouterr()
        code = main(words)
        return Said(code, *self._capsys.readouterr())

    def on(self, service: str, *words: str) -> Said:
        """Run a command line for a service on the node."""
        return self.svcmgr("-s", service, "--node", str(self.node), *words)

    def write(self, text: str, name: str = "service.template") -> str:
        """Write a file to make a service of, and return its path."""
        (self.directory / name).write_text(text, encoding="utf-8")
        return str(self.directory / name)

    def provisioned(self, service: str, text: str = LOOP) -> Said:
        """Create and provision a service that has to come up."""
        said = self.on(service, "create", "--config", self.write(text), "--provision")
        assert said.code == 0, said.err
        return said

    def files(self) -> dict[str, bytes]:
        """Every file below the directory, with its content; of links, where they lead."""
        return {
            str(path.relative_to(self.directory)): str(path.readlink()).encode()
            if path.is_symlink()
            else path.read_bytes()
            for path in sorted(self.directory.rglob("*"))
            if path.is_symlink() or path.is_file()
        }

    def state(self) -> dict[str, Any]:
        """The node as its file has it."""
        state: dict[str, Any] = json.loads(self.node.read_text(encoding="utf-8"))
        return state

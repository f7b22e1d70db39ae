"""The disk of svcprov's own files is full, from any write on: what cannot be remembered is not done."""

import errno
import os
from pathlib import Path

import pytest

from core.compare import same_world
from core.state import loads
from tests.e2e.bench import LOOP, Bench, Said
from tests.e2e.kills import World

WRITES_MAX = 100
PIECE = 20
"""How many bytes still fit."""
WAYS = {
    "provision": ("provision",),
    "rollback": ("rollback", "--yes"),
    "unprovision": ("unprovision", "--allow-destroy", "disk#0,fs#0"),
}


class Full:
    """Has every write to a file below a directory fail, from number `at` on, after a few bytes of it."""

    def __init__(self, directory: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failed = False
        self._directory, self._at, self._writes = f"{directory}/", at, 0
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor: int, data: bytes) -> int:
        """Write, or find no space."""
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if not path.startswith(self._directory) or path.endswith("/lock"):
            return self._write(descriptor, data)
        self._writes += 1
        if self._writes < self._at:
            return self._write(descriptor, data)
        if not self.failed and len(data) > PIECE:
            self.failed = True
            return self._write(descriptor, data[:PIECE])
        self.failed = True
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def provision(bench: Bench, at: int, directory: Path) -> tuple[Said, bool]:
    """Provision while the disk is full; tell what came of it, and whether it mattered."""
    with pytest.MonkeyPatch.context() as patch:
        full = Full(directory, at, patch)
        return bench.on("web", "provision"), full.failed


@pytest.mark.parametrize("place", ["var", "etc"])
@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_is_full_from_any_write_on(bench: Bench, way: str, place: str) -> None:
    """The action fails, says so, and leaves no half line; with room again it goes on, back, or away, to a clean end."""
    cascade = LOOP.replace("[disk#0]", "[disk#0]\ntype = amazon\nvolumes = <size=1G>\n\n[disk#1]")
    text = LOOP if place == "var" else cascade.replace("{disk#0.file}", "{disk#1.file}")
    bench.on("web", "create", "--config", bench.write(text))
    start = World(bench.files())
    blank = loads(bench.node.read_text())
    for at in range(1, WRITES_MAX):
        start.back(bench)
        said, mattered = provision(bench, at, bench.directory / place)
        if not mattered:
            assert (said.code, at > (15 if place == "var" else 1)) == (0, True), at
            return
        if said.code == 0 and "the history lacks this action" in said.err:
            # A history that ends too early is worth a warning, and no failure.
            continue
        assert (said.code, "No space left on device" in said.err) == (1, True), (at, said)
        assert "Traceback" not in said.err
        if at == 1 and place == "var":
            assert same_world(blank, loads(bench.node.read_text())) == []
        words = (*WAYS[way][:-1], "disk#0,disk#1,fs#0") if way == "unprovision" else WAYS[way]
        again = bench.on("web", *words)
        assert again.code == 0 or (way == "rollback" and "came to its end" in again.err), (at, again)
        assert "cut short" not in again.err
        if way == "provision":
            assert bench.on("web", "status", "--check").code == 0
        elif again.code == 0:
            assert (same_world(blank, loads(bench.node.read_text())), at) == ([], at)
            assert (bench.etc / "web.conf").read_text() == text
    raise AssertionError(at)


def test_a_directory_that_is_read_only_is_found_before_any_effect(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where record and journal cannot be kept, whatever acts is exit 1 before the node is touched."""
    bench.on("web", "create", "--config", bench.write(LOOP))
    allowed = os.access
    var = str(bench.var)
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK and var in path) and allowed(path, mode))
    bench.var.mkdir(exist_ok=True)
    before = bench.files()
    for words in (("provision",), ("start",), ("stop",), ("unprovision",), ("rollback", "--yes")):
        said = bench.on("web", *words)
        assert (said.code, "cannot be written to" in said.err, bench.files()) == (1, True, before), said

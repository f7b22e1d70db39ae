"""svcmgr killed at a write of its choice, in this process: nothing more is written, and the next one begins anew."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from executors.layers.faults import Crash
from svcprov.files import ServiceFiles
from svcprov.node_file import NodeFile
from tests.e2e.bench import Bench

WRITES = (
    (NodeFile, "save"),
    (ServiceFiles, "journal_begins"),
    (ServiceFiles, "journal_line"),
    (ServiceFiles, "save_record"),
    (ServiceFiles, "save_file"),
)
"""All that svcmgr keeps: what a kill can come between."""


class World(dict[str, bytes]):
    """The files of a bench at a moment."""

    def back(self, bench: Bench) -> None:
        """Have the bench as it was then."""
        for name in bench.files().keys() - self.keys():
            (bench.directory / name).unlink()
        now = bench.files()
        for name, data in self.items():
            path = bench.directory / name
            if now.get(name) != data and not path.is_symlink():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


@contextmanager
def _dying(at: int, how: str) -> Iterator[Callable[[], bool]]:
    """Have write number `at` be the last one; tells whether it came to that."""
    writes = count(1)
    dead = False

    def dying(write: Callable[..., None]) -> Callable[..., None]:
        def written(*words: Any, **more: Any) -> None:
            nonlocal dead
            number = next(writes)
            dead = dead or number > at or (number == at and how == "before")
            if not dead:
                write(*words, **more)
                dead = number == at
            if dead:
                raise Crash

        return written

    with pytest.MonkeyPatch.context() as patch:
        for where, name in WRITES:
            patch.setattr(where, name, dying(getattr(where, name)))
        yield lambda: dead


def killed(bench: Bench, at: int, how: str, service: str, *words: str) -> bool:
    """Run a command line that is killed around its write number `at`; tell whether it was."""
    with _dying(at, how) as died:
        try:
            said = bench.on(service, *words)
        except Crash:
            return True
        assert not died()
        assert said.code == 0, said.err
        return False


def worlds(bench: Bench, service: str, *words: str) -> Iterator[tuple[str, World]]:
    """The world that a kill at each point of a command line leaves, but for those where nothing had changed."""
    start = World(bench.files())
    last = start
    for at in count(1):
        for how in ("before", "after"):
            start.back(bench)
            if not killed(bench, at, how, service, *words):
                return
            world = World(bench.files())
            if world != last:
                yield f"{how} write {at}", world
                last = world

"""What the tests of the command line share."""

from pathlib import Path

import pytest

from tests.e2e.bench import Bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A place of its own for every file of svcprov, with a simulated EC2 node in it."""
    bench = Bench(tmp_path, capsys)
    monkeypatch.setenv("OSVCETC", str(bench.etc))
    monkeypatch.setenv("OSVCVAR", str(bench.var))
    monkeypatch.setenv("NO_COLOR", "1")
    return bench

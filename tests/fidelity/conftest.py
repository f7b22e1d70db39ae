"""The ledger of a session: gathered from every process that ran a part of it, written when the session was whole."""

import ctypes
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.fidelity import ledger
from tests.fidelity.twins import Twins

CLONE_NEWNS = 0x00020000
HERE = Path(__file__).resolve().parent


class Session:
    """What was seen of a session: which files passed a test, whether anything was left out, why nobody may mount."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.left_out = False
        self.no_mounts = "not started"


SEEN = Session()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """A session in which a test was deselected is a part of the lane."""
    SEEN.left_out = SEEN.left_out or bool(items)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """So is one in which a test was skipped."""
    SEEN.left_out = SEEN.left_out or report.skipped
    if report.when == "call" and report.passed:
        SEEN.passed.add(Path(report.location[0]).name)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """And one in which a whole file was."""
    SEEN.left_out = SEEN.left_out or report.skipped


class Gathering:
    """The hook of pytest-xdist, known only where that is loaded."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Take in what a worker has compared. One that died has sent nothing, and its tests failed."""
        output = getattr(node, "workeroutput", {})
        if "ledger" in output:
            ledger.LEDGER.add(output["ledger"])
            SEEN.left_out = SEEN.left_out or output["left_out"]


def pytest_configure(config: pytest.Config) -> None:
    """Listen to the workers, if there are any."""
    config.pluginmanager.register(Gathering())


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send what was compared to the process that gathers it; there, write the page when the lane was whole."""
    config = session.config
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output.update(ledger=ledger.LEDGER.exported(), left_out=SEEN.left_out)
    elif (
        exitstatus == pytest.ExitCode.OK
        and not SEEN.left_out
        and ledger.is_whole(HERE.glob("test_*.py"), SEEN.passed, config.args)
    ):
        ledger.write(ledger.LEDGER)


def own_mounts() -> str:
    """Let this process have mounts of its own; return why that is not possible, or nothing.

    A namespace that others copied from ours meanwhile would keep what we unmount in use.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        return os.strerror(ctypes.get_errno())
    subprocess.run(("mount", "--make-rprivate", "/"), check=True)
    return ""


def pytest_sessionstart(session: pytest.Session) -> None:
    """Do so before the first test of any worker: a docker daemon of one would be copied by another that came later."""
    SEEN.no_mounts = "only root may make devices and mount them" if os.geteuid() else own_mounts()


@pytest.fixture(scope="session")
def _mounts_of_our_own() -> None:
    if SEEN.no_mounts:
        pytest.skip(SEEN.no_mounts)


@pytest.fixture
def twins(tmp_path: Path, _mounts_of_our_own: None) -> Iterator[Twins]:
    """This machine and a simulated node, which share an empty directory. Everything that was made is taken away."""
    both = Twins(tmp_path)
    yield both
    both.close()

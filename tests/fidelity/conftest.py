"""Tests here take `twins`; what they compare is gathered, and kept when the whole lane passed."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fidelity.lanes import listen
from tests.fidelity.twins import Twins

CLONE_NEWNS = 0x00020000


class Session:
    """Why nobody may mount."""

    no_mounts = "not started"


SEEN = Session()


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared."""
    listen(config)


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

"""Tests here take `vm`: a node with ZFS that has done nothing yet. SVCPROV_ZFS_BUILD=1 builds what is missing for it."""

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.fidelity.ledger import LEDGER
from tests.node_vm import VM, Unavailable, zfs
from tests.node_vm.fixtures import DISKS, Shared, shared_vm
from tests.node_vm.recipe import Recipe

__all__ = ["shared_vm"]


@pytest.fixture(scope="session")
def with_zfs() -> Recipe:
    """The recipe; where the modules are not built the tests are skipped, unless they are to be built."""
    try:
        return zfs.recipe(builds=bool(os.environ.get("SVCPROV_ZFS_BUILD")))
    except (Unavailable, subprocess.SubprocessError) as error:
        pytest.skip(f"no node VM with ZFS here: {error}")


@pytest.fixture
def vm(shared_vm: Shared, with_zfs: Recipe) -> VM:
    """A VM that has done nothing yet."""
    found = shared_vm(DISKS, with_zfs)
    found.restore()
    return found


@pytest.fixture(scope="session", autouse=True)
def _told() -> Iterator[None]:
    """What was compared is counted by the command, and shown at the end."""
    yield
    for line in LEDGER.rows() if hasattr(LEDGER, "rows") else ():
        print(line)

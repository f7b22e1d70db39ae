"""Tests here take `vm`: a node with ZFS that has done nothing yet. SVCPROV_ZFS_BUILD=1 builds what it lacks."""

import os
import subprocess

import pytest

from tests.fidelity.lanes import listen
from tests.node_vm import VM, Unavailable, zfs
from tests.node_vm.disks import DISKS
from tests.node_vm.fixtures import Shared, shared_vm
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


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared with ZFS."""
    listen(config)

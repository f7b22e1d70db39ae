"""Tests here take `vm`: a node with a cluster at work. Outside of their own lane they skip where it is not built."""

import os
from collections.abc import Iterator

import pytest

from tests.fidelity.lanes import listen
from tests.node_vm import VM, Unavailable
from tests.node_vm.build import is_built
from tests.node_vm.ceph import CEPH
from tests.node_vm.recipe import missing

BUILD = "VM_CEPH"
"""With this variable set, the image is built where it is not there: that takes some minutes."""


@pytest.fixture(scope="session")
def clustered() -> Iterator[VM]:
    """The VM of this process."""
    if why := missing():
        pytest.skip(f"no node VM here: {why}")
    if not (os.environ.get(BUILD) or is_built(CEPH)):
        pytest.skip(f"the image with Ceph is not built here ({BUILD}=1 builds it, which takes some minutes)")
    try:
        one = VM(recipe=CEPH)
    except Unavailable as error:
        pytest.skip(f"no node VM here: {error}")
    yield one
    one.close()


@pytest.fixture
def vm(clustered: VM) -> VM:
    """A node that has done nothing yet, with an empty pool."""
    clustered.restore()
    return clustered


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared with Ceph."""
    listen(config)

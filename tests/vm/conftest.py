"""Tests here take `vm`: a node that has done nothing yet."""

import pytest

from tests.fidelity.lanes import listen
from tests.node_vm.fixtures import shared_vm, vm

__all__ = ["shared_vm", "vm"]


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared with the real tools."""
    listen(config)

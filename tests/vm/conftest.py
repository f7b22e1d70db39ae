"""Tests here take `vm`: a node that has done nothing yet."""

import pytest

from tests.fidelity.lanes import listen
from tests.node_vm.fixtures import shared_vm, vm

__all__ = ["shared_vm", "vm"]

LONGEST = ("test_templates.py", "test_square.py")
"""The files that take several minutes each."""


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared with the real tools."""
    listen(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, beside what waits for this machine: none is left alone at the end."""
    longest = {item for item in items if item.path.parent.name == "vm" and item.path.name in LONGEST}
    items.sort(key=lambda item: item not in longest)

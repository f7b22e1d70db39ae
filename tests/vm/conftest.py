"""Tests here take `vm`: a node that has done nothing yet."""

from pathlib import Path

import pytest

from tests.fidelity.lanes import listen
from tests.node_vm.fixtures import shared_vm, vm

__all__ = ["shared_vm", "vm"]


HERE = Path(__file__).resolve().parent


# First: xdist puts the group into the names of the tests, in this very hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file, and with it its VM, in one process; a template is a file's worth of work by itself."""
    for item in items:
        if item.path.parent == HERE:
            alone = item.name if item.path.name == "test_templates.py" else item.path.name
            item.add_marker(pytest.mark.xdist_group(alone))


def pytest_configure(config: pytest.Config) -> None:
    """Gather what is compared with the real tools."""
    listen(config)

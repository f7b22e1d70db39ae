"""Tests here take `vm`: a node that has done nothing yet."""

from tests.node_vm.fixtures import shared_vm, vm

__all__ = ["shared_vm", "vm"]

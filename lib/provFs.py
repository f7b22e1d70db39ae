"""The provisioner that the documentation calls provFs is core/drivers/filesystem.py."""

from core.drivers.filesystem import Filesystem

__all__ = ["Filesystem"]

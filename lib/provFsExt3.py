"""The provisioner that the documentation calls provFsExt3 is core/drivers/fs/ext3.py."""

from core.drivers.fs.ext3 import driver

__all__ = ["driver"]

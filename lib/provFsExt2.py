"""The provisioner that the documentation calls provFsExt2 is core/drivers/fs/ext2.py."""

from core.drivers.fs.ext2 import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provFsExt4 is core/drivers/fs/ext4.py."""

from core.drivers.fs.ext4 import driver

__all__ = ["driver"]

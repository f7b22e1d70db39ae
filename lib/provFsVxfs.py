"""The provisioner that the documentation calls provFsVxfs is core/drivers/fs/vxfs.py."""

from core.drivers.fs.vxfs import driver

__all__ = ["driver"]

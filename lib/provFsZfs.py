"""The provisioner that the documentation calls provFsZfs is core/drivers/fs/zfs.py."""

from core.drivers.fs.zfs import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provFsBtrfs is core/drivers/fs/btrfs.py."""

from core.drivers.fs.btrfs import driver

__all__ = ["driver"]

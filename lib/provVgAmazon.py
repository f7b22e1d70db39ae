"""The provisioner that the documentation calls provVgAmazon is core/drivers/disk/amazon.py."""

from core.drivers.disk.amazon import driver

__all__ = ["driver"]

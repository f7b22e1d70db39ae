"""The provisioner that the documentation calls provVgLinux is core/drivers/disk/lvm.py."""

from core.drivers.disk.lvm import driver

__all__ = ["driver"]

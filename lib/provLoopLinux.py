"""The provisioner that the documentation calls provLoopLinux is core/drivers/disk/loop.py."""

from core.drivers.disk.loop import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provVgRadosLinux is core/drivers/disk/rados.py."""

from core.drivers.disk.rados import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provIp is core/drivers/ip/address.py."""

from core.drivers.ip.address import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provIpAmazon is core/drivers/ip/amazon.py."""

from core.drivers.ip.amazon import driver

__all__ = ["driver"]

"""The provisioner that the documentation calls provisioning is core/engine.py."""

from core.engine import Engine

__all__ = ["Engine"]

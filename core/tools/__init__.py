"""How to speak to each external tool: commands out, answers parsed. Drivers speak only through these."""

from core.unread import unread

__getattr__ = unread(__name__)

"""Worlds for properties; they are what `svcmgr verify` tries services in, too."""

from svcprov.verification.disk import UNDISTURBED, Disk, Point, Where
from svcprov.verification.script import read
from svcprov.verification.world import NAME, Heard, World, status_of

__all__ = ["NAME", "UNDISTURBED", "Disk", "Heard", "Point", "Where", "World", "read", "status_of"]

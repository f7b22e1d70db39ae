"""What all filesystems have in common: the mount point, the device, the format when it is blank, the mount.

A format that exists is used only when it is ours: recorded, labelled by us, or adopted by name. What one driver adds
to this is its own format and, for btrfs, its subvolume.
"""

from typing import TYPE_CHECKING, NamedTuple

from core.answers import pick
from core.command import Check, Command, CommandSteps, Fresh, Note, Steps, Thing
from core.config.keywords import Keyword
from core.driver import Driver, Tie
from core.drivers import blank, directories
from core.errors import CommandFailed, Failed, Refused
from core.status import Remark, Status
from core.tools import blkid, blockdev, files, find, fuser, losetup, mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.config.service import Resource

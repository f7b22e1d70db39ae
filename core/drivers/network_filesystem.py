"""Filesystems of another machine: mounted, and never formatted."""

import re
from typing import TYPE_CHECKING

from core.command import Steps
from core.config.keywords import Keyword
from core.drivers.mounting import Mounting
from core.tools import mount

if TYPE_CHECKING:
    from core.config.service import Resource

_EXPORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):/\S*")


def _complaint(value: str) -> str | None:
    if _EXPORT.fullmatch(value):
        return None
    return f"{value!r} is no export; write one such as server:/srv/data"


class NetworkFilesystem(Mounting):
    """A directory that a server exports. A server that does not answer is waited for as long as mount.nfs does.

    Nothing is made on the server, and nothing is deleted there.
    """

    keywords = (
        Keyword("dev", "The server and the directory that it exports: `server:/srv/data`.", required=True,
                syntax=_complaint),
        *Mounting.keywords,
    )  # fmt: skip

    def __init__(self, type_: str) -> None:
        self.type = type_

    def purpose(self, fs: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"{self.source(fs)}, mounted on {self.mount_point(fs)}"

    def source(self, fs: "Resource") -> str:
        """The export as the kernel calls it."""
        server, colon, path = fs["dev"].rpartition(":")
        return f"{server}{colon}{path.rstrip('/') or '/'}"

    def shows(self, fs: "Resource", device: str, found: "mount.Mount") -> Steps:
        """Tell whether it is this export; the kernel calls the type by the version that was agreed upon."""
        del fs
        yield from ()
        return found.device == device and found.type.startswith("nfs")

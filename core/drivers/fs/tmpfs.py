"""tmpfs: files in memory, gone when it is unmounted."""

from typing import TYPE_CHECKING

from core.command import Steps
from core.config.keywords import Keyword
from core.config.sizes import Share, parse
from core.drivers.mounting import Mounting
from core.tools import mount

if TYPE_CHECKING:
    from core.config.service import Resource

KIBIBYTE = 1024


def _complaint(value: str) -> str | None:
    if isinstance(parse(value, "M"), Share):
        return f"{value!r} is a part of nothing here; write a size such as 64M, or mnt_opt = size=50% of the memory"
    return None


class Tmpfs(Mounting):
    """A filesystem in memory: empty after every start, and what is in it is lost when it is stopped.

    Without a size it may take half of the memory.
    """

    type = "tmpfs"
    keywords = (
        *Mounting.keywords,
        Keyword("size", "How much it may hold; a bare number counts MiB.", kind="size", unit="M", syntax=_complaint),
    )

    def purpose(self, fs: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"a tmpfs, mounted on {self.mount_point(fs)}"

    def source(self, fs: "Resource") -> str:
        """It has no device: this is the word that stands for one."""
        del fs
        return self.type

    def options(self, fs: "Resource") -> str:
        """The mount options; `size` says what the kernel will show."""
        chosen = super().options(fs)
        size = fs.size("size") if fs["size"] else 0
        if not size or isinstance(size, Share):
            return chosen
        return ",".join(option for option in (f"size={-(-size // KIBIBYTE)}k", chosen) if option)

    def shows(self, fs: "Resource", device: str, found: "mount.Mount") -> Steps:
        """Tell whether it is a tmpfs: one is like another."""
        del fs, device
        yield from ()
        return found.type == self.type and not found.root


driver = Tmpfs()

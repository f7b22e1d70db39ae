"""A directory that is mounted a second time, elsewhere."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Command, Steps
from core.config.keywords import Keyword
from core.driver import Tie
from core.drivers.mounting import Mounting
from core.errors import Failed
from core.tools import files, mount

if TYPE_CHECKING:
    from core.config.service import Resource

BIND = "bind"


def _complaint(value: str) -> str | None:
    if "rbind" in value.split(","):
        return f"{value!r} has rbind; write bind: what is mounted below the directory is a resource of its own"
    return None


class BindMount(Mounting):
    """A directory, mounted elsewhere as well. It may lie in a filesystem of the service, which is mounted before it.

    Nothing is made of the directory: it has to be there.
    """

    type = "none"
    keywords = (
        Keyword("dev", "The directory that is mounted elsewhere as well.", kind="path", required=True),
        Mounting.keywords[0],
        Keyword("mnt_opt", "Mount options, separated by commas, beside `bind`.", default="", syntax=_complaint),
    )

    def purpose(self, fs: "Resource") -> str:
        """Say what provisioning brings about."""
        return f"the directory {self.source(fs)}, mounted on {self.mount_point(fs)} as well"

    def needs(self, fs: "Resource") -> Iterable[Tie]:
        """Need the trees that the directory and the mount point are in."""
        return (Tie("path", self.source(fs)), *super().needs(fs))

    def source(self, fs: "Resource") -> str:
        """The directory, without a slash at its end."""
        return fs["dev"].rstrip("/") or "/"

    def options(self, fs: "Resource") -> str:
        """The mount options, `bind` before all others."""
        others = (option for option in super().options(fs).split(",") if option not in {"", BIND})
        return ",".join((BIND, *others))

    def device(self, fs: "Resource") -> Steps:
        """Return the directory. Raises Failed where there is none, and where the mount would hide it."""
        directory, point = self.source(fs), self.mount_point(fs)
        if f"{directory}/".startswith(f"{point}/"):
            said = f"{directory} lies in {point}, and would be hidden by this very mount"
            raise fs.service.error(fs.rid, "dev", said, "mount it elsewhere")
        if (yield from self.device_or_none(fs)) is None:
            raise Failed(f"{fs.rid}: there is no directory {directory}; make it, or correct dev")
        return directory

    def device_or_none(self, fs: "Resource") -> Steps:
        """Return the directory, None when it is not there."""
        answer = yield files.is_directory(self.source(fs))
        return None if answer.returncode else self.source(fs)

    def mounting(self, fs: "Resource", source: str, point: str) -> Command:
        """Mount it by its own name: what is mounted there is called by the device that it lies on."""
        del source
        return mount.bind(self.options(fs), self.source(fs), point)

    def shows(self, fs: "Resource", device: str, found: "mount.Mount") -> Steps:
        """Tell whether the mount point and the directory are one and the same."""
        del found
        answer = yield files.is_same(device, self.mount_point(fs))
        return not answer.returncode

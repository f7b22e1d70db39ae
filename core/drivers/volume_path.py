"""The logical volume that the path of a device leads to, and whether a filesystem makes it itself."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.driver import Tie
from core.tools import lvm

if TYPE_CHECKING:
    from core.config.service import Resource


def named(device: str) -> tuple[str, str] | None:
    """The group and the name of the volume that a path leads to; None for another one."""
    return lvm.named(device) if device.startswith("/dev/") else None


def own(fs: "Resource") -> tuple[str, str] | None:
    """The group and the name of the volume that a filesystem makes: `dev` names it, `vg` and `size` say how."""
    found = named(fs["dev"])
    return found if found is not None and found[0] == fs["vg"] and fs["size"] else None


def needed(fs: "Resource") -> Iterable[Tie]:
    """What has to be there before the device of a filesystem: whoever gives it, and its group."""
    if own(fs) is None:
        yield Tie("device", fs["dev"])
    if (found := named(fs["dev"])) is not None:
        yield Tie("group", found[0])


def given(fs: "Resource") -> Iterable[Tie]:
    """The device of the volume that a filesystem makes, by both of its names."""
    if (found := own(fs)) is not None:
        yield Tie("device", lvm.path(*found))
        yield Tie("device", lvm.mapped(*found))

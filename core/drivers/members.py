"""The devices that something is made of, as a service file names them: paths, links, patterns, files of loop disks."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from core.answers import pick
from core.command import Steps
from core.driver import Tie
from core.tools import blockdev, files, find, losetup

if TYPE_CHECKING:
    from core.config.service import Resource

_PATTERN = re.compile(r"[*?\[]")


class Device(NamedTuple):
    """A device by the name that its user gave it.

    path: the block device, "" where there is none. file: what it is a loop device of, when that was named.
    """

    name: str
    path: str
    file: str = ""

    @property
    def place(self) -> str:
        """Where its content is found also after a reboot: the file, where there is one."""
        return self.file or self.path


def named(resource: "Resource", keyword: str) -> Steps:
    """Return the `Device` of every word of a keyword, patterns as what they match now.

    Raises ConfigError for a pattern that matches nothing, and for two names of one disk.
    """
    devices: list[Device] = []
    for word in resource.words(keyword):
        names = yield from _matched(resource, keyword, word)
        for name in names:
            device = yield from device_of(name)
            devices.append(device)
    met: dict[str, str] = {}
    for device in devices:
        if not device.path:
            continue
        real = (yield files.read_link(device.path)).stdout.strip() or device.path
        if real in met:
            said = f"{met[real]} and {device.name} are the same disk"
            raise resource.service.error(resource.rid, keyword, said, "name each disk once")
        met[real] = device.name
    return devices


def device_of(name: str) -> Steps:
    """Return the `Device` of one name."""
    if not (yield blockdev.is_block_device(name)).returncode:
        return Device(name, name)
    if (yield files.is_file(name)).returncode:
        return Device(name, "")
    loops = pick((yield losetup.associated(name)).stdout, "lines")
    return Device(name, loops[0] if loops else "", name)


def ties(resource: "Resource", keyword: str) -> Iterable[Tie]:
    """Name the devices that a resource needs; what a pattern stands for is what others of the service give."""
    for word in resource.words(keyword):
        if not is_pattern(word):
            yield Tie("device", word)
            continue
        for other in resource.service.resources():
            gives = other.driver.gives(other) if other.rid != resource.rid else ()
            yield from (tie for tie in gives if tie.kind == "device" and fnmatchcase(tie.name, word))


def complaint(value: str) -> str | None:
    """Say what is wrong with a list of devices, each of which is right; None when nothing is."""
    words = value.split()
    twice = next((word for word in words if words.count(word) > 1), None)
    return None if twice is None else f"{twice} is named twice"


def word_complaint(word: str) -> str | None:
    """Say what is wrong with one of them."""
    return None if word.startswith("/") else f"{word!r} is not an absolute path; write one such as /dev/disk/by-id/..."


def is_pattern(word: str) -> bool:
    """Tell whether a word stands for what it matches."""
    return _PATTERN.search(word) is not None


def _matched(resource: "Resource", keyword: str, word: str) -> Steps:
    if not is_pattern(word):
        return [word]
    found = sorted(pick((yield find.matching(word)).stdout, "lines"))
    if not found:
        said = f"{word} matches nothing"
        raise resource.service.error(resource.rid, keyword, said, "correct it, or attach the devices first")
    return found

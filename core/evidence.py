"""What is found of a device before something on it is destroyed: who uses it, whether it can be read, what it holds.

That no signature is found proves nothing: an unreadable device looks the same, and so does a disk whose owner writes
to it without a filesystem. So nobody may use the device, its first and last MiB must be readable, and zero. Drivers
ask this before they plan to format, the guard again right before the command.
"""

from typing import NamedTuple

from core.answers import pick
from core.command import Steps
from core.tools import blockdev, cmp, files, losetup, wipefs

MEBIBYTE = 1024 * 1024


class Evidence(NamedTuple):
    """Why a device is not blank: at most one of these is so, and none is for a blank one.

    size: its bytes. users: who uses it. unreadable: what was said when it could not be read. signatures: the table of
    `wipefs`. residue: its ends hold bytes without a signature.
    """

    size: int
    users: tuple[str, ...] = ()
    unreadable: str = ""
    signatures: str = ""
    residue: bool = False

    @property
    def is_blank(self) -> bool:
        """Tell whether nobody uses it, and it holds nothing."""
        return not (self.users or self.unreadable or self.held)

    @property
    def held(self) -> str:
        """What the device holds, in a few words; "" for nothing."""
        if self.signatures:
            return self.signatures.splitlines()[-1].strip()
        return "bytes without a signature" if self.residue else ""


def look(device: str) -> Steps:
    """Return the `Evidence` of a block device; the questions end at the first that rules any destruction out."""
    size, uses = blockdev.parse_size_and_uses((yield blockdev.size_and_uses(device)))
    if users := blockdev.keepers(uses):
        return Evidence(size, users=tuple(users))
    size = size or int((yield blockdev.size(device)).stdout)
    is_zero = True
    for offset, length in ends(size):
        answer = yield cmp.zeroes(device, offset, length)
        if answer.returncode == cmp.UNREADABLE:
            return Evidence(size, unreadable=answer.stderr.strip() or "it says nothing about why")
        is_zero = is_zero and not answer.returncode
    signatures = (yield wipefs.signatures(device)).stdout.strip()
    if not signatures and (partitions := blockdev.partitions(uses)):
        # The kernel has them from a table that is gone: who else knows of them?
        return Evidence(size, users=tuple(partitions))
    return Evidence(size, signatures=signatures, residue=not signatures and not is_zero)


def users(place: str) -> Steps:
    """Return who uses a block device, or any of the loop devices of a file."""
    if not (yield blockdev.is_block_device(place)).returncode:
        return blockdev.users((yield blockdev.uses(place)))
    found: list[str] = []
    for loop in pick((yield losetup.associated(place)).stdout, "lines"):
        found += blockdev.users((yield blockdev.uses(loop)))
    return found


def is_named(device: str, names: tuple[str, ...], allowed: frozenset[str]) -> Steps:
    """Tell whether the operator named a device with `--allow-destroy`: by a name of it, its path, or its real path."""
    if not allowed:
        return False
    real = (yield files.read_link(device)).stdout.strip()
    return not allowed.isdisjoint((*names, device, real))


def ends(size: int) -> list[tuple[int, int]]:
    """The first and the last MiB, as offset and length; one range where the device is not larger than that."""
    if size <= MEBIBYTE:
        return [(0, size)]
    return [(0, MEBIBYTE), (size - MEBIBYTE, MEBIBYTE)]

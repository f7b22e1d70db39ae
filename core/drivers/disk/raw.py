"""disk.raw: block devices that are there already, and that the service only names."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.config.keywords import Keyword
from core.driver import Driver, Tie
from core.drivers import members
from core.errors import Failed
from core.status import Remark, Status
from core.tools import blockdev

if TYPE_CHECKING:
    from core.config.service import Resource


class RawDisks(Driver):
    """Block devices that exist before the service and stay after it.

    Nothing is made, attached or deleted; the service does not start while one of them is missing.
    """

    expects = "devs"
    keywords = (
        Keyword(
            "devs",
            "The block devices, separated by blanks.",
            kind="words",
            required=True,
            syntax=members.complaint,
            each=members.word_complaint,
        ),
    )

    def label(self, disk: "Resource") -> str:
        """Name the devices."""
        return f"raw {' '.join(disk.words('devs'))}"

    def purpose(self, disk: "Resource") -> str:
        """Say what has to be there."""
        return f"{' '.join(disk.words('devs'))}, which has to be there"

    def gives(self, disk: "Resource") -> Iterable[Tie]:
        """What stands on one of the devices comes after them."""
        return [Tie("device", device) for device in disk.words("devs")]

    def start(self, disk: "Resource") -> Steps:
        """See that every device is there. Raises Failed where one is not."""
        if missing := (yield from _missing(disk)):
            raise Failed(f"{disk.rid}: no block device {' '.join(missing)}; attach it, or correct devs")
        yield Note(f"{self.label(disk)} is present")

    def status(self, disk: "Resource") -> Steps:
        """Up when every device is there, down when none is, warn between."""
        missing = yield from _missing(disk)
        if not missing:
            return Status("up")
        remark = Remark(f"no block device {' '.join(missing)}")
        return Status("down" if missing == disk.words("devs") else "warn", (remark,))


def _missing(disk: "Resource") -> Steps:
    """The devices of the resource that are not there."""
    missing = []
    for device in disk.words("devs"):
        answer = yield blockdev.is_block_device(device)
        if answer.returncode:
            missing.append(device)
    return missing


driver = RawDisks()

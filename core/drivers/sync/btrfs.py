"""sync.btrfs: a subvolume that is sent to other nodes. Declared, validated and shown; no action runs it."""

from collections.abc import Iterable

from core.command import Steps
from core.config.keywords import Keyword
from core.config.resource import Resource
from core.driver import Driver
from core.drivers.targets import TARGETS
from core.status import Remark, Status
from core.tools import files


def _complaint(value: str) -> str | None:
    label, colon, subvolume = value.partition(":")
    if label and colon and subvolume:
        return None
    return f"{value!r} is not LABEL:SUBVOLUME; write one such as {{svcname}}.fs.1:data"


class BtrfsSync(Driver):
    """A subvolume that is sent to other nodes."""

    verbs_do_nothing = True
    keywords = (
        Keyword("src", "What is sent, LABEL:SUBVOLUME.", required=True, syntax=_complaint),
        Keyword("dst", "Where it arrives, LABEL:SUBVOLUME.", required=True, syntax=_complaint),
        Keyword("target", "Which nodes get it: nodes, drpnodes.", kind="words", required=True, candidates=TARGETS),
        Keyword("recursive", "Subvolumes below are sent, too.", kind="boolean", default="false"),
    )

    def label(self, sync: Resource) -> str:
        """Say what goes where."""
        return f"btrfs of {sync['src']} to {', '.join(sync.words('target'))}"

    def warnings(self, sync: Resource) -> Iterable[tuple[str, str]]:
        """Name a label that no resource will make: the filesystem that formats a device gives it its own name."""
        label = sync["src"].partition(":")[0]
        labels = _labels(sync)
        if label in labels or not label.startswith(f"{sync.service.name}."):
            return ()
        named = f"; {' and '.join(labels)} will be made" if labels else ""
        return (("src", f"no resource will make the label {label}{named}"),)

    def status(self, sync: Resource) -> Steps:
        """Warn until a sync has left its state file."""
        state = f"{sync.service.var}/{sync.service.name}_{sync.rid}_btrfs_state"
        if (yield files.exists(state)).returncode:
            return Status("warn", (Remark("btrfs state file not found"),))
        return Status("up")


def _labels(sync: Resource) -> list[str]:
    """The labels that this service's filesystems will make: of each device, the first by mount point formats it."""
    formats: dict[str, Resource] = {}
    filesystems = [each for each in sync.service.resources() if each.group == "fs" and each.type == "btrfs"]
    for each in sorted(filesystems, key=lambda filesystem: filesystem["mnt"]):
        formats.setdefault(each["dev"], each)
    return [each.name for each in formats.values()]


driver = BtrfsSync()

"""udevadm(8): what udev does about devices that have come, changed or gone."""

from core.command import Command

TOOL = "udevadm"
SECONDS_MAX = 30


def settle() -> Command:
    """Wait until udev has done what it does about devices: made links, assembled, activated."""
    return Command(("udevadm", "settle", f"--timeout={SECONDS_MAX}"), kind="announces", quiet=True, tool=TOOL)


def settled() -> Command:
    """The same before a question, where nothing of ours has changed anything: 1 when udev was not done in time."""
    return settle()._replace(kind="reads", accepts=(0, 1))

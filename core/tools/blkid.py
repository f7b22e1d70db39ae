"""blkid(8) and findfs(8): what a device holds, and which device holds something. The device is read, not a cache."""

from core.command import Check, Command, Completed, Makes

TOOL = "blkid"
NOTHING_FOUND = 2
AMBIVALENT = 8


def probe(device: str) -> Command:
    """Ask what a device holds: 0; 2 when no signature was found (or it could not be read); 8 for several at once."""
    return Command(("blkid", "-p", "-o", "export", device), accepts=(0, NOTHING_FOUND, AMBIVALENT), tool=TOOL)


def tags(answer: Completed) -> dict[str, str]:
    """The answer of `probe`: TYPE, UUID, LABEL, ...; empty when nothing was found."""
    found = {}
    for line in answer.stdout.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            found[name] = value.replace("\\ ", " ")
    return found


def value(device: str, tag: str) -> Command:
    """Ask for one tag of what a device holds: its text, or nothing."""
    return Command(("blkid", "-p", "-s", tag, "-o", "value", device), accepts=(0, NOTHING_FOUND), tool=TOOL)


def holds(device: str, tag: str, text: str) -> Check:
    """Hold when the tag of what the device holds has this text."""
    return Check(value(device, tag), path=".", text=text)


def recognise(device: str, name: str, uuid: str) -> Command:
    """Make sure that a filesystem is the one that an interrupted run made, so that the record has it."""
    return value(device, "UUID")._replace(
        kind="changes",
        makes=Makes(name, "filesystem", identity=uuid),
        check=holds(device, "UUID", uuid),
        quiet=True,
    )


def find(tag: str) -> Command:
    """Ask for the device that `LABEL=...` or `UUID=...` names: 0, or 1 when there is none."""
    return Command(("findfs", tag), accepts=(0, 1), tool=TOOL)


def forget(tag: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that no device holds what `UUID=...` names, so that the record can forget it."""
    gone = Check(find(tag), absent=True)
    return find(tag)._replace(kind="changes", accepts=(1,), unmakes=unmakes, check=gone, quiet=True)

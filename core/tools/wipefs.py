"""wipefs(8): signatures of filesystems, arrays, groups and partition tables."""

from core.command import Check, Command, Thing

TOOL = "wipefs"


def signatures(device: str) -> Command:
    """Ask for the signatures on a device: a table, or nothing."""
    return Command(("wipefs", "-n", device), tool=TOOL)


def erase(device: str, destroys: tuple[Thing, ...]) -> Command:
    """Erase every signature. Thousands of other bytes stay."""
    return Command(
        ("wipefs", "-a", device),
        kind="changes",
        check=Check(signatures(device), path=".", absent=True),
        destroys=destroys,
        tool=TOOL,
    )

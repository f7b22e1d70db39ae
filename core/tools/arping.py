"""arping(8), of which there are two: of iputils, and of Thomas Habets. They share a name and hardly an option.

Habets reads `-s 10.0.0.221` as a hardware address and ends with 1 when nobody replies, which nobody does here.
"""

from core.command import Command, Completed

TOOL = "arping"
NOT_FOUND = 127


def version() -> Command:
    """Ask which arping the node has. That of Habets knows no -V and says who it is in its usage, with code 1."""
    return Command(("arping", "-V"), accepts=(0, 1, 2, NOT_FOUND), tool=TOOL)


def is_missing(answer: Completed) -> bool:
    """Tell from the answer of `version` whether there is no arping at all."""
    return answer.returncode == NOT_FOUND


def is_habets(answer: Completed) -> bool:
    """Tell from the answer of `version` whether it is the arping of Habets."""
    return "habets" in (answer.stdout + answer.stderr).lower()


def announce(device: str, address: str) -> Command:
    """Tell the neighbours of an interface who has the address now (iputils); 2 when it could not be sent."""
    return Command(
        ("arping", "-U", "-c", "1", "-I", device, "-s", address, address),
        kind="announces",
        accepts=(0, 1, 2),
        shows=False,
        tool=TOOL,
    )


def announce_habets(device: str, address: str) -> Command:
    """The same in the words of Habets' arping, whose code does not tell a lack of replies from a failure."""
    return Command(
        ("arping", "-U", "-P", "-c", "1", "-i", device, "-S", address, address),
        kind="announces",
        accepts=(0, 1),
        shows=False,
        tool=TOOL,
    )

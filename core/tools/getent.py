"""getent(1): what the node's name services say."""

from core.command import Command

TOOL = "getent"
FOUND, NOT_FOUND = 0, 2


def ahosts(name: str) -> Command:
    """Ask for the addresses of a host name, as getaddrinfo(3) would order them: FOUND or NOT_FOUND."""
    return Command(("getent", "ahosts", name), accepts=(FOUND, NOT_FOUND), tool=TOOL)


def first_address(answer: str) -> str | None:
    """Read the first address of an answer; None when there is none."""
    words = answer.split(maxsplit=1)
    return words[0] if words else None

"""ping(8) of iputils: whether anybody answers for an address."""

from core.command import Command

TOOL = "ping"
ANSWERED, SILENT, UNREACHABLE = 0, 1, 2
PATIENT_SECONDS, BRIEF_SECONDS = 5, 1


def anybody(address: str) -> Command:
    """Ask whether a host answers for an address: ANSWERED or SILENT.

    That it cannot be asked (no route, no such name) is an error: it is not the answer "nobody".
    """
    seconds = str(PATIENT_SECONDS)
    return Command(("ping", "-c", "1", "-W", seconds, "-w", seconds, address), accepts=(ANSWERED, SILENT), tool=TOOL)


def briefly(address: str) -> Command:
    """Ask whether an address of this node answers now, as one of several tries: UNREACHABLE is an answer, too."""
    seconds = str(BRIEF_SECONDS)
    accepts = (ANSWERED, SILENT, UNREACHABLE)
    return Command(("ping", "-c", "1", "-W", seconds, "-w", seconds, address), accepts=accepts, tool=TOOL)

"""fuser(1) of psmisc: who keeps a filesystem busy."""

from core.command import Command, Completed

TOOL = "fuser"
NOT_INSTALLED = 127
HEADING = "ACCESS COMMAND"
COLUMNS = 3


def users(mount_point: str) -> Command:
    """Ask which processes use a mounted filesystem: 0, or 1 for none; 127 without fuser."""
    return Command(("fuser", "-vm", mount_point), accepts=(0, 1, NOT_INSTALLED), tool=TOOL)


def described(answer: Completed) -> str:
    """Read the answer of `users`: `pid 4711 (root, sleep)` for each process.

    fuser writes its table on stderr but for the column of the pids, which goes to stdout.
    """
    if answer.returncode == NOT_INSTALLED:
        return "install psmisc to see by whom"
    rows = [line.rpartition(": ")[2].split() for line in answer.stderr.partition(HEADING)[2].splitlines()[1:]]
    # A name that does not fit into its column has a line of its own.
    pairs = zip(answer.stdout.split(), (row for row in rows if len(row) >= COLUMNS), strict=False)
    # The kernel's own use of the mount has a row too, with a word in place of a pid.
    found = [f"pid {pid} ({row[0]}, {' '.join(row[2:])})" for pid, row in pairs if pid.isdigit()]
    return ", ".join(found) or "by no process: a mount, a loop device or swap is below it"

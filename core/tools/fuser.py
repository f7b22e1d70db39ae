"""fuser(1) of psmisc: who keeps a filesystem busy."""

from core.command import Command, Completed

TOOL = "fuser"
NOT_INSTALLED = 127


def users(mount_point: str) -> Command:
    """Ask which processes use a mounted filesystem: 0, or 1 for none; 127 without fuser."""
    return Command(("fuser", "-vm", mount_point), accepts=(0, 1, NOT_INSTALLED), tool=TOOL)


def described(answer: Completed) -> str:
    """Read the answer of `users`: `pid 4711 (root, sleep)` for each process."""
    if answer.returncode == NOT_INSTALLED:
        return "install psmisc to see by whom"
    rows = [line.split(":", 1)[-1].split() for line in answer.stderr.splitlines()]
    # USER PID ACCESS COMMAND; the kernel's own use of a mount has no number for a pid.
    found = [f"pid {row[1]} ({row[0]}, {' '.join(row[3:])})" for row in rows if len(row) > 1 and row[1].isdigit()]
    return ", ".join(found) or "by no process: a mount, a loop device or swap is below it"

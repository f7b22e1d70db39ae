"""start-stop-daemon(8): end a daemon that wrote a pid file, and only that one.

A pid file outlives a crash, and its number is given to another process after a reboot. Here the name of the process
has to be right, too; and it is waited for, so that what it held is free afterwards.
"""

from core.command import Check, Command, Completed

TOOL = "start_stop_daemon"
DEAD, ABSENT, UNDETERMINED = 1, 3, 4
STOP_SECONDS_MAX = 60


def is_alive(pidfile: str, program: str) -> Command:
    """Ask whether the daemon runs: 0, or 1 (only the file is left) or 3 (not even that).

    4 says that it cannot tell, without a word when the file names nobody: a power loss took what was written into it.
    """
    return Command(
        ("start-stop-daemon", "--status", "--pidfile", pidfile, "--name", program),
        accepts=(0, DEAD, ABSENT, UNDETERMINED),
        tool=TOOL,
    )


def refusal(answer: Completed) -> str:
    """Why it could not be told whether a daemon runs; empty when it could."""
    return answer.stderr.strip() if answer.returncode == UNDETERMINED else ""


def stop(pidfile: str, program: str) -> Command:
    """Ask the daemon to end and wait for it; it is never killed."""
    return Command(
        ("start-stop-daemon", "--stop", "--pidfile", pidfile, "--name", program, "--retry", f"TERM/{STOP_SECONDS_MAX}"),
        kind="changes",
        check=Check(is_alive(pidfile, program), absent=True),
        tool=TOOL,
    )

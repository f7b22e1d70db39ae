"""`test -e`, `-d`, `-f` and `-b` on this machine without a process: an action asks them by the dozen.

Everything else is left to its program.
"""

import os
from stat import S_ISBLK, S_ISDIR, S_ISREG
from typing import TYPE_CHECKING

from core.command import Command, Completed

if TYPE_CHECKING:
    from executors.real.machine import Machine

KINDS = {"-e": lambda _mode: True, "-d": S_ISDIR, "-f": S_ISREG, "-b": S_ISBLK}


def run(machine: "Machine", command: Command) -> Completed | None:
    """Answer `test -KIND /PATH`; None leaves it, and everything else, to the program."""
    match command.argv:
        # Behind a prefix is another mount namespace.
        case ("test", kind, path) if kind in KINDS and path.startswith("/") and not machine.around.prefix:
            try:
                mode = os.stat(path).st_mode
            except (OSError, ValueError):
                return Completed(1)
            return Completed(0 if KINDS[kind](mode) else 1)
    return None

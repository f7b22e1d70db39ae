"""Who is at work: the account, who is behind it, and the terminal that they sit at."""

import os
import time
from contextlib import suppress
from typing import NamedTuple

UNSET = 0xFFFFFFFF
"""What the kernel has as login when nobody logged in: a daemon, cron, a container."""


class Who(NamedTuple):
    """user: whose rights these are. sudo_user, login: who took them, as sudo says, and the kernel. terminal: a path."""

    user: str
    sudo_user: str = ""
    login: str = ""
    terminal: str = ""

    def __str__(self) -> str:
        """`ann as root on pts/3`."""
        behind = self.sudo_user or self.login
        account = f"{behind} as {self.user}" if behind not in {"", self.user} else self.user
        return f"{account} on {self.terminal.removeprefix('/dev/')}" if self.terminal else account


def who() -> Who:
    """Who started this process; what is not known is empty."""
    return Who(_name(os.geteuid()), os.environ.get("SUDO_USER", ""), _login(), _terminal())


def _name(number: int) -> str:
    from pwd import getpwuid

    try:
        return getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def _login() -> str:
    with suppress(OSError, ValueError):
        with open("/proc/self/loginuid", encoding="ascii") as file:
            number = int(file.read())
        return "" if number == UNSET else _name(number)
    return ""


def _terminal() -> str:
    for stream in (0, 2, 1):
        with suppress(OSError):
            return os.ttyname(stream)
    return ""


def boot() -> str:
    """Which life of this machine it is; "" where the kernel does not say."""
    with suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    return ""


def timestamp() -> str:
    """The time now, for people: local, with its distance from UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")

"""`ifconfig` on this machine, one change at a time.

It gives an alias its address first, with the netmask of the address's class, and the right netmask afterwards. What
gets an address of that class in between counts as secondary to it, and the kernel deletes it with the first netmask:
of two services that come up at once, one would lose its address. So every change holds a lock meanwhile, on the
directory of the interfaces: it is there, and the kernel gives it back when we die.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.command import Command, Completed

if TYPE_CHECKING:
    from executors.real.machine import Machine

INTERFACES = "/sys/class/net"
LOCK_SECONDS_MAX = 10.0
ASK_EVERY_SECONDS = 0.005


def run(machine: "Machine", command: Command) -> Completed | None:
    """Run a change while nobody else changes an alias; None leaves questions to the program."""
    if command.kind == "reads" or machine.around.prefix:
        return None
    with _alone():
        return machine.program(command)


@contextmanager
def _alone() -> Iterator[None]:
    """Have the lock, if there is one. Who has it runs a program of milliseconds; one that hangs is not waited for."""
    try:
        descriptor = os.open(INTERFACES, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        until = time.monotonic() + LOCK_SECONDS_MAX
        while not _locked(descriptor) and time.monotonic() < until:
            time.sleep(ASK_EVERY_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True

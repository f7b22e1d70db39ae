"""What an action has chosen among the things of this machine that are free: an alias, a device letter.

Two actions on two services see the same alias free, and would both take it. So a driver claims what it has chosen
(`svcmgr claim alias:eth0:3`), and takes the next one when another action has it. A claim is a locked file below
`$OSVCVAR/claims`: the kernel gives it back when the process dies.

The run of an action chooses once more, and has to come to what its preview chose. That others come and go meanwhile
must not matter, so two claims are refused although nobody holds them: one that comes before a claim that is ours (it
was not free when we chose), and one that was somebody's since we looked at the machine (what they did with it is not in
what we saw).
"""

import fcntl
import os
import time
from contextlib import suppress

from core.errors import Failed
from svcprov.lock import is_held
from svcprov.replace import write_all
from svcprov.who import boot

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


class Claims:
    """The claims of an action, as files in a directory. A name is POOL:ITEM, such as `alias:eth0:3`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._held: dict[str, int] = {}
        self._looked = uptime()

    def look(self) -> None:
        """What is free is being looked at now: claims of others that are over by now are in what is seen."""
        self._looked = uptime()

    def is_free(self, name: str) -> bool:
        """Tell whether nobody has a claim; leaves no trace, for a plan that is only shown."""
        return not is_held(self._path(name))

    def take(self, name: str) -> bool:
        """Claim; tell whether it is ours now. Raises Failed when there can be no claims here."""
        if name in self._held:
            return True
        pool, place = _place(name)
        if any(pool == other and place < later for other, later in map(_place, self._held)):
            return False
        try:
            descriptor = self._locked(name)
        except OSError as error:
            raise Failed(f"{self._path(name)}: {error.strerror}: it could not be claimed") from None
        if descriptor is None:
            return False
        self._held[name] = descriptor
        _stamp(descriptor)
        return True

    def _locked(self, name: str) -> int | None:
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path(name), flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self._was_anybodys(descriptor):
                return descriptor
        except BlockingIOError:
            pass
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _was_anybodys(self, descriptor: int) -> bool:
        """Tell whether somebody had a claim since we looked at the machine."""
        stamped, _, life = os.read(descriptor, 100).decode("ascii", "replace").partition(" ")
        with suppress(ValueError):
            return life == boot() and float(stamped) >= self._looked
        return False

    def release(self) -> None:
        """Give all claims back; what they were for is in its place by now, or is not needed."""
        while self._held:
            _, descriptor = self._held.popitem()
            _stamp(descriptor)
            os.close(descriptor)

    def _path(self, name: str) -> str:
        escaped = "".join(letter if letter in PLAIN else f"%{ord(letter):02X}" for letter in name)
        return f"{self._directory}/{escaped}"


def uptime() -> float:
    """Seconds that no clock that is set, and no suspended machine, takes back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _stamp(descriptor: int) -> None:
    """Write when the claim was taken, or given back."""
    # Without it somebody may find the node changed (exit 4), and lose nothing.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        write_all(descriptor, f"{uptime()} {boot()}".encode())


def _place(name: str) -> tuple[str, tuple[int, str]]:
    """The pool of a name, and where its item stands among the others: 2 before 10, f before g."""
    pool, _, item = name.rpartition(":")
    return pool, (len(item), item)

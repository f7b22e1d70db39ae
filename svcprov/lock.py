"""One action at a time: a lock that says who has it, and that the kernel releases when its process dies."""

import fcntl
import json
import os
import time
from contextlib import suppress

from core.errors import Failed, ServiceHeld
from svcprov.replace import write_all

ASK_EVERY_SECONDS = 0.1


class Lock:
    """A lock file. subject: what it protects, for messages. action: what it is taken for."""

    def __init__(self, path: str, subject: str, action: str) -> None:
        self.path, self._subject, self._action = path, subject, action
        self._descriptor: int | None = None

    def take(self, wait_seconds: float = 0) -> None:
        """Take the lock, waiting for it at most so long. Raises ServiceHeld, naming the holder."""
        until = time.monotonic() + wait_seconds
        while not self._taken():
            if time.monotonic() >= until:
                waited = f"timed out waiting for lock ({wait_seconds:g} seconds): " if wait_seconds else ""
                remedy = "wait for it to end, or give --waitlock SECONDS"
                raise ServiceHeld(f"{waited}{self._subject} is held by {self._holder()}; {remedy}")
            time.sleep(ASK_EVERY_SECONDS)
        holder = {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "user": user(),
            "action": self._action,
            "since": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        if self._descriptor is not None:
            # On a full disk the lock holds all the same, only without a name.
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
                write_all(self._descriptor, f"{json.dumps(holder)}\n".encode())

    def _taken(self) -> bool:
        """Try once. The file may have been removed by its last holder meanwhile: then it locks nothing any more."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise Failed(f"{self.path}: {error.strerror}: the lock could not be taken, nothing was changed") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino == os.stat(self.path).st_ino:
                self._descriptor = descriptor
                return True
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(descriptor)
        return False

    def _holder(self) -> str:
        try:
            with open(self.path, encoding="utf-8") as file:
                held = json.load(file)
            return f"`{held['action']}` of {held['user']} (pid {held['pid']} on {held['host']}, since {held['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return f"a process that has {self.path} open"

    def release(self, *, remove: bool = False) -> None:
        """Give the lock back; remove: take its file away too, since nothing is left to lock."""
        if self._descriptor is None:
            return
        if remove:
            os.unlink(self.path)
        else:
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None


def user() -> str:
    """Who acts: the one who became root, where somebody did."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or f"uid {os.getuid()}"

"""One action at a time: a lock that says who has it, and that the kernel releases when its process dies."""

import errno
import fcntl
import json
import os
import time
from contextlib import suppress
from typing import Any

from core.errors import Failed, ServiceHeld
from svcprov.replace import write_all
from svcprov.who import Who, boot, timestamp, who

ASK_EVERY_SECONDS = 0.1
GLANCE_SECONDS = 0.02
"""Who only looks whether the lock is held has it for less than this."""

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class Lock:
    """A lock file. subject: what it protects, for messages. action: what it is taken for.

    remedy: what to do where the filesystem of the file knows no locks.
    """

    def __init__(self, path: str, subject: str, action: str, remedy: str = "") -> None:
        self.path, self._subject, self._action = path, subject, action
        self._remedy = remedy or "have OSVCVAR, with all that is in it, on a local filesystem"
        self._descriptor: int | None = None

    def take(self, wait_seconds: float = 0) -> None:
        """Take the lock, waiting for it at most so long. Raises ServiceHeld, naming the holder."""
        until = time.monotonic() + max(wait_seconds, GLANCE_SECONDS)
        while not self._taken():
            if time.monotonic() >= until:
                waited = f"timed out waiting for lock ({wait_seconds:g} seconds): " if wait_seconds else ""
                raise ServiceHeld(f"{waited}{self._subject} is held by {self._holder()}")
            time.sleep(ASK_EVERY_SECONDS if wait_seconds else GLANCE_SECONDS)
        holder = {
            "pid": os.getpid(),
            "host": os.uname().nodename,
            "boot": boot(),
            **who()._asdict(),
            "action": self._action,
            "since": timestamp(),
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
        except OSError as error:
            os.close(descriptor)
            raise self._unlockable(error) from None
        os.close(descriptor)
        return False

    def _unlockable(self, error: OSError) -> Failed:
        said = f"{self.path}: {error.strerror}: the lock could not be taken, nothing was changed"
        if error.errno not in NO_LOCKS:
            return Failed(said)
        return Failed(f"{said}: its filesystem knows no locks (NFS without lockd is one such); {self._remedy}")

    def _holder(self) -> str:
        said = holder_said(holder_of(self.path) or {})
        return said or f"a process that has {self.path} open"

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


def holder_of(path: str) -> dict[str, Any] | None:
    """What the last holder of a lock wrote into its file; None when that is not there or says nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def holder_said(holder: dict[str, Any]) -> str:
    """`` `provision` of ann (pid 77 on far, since noon)``; "" when the file does not say enough."""
    try:
        by = Who(*(str(holder.get(field) or "") for field in Who._fields))
        return f"`{holder['action']}` of {by} (pid {holder['pid']} on {holder['host']}, since {holder['since']})"
    except KeyError:
        return ""


def is_held(path: str) -> bool:
    """Tell whether somebody holds a lock right now. Changes nothing; what cannot be told counts as not held."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared, so that many may look at once; who wants it for an action tries again after a moment.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False

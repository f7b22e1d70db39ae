"""Files are replaced whole: written beside themselves, synced, renamed. A crash leaves the old one or the new one."""

import os
from contextlib import suppress

from core.errors import Failed

WRITE_BITS = 0o222


def unwritable(path: str) -> str | None:
    """Say why `replace` would fail at a path, as far as that can be known beforehand; None when it should not."""
    target = os.path.realpath(path)
    directory = os.path.dirname(target)
    if os.path.exists(target) and not os.stat(target).st_mode & WRITE_BITS:
        return f"{path} is read-only; `chmod u+w {path}` allows it to be changed"
    while not os.path.exists(directory):
        directory = os.path.dirname(directory)
    if not os.path.isdir(directory):
        return f"{directory} is not a directory"
    if not os.access(directory, os.W_OK | os.X_OK):
        return f"{directory} cannot be written to; use an account that may, or remount its filesystem"
    return None


def replace(path: str, data: bytes, mode: int) -> None:
    """Put `data` into a file, with the mode and owner that it has, or `mode` when it is new.

    A link stays one: what it leads to is replaced. Raises Failed when that is not possible; the old file is intact.
    """
    target = os.path.realpath(path)
    directory, name = os.path.split(target)
    beside = f"{directory}/.{name}.new"
    try:
        before = os.stat(target) if os.path.exists(target) else None
        _write(beside, data, before, mode)
        os.rename(beside, target)
        sync_directory(directory)
    except OSError as error:
        with suppress(OSError):
            os.unlink(beside)
        raise Failed(f"{path}: {error.strerror or error}: it could not be written, and is as it was") from None


def _write(path: str, data: bytes, like: os.stat_result | None, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        if like is not None and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
            # Only root may give a file away; for others it becomes theirs, as with any editor.
            with suppress(PermissionError):
                os.chown(path, like.st_uid, like.st_gid)
        os.chmod(path, mode if like is None else like.st_mode & 0o7777)
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, in as many pieces as the system takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_directory(path: str) -> None:
    """Have the names in a directory on disk before going on. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

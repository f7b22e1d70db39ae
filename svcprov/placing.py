"""What `create` leaves on disk: the service file, `SERVICE.dir/` with what triggers read, and two links; or nothing."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from core.errors import Failed, UsageError
from svcprov.files import CONF_MODE, ServiceFiles, etc
from svcprov.replace import replace

DIRECTORY_MODE = 0o755
PROGRAM = "svcmgr"

Undo = list[Callable[[], None]]


def refuse_link(files: ServiceFiles) -> None:
    """Raise UsageError where the service file that is to be written is a link, or no file.

    Written through it, the file of somebody else would be gone, who knows it by another name than that of the backup
    and the difference. Later changes do follow a link: by then it is how the operator keeps this service file.
    """
    if os.path.islink(files.conf):
        target = os.path.realpath(files.conf)
        if os.path.exists(target):
            remedy = f"to make the service of that file: --config {target}; else remove the link"
        else:
            remedy = "there is no such file; remove the link, or have it lead to the service file"
        raise UsageError(f"{files.conf} is a link to {target}, and create does not write through it: {remedy}")
    if files.exists and not os.path.isfile(files.conf):
        raise UsageError(f"{files.conf} is not a file; move it away, or choose another name for the service")


def place(files: ServiceFiles, replaced: bytes | None) -> str:
    """Put a service on disk, its service file last; return the path of the backup, "" when there is none.

    replaced: the service file that is to be kept beside the new one. Raises Failed, and then everything is as it was.
    """
    undo: Undo = []
    try:
        backup = "" if replaced is None else _kept(files, replaced, undo)
        _directories(f"{etc()}/{files.name}.dir", undo)
        _link(f"{files.name}.dir", f"{etc()}/{files.name}.d", undo)
        _link(_svcmgr(), f"{etc()}/{files.name}", undo)
        for path in files.save_beside():
            undo.append(partial(os.unlink, path))
        files.save_file()
    except BaseException as error:
        for take_back in reversed(undo):
            with suppress(OSError):
                take_back()
        if isinstance(error, OSError):
            raise Failed(f"{error.filename}: {error.strerror}; nothing was changed") from None
        raise
    return backup


def _kept(files: ServiceFiles, replaced: bytes, undo: Undo) -> str:
    """Keep the file before beside its place, under a name that no earlier one has."""
    backup, number = f"{files.conf}.bak", 0
    while os.path.lexists(backup):
        number += 1
        backup = f"{files.conf}.bak.{number}"
    undo.append(partial(os.unlink, backup))
    replace(backup, replaced, CONF_MODE)
    return backup


def _directories(path: str, undo: Undo) -> None:
    """Make a directory and what is missing above it: the first service of a node finds none for service files."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    _directories(above, undo)
    os.mkdir(path, DIRECTORY_MODE)
    undo.append(partial(os.rmdir, path))


def _link(target: str, path: str, undo: Undo) -> None:
    """Have a link lead to its target. What is there and none of ours stays: it is not ours to take away."""
    if os.path.islink(path):
        before = os.readlink(path)
        ours = os.path.basename(before) == os.path.basename(target) or not os.path.exists(path)
        if before == target or not ours:
            return
        os.unlink(path)
        undo.append(partial(os.symlink, before, path))
    with suppress(FileExistsError):
        os.symlink(target, path)
        undo.append(partial(os.unlink, path))


def _svcmgr() -> str:
    """The program that a service's link leads to: this one, or the one beside this Python."""
    program = os.path.abspath(sys.argv[0])
    if os.path.basename(program) == PROGRAM and os.access(program, os.X_OK):
        return program
    for folder in (os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(":")):
        if folder and os.access(f"{folder}/{PROGRAM}", os.X_OK):
            return f"{folder}/{PROGRAM}"
    return f"{os.path.dirname(sys.executable)}/{PROGRAM}"

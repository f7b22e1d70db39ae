"""The files beside a service file that its triggers read: first beside its template, then in `SERVICE.dir`."""

import os
from collections.abc import Iterator
from contextlib import suppress

from core import trigger
from core.config.service import Service
from core.errors import Failed, UsageError
from svcprov.replace import replace

TEXT_BYTES_MAX = 65536
MODE = 0o640


def read(path: str) -> str | None:
    """Return the text of a file; None where there is none. Raises UsageError for what is no text, or too much."""
    try:
        with open(path, "rb") as file:
            data = file.read(TEXT_BYTES_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > TEXT_BYTES_MAX:
        raise UsageError(f"{path} has more than {TEXT_BYTES_MAX} bytes; what a trigger reads is part of the plan")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; convert it with iconv -t UTF-8") from None
    if "\0" in text or "«" in text or "»" in text:
        raise UsageError(f"{path}: « and » stand for values that nobody knows yet, and NUL is no text; take them out")
    return text


def names(service: Service) -> list[str]:
    """The names of the files that triggers of the service read, each once."""
    return list(dict.fromkeys(name for _, _, name in trigger.inputs(service)))


def bring(service: Service, directory: str) -> Iterator[str]:
    """Copy what triggers read to a directory of the service's own, where it is not there yet; yield each new path.

    Raises Failed.
    """
    for name in names(service):
        text = service.beside(name)
        path = f"{directory}/{name}"
        if text is not None and not os.path.lexists(path):
            replace(path, text.encode(), MODE)
            yield path


def remove(service: Service, directory: str) -> None:
    """Remove from the service's own directory what its triggers read. Raises Failed."""
    for name in names(service):
        try:
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(f"{directory}/{name}")
        except OSError as error:
            raise Failed(f"{error.filename}: {error.strerror}: it could not be removed") from None

"""What happens to services, for the system's journal; where there is none, a line each in a log file.

The journal gets fields (`journalctl SVCPROV_SERVICE=web`), the file JSON with the same names in lower case, so that no
word of a command can look like a line or a field of its own. Nobody waits for either, and a failure is no failure of
the action: it is what the history is for.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from svcprov.who import timestamp

if TYPE_CHECKING:
    from socket import socket

JOURNAL = "/run/systemd/journal/socket"
IDENTIFIER = "svcprov"
VALUE_CHARACTERS_MAX = 8000
"""A datagram has its limit, and what a command says may be of any length."""

LOG_MODE = 0o640
PRIORITIES = {"error": 3, "warning": 4, "notice": 5, "info": 6}


class Events:
    """Where the events of a service go. path: the log file. journal: the socket of the system's journal."""

    def __init__(self, service: str, path: str, journal: str = JOURNAL) -> None:
        self._service, self._path, self._journal = service, path, journal
        self._socket: socket | None = None
        self._descriptor: int | None = None
        self._is_torn = False

    def tell(self, level: str, text: str, fields: Mapping[str, object]) -> None:
        """Tell of an event. level: of PRIORITIES. Never raises for what the system does not take."""
        told = {"service": self._service, **{name: _cut(str(value)) for name, value in fields.items()}}
        if not self._to_journal(level, _cut(text), told):
            with suppress(OSError):
                self._to_file({"time": timestamp(), "level": level, **told, "message": _cut(text)})

    def _to_journal(self, level: str, text: str, fields: Mapping[str, str]) -> bool:
        """Tell whether the journal took it."""
        if not self._journal:
            return False
        try:
            if self._socket is None:
                os.stat(self._journal)
                self._socket = _datagrams(self._journal)
            named = {f"SVCPROV_{name.upper()}": value for name, value in fields.items()}
            head = {"MESSAGE": text, "PRIORITY": str(PRIORITIES[level]), "SYSLOG_IDENTIFIER": IDENTIFIER}
            self._socket.send(b"".join(_field(name, value) for name, value in {**head, **named}.items()))
        except OSError:
            # Without a journal, or without an ear of it, the file has what comes from here on.
            self._journal = ""
            return False
        return True

    def _to_file(self, line: Mapping[str, object]) -> None:
        if self._descriptor is None:
            os.makedirs(os.path.dirname(self._path), mode=0o755, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            self._descriptor = os.open(self._path, flags, LOG_MODE)
        data = f"{json.dumps(line)}\n".encode()
        if self._is_torn:
            data = b"\n" + data
        self._is_torn = False
        self._is_torn = os.write(self._descriptor, data) < len(data)

    def close(self) -> None:
        """Let go of journal and file; the object can be used again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _datagrams(path: str) -> "socket":
    from socket import AF_UNIX, SOCK_DGRAM, socket

    channel = socket(AF_UNIX, SOCK_DGRAM)
    try:
        channel.setblocking(False)
        channel.connect(path)
    except OSError:
        channel.close()
        raise
    return channel


def _field(name: str, value: str) -> bytes:
    """A field in the journal's own protocol, which has a binary form for a value of several lines."""
    data = value.encode("utf-8", "backslashreplace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


def _cut(text: str) -> str:
    left_out = len(text) - VALUE_CHARACTERS_MAX
    return f"{text[:VALUE_CHARACTERS_MAX]}... ({left_out} characters left out)" if left_out > 0 else text

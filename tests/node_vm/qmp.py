"""Speaks to a qemu process: QMP, one JSON object a line, over a socket."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONNECT_SECONDS_MAX = 20
ANSWER_SECONDS_MAX = 60


class RefusedByQemu(Exception):
    """Qemu would not do what it was told; the text is its own."""


class Qmp:
    """A connection to the monitor of one qemu. gone: tells whether it has ended, while it is waited for."""

    def __init__(self, path: Path, gone: Callable[[], bool]) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + CONNECT_SECONDS_MAX
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                if gone() or time.monotonic() > deadline:
                    raise ConnectionError("qemu does not answer") from None
                time.sleep(0.01)
        self._socket.settimeout(ANSWER_SECONDS_MAX)
        self._stream = self._socket.makefile("rw", encoding="utf-8")
        self._events: list[dict[str, Any]] = []
        self._read()
        self("qmp_capabilities")

    def __call__(self, execute: str, **arguments: Any) -> Any:
        """Tell qemu to do something; return what it says to that."""
        self._stream.write(json.dumps({"execute": execute, "arguments": arguments}) + "\n")
        self._stream.flush()
        while True:
            said = self._read()
            if "return" in said:
                return said["return"]
            if "error" in said:
                raise RefusedByQemu(f"{execute}: {said['error']['desc']}")
            self._events.append(said)

    def monitor(self, line: str) -> str:
        """Tell qemu something in the words of its monitor for people, which has no answers but errors."""
        said: str = self("human-monitor-command", **{"command-line": line})
        return said

    def wait_for(self, event: str, **data: str) -> None:
        """Wait for an event, which may have come already."""
        while True:
            for known in self._events:
                if known.get("event") == event and data.items() <= known.get("data", {}).items():
                    self._events.remove(known)
                    return
            self._events.append(self._read())

    def close(self) -> None:
        """End the connection."""
        self._stream.close()
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        line = self._stream.readline()
        if not line:
            raise ConnectionError("qemu has ended")
        said: dict[str, Any] = json.loads(line)
        return said

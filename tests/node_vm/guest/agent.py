"""Runs commands in the guest for whoever connects: requests and answers are lines of JSON.

A process is run by `executors.real.processes`, the code that a real node is provisioned with; this only carries words
to it. It was started when the node booted, so a command costs a fork and no start of Python.
"""

import json
import socket
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO, Any

from executors.real import processes

PORT = 5
READY = Path("/run/agent.ready")


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request says, and return what came of it."""
    match request["do"]:
        case "clock":
            # A node that was restored from a snapshot has the time at which that was taken.
            time.clock_settime(time.CLOCK_REALTIME, request["now"])
            return {}
        case "run":
            around = processes.Surroundings(request["environment"])
            done = processes.run(
                tuple(request["argv"]),
                request["stdin"],
                around,
                public=request["public"],
                seconds_max=request["seconds_max"],
            )
            return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        case "start":
            around = processes.Surroundings(request["environment"])
            done = processes.start(tuple(request["argv"]), around, request["log"], lambda: False)
            return {"returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
        case "unpack":
            import base64
            import io
            import tarfile

            with tarfile.open(fileobj=io.BytesIO(base64.b64decode(request["archive"]))) as archive:
                archive.extractall("/")  # noqa: S202 - from us
            return {}
        case other:
            return {"failure": f"no such request: {other}"}


def serve(lines: IO[str], answers: IO[str]) -> None:
    """Answer requests until there are no more."""
    for line in lines:
        try:
            answer = answered(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker is told
            answer = {"failure": repr(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _serve(connection: socket.socket) -> None:
    with suppress(OSError), connection, connection.makefile("rw", encoding="utf-8") as stream:
        serve(stream, stream)


def main() -> None:
    """Listen on the guest's own loopback address only: ssh connects there."""
    with socket.create_server(("127.0.0.1", PORT)) as listener:
        READY.write_text("ready\n", encoding="ascii")
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=_serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()

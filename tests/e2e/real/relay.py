"""A port of one network namespace in another: each connection goes on through a socket in the filesystem.

    python relay.py tcp:5005 unix:/tmp/sv1/ec2       listens on 127.0.0.1:5005 here

and the same with its words exchanged, where the server is.
"""

import socket
import sys
from pathlib import Path
from threading import Thread

CHUNK_BYTES = 65536


def listening(address: str) -> socket.socket:
    """A socket that listens at `tcp:PORT` on loopback, or at `unix:PATH`."""
    kind, _, place = address.partition(":")
    made = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    made.bind(place if kind == "unix" else ("127.0.0.1", int(place)))
    made.listen()
    return made


def connected(address: str) -> socket.socket:
    """A connection to such an address."""
    kind, _, place = address.partition(":")
    made = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    made.connect(place if kind == "unix" else ("127.0.0.1", int(place)))
    return made


def serve(server: socket.socket, target: str) -> None:
    """Pass on every connection, until the listening socket is closed."""
    while True:
        try:
            one, _ = server.accept()
        except OSError:
            return
        Thread(target=_pass_on, args=(one, target), daemon=True).start()


def _pass_on(one: socket.socket, target: str) -> None:
    with one, connected(target) as other:
        back = Thread(target=_copy, args=(other, one), daemon=True)
        back.start()
        _copy(one, other)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK_BYTES):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one side is gone, which the other will notice
        pass


if __name__ == "__main__":
    with listening(sys.argv[1]) as opened:
        Path(sys.argv[3]).touch()
        serve(opened, sys.argv[2])

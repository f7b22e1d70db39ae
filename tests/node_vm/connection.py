"""One ssh connection to a guest, with the agent at its other end: a command costs no handshake and no new shell."""

import json
import select
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

from tests.node_vm.recipe import program

CONNECT_SECONDS_MAX = 60
ANSWER_SECONDS_MAX = 900
TO_THE_AGENT = ("-W", "127.0.0.1:5")
"""The options with which ssh is a pipe to it."""


class Lost(Exception):
    """The guest is gone, in the middle of a request or before it."""


def ssh_words(image: Path, port: int, *more: str) -> tuple[str, ...]:
    """How ssh reaches a guest: only our key, only its key, nothing of the user's configuration. more: options."""
    options = {
        "IdentityFile": f"{image}/key",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": f"{image}/known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": "node-vm",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "LogLevel": "ERROR",
        # The default of today is quantum-safe, and ten times as slow.
        "KexAlgorithms": "curve25519-sha256",
        "HostKeyAlgorithms": "ssh-ed25519",
        "PreferredAuthentications": "publickey",
        "GSSAPIAuthentication": "no",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return (program("ssh"), "-F", "/dev/null", *words, *more, "-p", str(port), "-l", "root", "127.0.0.1")


class Connection:
    """Requests to the agent, one after the other. words: an ssh whose input and output the agent is."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._ssh: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def open(self) -> None:
        """Connect; the guest's clock is set by the way."""
        deadline = time.monotonic() + CONNECT_SECONDS_MAX
        while True:
            self._ssh = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            try:
                self.ask({"do": "clock", "now": time.time()}, CONNECT_SECONDS_MAX)
            except Lost:
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def ask(self, request: dict[str, Any], seconds_max: float = ANSWER_SECONDS_MAX) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        with self._lock:
            if self._ssh is None:
                raise Lost("the connection to the guest was closed")
            answer = _exchanged(self._ssh, request, seconds_max)
        if "failure" in answer:
            raise RuntimeError(f"the agent of the guest: {answer['failure']}")
        return answer

    def close(self) -> None:
        """End the connection, if there is one; who waits for an answer is told that it is lost."""
        ssh = self._ssh
        if ssh is not None:
            ssh.kill()
            with self._lock:
                self._ssh = None
                ssh.wait()
                for stream in (ssh.stdin, ssh.stdout, ssh.stderr):
                    if stream is not None:
                        with suppress(OSError):
                            stream.close()


def _exchanged(ssh: subprocess.Popen[str], request: dict[str, Any], seconds_max: float) -> dict[str, Any]:
    into, out_of = _streams(ssh)
    line = ""
    with suppress(OSError):
        into.write(json.dumps(request) + "\n")
        into.flush()
        if not select.select([out_of], [], [], seconds_max)[0]:
            ssh.kill()
            raise Lost(f"no answer from the guest within {seconds_max:g} seconds")
        line = out_of.readline()
    if not line.endswith("\n"):
        ssh.kill()
        said = ssh.stderr.read() if ssh.stderr is not None else ""
        raise Lost(said.strip() or "the connection to the guest was lost")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _streams(ssh: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert ssh.stdin is not None
    assert ssh.stdout is not None
    return ssh.stdin, ssh.stdout

"""One ssh connection to a guest, with the agent at its other end: a command costs no handshake and no new shell."""

import json
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

from tests.node_vm.recipe import program

CONNECT_SECONDS_MAX = 30
AGENT_PORT = 5


class Lost(Exception):  # noqa: N818 - what happened to the connection
    """The guest is gone, in the middle of a request or before it."""


def ssh_words(image: Path, port: int) -> tuple[str, ...]:
    """How ssh reaches a guest: only our key, only its key, nothing of the user's configuration."""
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
    return (program("ssh"), "-F", "/dev/null", *words, "-p", str(port), "-l", "root")


class Connection:
    """Requests to the agent, one after the other. It is opened with the first one, and again when it was lost."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._words = words
        self._ssh: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def open(self) -> None:
        """Connect, unless that is done; the guest's clock is set by the way."""
        if self._ssh is not None:
            return
        deadline = time.monotonic() + CONNECT_SECONDS_MAX
        while True:
            self._ssh = subprocess.Popen(
                (*self._words, "-W", f"127.0.0.1:{AGENT_PORT}", "127.0.0.1"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            try:
                self._exchange(self._ssh, {"do": "clock", "now": time.time()})
            except Lost:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer, however long that takes."""
        with self._lock:
            self.open()
            assert self._ssh is not None
            answer = self._exchange(self._ssh, request)
        if "failure" in answer:
            raise RuntimeError(f"the agent of the guest: {answer['failure']}")
        return answer

    def close(self) -> None:
        """End the connection, if there is one."""
        ssh, self._ssh = self._ssh, None
        if ssh is not None:
            ssh.kill()
            ssh.wait()
            for stream in (ssh.stdin, ssh.stdout, ssh.stderr):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()

    def _exchange(self, ssh: subprocess.Popen[str], request: dict[str, Any]) -> dict[str, Any]:
        into, out_of = _streams(ssh)
        try:
            into.write(json.dumps(request) + "\n")
            into.flush()
            line = out_of.readline()
        except OSError:
            line = ""
        if not line.endswith("\n"):
            ssh.kill()
            said = ssh.stderr.read() if ssh.stderr is not None else ""
            self.close()
            raise Lost(said.strip() or "the connection to the guest was lost")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _streams(ssh: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert ssh.stdin is not None
    assert ssh.stdout is not None
    return ssh.stdin, ssh.stdout

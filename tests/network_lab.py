"""Two hosts on one cable: network namespaces with an `eth0` each, which are this machine in everything else.

    with network_lab.network() as (here, there):
        here.machine().run(ip.show())          # an executor inside
        there.did("ip", "addr", "add", ...)    # what has to succeed

No packet leaves them. Each is held by a process that ends when its standard input does, so also when we do.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from executors.real.machine import PATH, Machine

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH, "HOME": "/root"}
NEEDED = {"ip": "iproute2", "ping": "iputils-ping", "nsenter": "util-linux"}


class Programs(Machine):
    """A machine on which no library answers in the place of a program."""

    def _face(self, name: str) -> None:
        """There is none, whatever the tool."""
        del name


class Host:
    """A network namespace."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ("unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && exec cat"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        self.process = str(self._holder.pid)
        self.prefix = ("nsenter", "--target", self.process, "--net", "--")

    def machine(self) -> Machine:
        """An executor whose children are inside."""
        return Machine(prefix=self.prefix, environment=ENVIRONMENT)

    def did(self, *argv: str) -> str:
        """Run a program inside that has to succeed; return what it printed."""
        ended = subprocess.run(
            (*self.prefix, *argv), capture_output=True, text=True, check=False, env=ENVIRONMENT, cwd="/"
        )
        assert ended.returncode == 0, (argv, ended.stdout, ended.stderr)
        return ended.stdout

    def close(self) -> None:
        """End the namespace, with its interfaces."""
        assert self._holder.stdin is not None
        assert self._holder.stdout is not None
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()


@contextmanager
def network() -> Iterator[tuple[Host, Host]]:
    """Two hosts whose `eth0` are the ends of one cable, up and without addresses. Skips where there can be none."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces with a cable between them need root")
    for program, package in NEEDED.items():
        if shutil.which(program, path=PATH) is None:
            pytest.skip(f"{program} is not installed (apt-get install {package})")
    here, there = Host(), Host()
    try:
        here.did("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", there.process)
        for host in (here, there):
            # What has an address of its own making would have to be left out of every comparison.
            host.did("ip", "link", "set", "dev", "eth0", "addrgenmode", "none", "up")
            # As systemd sets it up: where a primary address goes, the next of its network takes its place.
            host.did("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/promote_secondaries")
        yield here, there
    finally:
        here.close()
        there.close()

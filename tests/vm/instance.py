"""A guest that is an instance of EC2: a moto server outside is the cloud, disks that are plugged in are its volumes.

`aws` in the guest hands its words to this process (`aws.sh`), where boto3 asks the moto server; whatever is attached
there afterwards is plugged into the VM, and what is not any more is pulled out, as a hypervisor does.
"""

import os
import socketserver
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import NamedTuple
from unittest.mock import patch

from core.command import Command, Completed
from executors.real.machine import Machine
from tests.e2e.cloud import Instance, ec2_server
from tests.e2e.real.lab import Ended
from tests.node_vm import OUTSIDE, VM, Disk
from tests.vm.installed import install
from tests.vm.registry import registry

GIB = 1024
COMMAND_SECONDS_MAX = 600


class Hypervisor:
    """Answers `aws` of a guest, and plugs in what is attached then."""

    def __init__(self, instance: Instance) -> None:
        self._instance, self._lock = instance, Lock()
        self._machine = Machine(environment=instance.environment)
        self.plugged: set[str] = set()
        self.vm: VM | None = None
        self.asked: list[tuple[str, ...]] = []

    def answer(self, words: tuple[str, ...]) -> Completed:
        """Do what the words say, in the cloud and with the VM."""
        with self._lock:
            self.asked.append(words)
            answer = self._machine.run(Command(("aws", *words), tool="aws"))
            if {"attach-volume", "detach-volume"}.intersection(words) and not answer.returncode:
                self._follow()
            return answer

    def follow(self) -> None:
        """Plug in what is attached, and pull out what is not."""
        with self._lock:
            self._follow()

    def power_loss(self) -> None:
        """Switch the guest off, whatever is going on, and on again with all that is attached then."""
        self.power_off()
        self.power_on()

    def power_off(self) -> str:
        """Switch the guest off, whatever is going on; return what its console said until then."""
        assert self.vm is not None
        with self._lock:
            self.vm.kill()
            return self.vm.console()

    def power_on(self) -> None:
        """Switch the guest on, with all that is attached."""
        assert self.vm is not None
        with self._lock:
            self.vm.boot()
            self._follow()

    def unplug(self) -> None:
        """Pull everything out, without the cloud's knowledge."""
        assert self.vm is not None
        with self._lock:
            for volume in self.plugged:
                self.vm.unplug(volume)
            self.plugged.clear()

    def forget(self) -> None:
        """Take note that the guest is about to be restored from a snapshot in which nothing was plugged in."""
        with self._lock:
            self.plugged.clear()

    def _follow(self) -> None:
        assert self.vm is not None
        if not self.vm.is_on:
            # What was asked for with the last breath is done in the cloud all the same.
            return
        held = self._attached()
        for volume in self.plugged - held.keys():
            self.vm.unplug(volume)
            self.plugged.remove(volume)
        for volume in held.keys() - self.plugged:
            # A volume of the Nitro system is an NVMe disk, whose controller has the volume's id for its serial number.
            self.vm.plug(volume, held[volume] * GIB, serial=volume.replace("-", ""), bus="nvme", wait=False)
            self.plugged.add(volume)

    def _attached(self) -> dict[str, int]:
        """The volumes of the instance, each with its GiB; its root is one, though the guest runs on another disk."""
        filters = [{"Name": "attachment.instance-id", "Values": [self._instance.identity]}]
        return {
            each["VolumeId"]: each["Size"]
            for each in self._instance.ec2.describe_volumes(Filters=filters)["Volumes"]
            for _ in each["Attachments"]
        }


class Node(NamedTuple):
    """The guest with its cloud."""

    vm: VM
    instance: Instance
    hypervisor: Hypervisor
    environment: dict[str, str]
    mirror: str
    """The address of the mirror of Docker Hub, for the guest."""

    def run(self, *argv: str, stdin: str | None = None) -> Ended:
        """Run a program in the guest."""
        done = self.vm.run(*argv, stdin=stdin, environment=self.environment, seconds_max=COMMAND_SECONDS_MAX)
        return Ended(done.returncode, done.stdout, done.stderr)

    def addressed(self) -> None:
        """Give the guest its address in the cloud, which it has until it loses power."""
        self.vm.did("ip", "addr", "add", f"{self.instance.address}/24", "dev", "eth0")

    def svcmgr(self, name: str, *words: str) -> Ended:
        """Run svcmgr in the guest."""
        return self.run("svcmgr", "-s", name, *words)

    def done(self, name: str, *words: str) -> Ended:
        """Run svcmgr in the guest; it has to succeed."""
        ended = self.svcmgr(name, *words)
        assert ended.code == 0, (words, ended.out, ended.err)
        return ended


class _Line(socketserver.StreamRequestHandler):
    hypervisor: Hypervisor

    def handle(self) -> None:
        """One command line of aws."""
        words = []
        while (line := self.rfile.readline().strip()) and line != b".":
            words.append(b64decode(line).decode())
        said = self.hypervisor.answer(tuple(words))
        parts = (b"-" + b64encode(text.encode()) for text in (said.stdout, said.stderr))
        with suppress(ConnectionError):
            # Who asked may have lost power meanwhile.
            self.wfile.write(b"\n".join((str(said.returncode).encode(), *parts)) + b"\n")


@contextmanager
def _bridge(hypervisor: Hypervisor) -> Iterator[int]:
    line = type("Line", (_Line,), {"hypervisor": hypervisor})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), line) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@contextmanager
def opened(disks: tuple[Disk, ...] = ()) -> Iterator[Node]:
    """A guest with svcprov installed, in a cloud of its own; its address there is on eth0."""
    # botocore, which answers in this process, reads this process's environment.
    with (
        ec2_server() as url,
        Instance(url).running() as instance,
        registry() as images,
        patch.dict(os.environ, instance.environment),
    ):
        hypervisor = Hypervisor(instance)
        metadata = int(instance.metadata.url.rpartition(":")[2])
        with _bridge(hypervisor) as port, VM(disks, ports=(port, metadata, images)) as vm:
            hypervisor.vm = vm
            hypervisor.follow()
            install(vm)
            environment = {
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8",
                "HOME": "/root",
                # Variables whose names begin so are passed on to what svcmgr runs.
                "AWS_SVCPROV_OUTSIDE": OUTSIDE,
                "AWS_SVCPROV_PORT": str(port),
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_METADATA_SERVICE_TIMEOUT": "30",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://{OUTSIDE}:{metadata}",
            }
            node = Node(vm, instance, hypervisor, environment, f"http://{OUTSIDE}:{images}")
            node.addressed()
            yield node

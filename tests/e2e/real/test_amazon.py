"""A service of EC2 with the installed svcmgr: the cloud is a moto server, the attached volume a loop device."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from socket import SHUT_RDWR
from subprocess import DEVNULL
from threading import Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import pytest

from tests.e2e.cloud import ZONE, Instance, Plugged, ec2_server
from tests.e2e.real import relay
from tests.e2e.real.lab import Lab
from tests.e2e.real.plug import KILLED, unprovisioned

READY_SECONDS_MAX = 10

SERVICE = """\
[DEFAULT]

[ip#0]
type = amazon
ipname = <allocate>
ipdev = eth0

[disk#0]
type = amazon
volumes = <size=1G>

[fs#0]
type = btrfs
dev = LAB/var/{svcname}/dev/disk.0.0
mnt = LAB/srv/data
mnt_opt = defaults,subvol=data
"""


@contextmanager
def relayed(lab: Lab, address: str) -> Iterator[None]:
    """Have a server of this side answer in the lab, at the same address."""
    port = urlsplit(address).port
    path, ready = f"{lab.directory}/given/{port}", f"{lab.directory}/given/{port}.ready"
    words = (lab.python_program, relay.__file__, f"tcp:{port}", f"unix:{path}", ready)
    with relay.listening(f"unix:{path}") as server, lab.start(*words, stdout=DEVNULL, stderr=DEVNULL) as process:
        Thread(target=relay.serve, args=(server, f"tcp:{port}"), daemon=True).start()
        until = monotonic() + READY_SECONDS_MAX
        while not Path(ready).exists():
            assert monotonic() < until, "the relay does not listen"
            sleep(0.02)
        try:
            yield
        finally:
            lab.signal(process, SIGKILL)
            # A thread that waits for a connection does not hear that its socket was closed.
            server.shutdown(SHUT_RDWR)


@pytest.fixture
def instance(lab: Lab) -> Iterator[Instance]:
    """An instance that the lab takes itself for; the cloud and its metadata service answer there as they do outside."""
    with ec2_server() as url, Instance(url).running() as instance:
        lab.environment |= instance.environment
        lab.done("ip", "addr", "add", f"{instance.address}/24", "dev", "eth0")
        with relayed(lab, url), relayed(lab, instance.metadata.url):
            yield instance


def test_a_service_of_ec2_lives_and_leaves_nothing(lab: Lab, instance: Instance, tmp_path: Path) -> None:
    """Address and volume are bought, used, given back: EC2, the node and the service file are as before."""
    volumes, addresses = instance.volumes(), instance.addresses()
    before = lab.inventory()
    with Plugged(instance, tmp_path).running():
        lab.created(SERVICE, "--provision")
        assert lab.is_up()
        (volume,) = instance.volumes().keys() - volumes.keys()
        (address,) = set(instance.addresses()) - set(addresses)
        text = lab.conf.read_text(encoding="utf-8")
        assert f"ipname = {address}" in text
        assert f"volumes = {volume}" in text
        again = lab.svcmgr("provision", "--format", "json")
        assert (again.code, again.commands) == (0, []), again.err
        for verb, up in (("stop", False), ("start", True)):
            ended = lab.svcmgr(verb)
            assert (ended.code, lab.is_up()) == (0, up), ended.err
        unprovisioned(lab, before, 0)
    assert (instance.volumes(), instance.addresses()) == (volumes, addresses)
    assert lab.conf.read_text(encoding="utf-8") == SERVICE.replace("LAB", str(lab.directory))


DYING_BUYER = """
import os, signal
from executors.real.machine import Machine

run = Machine.run

def dying(machine, command):
    answer = run(machine, command)
    if command.kind == "changes" and "BUYS" in command.argv:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Machine.run = dying
"""
"""Dies when the cloud has done what it was asked for and said so, and nothing on this side knows."""


@pytest.mark.parametrize(
    "buys, way",
    [
        ("create-volume", "provision"),
        ("create-volume", "rollback"),
        ("create-volume", "unprovision"),
        ("assign-private-ip-addresses", "provision"),
        ("assign-private-ip-addresses", "rollback"),
    ],
)
def test_killed_between_the_cloud_and_the_journal(
    lab: Lab, instance: Instance, tmp_path: Path, buys: str, way: str
) -> None:
    """What was bought is found, though this cloud minds no client token, and is not mistaken for another's."""
    volumes, addresses = instance.volumes(), instance.addresses()
    before = lab.inventory()
    with Plugged(instance, tmp_path).running():
        lab.created(SERVICE)
        assert lab.changed(DYING_BUYER.replace("BUYS", buys), "provision").code == KILLED
        bought = instance.volumes().keys() - volumes.keys(), set(instance.addresses()) - set(addresses)
        assert [len(things) for things in bought] == ([1, 1] if buys == "create-volume" else [0, 1])
        theirs = str(instance.ec2.create_volume(AvailabilityZone=ZONE, Size=1)["VolumeId"])
        if way == "provision":
            again = lab.svcmgr("provision")
            assert (again.code, lab.is_up()) == (0, True), again.err
            there = instance.volumes().keys() - volumes.keys() - {theirs}
            assert len(there) == len(set(instance.addresses()) - set(addresses)) == 1
            assert bought[0] <= there
            assert bought[1] <= set(instance.addresses())
        if way == "rollback":
            back = lab.svcmgr("rollback", "--yes")
            assert (back.code, lab.since(before)) == (0, []), back.err
        else:
            unprovisioned(lab, before, 0)
    assert (instance.volumes(), instance.addresses()) == ({**volumes, theirs: ""}, addresses)
    assert lab.conf.read_text(encoding="utf-8") == SERVICE.replace("LAB", str(lab.directory))

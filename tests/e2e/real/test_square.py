"""The square commutes: what a plan predicted of this machine is what the run left."""

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from executors.real.machine import Machine
from tests import docker_lab
from tests.e2e.real.installed import Installed
from tests.e2e.real.lab import Lab, opened
from tests.e2e.real.services import EXT4, NESTED, STORAGE, XFS
from tests.e2e.real.stacks import stacks
from tests.square import RealWorld

STACKS = int(os.environ.get("SVCPROV_STACKS", "20"))
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("SVCPROV_FULL") else (Phase.generate,)
"""An example takes a second, so making a failing one smaller takes many minutes: the file is printed as it is."""
SERVICES = {"subvolumes and an address": STORAGE, "ext4": EXT4, "xfs": XFS, "disks in filesystems": NESTED}

DOCKER = """\
[DEFAULT]
docker_data_dir = LAB/srv/docker

[disk#0]
type = loop
file = LAB/disk.img
size = 400M

[fs#0]
type = btrfs
dev = {disk#0.file}
mnt = LAB/srv/docker
mnt_opt = subvol=docker

[fs#1]
type = btrfs
dev = {disk#0.file}
mnt = LAB/srv/data
mnt_opt = subvol=data

[container#0]
type = docker
run_image = IMAGE
run_args = --stop-signal=KILL -v LAB/srv/data:/data
run_command = /bin/sleep 1000

[container#1]
type = docker
run_image = IMAGE
run_args = --stop-signal=KILL --net=container:{svcname}.container.0
run_command = /bin/sleep 1000
"""


def world(lab: Lab, text: str, name: str) -> RealWorld:
    """A service in the lab."""
    file = text.replace("LAB", str(lab.directory))
    machine = Machine(prefix=lab.inside())
    return RealWorld(file, name, machine, str(lab.directory), os.uname().nodename.lower(), rids(file))


def rids(file: str) -> tuple[str, ...]:
    """The resources of a service file."""
    return tuple(line[1:-1] for line in file.splitlines() if line.startswith("[") and "#" in line)


def test_containers_become_what_their_plans_predict(docked: Lab, with_docker: docker_lab.Lab) -> None:
    """Two containers in a daemon of the service's own, on a subvolume: each verb leaves what its plan predicted."""
    there = world(docked, DOCKER.replace("IMAGE", with_docker.image), docked.name)
    before = docked.inventory()
    for verb in ("provision", "provision", "stop", "start", "unprovision"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])
    assert there.record.is_empty
    assert docked.since(before) == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_verb_leaves_what_its_plan_predicted(lab: Lab, name: str) -> None:
    """After each verb the node is what the plan of the verb said it would be."""
    there = world(lab, SERVICES[name], lab.name)
    for verb in ("provision", "provision", "stop", "start", "unprovision"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])


@settings(max_examples=STACKS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(text=stacks())
def test_generated_stacks_become_what_their_plans_predict(installed: Installed, text: str) -> None:
    """Whatever stack of disks and filesystems a service is, its plans predict what the kernel makes of it."""
    # A lab for each: what a failing one leaves must not be in the way of the next.
    with opened(installed) as lab:
        there = world(lab, text, lab.name)
        for verb in ("provision", "unprovision"):
            _, found = there.act(verb)
            assert (verb, found) == (verb, []), text
        assert there.record.is_empty
        assert lab.inventory().loops == []

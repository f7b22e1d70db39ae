"""The square commutes: what a plan predicted of this machine is what the run left."""

import os

import pytest

from executors.real.machine import Machine
from tests.e2e.real.lab import Lab
from tests.e2e.real.services import EXT4, STORAGE, XFS
from tests.square import RealWorld

SERVICES = {"subvolumes and an address": STORAGE, "ext4": EXT4, "xfs": XFS}


def world(lab: Lab, text: str, name: str) -> RealWorld:
    """A service in the lab."""
    file = text.replace("LAB", str(lab.directory))
    rids = tuple(line[1:-1] for line in file.splitlines() if line.startswith("[") and "#" in line)
    machine = Machine(prefix=lab.inside())
    return RealWorld(file, name, machine, f"{lab.directory}/var", os.uname().nodename.lower(), rids)


@pytest.mark.parametrize("name", SERVICES)
def test_every_verb_leaves_what_its_plan_predicted(lab: Lab, name: str) -> None:
    """After each verb the node is what the plan of the verb said it would be."""
    there = world(lab, SERVICES[name], lab.name)
    for verb in ("provision", "provision", "stop", "start", "unprovision"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])

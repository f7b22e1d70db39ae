"""Nodes with docker, and services with containers, for tests of drivers."""

from typing import Any

from core.command import Command, Completed
from core.config.resource import Resource
from core.state import NodeState, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import Run, service

OLD, NEW = "1.8.2", "20.10.24"
SOCKET = "/var/lib/opensvc/svc1/docker.sock"
DOCKER = f"docker -H unix://{SOCKET}"
SYSTEM = "unix:///var/run/docker.sock"
CONTAINER = """\
[container#0]
type = docker
run_image = ubuntu:14.10
run_args = -p 80:80
  -v /etc/localtime:/etc/localtime:ro
run_command = /bin/bash
"""
OWN = "[DEFAULT]\ndocker_data_dir = /srv/svc1/docker\n"
SECOND = "[container#1]\ntype = docker\nrun_image = nginx:latest\nrun_args = --net=container:svc1.container.0\n"
FS = """\
[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/svc1
[fs#1]
type = ext4
dev = /dev/sdc
mnt = /srv/svc1/docker
"""


def state(version: str = NEW, **more: Any) -> NodeState:
    """A node with docker, its images, and the directory that the agent keeps for the service."""
    return load(
        {
            "tools": {"docker.io": version},
            "registry": {"ubuntu:14.10": {"id": "a" * 64}, "nginx:latest": {"id": "b" * 64}},
            "files": {"/var/lib/opensvc/svc1": "directory", "/etc/localtime": "", "/srv/svc1": "directory"},
            **more,
        }
    )


def with_system_daemon(version: str = NEW, **more: Any) -> SimulatedNode:
    """A node whose own docker daemon runs."""
    return SimulatedNode(state(version, docker={SYSTEM: {"pid": 700, "data_root": "/var/lib/docker"}}, **more))


def resource(text: str = OWN + CONTAINER, rid: str = "container#0") -> Resource:
    """A resource of a service of this text."""
    return service(text).resource(rid)


def docker(on: SimulatedNode, words: str) -> Completed:
    """Run docker on the service's own daemon."""
    return on.run(Command((*DOCKER.split(), *words.split()), tool="docker"))


def undo(run: Run, on: SimulatedNode) -> None:
    """Take back by hand what a verb did, last first."""
    for command in reversed(run.changes):
        made = command.makes.name if command.makes is not None else ""
        identity = docker(on, "ps -a -q --no-trunc").stdout.strip()
        for step in command.undo:
            if isinstance(step, Command):
                on.run(step._replace(argv=tuple(word.replace(f"«{made}»", identity) for word in step.argv)))

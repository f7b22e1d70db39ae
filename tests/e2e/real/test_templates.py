"""The shipped templates, run for real: containers in namespaces, a moto server as EC2, loop devices as its volumes."""

import base64
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from core.state import NodeState, Question
from executors.real.machine import Machine
from tests import docker_lab
from tests.e2e.cloud import Instance, Plugged, ec2_server
from tests.e2e.real.lab import Lab
from tests.e2e.real.test_square import rids
from tests.square import RealWorld
from tests.worlds import Heard, status_of

ANSWER_SECONDS_MAX = 20
REGISTRY = docker_lab.Lab.image.partition("/")[0]
TEMPLATES = Path(__file__).resolve().parents[3] / "fixtures/templates"
DATA_DIR = "docker_data_dir = /srv/{svcname}/docker\n"
IMAGES = ("ubuntu:14.10", "nginx:latest", "haproxy:latest")
VERBS = ("provision", "up"), ("provision", "up"), ("stop", "down"), ("start", "up")
"""Verbs, and what every resource is after each. The second one finds nothing to do."""

WAITING = """\
#!/bin/sh
trap "exit 0" TERM
while :; do sleep 1000 & wait $!; done
"""
HAPROXY = r"""#!/bin/sh
# haproxy -db -f FILE: hands every connection to the first server of the file.
test "$1 $2" = "-db -f" || exit 2
port=$(sed -n 's/^ *bind \*:\([0-9]*\)$/\1/p' "$3")
set -- $(sed -n 's/^ *server server1 \([0-9.]*\):\([0-9]*\) maxconn 32$/\1 \2/p' "$3")
test -n "$port" -a $# -eq 2 || exit 1
trap "exit 0" TERM
nc -ll -p "$port" -e nc "$1" "$2" &
while :; do wait $!; sleep 1; done
"""
"""It takes the words and the lines of the documentation, and no others: without its file it ends at once."""


def _program(name: str, text: str) -> str:
    encoded = base64.b64encode(text.encode()).decode()
    return f"RUN echo {encoded} | base64 -d >/bin/{name} && chmod 755 /bin/{name}\n"


DOCKERFILE = f"""\
FROM {docker_lab.Lab.image}
{_program("bash", WAITING)}{_program("haproxy", HAPROXY)}CMD ["/bin/bash"]
"""
"""What the templates start: `bash` waits until it is asked to end, `haproxy` is a small one."""


class OnInstance(RealWorld):
    """A service on an instance of EC2: what plays a volume is seen as the disk that it would be there.

    plugged: who plugs the volumes in. What they are attached as is a link to a loop device, and no device.
    """

    def __init__(self, plugged: Plugged, *rest: Any) -> None:
        super().__init__(*rest)
        self._plugged = plugged

    def observe(self) -> NodeState:
        """Look at the node anew, once everything is plugged in that is attached, and nothing else."""
        self._plugged.wait()
        super().observe()
        return self._as_disks()

    def learn(self, questions: list[Question]) -> list[Question]:
        """Look up what was asked."""
        answered = super().learn(questions)
        self._as_disks()
        return answered

    def _as_disks(self) -> NodeState:
        for name, loop in self._plugged.loops.values():
            self.state["files"].pop(name, None)
            if loop in self.state["devices"]:
                self.state["devices"][name] = {**self.state["devices"].pop(loop), "file": ""}
            for mount in self.state["mounts"]:
                mount["device"] = name if mount["device"] == loop else mount["device"]
        return self.state


@pytest.fixture(scope="module")
def images(with_docker: docker_lab.Lab) -> None:
    """The images of the templates in the laboratory's registry, where a mirror of Docker Hub would have them."""
    for image in (f"{REGISTRY}/library/{name}" for name in IMAGES):
        with_docker.did("docker", "build", "--quiet", "--tag", image, "-", stdin=DOCKERFILE)
        with_docker.did("docker", "push", "--quiet", image)
        with_docker.did("docker", "rmi", image)
    with_docker.did("docker", "rmi", docker_lab.Lab.image)


@pytest.fixture
def instance(docked: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """An instance that the node takes itself for, with its address on eth0."""
    with ec2_server() as url, Instance(url).running() as instance:
        for name, value in instance.environment.items():
            monkeypatch.setenv(name, value)
        held = f"{instance.address}/24", "dev", "eth0"
        docked.done("ip", "addr", "add", *held)
        try:
            yield instance
        finally:
            docked.done("ip", "addr", "del", *held)


def written(template: str, lab: Lab) -> str:
    """A shipped template for a node: with its name, below the lab's directory, and with a mirror of Docker Hub."""
    text = (TEMPLATES / f"{template}.template").read_text(encoding="utf-8").replace("docker_daemon_args =\n", "")
    for old, new in (
        (DATA_DIR, f"{DATA_DIR}docker_daemon_args = --registry-mirror=http://{REGISTRY}\n"),
        ("node12.nsx.lab.net", hostname()),
        ("/srv/", f"{lab.directory}/srv/"),
        ("/var/lib/opensvc/", f"{lab.directory}/var/"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text


def hostname() -> str:
    """The name that this machine has in a service file."""
    return os.uname().nodename.lower()


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("template", ["testec2docker", "haproxy"])
def test_a_template_becomes_what_its_plans_predict(docked: Lab, instance: Instance, template: str) -> None:
    """Each verb leaves what its plan predicted; in the end the cloud, the node and the file are as before."""
    volumes, addresses, before = instance.volumes(), instance.addresses(), docked.inventory()
    text, machine = written(template, docked), Machine(prefix=docked.inside(), logs=str(docked.directory / "given"))
    with Plugged(instance, docked.directory / "given").running() as plugged:
        there = OnInstance(plugged, text, docked.name, machine, str(docked.directory), hostname(), rids(text))
        there.beside = beside(instance)
        for number, (verb, state) in enumerate(VERBS):
            plan, found = there.act(verb)
            assert not found, "\n".join([verb, *found])
            seen = dict(status_of(there.service, machine, Heard()))
            assert {status.state for each, status in seen.items() if each.group != "sync"} == {state}, (verb, seen)
            assert bool(plan.commands) == (number != 1), plan.commands
        _, found = there.act("unprovision")
        assert not found, "\n".join(found)
        assert plugged.loops == {}
    assert (instance.volumes(), instance.addresses(), there.file) == (volumes, addresses, text)
    assert there.record.is_empty
    assert docked.since(before) == []


def beside(instance: Instance) -> dict[str, str]:
    """The file beside the template, with the node itself in the place of the documentation's two servers."""
    text = (TEMPLATES / "haproxy.cfg").read_text(encoding="utf-8")
    for server in ("10.0.0.60", "10.0.0.61"):
        assert server in text
        text = text.replace(server, instance.address)
    return {"haproxy.cfg": text}


@contextmanager
def served(lab: Lab, address: str, text: str) -> Iterator[None]:
    """A page on port 8000 of the node."""
    directory = lab.path(f"{lab.directory}/pages")
    directory.mkdir()
    (directory / "index.html").write_text(text, encoding="utf-8")
    with lab.start("busybox", "httpd", "-f", "-p", f"{address}:8000", "-h", f"{lab.directory}/pages") as server:
        try:
            yield
        finally:
            lab.signal(server, signal.SIGTERM)
    (directory / "index.html").unlink()
    directory.rmdir()


def page(lab: Lab, address: str) -> str:
    """What a browser is shown, as soon as somebody answers."""
    until = monotonic() + ANSWER_SECONDS_MAX
    while (ended := lab.run("busybox", "wget", "-q", "-O", "-", f"http://{address}:80/")).code:
        assert monotonic() < until, ended
        sleep(0.2)
    return ended.out


@pytest.mark.usefixtures("images")
def test_the_haproxy_example_serves_a_page(docked: Lab, instance: Instance) -> None:
    """The configuration is on the fresh volume before the container starts: a page comes through, after a stop, too."""
    text, machine = written("haproxy", docked), Machine(prefix=docked.inside(), logs=str(docked.directory / "given"))
    greeting = f"served by {docked.name}\n"
    with Plugged(instance, docked.directory / "given").running() as plugged:
        there = OnInstance(plugged, text, docked.name, machine, str(docked.directory), hostname(), rids(text))
        there.beside = beside(instance)
        with served(docked, instance.address, greeting):
            for verb in ("provision", "stop", "start"):
                _, found = there.act(verb)
                assert not found, "\n".join([verb, *found])
                if verb != "stop":
                    assert page(docked, there.service.value("ip#1.ipname") or "") == greeting
            assert not there.act("provision")[0].commands
        there.act("unprovision")
    assert there.record.is_empty

"""The driver of containers on a real daemon of its own, in a laboratory without systemd."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.document import Document
from core.config.resource import Resource
from core.config.service import Service
from core.driver import load
from core.errors import Failed
from core.record import Record
from tests import docker_lab
from tests.unit.drivers.drive import drive

TEXT = """\
[DEFAULT]
docker_data_dir = {directory}/data
[container#0]
type = docker
run_image = 127.0.0.1:5000/busybox:1
run_args = --stop-signal=KILL -p 8080:80
[container#1]
type = docker
run_image = 127.0.0.1:5000/busybox:1
run_args = --stop-signal=KILL --net=container:svc1.container.0
[container#2]
type = docker
run_image = 127.0.0.1:5000/busybox:1
run_command = sh -c "echo the disk is missing; exit 3"
[container#3]
type = docker
run_image = 127.0.0.1:5000/busybox:9
[container#4]
type = docker
run_image = 127.0.0.1:5999/busybox:1
"""


class Real:
    """A service in the laboratory."""

    def __init__(self, lab: docker_lab.Lab, directory: Path) -> None:
        self.lab, self.directory = lab, directory
        document = Document(TEXT.format(directory=directory))
        self.service = Service("svc1", document, "node1", Record(), load, f"{directory}/var")

    def resource(self, number: int) -> Resource:
        """One of its containers."""
        return self.service.resource(f"container#{number}")

    def drive(self, number: int, verb: str) -> list[str]:
        """Run a verb of one container; return the programs that changed something."""
        return [" ".join(line.split()[:1]) for line in drive(self.resource(number), verb, self.lab.machine()).lines]

    def status(self, number: int) -> str:
        """Whether a container is up."""
        return str(drive(self.resource(number), "status", self.lab.machine()).value.state)

    def links(self) -> list[str]:
        """The names of the interfaces."""
        return [line.split()[0] for line in self.lab.did("ip", "-br", "link").splitlines()]

    def pid(self) -> int:
        """The pid file of the daemon, as a number; 0 when there is none."""
        path = self.directory / "var/svc1/docker.pid"
        return int(path.read_text(encoding="ascii")) if path.exists() else 0


@pytest.fixture
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """A service; whatever it left running ends afterwards."""
    lab = docker_lab.shared()
    directory = lab.directory / tmp_path_factory.mktemp("s").name
    (directory / "var/svc1").mkdir(parents=True)
    one = Real(lab, directory)
    yield one
    if pid := one.pid():
        lab.run("kill", "-9", str(pid))
    for line in lab.run("ip", "-br", "link", "show", "type", "bridge").stdout.splitlines():
        if line.startswith("svc-"):
            lab.run("ip", "link", "delete", "dev", line.split()[0])


def test_a_private_daemon_comes_up_beside_the_one_of_the_node(real: Real) -> None:
    """Two containers are up, one in the other's network; the node's rules stay; what is undone leaves no interface."""
    rules, links = (real.lab.did("iptables", "-S"), real.lab.did("iptables", "-t", "nat", "-S")), real.links()
    assert real.drive(0, "provision") == ["ip", "dockerd", "docker", "docker"]
    assert real.drive(1, "provision") == ["docker"]
    assert [real.status(number) for number in (0, 1)] == ["up", "up"]
    assert real.lab.did("docker", "ps", "-a", "-q") == ""
    assert (real.lab.did("iptables", "-S"), real.lab.did("iptables", "-t", "nat", "-S")) == rules
    assert [real.drive(number, "provision") for number in (0, 1)] == [[], []]
    real.drive(1, "stop")
    assert real.drive(0, "stop") == ["docker", "start-stop-daemon", "ip"]
    assert (real.pid(), real.links()) == (0, links)
    real.drive(0, "start")
    real.drive(1, "start")
    assert [real.status(number) for number in (0, 1)] == ["up", "up"]
    real.drive(1, "unprovision")
    real.drive(0, "unprovision")
    assert (real.service.record.is_empty, real.pid(), real.links()) == (True, 0, links)
    assert list((real.directory / "var/svc1").iterdir()) == []


def test_a_killed_daemon_is_replaced(real: Real) -> None:
    """Its pid file and its socket are in nobody's way, and the containers that were running are started again."""
    real.drive(0, "provision")
    real.lab.did("kill", "-9", str(real.pid()))
    time.sleep(0.1)
    assert real.status(0) == "down"
    assert real.drive(0, "start") == ["rm", "rm", "dockerd", "docker"]
    assert real.status(0) == "up"
    real.drive(0, "unprovision")


def test_a_stop_after_the_daemon_was_killed_leaves_nothing_behind(real: Real) -> None:
    """A stop takes the bridge away; an unprovision starts the daemon once more, to delete the container."""
    links = real.links()
    real.drive(0, "provision")
    real.lab.did("kill", "-9", str(real.pid()))
    real.drive(0, "stop")
    assert real.links() == links
    real.drive(0, "unprovision")
    assert (real.service.record.is_empty, real.links()) == (True, links)


def test_a_container_that_ends_at_once_is_quoted(real: Real) -> None:
    """The error ends with its last words."""
    with pytest.raises(Failed, match=r"exit code 3; its last words:\n  the disk is missing$"):
        real.drive(2, "provision")


@pytest.mark.parametrize("number, said", [(3, "correct run_image, or push that image"), (4, "start the registry, or")])
def test_an_image_that_cannot_be_had_is_an_error_that_says_what_to_do(real: Real, number: int, said: str) -> None:
    """A tag that is not there, a registry that is not there."""
    with pytest.raises(Failed, match=said):
        real.drive(number, "provision")


def test_a_daemon_that_ends_is_noticed_soon(real: Real) -> None:
    """One that is refused late, by what its arguments ask of the node, does not cost a minute."""
    real.service.set("docker_daemon_args", "--bridge nosuch0")
    began = time.monotonic()
    with pytest.raises(Failed, match=r"the docker daemon has ended instead of answering; the end of \S+dockerd.log"):
        real.drive(0, "provision")
    assert time.monotonic() - began < 20

"""docker in a laboratory, beside its simulated twin: both clients of this machine, speaking to one daemon."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.tools import docker
from tests import docker_lab
from tests.fidelity.pairs import Pair, Read, verdict, words

CLIENTS = ("/usr/bin/docker", "/usr/local/bin/docker")
CHANGING = {
    # Of what is to be had there are two images, the real one and its twin's; an endpoint has an id of its own.
    r"\b[0-9a-f]{64}\b": "ID",
    # How many layers there are is the image's affair, and what is said of them depends on how fast each was.
    r"(?m)^[0-9a-f]{12}: .*\n": "",
    r"\b[0-9a-f]{12}\b": "SHORT",
    r"(?m)^(Deleted: sha256:ID\n)+": "Deleted: each\n",
    # A client that asks about a container which has ended by then may say so; it hands out the id all the same.
    r'(?m)^time="[^"]*" level=error msg="error waiting for container: context canceled"\n': "",
    r", build \S+": "",
    r"\+dfsg1": "",
    CLIENTS[0]: "docker",
    CLIENTS[1]: "docker",
}
PACKAGES = dict.fromkeys((*CLIENTS, "docker", "dockerd"), "docker.io")
AT_ONCE = "--stop-signal=KILL"
"""The first process of a container hears no signal that it has no handler for, and would be waited for for long."""
NOT_RUN = "what a program does is not simulated"


def version_of(lab: docker_lab.Lab, program: str) -> str:
    """The version of a program, as a node state has it; "" where there is no such program."""
    said = lab.run(program, "--version")
    return said.stdout.split()[2].rstrip(",").partition("+")[0] if not said.returncode else ""


class Side:
    """A client of the node's daemon, and its twin."""

    def __init__(self, lab: docker_lab.Lab, program: str) -> None:
        version = version_of(lab, program)
        if not version:
            pytest.skip(f"{program} is not there: this machine has one client only")
        self.client = docker.Client(program, tuple(int(part) for part in version.split(".")[:2]))
        self.image = lab.image
        state = {
            "tools": {"docker.io": version_of(lab, "dockerd"), "docker-cli": version},
            "docker": {"unix:///var/run/docker.sock": {"pid": 700, "data_root": "/var/lib/docker"}},
            "files": {"/var/lib/docker": "directory"},
            "registry": {lab.image: {"id": f"sha256:{'a' * 64}", "digest": f"sha256:{'b' * 64}"}},
            "interfaces": {"docker0": {"addresses": ["172.17.0.1/16"]}},
        }
        self.pair = Pair(lab.machine(), state, changing=CHANGING, state=self.containers, packages=PACKAGES)

    def containers(self, side: Executor) -> Any:
        """Every container: name, whether it runs, how it ended, and whose network it has; and the images."""
        found = Completed(0)
        if identities := docker.ids(side.run(docker.every_container(self.client))):
            template = "{{.Name}} {{.State.Running}} {{.State.ExitCode}} {{.HostConfig.NetworkMode}}"
            command = Command((*self.client.words, "inspect", "--format", template, *identities), tool=docker.TOOL)
            found = self.pair.plain(side.run(command))
        return found.stdout.replace("default", "bridge").splitlines(), len(
            docker.ids(side.run(docker.image_id(self.client, self.image)))
        )

    def container(self, name: str, *options: str, image: str = "", command: tuple[str, ...] = ()) -> docker.Container:
        """A container as a driver describes it, that ends when it is told to."""
        return docker.Container(name, image or self.image, (AT_ONCE, *options), command, "")

    def ran(self, name: str, *options: str, image: str = "", command: tuple[str, ...] = (), **known: str) -> Completed:
        """Run a container on both sides."""
        wanted = self.container(name, *options, image=image, command=command)
        return self.pair.run(docker.run(self.client, wanted, "c"), words, **known)

    def says(self, line: str, read: Read = words) -> Completed:
        """Run a line of words of docker on both sides."""
        return self.pair.run(Command((*self.client.words, *line.split()), kind="changes", tool=docker.TOOL), read)


@pytest.fixture(params=CLIENTS, ids=("debian", "local"))
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """A client and its twin; what is left of containers and images goes afterwards."""
    lab = docker_lab.shared()
    side = Side(lab, request.param)
    yield side
    side.pair.record(request.node.originalname)
    if left := lab.did("docker", "ps", "-a", "-q").split():
        lab.did("docker", "rm", "-f", "-v", *left)
    lab.run("docker", "rmi", lab.image)


def test_a_container_lives(side: Side) -> None:
    """It is run, found by its name, its mark and its image, stopped, started and removed; each of it once."""
    here, client = side.pair, side.client
    for command in (
        docker.version(client.program),
        docker.version("dockerd"),
        docker.image_id(client, side.image),
        docker.pull(client, side.image),
        docker.pull(client, side.image),
        docker.image_id(client, side.image),
        docker.image_id(client, side.image.rpartition(":")[0]),
        docker.find(client, "web.0"),
    ):
        here.run(command)
    here.run(docker.answers(client), verdict)
    side.ran("web.0", "-p", "8080:80", command=("httpd", "-f"))
    for command in (
        docker.find(client, "web.0"),
        docker.find(client, "web"),
        docker.running(client),
        docker.life(client, "web.0"),
        docker.mark(client, "web.0"),
        docker.image_of(client, "web.0"),
        docker.last_words(client, "web.0"),
        docker.start(client, "web.0"),
        docker.remove(client, "web.0"),
        docker.stop(client, "web.0"),
        docker.stop(client, "web.0"),
        docker.life(client, "web.0"),
        docker.running(client),
        docker.start(client, "web.0"),
        docker.stop(client, "web.0"),
        docker.remove(client, "web.0"),
        docker.remove(client, "web.0"),
        docker.find(client, "web.0"),
    ):
        here.run(command)


def test_an_image_goes_when_nobody_uses_it(side: Side) -> None:
    """It is kept while a container was made from it, running or not, and is deleted once."""
    here, client = side.pair, side.client
    here.run(docker.remove_image(client, side.image, ()), words)
    here.run(docker.pull(client, side.image))
    here.run(docker.using(client, side.image))
    side.ran("web.0")
    here.run(docker.using(client, side.image))
    here.run(docker.remove_image(client, side.image, ()), words)
    here.run(docker.stop(client, "web.0"))
    here.run(docker.using(client, side.image))
    here.run(docker.remove_image(client, side.image, ()), words)
    here.run(docker.remove(client, "web.0"))
    here.run(docker.remove_image(client, side.image, ()), words)
    here.run(docker.image_id(client, side.image))


def test_run_fetches_an_image_by_itself(side: Side) -> None:
    """Then its progress is on stderr, and stdout is the id alone."""
    side.ran("web.0")


def test_a_name_and_a_port_are_had_once(side: Side) -> None:
    """A second container of a name is not made; one whose port is taken is left behind, and may be started later."""
    side.pair.run(docker.pull(side.client, side.image))
    side.ran("web.0", "-p", "8080:80")
    side.ran("web.0")
    side.ran("web.1", "-p", "8080:80")
    side.pair.run(docker.start(side.client, "web.1"))
    side.pair.run(docker.stop(side.client, "web.0"))
    side.pair.run(docker.start(side.client, "web.1"))
    side.ran("web.2", "-p", "10.99.99.9:81:80")
    side.ran("x")
    side.ran("web.3", "-p", "eighty:80")


def test_a_network_is_shared_while_its_owner_runs(side: Side) -> None:
    """Whose network it is stays known by its id; without a running owner nothing starts, and what was made stays."""
    side.pair.run(docker.pull(side.client, side.image))
    side.ran("web.0")
    side.ran("side.0", "--net=container:web.0")
    side.ran("side.1", "--net=container:nosuch")
    side.ran("side.2", "--network=nosuch")
    for command in (
        docker.stop(side.client, "side.0"),
        docker.stop(side.client, "web.0"),
        docker.start(side.client, "side.0"),
    ):
        side.pair.run(command)
    side.ran("side.3", "--net=container:web.0")


def test_a_container_that_ends_at_once_leaves_its_words(side: Side) -> None:
    """They are to be had from its log afterwards; on a simulated node nothing speaks."""
    side.pair.run(docker.pull(side.client, side.image))
    side.ran("web.0", command=("sh", "-c", "echo to out; echo to err >&2; exit 3"), state=NOT_RUN)
    said = side.pair.run(docker.last_words(side.client, "web.0"), answer=NOT_RUN)
    assert docker.parse_last_words(said) == ["to out", "to err"]
    side.pair.run(docker.last_words(side.client, "nosuch"))


@pytest.mark.parametrize(
    "image", ["127.0.0.1:5000/nosuch:1", "127.0.0.1:5000/busybox:9", "127.0.0.1:5000/busybox", "127.0.0.1:5999/x:1"]
)
def test_what_cannot_be_pulled(side: Side, image: str) -> None:
    """A repository, a tag, a registry that is not there: `pull` and `run` have the same reason for it."""
    side.pair.run(docker.pull(side.client, image))
    side.ran("web.0", image=image)


@pytest.mark.parametrize(
    "line",
    [
        "pull Nosuch",
        "inspect --format {{.Image}} nosuch",
        "start nosuch",
        "stop nosuch",
        "rm -v nosuch",
        "nosuch",
        "rm",
        "pull",
        "run",
        "ps nosuch",
        "images a b",
        "ps --nosuch",
        "ps -x",
        "run --nosuch x",
        "run -d -h",
        "ps -a -q --filter nosuch=1",
    ],
)
def test_what_is_wrong_is_refused_alike(side: Side, line: str) -> None:
    """No such image, container, verb, option or filter, too few words, too many: the same code and sentence."""
    side.says(line)


def test_nobody_is_there(side: Side) -> None:
    """Without a daemon each verb says so in a way of its own."""
    alone = side.client._replace(socket="/nosuch.sock")
    for command in (
        docker.answers(alone),
        docker.running(alone),
        docker.find(alone, "web.0"),
        docker.image_id(alone, side.image),
        docker.pull(alone, side.image),
        docker.run(alone, side.container("web.0"), "c"),
        docker.start(alone, "web.0"),
        docker.stop(alone, "web.0"),
        docker.remove(alone, "web.0"),
        docker.last_words(alone, "web.0"),
    ):
        side.pair.run(command._replace(kind="reads"))

"""`docker pull` answered in this process, beside the program."""

import re
from collections.abc import Iterator

import pytest

from core.command import Completed
from core.tools import docker
from executors.real.machine import Machine
from executors.real.progress import Progress
from executors.real.tools import docker as face
from tests import docker_lab

LAYER = re.compile(r"(?m)^[0-9a-f]{12}: .*\n")
IMAGES = (
    "127.0.0.1:5000/busybox:1",
    "127.0.0.1:5000/busybox:1",
    "127.0.0.1:5000/busybox",
    "127.0.0.1:5000/busybox:9",
    "127.0.0.1:5000/nosuch:1",
    "127.0.0.1:5999/busybox:1",
)


@pytest.fixture(scope="module")
def client() -> Iterator[docker.Client]:
    """A private daemon, whose socket can be reached from outside of the laboratory, too."""
    with docker_lab.shared().private("pull") as client:
        yield client


def unheard(_news: Progress) -> None:
    """Hear how far something has come: only then the SDK is used."""


def plain(answer: Completed | None) -> Completed:
    """An answer without the lines of layers, which depend on how fast each was."""
    assert answer is not None
    return answer._replace(stdout=LAYER.sub("", answer.stdout))


def test_it_answers_as_the_program_does(client: docker.Client) -> None:
    """Pulled, there already, without a tag, no such tag, no such image, no such registry: the same codes and words."""
    lab, answers = docker_lab.shared(), []
    for one in (Machine(environment={}, progress=unheard), lab.machine()):
        answers.append([plain(one.run(docker.pull(client, image))) for image in IMAGES])
        lab.did(*client.words, "rmi", lab.image)
    assert answers[0] == answers[1]


def test_it_tells_how_far_each_layer_has_come(client: docker.Client) -> None:
    """Whoever listens hears of every layer, and who answered."""
    lab, heard, remarks = docker_lab.shared(), list[Progress](), list[str]()
    machine = Machine(environment={}, progress=heard.append, remark=remarks.append)
    machine.run(docker.pull(client, lab.image))
    lab.did(*client.words, "rmi", lab.image)
    assert any(re.search(r": layer [0-9a-f]{12}: extracting, \d+ %$", news.text) for news in heard)
    assert {news.whole for news in heard} == {lab.image}
    assert any(0 < news.done <= news.total for news in heard)
    assert remarks == ["docker: the image was pulled in this process"]


@pytest.mark.parametrize("image", ["Upper", "web@sha256:" + "0" * 64, "a b", "-q"])
def test_what_the_program_knows_better_is_left_to_it(client: docker.Client, image: str) -> None:
    """Names that are not plain; and every other verb."""
    assert face.run(Machine(environment={}, progress=unheard), docker.pull(client, image)) is None
    assert face.run(Machine(environment={}, progress=unheard), docker.running(client)) is None


def test_without_a_daemon_the_program_says_so() -> None:
    """Nobody at the socket, or one in another namespace: the program is run."""
    client = docker.Client("docker", (28, 2), "/nosuch.sock")
    assert face.run(Machine(environment={}, progress=unheard), docker.pull(client, "web:1")) is None
    assert face.run(Machine(prefix=("true",), environment={}, progress=unheard), docker.pull(client, "web:1")) is None


def test_what_nobody_hears_is_left_to_the_program(client: docker.Client) -> None:
    """Without a listener the SDK is not even imported."""
    assert face.run(Machine(environment={}), docker.pull(client, IMAGES[0])) is None

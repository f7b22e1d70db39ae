"""A docker daemon as it is observed, from what docker 20.10 answered (fixtures/captured/debian-12/observed)."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.engine import asked
from core.observe import containers, learn
from core.state import NodeState, Question, load
from core.tree import Tree
from executors.simulated.node import SimulatedNode
from tests.fidelity import observed

ROOT = "/tmp/lab/system"
IMAGE = "127.0.0.1:5000/busybox:1"


@pytest.fixture(scope="module")
def state() -> NodeState:
    """A node with a daemon, a container that runs and one that has ended."""
    return observed.look_at_daemon(observed.Recorded("daemon"))


def container(state: NodeState, name: str) -> dict[str, Any]:
    """What is known of a container."""
    store: Any = Tree(state).entry(ROOT)
    return next(each for each in store["docker"]["containers"].values() if each["name"] == name)


def test_a_daemon_is_the_process_of_its_pid_file(state: NodeState) -> None:
    """It is seen with its data root and the words that it was started with."""
    daemon = state["docker"][containers.SYSTEM]
    assert (daemon["data_root"], daemon["arguments"]) == (ROOT, ["--data-root", ROOT])
    assert state["processes"][str(daemon["pid"])]["program"] == "dockerd"


def test_containers_are_what_docker_describes(state: NodeState) -> None:
    """Options that count, in the words that they are given with; ports with the address they are published on."""
    web, once = container(state, "web"), container(state, "once")
    options = ["--name=web", "--label=tier=front", "--restart=always", "--tty=true", "--interactive=true"]
    assert web["arguments"] == [*options, IMAGE, "sleep", "600"]
    assert sorted(web["ports"]) == ["0.0.0.0:8080/tcp", "127.0.0.1:8443/udp"]
    assert (web["running"], web["network"], once["running"], once["exit_code"]) == (True, "bridge", False, 0)
    assert "--cgroup-parent=/svc1" in once["arguments"]


def test_images_have_id_and_digest(state: NodeState) -> None:
    """The one that the containers were made from is there under its name."""
    store: Any = Tree(state).entry(ROOT)
    image = store["docker"]["images"][IMAGE]
    assert image["digest"].startswith("sha256:")
    assert image["id"] == container(state, "web")["image_id"]


def test_a_node_that_was_observed_answers_as_the_daemon_did(state: NodeState) -> None:
    """The containers of the state are those that the simulated docker lists."""
    known = load({**state, "tools": {"docker.io": "20.10.24"}})
    answer = SimulatedNode(known).run(Command(("docker", "ps", "-q", "--no-trunc"), tool="docker"))
    store: Any = Tree(state).entry(ROOT)
    assert answer.stdout.split() == [key for key, each in store["docker"]["containers"].items() if each["running"]]


class Daemon:
    """A daemon that answers, by the first words that fit."""

    def __init__(self, **said: str) -> None:
        self._said = said

    def run(self, command: Command) -> Completed:
        """Answer what was given for the program or its verb; nothing else is there."""
        found = next((word for word in command.argv if word in self._said), "")
        return Completed(0, self._said[found]) if found else Completed(1)


def test_a_socket_that_nobody_answers_at_is_an_answer() -> None:
    """There is no daemon then."""
    state = load({"complete": False})
    question = Question("docker", "unix:///srv/docker.sock")
    assert asked(learn(state, [question]), Daemon()) == [question]
    assert state["docker"] == {}


def test_a_daemon_without_its_pid_file_is_there_nevertheless() -> None:
    """It is asked through its socket; which process it is stays unknown, and so do the words it was started with."""
    state = load({"complete": False})
    asked(learn(state, [Question("docker", "unix:///srv/docker.sock")]), Daemon(info="/data\n"))
    daemon = state["docker"]["unix:///srv/docker.sock"]
    assert (daemon["pid"], daemon["pidfile"], daemon["arguments"]) == (0, "/srv/docker.pid", [])
    assert state["processes"] == {}


def test_a_daemon_without_containers_has_none() -> None:
    """Nobody asks docker to describe nothing: that is an error of its own. Images without a name are left out."""
    state = load({"complete": False})
    images = f"{IMAGE} sha256:1 <none>\n<none>:<none> sha256:2 <none>\n"
    asked(
        learn(state, [Question("docker", containers.SYSTEM)]),
        Daemon(info="/data\n", images=images, ps="", find="/data|d|710|0|0||".replace("|", "\0")),
    )
    store: Any = Tree(state).entry("/data")
    assert store["docker"] == {"images": {IMAGE: {"id": "sha256:1", "digest": ""}}, "containers": {}}


def test_processes_are_looked_up_by_pid() -> None:
    """One that is gone, or is of the kernel's own, is none."""
    state = load({"complete": False})
    questions = [Question("process", pid) for pid in ("30", "31")]
    assert asked(learn(state, questions), Daemon(**{"/proc/30/cmdline": "/usr/bin/dockerd\0-D\0"})) == questions
    assert {pid: (each["program"], each["arguments"]) for pid, each in state["processes"].items()} == {
        "30": ("dockerd", ["-D"])
    }

"""The simulated docker, in both of its dialects."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import dumps, load, loads
from core.tools import docker
from executors.simulated.node import SimulatedNode

OLD, NEW = "1.8.2", "20.10.24"
SOCKET = "/var/lib/opensvc/s/docker.sock"
ROOT = "/srv/s/docker"
REGISTRY = {"ubuntu:14.10": {"id": "a" * 64, "digest": "sha256:1"}, "nginx:latest": {"id": "b" * 64}}
START = {
    OLD: f"docker -H unix://{SOCKET} -r=false -d -g {ROOT} -p /var/lib/opensvc/s/docker.pid",
    NEW: f"dockerd -H unix://{SOCKET} --data-root {ROOT} --pidfile /var/lib/opensvc/s/docker.pid --iptables=false",
}


def node(version: str = NEW, *, running: bool = True, **state: Any) -> SimulatedNode:
    """A node with a docker of this version, and a daemon of a service's own that answers."""
    files = {"/var/lib/opensvc/s": "directory", ROOT: "directory"}
    whole = {"registry": REGISTRY, "tools": {"docker.io": version}, **state}
    there = SimulatedNode(load({**whole, "files": {**files, **state.get("files", {})}}))
    if running:
        assert ran(there, START[version]) == Completed(0)
        there.state["clock"] += 1
    return there


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line; `docker` alone stands for the service's own daemon."""
    words = line.split()
    if words[0] == "docker" and words[1][0] != "-":
        words[1:1] = ["-H", f"unix://{SOCKET}"]
    return on.run(Command(tuple(words), tool="docker"))


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_version_is_parsed(version: str) -> None:
    """What `docker --version` prints is what the dialect is chosen by."""
    major, minor = version.split(".")[:2]
    assert docker.parse_version(ran(node(version, running=False), "docker --version")) == (int(major), int(minor))


def test_another_program_called_docker_has_no_version() -> None:
    """What does not say that it is docker is not taken for it."""
    assert docker.parse_version(Completed(0, "podman version 4.3.1\n")) == ()


def test_nobody_answers_before_the_daemon_is_ready() -> None:
    """A daemon started in the background answers only after its latency, as a real one does."""
    there = node(running=False)
    unreachable = f"Cannot connect to the Docker daemon at unix://{SOCKET}. Is the docker daemon running?\n"
    assert ran(there, "docker ps") == Completed(1, "", unreachable)
    assert unreachable in ran(there, "docker info").stdout
    ran(there, START[NEW])
    assert ran(there, "docker info").returncode == 1
    there.state["clock"] += 1
    assert ran(there, "docker info").returncode == 0


def test_a_command_that_fails_without_a_daemon_says_so_with_its_own_code() -> None:
    """`docker run` ends with 125 where other verbs end with 1."""
    assert ran(node(running=False), "docker run -d ubuntu:14.10").returncode == 125


@pytest.mark.parametrize(
    "version, line", [(OLD, "dockerd"), (NEW, "docker -d"), (OLD, f"docker -H unix://{SOCKET} -d --data-root /x")]
)
def test_a_dialect_refuses_the_words_of_the_other(version: str, line: str) -> None:
    """The program of one time does not understand the command line of the other."""
    assert ran(node(version, running=False), line).returncode != 0


def test_two_daemons_do_not_share_a_pid_file() -> None:
    """A daemon does not start while the process that its pid file names is there, whatever that is."""
    assert "pid file found" in ran(node(), START[NEW]).stderr


@pytest.mark.parametrize(
    "options, said",
    [
        ("--bridge svc-1", "must be created manually"),
        ("--storage-driver=btrfs", "wrong filesystem?"),
        ("--frob", "unknown flag: --frob"),
        ("-b x --bip 10.1.0.1/16", "mutually exclusive"),
    ],
)
def test_a_daemon_refuses_what_it_cannot_have(options: str, said: str) -> None:
    """A missing bridge, a storage driver on the wrong filesystem, an unknown option: no daemon."""
    answer = ran(node(running=False), f"{START[NEW]} {options}")
    assert (answer.returncode, said in answer.stderr) == (1, True)


def test_what_a_daemon_keeps_is_in_its_directory() -> None:
    """Images and containers come and go with the filesystem that the daemon's directory is in."""
    there = node()
    ran(there, "docker run -d ubuntu:14.10 sleep 9")
    entry = there.tree.entry(ROOT)
    assert entry is not None
    assert [len(entry["docker"][kind]) for kind in ("images", "containers")] == [1, 1]


def test_a_daemon_keeps_a_file_open_in_its_directory() -> None:
    """What the directory is on cannot be unmounted while the daemon runs."""
    processes = node().state["processes"].values()
    assert [path.startswith(f"{ROOT}/") for process in processes for path in process["files"]] == [True]


def test_reading_changes_nothing() -> None:
    """Asking a daemon whose directory was never written to leaves the state as it was."""
    system = {"unix:///var/run/docker.sock": {"pid": 700, "data_root": "/var/lib/docker"}}
    there = node(running=False, docker=system, files={"/var/lib/docker": "directory"})
    before = dumps(there.state)
    for words in ("info", "ps -a -q", "images -q"):
        assert there.run(Command(("docker", *words.split()), tool="docker")).returncode == 0
    assert dumps(there.state) == before


def test_a_state_with_containers_is_read_back() -> None:
    """A node-state file holds daemons, images and containers, also those at the root of a filesystem."""
    there = node()
    ran(there, "docker run -d --name=cc -p 80:80 ubuntu:14.10 sleep 9")
    assert loads(dumps(there.state)) == there.state


def test_run_pulls_implicitly() -> None:
    """An image that is not there is fetched, with its progress on stderr; stdout is the id of the container alone."""
    there = node(OLD)
    answer = ran(there, "docker run -t -i -d --name=cc ubuntu:14.10 /bin/bash")
    lines = answer.stderr.splitlines()
    assert lines[:2] == ["Unable to find image 'ubuntu:14.10' locally", "14.10: Pulling from ubuntu"]
    assert lines[-1] == "Status: Downloaded newer image for ubuntu:14.10"
    assert ran(there, "docker ps -q --no-trunc").stdout == answer.stdout
    assert len(answer.stdout.strip()) == 64


def test_an_explicit_pull_makes_run_silent() -> None:
    """After `docker pull` the image is there under its id, and `docker run` has nothing to say."""
    there = node()
    assert "Pulling from library/nginx" in ran(there, "docker pull nginx").stdout
    assert ran(there, "docker images -q --no-trunc nginx:latest").stdout == f"{'b' * 64}\n"
    assert ran(there, "docker run -d nginx").stderr == ""


@pytest.mark.parametrize(
    "image, said", [("nosuch", "pull access denied for nosuch"), ("ubuntu:99", "manifest for ubuntu:99 not found")]
)
def test_what_the_registry_does_not_have_is_refused(image: str, said: str) -> None:
    """A repository or a tag that does not exist ends `pull` with 1 and `run` with 125, in docker's words."""
    there = node()
    pulled, started = ran(there, f"docker pull {image}"), ran(there, f"docker run -d {image}")
    assert (pulled.returncode, started.returncode) == (1, 125)
    assert said in pulled.stderr
    assert said in started.stderr


def test_a_name_is_given_once() -> None:
    """A second container of the same name is refused, and the first is untouched."""
    there = node()
    first = ran(there, "docker run -d --name=cc ubuntu:14.10 sleep 9").stdout
    answer = ran(there, "docker run -d --name=cc ubuntu:14.10 sleep 9")
    assert (answer.returncode, answer.stdout) == (125, "")
    assert 'The container name "/cc" is already in use' in answer.stderr
    assert ran(there, "docker ps -a -q --no-trunc").stdout == first


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_published_port_is_bound_once_on_a_node(version: str) -> None:
    """The container whose port is taken is left behind, not running, and its id was printed: as docker does."""
    there = node(version)
    ran(there, "docker run -d --name=aa -p 80:80 ubuntu:14.10 sleep 9")
    answer = ran(there, "docker run -d --name=bb -p 80:8080 ubuntu:14.10 sleep 9")
    assert (answer.returncode, len(answer.stdout.strip())) == (125 if version == NEW else 1, 64)
    assert "Bind for 0.0.0.0:80 failed: port is already allocated" in answer.stderr
    assert ran(there, "docker ps -a -q --no-trunc").stdout.count("\n") == 2
    assert ran(there, "docker ps -q --no-trunc").stdout.count("\n") == 1


def test_the_same_port_on_two_addresses_is_no_conflict() -> None:
    """Ports are bound on addresses, and those must be of this node."""
    there = node(interfaces={"eth0": {"addresses": ["10.0.0.1/24", "10.0.0.2/24"]}})
    codes = [
        ran(there, f"docker run -d -p {address}:80:80 ubuntu:14.10 sleep 9").returncode
        for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3")
    ]
    assert codes == [0, 0, 125]


def test_a_network_is_shared_with_a_running_container_only() -> None:
    """`--net=container:X` needs X to exist and to run."""
    there = node()
    assert "No such container: aa" in ran(there, "docker run -d --net=container:aa ubuntu:14.10 sleep 9").stderr
    ran(there, "docker run -d --name=aa ubuntu:14.10 sleep 9")
    assert ran(there, "docker run -d --net=container:aa ubuntu:14.10 sleep 9").returncode == 0
    ran(there, "docker stop aa")
    assert "non running" in ran(there, "docker run -d --net=container:aa ubuntu:14.10 sleep 9").stderr


def test_a_shell_without_a_terminal_ends_at_once() -> None:
    """`docker run -d ubuntu /bin/bash` succeeds, and nothing runs; with -t -i it goes on."""
    there = node()
    ran(there, "docker run -d --name=aa ubuntu:14.10 /bin/bash")
    ran(there, "docker run -t -i -d --name=bb ubuntu:14.10 /bin/bash")
    running = docker.Client("docker", (20, 10), SOCKET)
    assert len(docker.ids(there.run(docker.running(running)))) == 1
    assert not docker.parse_life(there.run(docker.life(running, "aa"))).running
    assert docker.parse_life(there.run(docker.life(running, "bb"))).running


def test_a_running_container_is_not_removed() -> None:
    """`docker rm` wants a stopped container; a stopped one can be started again until then."""
    there = node()
    ran(there, "docker run -d --name=aa ubuntu:14.10 sleep 9")
    assert "You cannot remove a running container" in ran(there, "docker rm aa").stderr
    assert [ran(there, f"docker {verb} aa").returncode for verb in ("stop", "start", "stop", "rm", "start")] == [
        0,
        0,
        0,
        0,
        1,
    ]


def test_find_is_exact() -> None:
    """Asking for a container by name finds neither longer names nor those that differ where the name has a dot."""
    there = node()
    for name in ("s.container.1", "s.container.10", "sxcontainer.1"):
        ran(there, f"docker run -d --name={name} ubuntu:14.10 sleep 9")
    found = docker.ids(there.run(docker.find(docker.Client("docker", (20, 10), SOCKET), "s.container.1")))
    assert [there.state["files"][ROOT]["docker"]["containers"][each]["name"] for each in found] == ["s.container.1"]


@pytest.mark.parametrize(
    "line, code",
    [("docker run --frob ubuntu", 125), ("docker frob", 1), ("docker ps --frob", 125), ("docker run -d", 1),
     ("docker inspect --format {{.Frob}} aa", 1), ("docker ps --filter frob=1", 1)],
)  # fmt: skip
def test_what_is_not_known_is_refused(line: str, code: int) -> None:
    """No option, verb, field or filter is ignored."""
    there = node()
    ran(there, "docker run -d --name=aa ubuntu:14.10 sleep 9")
    assert ran(there, line).returncode == code


def test_options_may_be_joined() -> None:
    """`-itd` and `-p80:80` are read as docker reads them."""
    there = node()
    ran(there, "docker run -itd -p80:80 -e A=b ubuntu:14.10 /bin/bash")
    assert ran(there, "docker ps -q").stdout.count("\n") == 1


def test_an_incomplete_state_does_not_know_what_registries_hold() -> None:
    """A preview on an observed node does not stop because nobody asked the registry."""
    assert ran(node(complete=False), "docker pull anything:1").returncode == 0


def test_a_mounted_directory_of_the_node_is_made() -> None:
    """As docker does, `-v /missing:/x` makes the directory on the node."""
    there = node()
    ran(there, "docker run -d -v /missing/here:/x ubuntu:14.10 sleep 9")
    assert there.tree.exists("/missing/here")


def test_in_a_preview_the_id_is_a_hole() -> None:
    """A container that a preview makes is known by its hole, which every later question answers with."""
    there = node(running=False)
    there.holes = True
    ran(there, START[NEW])
    there.state["clock"] += 1
    client = docker.Client("docker", (20, 10), SOCKET)
    wanted = docker.Container("cc", "ubuntu:14.10", (), ("sleep", "9"), "")
    assert there.run(docker.run(client, wanted, "container#0.container")).stdout == "«container#0.container»\n"
    assert docker.ids(there.run(docker.running(client))) == ["«container#0.container»"]


def test_people_get_tables() -> None:
    """Without -q, containers and images are listed with their names, the ids shortened."""
    there = node()
    identity = ran(there, "docker run -d --name=aa -p 80:80 ubuntu:14.10 sleep 9").stdout
    ran(there, "docker stop aa")
    header, row = ran(there, "docker ps -a").stdout.splitlines()
    assert header.split() == ["CONTAINER", "ID", "IMAGE", "STATUS", "NAMES"]
    assert row.split() == [identity[:12], "ubuntu:14.10", "Exited", "(137)", "aa"]
    assert ran(there, "docker images").stdout.splitlines()[1].split() == ["ubuntu", "14.10", "a" * 12]


@pytest.mark.parametrize("verb", ["start", "stop", "rm", "inspect"])
def test_a_container_that_is_not_there_is_an_error(verb: str) -> None:
    """Every verb that names one says that there is none."""
    answer = ran(node(), f"docker {verb} nosuch")
    assert (answer.returncode, "No such" in answer.stderr) == (1, True)


def test_a_container_whose_port_was_taken_starts_when_it_is_free() -> None:
    """`docker start` is refused for the same reason as `docker run`, until the reason is gone."""
    there = node()
    ran(there, "docker run -d --name=aa -p 80:80 ubuntu:14.10 sleep 9")
    ran(there, "docker run -d --name=bb -p 80:80 ubuntu:14.10 sleep 9")
    assert "port is already allocated" in ran(there, "docker start bb").stderr
    ran(there, "docker stop aa")
    assert ran(there, "docker start bb").returncode == 0

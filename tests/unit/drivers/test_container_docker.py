"""container.docker: containers made, found, refused, stopped and deleted."""

import pytest

from core.command import Command, Completed
from core.driver import Tie
from core.errors import CommandFailed, Failed, Refused
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.unit.docker_nodes import (
    CONTAINER,
    DOCKER,
    NEW,
    OLD,
    OWN,
    SECOND,
    SOCKET,
    docker,
    resource,
    state,
    with_system_daemon,
)
from tests.unit.drivers.drive import drive, service


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_second_provision_runs_nothing(version: str) -> None:
    """What runs is noted, and left alone."""
    node, here = SimulatedNode(state(version)), resource()
    drive(here, "provision", node)
    run = drive(here, "provision", node)
    assert (run.lines, run.notes) == ([], ["container svc1.container.0@ubuntu:14.10 already started on node1"])


@pytest.mark.parametrize("version", [OLD, NEW])
def test_up_after_provision_down_after_stop(version: str) -> None:
    """The status follows; a stopped container is started again, not made again."""
    node, here = SimulatedNode(state(version)), resource()
    drive(here, "provision", node)
    assert drive(here, "status", node).value.state == "up"
    drive(here, "stop", node)
    assert drive(here, "status", node).value.state == "down"
    again = drive(here, "start", node)
    assert again.lines[-1] == f"{DOCKER} start {here.made('container')}"
    assert drive(here, "status", node).value.state == "up"


@pytest.mark.parametrize("version", [OLD, NEW])
def test_stopping_twice_runs_nothing(version: str) -> None:
    """A container that is down is only noted."""
    node, here = SimulatedNode(state(version)), resource()
    drive(here, "provision", node)
    drive(here, "stop", node)
    run = drive(here, "stop", node)
    assert (run.lines, run.notes) == ([], ["container svc1.container.0@ubuntu:14.10 already stopped"])


@pytest.mark.parametrize("version", [OLD, NEW])
def test_unprovision_deletes_the_container_and_ends_the_daemon(version: str) -> None:
    """Nothing of it runs or is recorded afterwards, and its files and bridge are gone."""
    node, here = SimulatedNode(state(version)), resource()
    drive(here, "provision", node)
    drive(here, "unprovision", node)
    assert here.service.record.is_empty
    assert (node.state["docker"], node.state["processes"], node.state["interfaces"]) == ({}, {}, {})
    assert node.state["files"]["/srv/svc1/docker"]["docker"]["containers"] == {}
    assert not node.tree.exists(SOCKET)


def test_unprovision_forgets_a_container_that_somebody_deleted() -> None:
    """What is gone needs no deleting, and the record does not keep it."""
    node, here = SimulatedNode(state()), resource()
    drive(here, "provision", node)
    docker(node, "stop svc1.container.0")
    docker(node, "rm svc1.container.0")
    assert drive(here, "unprovision", node).value is None
    assert here.service.record.is_empty


def test_a_strange_container_of_our_name_is_refused() -> None:
    """It is neither used nor touched, and the refusal says what would allow it."""
    node, here = with_system_daemon(), resource(CONTAINER)
    node.run(Command(("docker", "run", "-d", "--name=svc1.container.0", "nginx", "x"), tool="docker"))
    with pytest.raises(Refused, match="--adopt container#0"):
        drive(here, "provision", node)
    assert drive(here, "unprovision", node).notes == [
        "container svc1.container.0@ubuntu:14.10 is not recorded as ours: left alone"
    ]


def test_a_strange_container_may_be_adopted() -> None:
    """With --adopt it is used, and it is still not ours to delete."""
    node, here = with_system_daemon(), resource(CONTAINER)
    node.run(Command(("docker", "run", "-d", "--name=svc1.container.0", "nginx", "x"), tool="docker"))
    here.service.adopt = frozenset(("container#0",))
    assert drive(here, "provision", node).lines == []
    assert drive(here, "unprovision", node).lines[0].startswith("docker stop ")
    assert node.run(Command(("docker", "ps", "-a", "-q"), tool="docker")).stdout != ""


BARE = "[container#0]\ntype = docker\nrun_image = ubuntu:14.10\nrun_command = /bin/bash\n"


@pytest.mark.parametrize("options", [CONTAINER, BARE], ids=["options", "no options"])
@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_container_with_our_mark_is_ours_although_nobody_recorded_it(version: str, options: str) -> None:
    """Made by a run that was killed, it gets into the record: it is known by its cgroup in 2015, by its label now."""
    node = SimulatedNode(state(version))
    drive(resource(OWN + options), "provision", node)
    reboot(node.state)
    here = resource(OWN + options)
    drive(here, "provision", node)
    assert [here.made("container")] == docker(node, "ps -q --no-trunc").stdout.split()


def test_a_port_that_is_taken_is_an_error() -> None:
    """The words of docker are passed on."""
    whole = service(OWN + CONTAINER + SECOND.replace("--net=container:svc1.container.0", "-p 80:80"))
    node = SimulatedNode(state())
    drive(whole.resource("container#0"), "provision", node)
    with pytest.raises(CommandFailed, match="port is already allocated"):
        drive(whole.resource("container#1"), "provision", node)


def test_a_container_that_ends_at_once_is_an_error_without_a_long_wait() -> None:
    """It is not waited for: what has ended does not come up."""
    node, here = SimulatedNode(state()), resource()
    drive(here, "provision", node)
    drive(here, "stop", node)
    held = node.state["files"]["/srv/svc1/docker"]["docker"]["containers"]
    for container in held.values():
        container["arguments"] = ["--detach=true", "ubuntu:14.10", "/bin/bash"]
    began = node.clock
    with pytest.raises(Failed, match="ended at once, with exit code 0"):
        drive(here, "start", node)
    assert node.clock - began <= 2


def test_another_image_than_the_file_says_is_a_remark() -> None:
    """The container stays up; the remark names both images."""
    node, here = SimulatedNode(state()), resource()
    drive(here, "provision", node)
    docker(node, "pull nginx")
    here.service.set("container#0.run_image", "nginx")
    status = drive(here, "status", node).value
    assert status.state == "up"
    assert status.remarks[0].text == (f"the running container is based on image '{'a' * 64}' instead of '{'b' * 64}'")


def test_status_says_why_a_container_is_down() -> None:
    """No daemon, and no container of our name, are two different remarks; nothing is changed by asking."""
    node, here = SimulatedNode(state()), resource()
    without_daemon = drive(here, "status", node)
    drive(here, "provision", node)
    docker(node, "stop svc1.container.0")
    docker(node, "rm svc1.container.0")
    without_container = drive(here, "status", node)
    assert [run.value.remarks[0].text for run in (without_daemon, without_container)] == [
        "docker daemon is not running",
        "can not find container id",
    ]
    assert without_daemon.changes == without_container.changes == []


def test_ties_say_what_comes_first() -> None:
    """The daemon's directory, mounted directories, and containers whose network or volumes are shared."""
    arguments = "--network container:a --net=container:b --volumes-from c:ro -v /d:/x --volume=/e:/y -v/f:/z -v g:/w"
    here = resource(OWN + CONTAINER.replace("-p 80:80", arguments))
    needed = set(here.driver.needs(here))
    assert needed >= {Tie("container", name) for name in "abc"}
    assert needed >= {Tie("path", path) for path in ("/d", "/e", "/f", "/srv/svc1/docker", "/etc/localtime")}
    assert Tie("path", "g") not in needed
    assert list(here.driver.gives(here)) == [Tie("container", "svc1.container.0")]
    assert Tie("path", "/srv/svc1/docker") not in set(resource(CONTAINER).driver.needs(resource(CONTAINER)))


def test_a_subset_is_a_set_of_its_own() -> None:
    """Log name and cgroup follow the subset."""
    here = resource(OWN + CONTAINER + "subset = g1\n")
    assert here.driver.set_name(here) == "container:g1"
    assert (
        "--cgroup-parent /svc1/container:g1/container.0" in drive(here, "provision", SimulatedNode(state())).lines[-1]
    )


def test_an_open_quote_is_an_error_of_the_configuration() -> None:
    """It is found before anything runs, and the fix is named."""
    problems = resource(OWN + CONTAINER.replace("-p 80:80", "-e 'A=b")).service.problems()
    assert [(each.section, each.key, "close the quote" in f"{each.text} {each.fix}") for each in problems] == [
        ("container#0", "run_args", True)
    ]


def test_the_purpose_names_image_and_daemon() -> None:
    """The plan says what a container is for, and whose daemon it is in."""
    purposes = [here.driver.purpose(here) for here in (resource(), resource(CONTAINER))]
    assert purposes == [
        "a container of ubuntu:14.10, running in the service's own docker daemon",
        "a container of ubuntu:14.10, running in the node's docker daemon",
    ]


def test_a_stopped_container_is_down() -> None:
    """Beside one that runs, and so with the daemon at work, there is nothing more to say."""
    node, here = SimulatedNode(state()), resource()
    drive(here, "provision", node)
    docker(node, "stop svc1.container.0")
    status = drive(here, "status", node).value
    assert (status.state, status.remarks) == ("down", ())


def test_unprovisioning_what_was_never_provisioned_runs_nothing() -> None:
    """Without a record and without a daemon there is nothing to delete."""
    node = SimulatedNode(state())
    assert drive(resource(), "unprovision", node).lines == []


@pytest.mark.parametrize(
    "image, remedy",
    [
        ("127.0.0.1:5000/web:2", "correct run_image, or push that image"),
        ("127.0.0.1:5999/web:1", "nobody listens there: start the registry, or correct run_image"),
        ("nosuch", "correct run_image, or `docker login`, as the image may be private"),
        ("Upper", "correct run_image"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_an_error_that_says_what_to_do(image: str, remedy: str) -> None:
    """Docker's own reason, and what follows from it."""
    registry = {"127.0.0.1:5000/web:1": {"id": "a" * 64}}
    node = SimulatedNode(state(registry=registry))
    text = OWN + CONTAINER.replace("ubuntu:14.10", image)
    with pytest.raises(Failed, match=r"image .* cannot be pulled: ") as failed:
        drive(resource(text), "provision", node)
    assert str(failed.value).endswith(f"; {remedy}")


class Speaking(SimulatedNode):
    """A node whose containers have said something."""

    def run(self, command: Command) -> Completed:
        """Answer for the log of any container."""
        said = Completed(0, "", "no such disk\r\n") if "logs" in command.argv else None
        return said or super().run(command)


def test_a_container_that_ends_at_once_is_quoted() -> None:
    """Its last words are in the error, so that nobody has to ask for them."""
    node, here = Speaking(state()), resource()
    drive(here, "provision", node)
    drive(here, "stop", node)
    for container in node.state["files"]["/srv/svc1/docker"]["docker"]["containers"].values():
        container["arguments"] = ["--detach=true", "ubuntu:14.10", "/bin/bash"]
    with pytest.raises(Failed, match=r"exit code 0; its last words:\n  no such disk$"):
        drive(here, "start", node)


def test_an_image_that_a_killed_run_has_fetched_is_the_services() -> None:
    """In a daemon of the service's own every image is its own: the record has it again, and nothing is fetched."""
    on, of = SimulatedNode(state()), resource()
    drive(of, "provision", on)
    docker(on, "stop svc1.container.0")
    docker(on, "rm svc1.container.0")
    del of.service.record.made["container#0.image"]
    ran = drive(of, "provision", on)
    assert of.made("image") == "ubuntu:14.10"
    assert not any(" pull " in line for line in ran.lines)


def test_an_image_that_somebody_deleted_is_forgotten() -> None:
    """Nobody is asked to delete it once more, and the record is empty."""
    on, of = SimulatedNode(state()), resource()
    drive(of, "provision", on)
    docker(on, "stop svc1.container.0")
    docker(on, "rm svc1.container.0")
    assert docker(on, "rmi ubuntu:14.10").returncode == 0
    ran = drive(of, "unprovision", on)
    assert not any(" rmi " in line and line.startswith(DOCKER) for line in ran.lines)
    assert of.service.record.is_empty


def test_an_image_that_another_container_uses_stays() -> None:
    """Docker would refuse to delete it: it is said, and left to who uses it."""
    on, of = SimulatedNode(state()), resource()
    drive(of, "provision", on)
    assert docker(on, "run -d --name=other ubuntu:14.10 /bin/bash").returncode == 0
    ran = drive(of, "unprovision", on)
    assert "image ubuntu:14.10 stays: another container uses it" in ran.notes
    assert "ubuntu:14.10" in on.state["files"]["/srv/svc1/docker"]["docker"]["images"]

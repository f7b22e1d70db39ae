"""The docker daemon of a service: its words in both dialects, when it starts and when it ends."""

import pytest

from core.command import Command, Completed
from core.errors import CommandFailed, Failed, Refused
from core.state import load
from executors.simulated.containers.daemon import make_directories
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot
from tests.unit.docker_nodes import (
    CONTAINER,
    DOCKER,
    FS,
    NEW,
    OLD,
    OWN,
    SECOND,
    SOCKET,
    SYSTEM,
    resource,
    state,
    undo,
    with_system_daemon,
)
from tests.unit.drivers.drive import drive, service


def test_the_words_of_2015_are_those_of_the_transcript() -> None:
    """Daemon, container, notes: the lines of the specification, whose `docker run` pulls the image."""
    text = OWN.replace("[DEFAULT]", "[DEFAULT]\ndocker_daemon_args =  --ip 10.0.0.221") + CONTAINER
    address = {"eth0": {"addresses": ["10.0.0.221/24"]}}
    run = drive(resource(text), "provision", SimulatedNode(state(OLD, interfaces=address)))
    daemon, start = run.lines
    assert daemon == (
        f"{DOCKER} -r=false -d -g /srv/svc1/docker -p /var/lib/opensvc/svc1/docker.pid --ip 10.0.0.221 "
        "--exec-opt native.cgroupdriver=cgroupfs"
    )
    assert start == (
        f"{DOCKER} run -t -i -d --name=svc1.container.0 -p 80:80 -v /etc/localtime:/etc/localtime:ro "
        "--cgroup-parent /svc1/container.docker/container.0 ubuntu:14.10 /bin/bash"
    )
    assert run.notes == ["starting docker daemon", "wait for container up status", "wait for container operational"]


def test_a_daemon_of_now_keeps_off_the_one_of_the_node() -> None:
    """Bridge, run-time directory, pid file and firewall rules are its own or none; the image is pulled by itself."""
    run = drive(resource(), "provision", SimulatedNode(state()))
    bridge, daemon, pull, start = run.lines
    name = bridge.split()[4]
    assert bridge == f"ip link add name {name} type bridge"
    assert daemon.startswith("systemd-run --quiet --collect --unit=svcprov-docker-svc1.service --service-type=notify ")
    assert daemon.endswith(
        f" dockerd -H unix://{SOCKET} --data-root /srv/svc1/docker --exec-root /run/opensvc/svc1 "
        f"--pidfile /var/lib/opensvc/svc1/docker.pid --bridge {name} --iptables=false "
        "--exec-opt native.cgroupdriver=cgroupfs"
    )
    assert pull == f"{DOCKER} pull ubuntu:14.10"
    assert start == (
        f"{DOCKER} run -t -i -d --name=svc1.container.0 --label=svcprov=svc1.container.0 -p 80:80 "
        "-v /etc/localtime:/etc/localtime:ro --cgroup-parent /svc1/container.docker/container.0 ubuntu:14.10 /bin/bash"
    )


def test_without_systemd_the_daemon_is_started_in_the_background() -> None:
    """The same words, without systemd-run; its end is waited for by start-stop-daemon."""
    node = SimulatedNode(state(tools={"docker.io": NEW, "systemd": None}))
    here = resource()
    started = drive(here, "provision", node).changes[1]
    assert (started.argv[0], started.background) == ("dockerd", True)
    assert drive(here, "stop", node).lines[1] == (
        "start-stop-daemon --stop --pidfile /var/lib/opensvc/svc1/docker.pid --name dockerd --retry TERM/60"
    )


@pytest.mark.parametrize("arguments", ["--bridge br0", "-b br0", "--bip=10.9.0.1/16"])
def test_the_bridge_that_the_user_names_is_used(arguments: str) -> None:
    """No bridge is made where docker_daemon_args say which one the daemon has."""
    text = OWN.replace("[DEFAULT]", f"[DEFAULT]\ndocker_daemon_args = {arguments}") + CONTAINER
    run = drive(resource(text), "provision", SimulatedNode(state(interfaces={"br0": {}})))
    assert not any(line.startswith("ip link") for line in run.lines)


def test_the_daemon_ends_after_the_last_container() -> None:
    """While another container runs the daemon stays; after the last one it is shut down, and its bridge goes."""
    whole = service(OWN + CONTAINER + SECOND)
    node = SimulatedNode(state())
    for rid in ("container#0", "container#1"):
        drive(whole.resource(rid), "provision", node)
    first = drive(whole.resource("container#1"), "stop", node)
    last = drive(whole.resource("container#0"), "stop", node)
    assert len(first.lines) == 1
    assert [line.partition(" ")[0] for line in last.lines] == ["docker", "systemctl", "ip"]
    assert last.notes[-1] == "no more container handled by docker daemon. shut it down"
    assert (node.state["docker"], node.state["interfaces"]) == ({}, {})


def test_unprovision_after_a_stop_starts_the_daemon_once_more() -> None:
    """Only a daemon can delete a container, so it is started for it, and ends again."""
    node, here = SimulatedNode(state(OLD)), resource()
    drive(here, "provision", node)
    drive(here, "stop", node)
    drive(here, "unprovision", node)
    assert (here.service.record.is_empty, node.state["docker"]) == (True, {})


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_undo_of_a_provision_leaves_no_container_and_no_daemon(version: str) -> None:
    """Each change brings its own way back, last first."""
    node, here = SimulatedNode(state(version)), resource()
    undo(drive(here, "provision", node), node)
    assert (node.state["docker"], node.state["interfaces"]) == ({}, {})
    assert node.state["files"]["/srv/svc1/docker"]["docker"]["containers"] == {}
    assert not node.tree.exists(SOCKET)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_the_undo_of_a_stop_starts_everything_again(version: str) -> None:
    """Bridge, daemon, container: the reverse of the stop, with a pause where the daemon is on its own."""
    node, here = SimulatedNode(state(version)), resource()
    drive(here, "provision", node)
    undo(drive(here, "stop", node), node)
    assert drive(here, "status", node).value.state == "up"


def test_the_daemon_does_not_start_below_an_unmounted_filesystem() -> None:
    """The deepest filesystem that the service has for docker_data_dir must be mounted; the refusal names it."""
    devices = {"/dev/sdb": "1G", "/dev/sdc": "1G"}
    node = SimulatedNode(state(devices=devices))
    here = resource(OWN + FS + CONTAINER)
    with pytest.raises(Refused, match=r"handled by the fs#1 resource in down state.*add it to --rid"):
        drive(here, "start", node)
    assert node.state["docker"] == {}


def test_a_container_goes_with_the_filesystem_that_was_made_for_it() -> None:
    """Out of reach in an unmounted filesystem of the service's own, it is forgotten; in the user's, that is refused."""
    node = SimulatedNode(state(devices={"/dev/sdb": "1G", "/dev/sdc": "1G"}))
    here = resource(OWN + FS + CONTAINER)
    drive(here.service.resource("fs#0"), "provision", node)
    drive(here.service.resource("fs#1"), "provision", node)
    drive(here, "provision", node)
    reboot(node.state)
    made = here.service.record.made
    users = resource(OWN + FS + CONTAINER)
    users.service.record.made["container#0.container"] = made["container#0.container"]
    with pytest.raises(Refused):
        drive(users, "unprovision", node)
    drive(here, "unprovision", node)
    assert here.made("container") is None


def test_a_leftover_pid_file_is_removed() -> None:
    """After a power failure the file names no daemon of ours; the note says so, and the container comes back."""
    node, here = SimulatedNode(state(OLD)), resource()
    drive(here, "provision", node)
    reboot(node.state)
    run = drive(here, "start", node)
    assert run.notes[0] == "removing leftover pid file /var/lib/opensvc/svc1/docker.pid"
    assert drive(here, "status", node).value.state == "up"


@pytest.mark.parametrize("left", ["", "4711"])
def test_what_a_power_loss_left_of_a_pid_file_is_a_leftover(left: str) -> None:
    """The number that nobody synced is gone, and start-stop-daemon cannot tell; or it is that of no daemon now."""
    node = SimulatedNode(state(tools={"docker.io": NEW, "systemd": None}))
    here = resource()
    drive(here, "provision", node)
    reboot(node.state)
    entry = node.state["files"]["/var/lib/opensvc/svc1/docker.pid"]
    assert entry["text"] == ""
    entry["text"] = left
    assert "removing leftover pid file /var/lib/opensvc/svc1/docker.pid" in drive(here, "start", node).notes


def test_nothing_is_removed_while_nobody_can_tell_what_runs() -> None:
    """A pid file that start-stop-daemon refuses to read proves nothing."""

    class Refusing(SimulatedNode):
        def run(self, command: Command) -> Completed:
            if command.argv[:2] == ("start-stop-daemon", "--status"):
                return Completed(4, "", "start-stop-daemon: unable to open pidfile\n")
            return super().run(command)

    node = Refusing(state(tools={"docker.io": NEW, "systemd": None}))
    with pytest.raises(Failed, match="unable to open pidfile"):
        drive(resource(), "provision", node)


def test_the_daemon_of_the_node_is_used_where_the_service_has_none() -> None:
    """No socket, no cgroup, no daemon started or stopped."""
    node, here = with_system_daemon(), resource(CONTAINER)
    run = drive(here, "provision", node)
    assert [line.split()[:2] for line in run.lines] == [["docker", "pull"], ["docker", "run"]]
    assert "--cgroup-parent" not in run.lines[1]
    drive(here, "unprovision", node)
    assert list(node.state["docker"]) == [SYSTEM]


def test_a_private_daemon_can_be_declined() -> None:
    """docker_daemon_private = false means the node's daemon, whatever docker_data_dir says."""
    text = OWN.replace("[DEFAULT]", "[DEFAULT]\ndocker_daemon_private = false") + CONTAINER
    assert drive(resource(text), "provision", with_system_daemon()).lines[0] == "docker pull ubuntu:14.10"


@pytest.mark.parametrize(
    "node, said",
    [
        (SimulatedNode(state()), "docker daemon of the node is not running"),
        (SimulatedNode(state(tools={})), "docker executable not found"),
        (SimulatedNode(state("1.13.1")), "is not spoken"),
    ],
)
def test_a_node_that_cannot_is_told_apart(node: SimulatedNode, said: str) -> None:
    """No docker, one of a dialect between the two, no daemon: each failure says what to do."""
    with pytest.raises(Failed, match=said):
        drive(resource(CONTAINER), "provision", node)


def test_a_name_too_long_for_a_socket_is_found_before_anything_is_done() -> None:
    """The kernel takes 107 characters for the path of a socket."""
    here = service(OWN + CONTAINER, name="s" * 90).resource("container#0")
    with pytest.raises(Failed, match="107"):
        drive(here, "provision", SimulatedNode(state()))


def test_arguments_are_split_as_a_shell_does() -> None:
    """Quotes hold words together now; in 2015 they were letters like others."""
    text = OWN + CONTAINER.replace("-p 80:80", "-e 'A=b c'")
    assert "A=b c" in drive(resource(text), "provision", SimulatedNode(state())).changes[-1].argv
    with pytest.raises(CommandFailed):
        drive(resource(text), "provision", SimulatedNode(state(OLD)))


def test_a_daemon_that_is_not_ready_is_waited_for_and_not_started_twice() -> None:
    """Its process is there, and answers a second later."""
    node, here = SimulatedNode(state(OLD)), resource()
    drive(here, "provision", node)
    node.state["docker"][f"unix://{SOCKET}"]["ready"] = node.clock + 3
    assert drive(here, "start", node).lines == []


def test_the_directory_of_the_socket_is_made_and_removed() -> None:
    """A node that has never had the service is as before."""
    node = SimulatedNode(load({**state(), "files": {"/srv/svc1": "directory", "/etc/localtime": ""}}))
    here = resource()
    assert drive(here, "provision", node).lines[0] == "mkdir /var/lib/opensvc/svc1"
    drive(here, "unprovision", node)
    assert (node.tree.exists("/var/lib/opensvc/svc1"), here.service.record.is_empty) == (False, True)


def test_the_daemon_has_words_of_its_own_version() -> None:
    """A client of another version is spoken to in its own words; the daemon understands those of its version only."""
    node = SimulatedNode(state(NEW, tools={"docker.io": NEW, "docker-cli": "28.2.2", "systemd": None}))
    lines = drive(resource(), "provision", node).lines
    assert not any("--ip6tables" in line for line in lines)
    node = SimulatedNode(state(NEW, tools={"docker.io": "28.2.2", "docker-cli": NEW, "systemd": None}))
    assert any("--ip6tables=false" in line for line in drive(resource(), "provision", node).lines)


def test_a_client_elsewhere_has_its_daemon_where_the_system_has_it() -> None:
    """`docker_exe` names the client; the daemon is beside it, or is the one of the node."""
    text = OWN.replace("[DEFAULT]", "[DEFAULT]\ndocker_exe = /usr/bin/docker") + CONTAINER
    node = SimulatedNode(state(tools={"docker.io": NEW, "systemd": None}))
    assert drive(resource(text), "provision", node).changes[1].argv[0] == "dockerd"


def test_a_client_without_a_daemon_is_not_enough() -> None:
    """What is missing is named, with the package that has it."""
    node = SimulatedNode(state(tools={"docker.io": None, "docker-cli": "28.2.2"}))
    with pytest.raises(Failed, match=r"dockerd not found: install docker\.io"):
        drive(resource(), "provision", node)


class Dying(SimulatedNode):
    """A node whose docker daemon ends a moment after it was started."""

    def run(self, command: Command) -> Completed:
        """Let the daemon be gone by the next second."""
        answer = super().run(command)
        if command.argv[0] == "sleep":
            self.state["docker"].clear()
            self.state["processes"].clear()
        return answer


def test_a_daemon_that_ends_is_not_waited_for() -> None:
    """After a few seconds it is asked whether it is there at all; the error says where its last words are."""
    node = Dying(state(tools={"docker.io": NEW, "systemd": None}, latencies={"docker.daemon": 30}))
    with pytest.raises(Failed, match=r"ended instead of answering; the end of /var/log/opensvc/svc1/dockerd\.log"):
        drive(resource(), "provision", node)
    assert node.clock < 10


def test_a_slow_daemon_is_waited_for() -> None:
    """One that is there, and does not answer yet, has a minute."""
    node = SimulatedNode(state(tools={"docker.io": NEW, "systemd": None}, latencies={"docker.daemon": 30}))
    drive(resource(), "provision", node)
    assert 30 <= node.clock < 60


def test_containers_that_outlive_their_daemon_are_stopped_by_another() -> None:
    """A daemon that was killed leaves its containers running: what runc keeps of them says so."""
    node, here = SimulatedNode(state(tools={"docker.io": NEW, "systemd": None})), resource()
    drive(here, "provision", node)
    node.state["docker"].clear()
    node.state["processes"].clear()
    make_directories(node, "/run/opensvc/svc1/runtime-runc/moby/c0")
    run = drive(here, "stop", node)
    assert run.notes[0] == "the docker daemon has ended, and its containers have not: it is started to stop them"
    assert [line.partition(" ")[0] for line in run.lines][-3:] == ["docker", "start-stop-daemon", "ip"]

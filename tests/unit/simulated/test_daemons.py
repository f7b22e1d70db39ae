"""The simulated systemd-run, start-stop-daemon and ip link: what a docker daemon is started and stopped with."""

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import ip_link, start_stop_daemon, systemd_run
from executors.simulated.node import SimulatedNode

UNIT = "svcprov-docker-s.service"
PIDFILE = "/var/lib/opensvc/s/docker.pid"
WORDS = ("dockerd", "-H", "unix:///var/lib/opensvc/s/docker.sock", "--data-root", "/srv/d", "--pidfile", PIDFILE)


def node() -> SimulatedNode:
    """A node with docker and systemd."""
    return SimulatedNode(load({"tools": {"docker.io": "20.10.24"}, "files": {"/var/lib/opensvc/s": "directory"}}))


def line(on: SimulatedNode, text: str, tool: str) -> Completed:
    """Run a line."""
    return on.run(Command(tuple(text.split()), tool=tool))


def is_active(on: SimulatedNode) -> bool:
    """Ask for the unit."""
    return bool(on.run(systemd_run.is_active(UNIT).ask).stdout)


def test_systemd_is_at_work() -> None:
    """A simulated node with systemd is run by it; one that is offline is not at work, and neither is a missing one."""
    assert systemd_run.is_at_work(node().run(systemd_run.state()))
    assert not systemd_run.is_at_work(Completed(1, "offline\n"))
    without = SimulatedNode(load({"tools": {"systemd": None}}))
    assert not systemd_run.is_at_work(without.run(systemd_run.state()))


def test_a_unit_runs_until_it_is_stopped() -> None:
    """A daemon that systemd started answers at once; stopped, it is gone with its files."""
    there = node()
    assert not is_active(there)
    assert there.run(systemd_run.start(UNIT, WORDS)) == Completed(0)
    assert is_active(there)
    assert line(there, "docker -H unix:///var/lib/opensvc/s/docker.sock info", "docker").returncode == 0
    assert there.run(systemd_run.stop(UNIT)) == Completed(0)
    assert not is_active(there)
    assert not there.tree.exists(PIDFILE)


def test_a_unit_is_started_once() -> None:
    """The name of a unit that is loaded is taken."""
    there = node()
    there.run(systemd_run.start(UNIT, WORDS))
    answer = there.run(systemd_run.start(UNIT, WORDS))
    assert (answer.returncode, "was already loaded" in answer.stderr) == (1, True)


def test_a_daemon_that_ends_at_once_fails_its_unit() -> None:
    """`Type=notify` reports a daemon that never gets ready, and nothing of it stays."""
    there = node()
    answer = there.run(systemd_run.start(UNIT, (*WORDS, "--bridge", "nosuch")))
    assert (answer.returncode, f"Job for {UNIT} failed" in answer.stderr, is_active(there)) == (1, True, False)


@pytest.mark.parametrize(
    "text",
    ["systemctl frob", f"systemctl stop {UNIT}", "systemd-run --frob dockerd", "systemd-run", "systemd-run nosuch"],
)
def test_systemd_refuses_what_it_does_not_know(text: str) -> None:
    """Unknown verbs, units, options and programs are errors."""
    assert line(node(), text, "systemd_run").returncode != 0


def test_a_daemon_is_known_by_pid_file_and_name() -> None:
    """Alive is 0; a file of a dead daemon, or of another program, is 1; no file is 3; one without a number, 4."""
    there = node()
    alive = start_stop_daemon.is_alive(PIDFILE, "dockerd")
    assert there.run(alive).returncode == 3
    line(there, " ".join(WORDS), "docker")
    assert there.run(alive).returncode == 0
    assert there.run(start_stop_daemon.is_alive(PIDFILE, "nginx")).returncode == 1
    there.state["processes"].clear()
    assert there.run(alive).returncode == 1
    there.state["files"][PIDFILE]["text"] = ""
    assert there.run(alive) == Completed(4)


def test_only_the_named_daemon_is_stopped() -> None:
    """A stale pid file never ends the process that has its number now."""
    there = node()
    line(there, " ".join(WORDS), "docker")
    refused = there.run(start_stop_daemon.stop(PIDFILE, "nginx"))
    assert (refused.returncode, refused.stdout) == (1, "No nginx found running; none killed.\n")
    assert there.run(start_stop_daemon.stop(PIDFILE, "dockerd")).returncode == 0
    assert (there.state["processes"], there.state["docker"]) == ({}, {})


@pytest.mark.parametrize("words", ["--frob", "--status", "--stop --status --pidfile /x --name y", "--pidfile /x"])
def test_start_stop_daemon_refuses_what_it_does_not_know(words: str) -> None:
    """Its usage errors end with 3, and with 4 where a status was asked for."""
    code = 4 if "--status" in words else 3
    assert line(node(), f"start-stop-daemon {words}", "start_stop_daemon").returncode == code


def test_a_bridge_is_made_and_deleted() -> None:
    """The undo of making a bridge leaves the node as it was."""
    there = node()
    made = ip_link.add_bridge("svc-1")
    assert there.run(ip_link.show("svc-1")).returncode == 1
    assert there.run(made).returncode == 0
    assert there.run(ip_link.show("svc-1")).returncode == 0
    assert there.run(made) == Completed(2, "", "RTNETLINK answers: File exists\n")
    assert [there.run(step).returncode for step in made.undo if isinstance(step, Command)] == [0]
    assert there.state["interfaces"] == {}


def test_an_interface_of_the_node_is_not_deleted() -> None:
    """A network card is no bridge that somebody made."""
    there = SimulatedNode(load({"interfaces": {"eth0": {}}}))
    assert there.run(ip_link.delete("eth0")).returncode == 2


def test_a_name_longer_than_the_kernel_takes_is_refused() -> None:
    """An interface's name has fifteen characters at most."""
    assert node().run(ip_link.add_bridge("svc-0123456789ab")).returncode == 255


def test_a_daemon_gives_its_bridge_a_free_network() -> None:
    """Two daemons with a bridge each do not hand out the same addresses."""
    there = node()
    there.state["interfaces"]["docker0"] = {
        "up": True,
        "mtu": 1500,
        "mac": "",
        "addresses": [{"address": "172.17.0.1/16"}],
    }
    there.run(ip_link.add_bridge("svc-1"))
    there.run(systemd_run.start(UNIT, (*WORDS, "--bridge", "svc-1")))
    bridge = there.state["interfaces"]["svc-1"]
    assert (bridge["up"], [each["address"] for each in bridge["addresses"]]) == (True, ["172.18.0.1/16"])

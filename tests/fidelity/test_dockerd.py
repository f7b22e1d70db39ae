"""dockerd and start-stop-daemon in a laboratory, beside their simulated twins: refusals, and what is made and left."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.command import Command, Executor
from core.tools import docker, ip, ip_link, start_stop_daemon
from tests import docker_lab
from tests.fidelity.ledger import package_version
from tests.fidelity.pairs import Pair, last_words, verdict
from tests.fidelity.test_docker import version_of

PACKAGES = {"docker": "docker.io", "dockerd": "docker.io", "ip": "iproute2", "start-stop-daemon": "dpkg"}
BRIDGE = "svc-0"
LIFE = ("docker.pid", "docker.sock", "data", "data/containers", "data/image", "data/network", "data/network/files")


class Daemons:
    """A directory on both sides, and the words of a private daemon there."""

    def __init__(self, lab: docker_lab.Lab, directory: Path) -> None:
        self.lab, self.directory = lab, directory
        version = version_of(lab, "dockerd")
        state = {
            "tools": {"docker.io": version, "dpkg": package_version("dpkg"), "iproute2": package_version("iproute2")},
            "docker": {"unix:///var/run/docker.sock": {"pid": 700, "data_root": str(lab.directory / "system")}},
            "processes": {"700": {"program": "dockerd"}},
            "files": {
                str(directory): "directory",
                "/var/run/docker.pid": "700",
                "/run": "directory",
                str(lab.directory / "system"): "directory",
            },
            "interfaces": {"docker0": {"addresses": ["172.17.0.1/16"]}},
        }
        self.client = docker.Client("docker", (20, 10), f"{directory}/docker.sock")
        changing = {str(directory): "PATH", str(lab.directory): "LAB"}
        self.pair = Pair(lab.machine(), state, changing=changing, state=self.left, packages=PACKAGES)
        self.node = self.pair.node
        self.plain_words = docker.daemon_words(
            self.client,
            docker.Program("dockerd", (20, 10)),
            docker.Daemon(f"{directory}/data", f"{directory}/docker.pid", "/run/opensvc/d", BRIDGE, ()),
        )

    def words(self, **changed: str) -> tuple[str, ...]:
        """The words of the daemon with the values of some options replaced (`pidfile`, `data_root`, ...)."""
        given = list(self.plain_words)
        for name, value in changed.items():
            option = "-H" if name == "socket" else f"--{name.replace('_', '-')}"
            given[given.index(option) + 1] = value
        return tuple(given)

    def left(self, side: Executor) -> Any:
        """What is there of a daemon: its files with their modes, its bridge with its address; whether it answers."""
        simulated = side is self.node
        modes = {name: self._mode_simulated(name) if simulated else self._mode(name) for name in LIFE}
        bridge = ip.parse(side.run(ip.show()).stdout).get(BRIDGE)
        held = () if bridge is None else (bridge.up, [each for each in bridge.addresses if ":" not in each.address])
        return modes, held

    def _mode(self, name: str) -> str:
        path = self.directory / name
        return f"{stat.S_IMODE(path.stat().st_mode):04o}" if path.exists() else ""

    def _mode_simulated(self, name: str) -> str:
        entry = self.node.tree.entry(f"{self.directory}/{name}")
        return "" if entry is None else str(entry["mode"])

    def begin(self) -> None:
        """Start the daemon in the background on both sides, and wait until it answers."""
        start = Command(self.plain_words, kind="changes", background=True, tool=docker.TOOL)
        for each in (self.lab.machine(), self.node):
            assert each.run(start).returncode == 0
        self.lab.wait_for(*self.client.words, "info")
        self.node.state["clock"] += 1
        self.pair.run(docker.answers(self.client), verdict)
        assert self.left(self.lab.machine()) == self.left(self.node)


@pytest.fixture
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemons]:
    """A laboratory with its twin; what was started and made there goes afterwards."""
    lab = docker_lab.shared()
    directory = lab.directory / tmp_path_factory.mktemp("d").name
    directory.mkdir()
    yield Daemons(lab, directory)
    lab.run("start-stop-daemon", "--stop", "--pidfile", f"{directory}/docker.pid", "--retry", "KILL/5")
    lab.run("ip", "link", "delete", "dev", BRIDGE)


@pytest.mark.parametrize(
    "changed, more",
    [
        ({}, ("--nosuch",)),
        ({}, ("-d",)),
        ({}, ("-H",)),
        ({}, ("nosuch",)),
        ({}, ()),
        ({"pidfile": "/var/run/docker.pid"}, ()),
        ({"socket": "unix:///nosuch/docker.sock"}, ()),
        ({"socket": f"unix:///tmp/{'x' * 100}.sock"}, ()),
        ({"bridge": "docker0"}, ("--bip", "172.30.0.1/24")),
        ({"bridge": "docker0"}, ("--storage-driver=btrfs",)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_daemon_is_refused(daemons: Daemons, changed: dict[str, str], more: tuple[str, ...]) -> None:
    """Its words, a bridge that is missing, a pid file in use, a socket that cannot be: it ends, and says why."""
    command = Command((*daemons.words(**changed), *more), tool=docker.TOOL)
    answer = daemons.pair.run(command, last_words)
    assert answer.returncode == 1


def test_what_a_daemon_makes_and_leaves(daemons: Daemons) -> None:
    """Its bridge is up with an address; ended, it leaves that as it is, and its data; socket and pid file go."""
    here, pidfile = daemons.pair, f"{daemons.directory}/docker.pid"
    here.run(start_stop_daemon.is_alive(pidfile, "dockerd"))
    here.run(ip_link.add_bridge(BRIDGE))
    daemons.begin()
    here.run(start_stop_daemon.is_alive(pidfile, "dockerd"))
    here.run(start_stop_daemon.is_alive(pidfile, "docker"))
    here.run(start_stop_daemon.stop(pidfile, "docker"))
    here.run(start_stop_daemon.stop(pidfile, "dockerd"))
    here.run(start_stop_daemon.stop(pidfile, "dockerd"))
    here.run(start_stop_daemon.is_alive(pidfile, "dockerd"))
    daemons.begin()
    here.run(start_stop_daemon.stop(pidfile, "dockerd"))
    here.run(ip_link.delete(BRIDGE))


def test_a_daemon_that_was_killed_leaves_its_files(daemons: Daemons) -> None:
    """Nobody answers, the pid file names nobody, and the next daemon takes its place."""
    here, pidfile = daemons.pair, f"{daemons.directory}/docker.pid"
    here.run(ip_link.add_bridge(BRIDGE))
    daemons.begin()
    daemons.lab.did("kill", "-9", Path(pidfile).read_text(encoding="ascii"))
    socket = f"unix://{daemons.client.socket}"
    daemons.node.state["processes"].pop(str(daemons.node.state["docker"].pop(socket)["pid"]))
    daemons.lab.wait_for("sh", "-c", f"! kill -0 $(cat {pidfile})")
    assert daemons.left(daemons.lab.machine()) == daemons.left(daemons.node)
    here.run(start_stop_daemon.is_alive(pidfile, "dockerd"))
    here.run(docker.answers(daemons.client), verdict)
    here.run(start_stop_daemon.stop(pidfile, "dockerd"))
    # A power loss takes the number that nobody synced.
    daemons.lab.did("truncate", "-s", "0", pidfile)
    entry = daemons.node.tree.entry(pidfile)
    assert entry is not None
    entry.update(text="", size=0)
    here.run(start_stop_daemon.is_alive(pidfile, "dockerd"))
    here.run(start_stop_daemon.stop(pidfile, "dockerd"))
    daemons.begin()


@pytest.mark.parametrize("line", ["--nosuch", "", "--status --stop", "--status"])
def test_words_that_start_stop_daemon_does_not_take(daemons: Daemons, line: str) -> None:
    """An option that is none, no action, two of them, nothing to go by."""
    daemons.pair.run(Command(("start-stop-daemon", *line.split()), tool=start_stop_daemon.TOOL), last_words)

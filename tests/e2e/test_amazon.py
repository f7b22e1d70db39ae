"""The Amazon drivers on this machine, through botocore, against a cloud on loopback; volumes are loop devices."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.document import Document
from core.config.service import Service
from core.driver import load
from core.engine import asked
from core.holes import fill
from core.observe import begin, learn
from core.plan import Plan
from core.record import Record
from core.state import load as load_state
from executors.real.machine import Machine
from svcprov.action import Action
from tests.e2e.cloud import Instance, Plugged, ec2_server
from tests.worlds import NAME, Disk, Heard, status_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="what is attached is a loop device: needs root")

DISK = "[disk#0]\ntype = amazon\nvolumes = <size=1G,type=gp2> <size=2G,encrypted=true>\n"
VOLUME = "[disk#0]\ntype = amazon\nvolumes = <size=1G>\n\n"
ADDRESS = "[ip#0]\ntype = amazon\nipname = <allocate>\nipdev = svc0\n"


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """A cloud for the tests of this file."""
    with ec2_server() as url:
        yield url


@pytest.fixture
def instance(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    """An instance that this machine takes itself for."""
    with Instance(cloud).running() as instance:
        for name, value in instance.environment.items():
            monkeypatch.setenv(name, value)
        yield instance


class Real:
    """A service on this machine, its files in memory; every action begins as a new process would."""

    def __init__(self, file: str, directory: Path, prefix: tuple[str, ...] = ()) -> None:
        self.disk, self.heard = Disk(file), Heard()
        self.answered: list[str] = []
        self._directory, self._prefix = directory, prefix

    @property
    def service(self) -> Service:
        """The service, as a new process reads it."""
        document = Document(self.disk.file, f"{NAME}.conf")
        service = Service(NAME, document, "node1", Record.from_json(self.disk.record), load, str(self._directory))
        service.allow_destroy = frozenset({"disk#0", "fs#0", "ip#0"})
        return service

    @property
    def machine(self) -> Machine:
        """This machine, which says who answered."""
        return Machine(prefix=self._prefix, remark=self.answered.append)

    def act(self, verb: str) -> Plan:
        """Settle, observe, preview and run a verb; return its plan."""
        machine, self.heard = self.machine, Heard()
        service = self.disk.service = self.service
        state = asked(begin("node1"), machine)
        action = Action(
            service, verb, machine, lambda: state, self.disk, self.heard,
            learn=lambda questions: asked(learn(state, questions), machine), outside=self.heard.around,
        )  # fmt: skip
        action.settle()
        plan = action.preview()
        action.run(plan)
        return plan

    def rollback(self) -> None:
        """Take back the last action, as if it had been interrupted right before its end."""
        assert "end" in self.disk.journal.pop()
        service = self.disk.service = self.service
        action = Action(service, "rollback", self.machine, lambda: load_state({}), self.disk, Heard())
        action.settle()
        action.rollback()

    def status(self) -> dict[str, str]:
        """The status of each resource."""
        return {resource.rid: status.state for resource, status in status_of(self.service, self.machine, Heard())}

    def value(self, rid: str, option: str) -> str:
        """The value of an option of a resource, as the service file says it now."""
        return self.service.resource(rid)[option]


def test_volumes_are_bought_attached_linked_and_given_back(instance: Instance, tmp_path: Path) -> None:
    """From provision to unprovision a disk of two volumes is what EC2 and the kernel say it is, and leaves nothing."""
    before = instance.volumes()
    real = Real(DISK, tmp_path)
    with Plugged(instance, tmp_path).running() as plugged:
        real.act("provision")
        first, second = real.value("disk#0", "volumes").split()
        links = [tmp_path / NAME / "dev" / f"disk.0.{number}" for number in (0, 1)]
        assert instance.volumes() == {**before, first: "/dev/sdf", second: "/dev/sdg"}
        assert [str(link.resolve()) for link in links] == [plugged.loops[each][1] for each in (first, second)]
        assert real.status() == {"disk#0": "up"}

        assert real.act("provision").commands == []
        real.act("stop")
        assert (real.status(), instance.volumes()) == ({"disk#0": "down"}, {**before, first: "", second: ""})
        real.act("start")
        assert real.status() == {"disk#0": "up"}
        real.act("unprovision")
    assert instance.volumes() == before
    assert real.disk.file == DISK
    assert not any(link.is_symlink() for link in links)
    assert any("CreateVolume" in text for text in real.answered)


@pytest.mark.parametrize("kind", ["ext4", "btrfs"])
def test_a_filesystem_comes_back_with_its_volume(instance: Instance, tmp_path: Path, kind: str) -> None:
    """What is on a volume that is detached nobody can see; a plan to start the service supposes it, and is right."""
    before = instance.volumes()
    mount_point = tmp_path / "mnt"
    subvolume = "mnt_opt = subvol=data\n" if kind == "btrfs" else ""
    real = Real(
        f"{VOLUME}[fs#0]\ntype = {kind}\ndev = {{var}}/{NAME}/dev/disk.0.0\nmnt = {mount_point}\n{subvolume}", tmp_path
    )
    with Plugged(instance, tmp_path).running():
        real.act("provision")
        (mount_point / "canary").write_text("alive")
        real.act("stop")
        assert (real.status(), mount_point.exists()) == ({"disk#0": "down", "fs#0": "down"}, True)
        real.act("start")
        assert real.status() == {"disk#0": "up", "fs#0": "up"}
        assert (mount_point / "canary").read_text() == "alive"
        assert real.act("provision").commands == []
        real.act("unprovision")
    assert instance.volumes() == before
    assert not mount_point.exists()


def test_the_commands_run_are_the_commands_planned(instance: Instance, tmp_path: Path) -> None:
    """What ran is what the plan showed, in its order, with the ids that EC2 gave in the place of holes."""
    real = Real(DISK, tmp_path)
    with Plugged(instance, tmp_path).running():
        plan = real.act("provision")
        made = {command.makes.name: answer.made for command, answer in real.heard.asked if command.makes is not None}
        made |= {c.argv[2]: answer.stdout for c, answer in real.heard.asked if c.argv[0] == "fresh"}
        planned = [fill(command, made).argv for command in plan.commands if command.kind != "reads"]
        assert [command.argv for command in real.heard.changes] == planned
        real.act("unprovision")


def test_a_provision_is_rolled_back(instance: Instance, tmp_path: Path) -> None:
    """The undos run for real: detached, waited for, deleted; EC2 and the file are as before."""
    before, real = instance.volumes(), Real(DISK, tmp_path)
    with Plugged(instance, tmp_path).running():
        real.act("provision")
        real.rollback()
    assert (instance.volumes(), real.disk.file) == (before, DISK)
    assert any("VolumeAvailable" in text for text in real.answered)


@pytest.fixture
def network(instance: Instance) -> Iterator[tuple[str, ...]]:
    """A network namespace with an interface `svc0` that has the address of the instance; the prefix that enters it."""
    name = f"svcprov-{os.getpid()}"
    inside = ("ip", "netns", "exec", name)
    for argv in (
        ("ip", "netns", "add", name),
        (*inside, "ip", "link", "add", "svc0", "type", "veth", "peer", "name", "peer0"),
        (*inside, "ip", "address", "add", f"{instance.address}/24", "dev", "svc0"),
        (*inside, "ip", "link", "set", "svc0", "up"),
    ):
        subprocess.run(argv, check=True, capture_output=True)
    yield inside
    subprocess.run(("ip", "netns", "delete", name), check=True, capture_output=True)


def test_an_address_is_assigned_and_given_back(instance: Instance, network: tuple[str, ...], tmp_path: Path) -> None:
    """From provision to unprovision a private address is what EC2 says, and none is left."""
    before = instance.addresses()
    real = Real(ADDRESS, tmp_path, network)
    real.act("provision")
    address = real.value("ip#0", "ipname")
    assert instance.addresses() == [*before, address]
    assert real.status() == {"ip#0": "up"}

    assert real.act("provision").commands == []
    real.act("stop")
    assert (real.status(), instance.addresses()) == ({"ip#0": "down"}, before)
    real.act("start")
    assert (real.status(), instance.addresses()) == ({"ip#0": "up"}, [*before, address])
    real.act("unprovision")
    assert instance.addresses() == before
    assert real.disk.file == ADDRESS


def test_an_assigned_address_is_rolled_back(instance: Instance, network: tuple[str, ...], tmp_path: Path) -> None:
    """The address that EC2 gave goes back, and the file says what its user wrote."""
    before, real = instance.addresses(), Real(ADDRESS, tmp_path, network)
    real.act("provision")
    real.rollback()
    assert (instance.addresses(), real.disk.file) == (before, ADDRESS)


def test_an_elastic_address_is_rented_led_and_given_back(
    instance: Instance, network: tuple[str, ...], tmp_path: Path
) -> None:
    """An elastic address leads to the primary one (moto knows no other), is found again, and is released."""
    text = ADDRESS.replace("<allocate>", instance.address) + "eip = <allocate>\n"
    real = Real(text, tmp_path, network)
    real.act("provision")
    (rented,) = instance.ec2.describe_addresses()["Addresses"]
    assert rented["PublicIp"] == real.value("ip#0", "eip")
    assert (rented["PrivateIpAddress"], rented["InstanceId"]) == (instance.address, instance.identity)
    assert real.status() == {"ip#0": "up"}
    assert real.act("provision").commands == []
    real.act("unprovision")
    assert instance.ec2.describe_addresses()["Addresses"] == []
    assert real.disk.file == text

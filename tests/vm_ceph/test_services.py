"""Services on images of a real cluster, by the kernel's client and by rbd-nbd."""

import pytest

from core.errors import CommandFailed, Failed, Refused
from core.status import Status
from tests.node_vm import VM
from tests.node_vm.ceph import again
from tests.square import RealWorld
from tests.worlds import Heard, status_of

OURS = "/srv/square"
FILE = """\
[disk#0]
type = rados
images = rbd/{svcname}.data rbd/{svcname}.log
size = 64
HOW
[fs#0]
type = ext4
dev = {var}/{svcname}/dev/disk.0.0
mnt = /srv/square/data

[fs#1]
type = ext4
dev = {var}/{svcname}/dev/disk.0.1
mnt = /srv/square/data/log
"""
LOCK = "lock = exclusive\n"
CANARY = f"{OURS}/data/log/canary"
LEFT = "rbd ls rbd; rbd showmapped; rbd-nbd list-mapped; ls /srv; ls -d /dev/rbd || true"


def world(vm: VM, how: str, **replaced: str) -> RealWorld:
    """The service on the node, which is observed, planned for and run on."""
    text = FILE.replace("HOW\n", how)
    for old, new in replaced.items():
        text = text.replace(old, new)
    return RealWorld(text, "svc1", vm.machine(), OURS, "node1")


def states(of: RealWorld) -> list[str]:
    """The status of each resource."""
    found: list[tuple[object, Status]] = list(status_of(of.service, of.node, Heard()))
    return [status.state for _, status in found]


@pytest.mark.parametrize("how", [f"map = krbd\n{LOCK}", "map = rbd-nbd\n"], ids=["krbd", "rbd-nbd"])
def test_a_service_lives(vm: VM, how: str) -> None:
    """Provisioned, stopped, started, cut off from power, started again; data stays; unprovision leaves nothing."""
    of = world(vm, how)
    plan, unlike = of.act("provision")
    assert (unlike, states(of)) == ([], ["up"] * 3)
    assert sum(command.argv[1:2] == ("create",) for command in plan.commands) == 2
    vm.shell(f"echo data >{CANARY}")
    plan, unlike = of.act("provision")
    assert ([command.argv for command in plan.commands if command.kind == "changes"], unlike) == ([], [])
    assert of.act("stop")[1] == []
    assert states(of) == ["down"] * 3
    assert of.act("start")[1] == []
    assert vm.did("cat", CANARY) == "data\n"
    vm.shell("sync")
    vm.kill()
    vm.boot()
    again(vm)
    of.node = vm.machine()
    assert states(of)[0] == "down"
    of.act("start")
    assert states(of) == ["up"] * 3
    assert vm.did("cat", CANARY) == "data\n"
    of.act("unprovision")
    assert vm.shell(LEFT).split() == []
    assert of.record.is_empty


def test_an_image_grows(vm: VM) -> None:
    """A larger size is planned as one command, and its device notices; a smaller one is refused."""
    of = world(vm, "map = krbd\n")
    of.act("provision")
    of.file = of.file.replace("size = 64", "size = 80")
    plan, unlike = of.act("provision")
    assert [command.argv[1] for command in plan.commands if command.argv[0] == "rbd"] == ["resize", "resize"]
    assert unlike == []
    assert vm.did("blockdev", "--getsize64", "/dev/rbd/rbd/svc1.log") == f"{80 << 20}\n"


def test_what_is_in_use_or_locked_stays(vm: VM) -> None:
    """A lock of another node, an image of somebody else, and one that a process has open are refused."""
    vm.shell("rbd create --size 64 rbd/svc1.data --image-shared; rbd lock add rbd/svc1.data node2")
    of = world(vm, LOCK)
    with pytest.raises(Refused, match="exists and is not recorded"):
        of.act("provision")
    with pytest.raises(Refused, match=r"locked by node2 \(client\.\d+, 10\.0\.2\.15:"):
        of.act("start")
    vm.shell("rbd rm rbd/svc1.data")
    of.act("provision")
    vm.shell(f"umount {OURS}/data/log; (exec 3</dev/rbd/rbd/svc1.log; sleep 60) >/dev/null 2>&1 & sleep 1")
    with pytest.raises((Failed, CommandFailed), match=r"svc1\.log is in use"):
        of.act("stop")

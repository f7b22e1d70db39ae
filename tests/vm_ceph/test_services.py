"""A service on images of a real cluster, by the kernel's client and by rbd-nbd: the square, and what is refused."""

import pytest

from core.errors import Failed, Refused
from core.tools import ext
from tests.node_vm import VM
from tests.node_vm.ceph import again
from tests.square import RealWorld
from tests.worlds import Heard, status_of

OURS = "/srv/square"
FILE = f"""\
[disk#0]
type = rados
images = rbd/{{svcname}}.data
size = 64
lock = exclusive

[disk#1]
type = rados
images = rbd/{{svcname}}.log
size = 64
map = rbd-nbd

[fs#0]
type = ext4
dev = /dev/rbd/rbd/{{svcname}}.data
mnt = {OURS}/data

[fs#1]
type = ext4
dev = {{var}}/{{svcname}}/dev/disk.1.0
mnt = {OURS}/data/log
"""
CANARY = f"{OURS}/data/log/canary"
LEFT = "rbd ls rbd; rbd showmapped; rbd-nbd list-mapped; ls /srv; ls -d /dev/rbd 2>/dev/null || true"


def world(vm: VM) -> RealWorld:
    """The service on the node, which is observed, planned for and run on."""
    return RealWorld(FILE, "svc1", vm.machine(), OURS, "node1")


def states(of: RealWorld) -> list[str]:
    """The status of each resource."""
    return [status.state for _, status in status_of(of.service, of.node, Heard())]


def test_a_service_lives(vm: VM) -> None:
    """Provisioned, stopped, started, cut off from power, started again; data stays; unprovision leaves nothing.

    Each time the node is what the plan predicted.
    """
    of = world(vm)
    assert of.act("provision")[1] == []
    assert states(of) == ["up"] * 4
    vm.shell(f"echo data >{CANARY}")
    plan, unlike = of.act("provision")
    assert ([command.argv for command in plan.commands if command.kind == "changes"], unlike) == ([], [])
    assert of.act("stop")[1] == []
    assert states(of) == ["down"] * 4
    assert of.act("start")[1] == []
    assert vm.did("cat", CANARY) == "data\n"
    vm.shell("sync")
    vm.kill()
    vm.boot()
    again(vm)
    of.node = vm.machine()
    assert states(of) == ["down"] * 4
    assert of.act("start")[1] == []
    assert vm.did("cat", CANARY) == "data\n"
    assert of.act("unprovision")[1] == []
    assert vm.shell(LEFT).split() == []
    assert of.record.is_empty


def test_images_grow(vm: VM) -> None:
    """A larger size is one command for each image, whose devices notice, and one for the filesystem on it."""
    of = world(vm)
    of.act("provision")
    of.file = of.file.replace("size = 64", "size = 80")
    plan, unlike = of.act("provision")
    changes = [command.argv for command in plan.commands if command.kind == "changes"]
    assert changes[:2] == [("rbd", "resize", "--size", "80", f"rbd/svc1.{name}") for name in ("data", "log")]
    assert [words[0] for words in changes[2:]] == ["resize2fs", "resize2fs"]
    assert unlike == []
    for device in ("/dev/rbd/rbd/svc1.data", f"{OURS}/var/svc1/dev/disk.1.0"):
        assert vm.did("blockdev", "--getsize64", device) == f"{80 << 20}\n"
        assert ext.size(vm.machine().run(ext.superblock(device))) == 80 << 20


def test_what_is_locked_or_in_use_stays(vm: VM) -> None:
    """An image of somebody else, a lock of another node, and a device that a process has open."""
    vm.shell("rbd create --size 64 rbd/svc1.data --image-shared; rbd lock add rbd/svc1.data node2")
    of = world(vm)
    with pytest.raises(Refused, match="exists and is not recorded"):
        of.act("provision")
    with pytest.raises(Refused, match=r"locked by node2 \(client\.\d+, 10\.0\.2\.15:"):
        of.act("start")
    vm.shell("rbd rm rbd/svc1.data")
    of.act("provision")
    vm.shell(f"umount {OURS}/data/log {OURS}/data")
    vm.shell("exec 3</dev/rbd/rbd/svc1.data; sleep 600 >/dev/null 2>&1 </dev/null &")
    with pytest.raises(Failed, match=r"svc1\.data is in use: a process has /dev/rbd0 open"):
        of.act("stop")

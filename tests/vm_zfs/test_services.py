"""Services with pools in the VM: what a plan predicted is what came of it, and nothing is left of them."""

import pytest

from core.command import Command
from core.engine import asked
from core.errors import Refused
from core.plan import Step
from tests.node_vm import VM
from tests.square import RealWorld

OURS = "/srv/ours"
CANARY = "nobody has to touch this"
FILES = f"""\
[disk#0]
type = loop
file = {OURS}/a.img
size = 900m

[disk#1]
type = loop
file = {OURS}/b.img
size = 900m

[disk#2]
type = zpool
name = {{svcname}}
vdev = mirror {{disk#0.file}} {{disk#1.file}}

[fs#0]
type = zfs
dev = {{disk#2.name}}/data
mnt = {OURS}/data
mnt_opt = noatime
size = 600m
"""
DISKS = f"""\
[disk#0]
type = zpool
name = tank
vdev = raidz /dev/vdb /dev/vdc spare /dev/vdd log /dev/vde

[fs#0]
type = zfs
dev = tank/data
mnt = {OURS}/data
size = 100m

[fs#1]
type = zfs
dev = tank/data/logs
mnt = {OURS}/data/logs
"""
NESTED = f"""\
[disk#0]
type = loop
file = {OURS}/a.img
size = 900m

[disk#1]
type = zpool
name = tank
vdev = {{disk#0.file}}

[fs#0]
type = zfs
dev = tank/data
mnt = {OURS}/data

[disk#2]
type = loop
file = {OURS}/data/b.img
size = 400m

[fs#1]
type = ext4
dev = {{disk#2.file}}
mnt = {OURS}/inner

[disk#3]
type = loop
file = {OURS}/inner/c.img
size = 200m

[disk#4]
type = zpool
name = pond
vdev = {{disk#3.file}}

[fs#2]
type = zfs
dev = pond/data
mnt = {OURS}/innermost
"""


def world(vm: VM, text: str, name: str = "svc1") -> RealWorld:
    """A service on the VM."""
    vm.shell(f"mkdir -p {OURS}/var")
    return RealWorld(text, name, vm.machine(), OURS, "node1")


def did(of: RealWorld, verb: str) -> list[str]:
    """Run a verb, which has to leave what its plan predicted; return what it ran."""
    plan, differing = of.act(verb)
    assert differing == []
    return [" ".join(step.command.argv) for step in plan.events if isinstance(step, Step) and step.number]


def status(of: RealWorld) -> set[str]:
    """What the resources are."""
    return {asked(each.driver.status(each), of.node).state for each in of.service.resources()}


def blank(vm: VM) -> bool:
    """Tell whether nothing is on the disks: no partition, no signature, no byte at their ends."""
    for disk in ("vdb", "vdc", "vdd", "vde"):
        ends = "".join(f"cmp -n 1048576 -i {offset}:0 /dev/{disk} /dev/zero && " for offset in (0, 511 << 20))
        vm.shell(f'{ends} test -z "$(wipefs -n /dev/{disk})" && test $(lsblk -nro NAME /dev/{disk} | wc -l) = 1')
    return True


@pytest.mark.parametrize(
    "text, canary",
    [(FILES, "data/canary"), (DISKS, "data/logs/canary"), (NESTED, "innermost/canary")],
    ids=["files", "disks", "nested"],
)
def test_a_service_lives_on_a_pool(vm: VM, text: str, canary: str) -> None:
    """Provisioned, nothing to do twice, stopped, started, killed by a power loss, started again, taken back."""
    of = world(vm, text)
    before = vm.did("sh", "-c", f"ls -A {OURS}")
    did(of, "provision")
    assert status(of) == {"up"}
    vm.shell(f"echo {CANARY} >{OURS}/{canary}; sync")
    assert did(of, "provision") == []
    did(of, "stop")
    assert status(of) == {"down"}
    assert vm.did("zpool", "list", "-H", "-o", "name") == ""
    did(of, "start")
    assert status(of) == {"up"}
    vm.kill()
    vm.boot()
    assert vm.did("zpool", "list", "-H", "-o", "name") == ""
    assert "up" not in status(of)
    did(of, "start")
    assert status(of) == {"up"}
    assert vm.did("cat", f"{OURS}/{canary}").strip() == CANARY
    did(of, "unprovision")
    assert vm.did("sh", "-c", f"ls -A {OURS}") == before
    assert blank(vm)
    did(of, "provision")
    assert status(of) == {"up"}


def test_a_stranger_s_pool_is_let_be(vm: VM) -> None:
    """Imported, exported, destroyed: what is on the disks is not taken, and the plan says so."""
    vm.shell("zpool create other mirror /dev/vdb /dev/vdc; zfs create other/x")
    for then in ("true", "zpool export other"):
        vm.shell(then)
        of = world(vm, DISKS)
        with pytest.raises(Refused, match="/dev/vdb has the label of the pool other, guid"):
            of.act("provision")
    vm.shell("zpool import -d /dev/vdb1 other; test -d /other/x")


def test_growth_and_a_pool_of_another_node(vm: VM) -> None:
    """A raised size is a larger quota; a pool that another host used last is refused."""
    of = world(vm, DISKS)
    did(of, "provision")
    of.file = of.file.replace("100m", "150m")
    assert did(of, "provision") == ["zfs set refquota=157286400 tank/data"]
    assert vm.run("zfs", "get", "-Hp", "-o", "value", "refquota", "tank/data").stdout.strip() == "157286400"
    vm.shell("sync")
    vm.kill()
    vm.boot()
    vm.shell("rmmod zfs; zgenhostid -f 00bab10c; rm -f /sys/module/spl/x; modprobe -r spl || true; modprobe zfs")
    with pytest.raises(Refused, match="tank was last used by another node"):
        of.act("start")
    assert isinstance(of.node.run(Command(("true",))).returncode, int)

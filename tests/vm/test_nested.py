"""A stack whose lower files lie in filesystems of the service: what is stopped cannot be seen, and starts again."""

from tests.node_vm import VM
from tests.square import RealWorld

FILE = """\
[fs#0]
type = ext4
dev = /dev/vdb
mnt = /srv/web/m0

[disk#0]
type = loop
file = /srv/web/m0/a.img
size = 80M

[disk#1]
type = loop
file = /srv/web/m0/b.img
size = 80M

[disk#2]
type = md
uuid =
devs = {disk#0.file} {disk#1.file}
level = 1

[disk#3]
type = lvm
name = data
pvs = /dev/md/{svcname}.disk.2

[disk#4]
type = lv
name = root
vg = data
size = 48M

[fs#1]
type = ext4
dev = /dev/data/root
mnt = /srv/web/m1

[disk#5]
type = loop
file = /srv/web/m1/deep/c.img
size = 16M

[fs#2]
type = ext2
dev = {disk#5.file}
mnt = /srv/web/m2
"""
CANARY = "/srv/web/m2/canary"


def test_what_lies_in_the_filesystems_of_a_service_starts_again(vm: VM) -> None:
    """Stopped and started, cut off from power and started: each time the node is what the plan predicted."""
    there = RealWorld(FILE, "web", vm.machine(), "/srv", vm.did("uname", "-n").strip())
    for verb in ("provision", "provision", "stop", "start"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])
    vm.shell(f"echo data >{CANARY}; sync")
    vm.kill()
    vm.boot()
    for verb in ("start", "provision"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])
    assert vm.did("cat", CANARY) == "data\n"
    _, found = there.act("unprovision")
    assert found == []
    assert there.record.is_empty

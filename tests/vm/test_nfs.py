"""A service whose files another machine has: the guest's own server of NFS, in both versions of the protocol."""

from tests.node_vm import VM
from tests.square import RealWorld
from tests.vm.nfs import EXPORTED, serve
from tests.worlds import Heard, status_of

FILE = """\
[fs#0]
type = nfs
dev = EXPORT
mnt = /srv/web/old
mnt_opt = vers=3,nodev

[fs#1]
type = nfs4
dev = EXPORT
mnt = /srv/web/new
mnt_opt = noatime
"""
CANARY = "canary"


def states(of: RealWorld) -> list[str]:
    """The status of each resource."""
    return [status.state for _, status in status_of(of.service, of.node, Heard())]


def test_exports_are_mounted(vm: VM) -> None:
    """Provisioned, once more, stopped, started, cut off from power, started, taken back: the server keeps its files."""
    export = serve(vm)
    vm.shell(f"echo data >{EXPORTED}/{CANARY}; sync")
    there = RealWorld(FILE.replace("EXPORT", export), "web", vm.machine(), "/srv", vm.did("uname", "-n").strip())
    for verb in ("provision", "provision", "stop", "start"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])
    assert states(there) == ["up"] * 2
    for point in ("old", "new"):
        assert vm.did("cat", f"/srv/web/{point}/{CANARY}") == "data\n"
    vm.shell("sync")
    vm.kill()
    vm.boot()
    assert states(there) == ["down"] * 2
    serve(vm)
    for verb in ("start", "unprovision"):
        _, found = there.act(verb)
        assert (verb, found) == (verb, [])
    assert there.record.is_empty
    assert vm.did("cat", f"{EXPORTED}/{CANARY}") == "data\n"
    assert vm.did("ls", "-A", "/srv") == ""

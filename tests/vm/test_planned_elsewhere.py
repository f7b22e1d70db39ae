"""A plan that was made elsewhere: the node is observed, planned for on another machine, and runs what was planned."""

import subprocess
import sys
from base64 import b64decode
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.e2e.real import side_by_side
from tests.e2e.real.lab import Ended
from tests.node_vm import VM
from tests.node_vm.inside import ENVIRONMENT
from tests.vm.installed import install

NAME = "web"
SERVICE = """\
[disk#0]
type = lvm
name = g0
pvs = /dev/vdb /dev/vdc

[fs#0]
type = ext4
dev = /dev/g0/root
mnt = /srv/{svcname}
vg = g0
size = 50%VG
"""
MAKING = ("pvcreate", "vgcreate", "lvcreate", "mkfs.ext4", "mount")


WHOLE = '"$@" >/root/said; code=$?; base64 -w 0 /root/said; exit $code'
"""What tools say never counts as holes, but svcmgr may: its words come as they are."""


def inside(vm: VM, *words: str) -> Ended:
    """Run a program in the guest."""
    done = vm.run("sh", "-c", WHOLE, "sh", *words, environment=ENVIRONMENT)
    return Ended(done.returncode, b64decode(done.stdout).decode(), done.stderr)


def outside(directory: Path, *words: str) -> Ended:
    """Run svcmgr on this machine, on the simulated node that was observed."""
    environment = {
        "OSVCETC": str(directory / "etc"),
        "OSVCVAR": str(directory / "var"),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(REPOSITORY),
    }
    argv = (sys.executable, "-m", "svcprov.svcmgr", "-s", NAME, *words)
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, cwd="/")
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_group_that_is_not_there_yet_is_planned_elsewhere(vm: VM, tmp_path: Path) -> None:
    """The plan shows group, volume and filesystem of blank disks; applied in the VM, those very commands run."""
    install(vm)
    node, plan = tmp_path / "node.json", tmp_path / "web.plan"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / f"{NAME}.conf").write_text(SERVICE, encoding="utf-8")
    vm.copy_in(f"/etc/opensvc/{NAME}.conf", SERVICE.encode())
    observed = inside(vm, "nodemgr", "observe")
    assert observed.code == 0, observed.err
    node.write_text(observed.out, encoding="utf-8")
    planned = outside(tmp_path, "plan", "--node", str(node), "-o", str(plan), "--format", "json")
    assert planned.code == 0, planned.err
    made = [command["argv"][0] for command in planned.commands]
    assert [program for program in made if program in MAKING] == ["pvcreate", "pvcreate", *MAKING[1:]]
    vm.copy_in("/root/web.plan", plan.read_bytes())
    ran = inside(vm, "svcmgr", "-s", NAME, "apply", "/root/web.plan", "--format", "json")
    assert ran.code == 0, ran.err
    found = side_by_side.pairs(planned.objects, ran.objects)
    assert found
    assert all(pair.same for pair in found), side_by_side.table(found)
    assert "/dev/mapper/g0-root" in vm.did("findmnt", "-n", "-o", "SOURCE", f"/srv/{NAME}")

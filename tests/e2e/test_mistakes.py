"""Mistakes of authors, and of the tool itself, on otherwise right services: `svcmgr verify` finds and shows them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.e2e.bench import LOOP, Bench
from tests.e2e.verified import CLOUD, SIZES, complaint, pasted, program, scripts, service

DISK = """\
[DEFAULT]
app = NSX

[disk#0]
type = loop
file = /srv/{svcname}.img
size = 100M

[fs#0]
type = ext4
dev = /dev/sdb
mnt = /srv/{svcname}

[ip#0]
ipname = 192.0.2.150
ipdev = eth0
"""
OTHER = {
    "the disk": "[fs#0]\ntype = xfs\ndev = /dev/sdb\nmnt = /srv/other\n",
    "the address": "[ip#0]\nipname = 192.0.2.150\nipdev = eth0\n",
    "the mount point": "[fs#1]\ntype = ext4\ndev = /dev/sdc\nmnt = /srv/web\n",
    "the file": "[disk#3]\ntype = loop\nfile = /srv/web.img\nsize = 50M\n",
}
"""Services that are right in themselves, and take what DISK takes, too."""
SUBVOLUME = """\
[disk#0]
type = loop
file = /srv/{svcname}.img
size = 500M

[fs#0]
type = btrfs
dev = {disk#0.file}
mnt = /srv/{svcname}
mnt_opt = defaults,subvol=data
"""


@pytest.fixture
def paste(tmp_path: Path) -> Path:
    """Where a shell finds svcmgr."""
    return program(tmp_path / "bin")


@pytest.mark.parametrize("shared", OTHER)
def test_two_services_that_take_the_same(shared: str, bench: Bench, paste: Path) -> None:
    """A second service on the same disk (address, mount point, file) is found, and shown with as little as it takes."""
    bench.use("debian.json")
    service(bench, "web", DISK)
    service(bench, "other", OTHER[shared])
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "other services: beside:other:" in said.out
    script = scripts(said.out)[0]
    assert "app = NSX" not in script
    # One resource of each is what it takes.
    assert len(re.findall(r"^\[", script, re.MULTILINE)) == 2
    shown = pasted(script, paste)
    assert shown.returncode == 1, shown
    assert complaint(shown.stdout) == complaint(said.out)


@pytest.mark.parametrize(
    "wrong,says",
    [
        ("cascade_allocation = ip#2.ipname", "ip#0 tells ip#2.ipname what was allocated, and there is no ip#2"),
        ("cascade_allocation = ip#1.netmask", "after provision the service file is not valid"),
        ("cascade_allocation = ip#1.ipnam", "unknown keyword 'ipnam'"),
        ("", "ip#1 is localhost after provision, an address that every node has"),
    ],
)
def test_a_cascade_to_the_wrong_key(wrong: str, says: str, bench: Bench, paste: Path) -> None:
    """An address that does not arrive where it is used is found, and shown without the rest of the service."""
    service(bench, "web", CLOUD.replace("cascade_allocation = ip#1.ipname", wrong))
    said = bench.on("web", "verify", "--examples", "0")
    assert said.code == 1
    assert says in said.out
    assert "[disk#0]" not in scripts(said.out)[0]
    shown = [pasted(script, paste) for script in scripts(said.out)]
    assert {each.returncode for each in shown} == {1}
    assert any(says in each.stdout for each in shown)


def test_the_right_cascade(bench: Bench) -> None:
    """The same service with the right key has no violation."""
    service(bench, "web", CLOUD)
    assert bench.on("web", "verify").code == 0


def test_a_size_that_fits_only_once(bench: Bench, paste: Path) -> None:
    """Two files of a size that the service may have do not fit on the disk together; each one alone does."""
    bench.use("debian.json")
    service(bench, "web", SIZES)
    assert bench.on("web", "verify", "--examples", "0").code == 0
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "values of [env]: plain:room" in said.out
    script = scripts(said.out)[0]
    assert "size = 12G" in script
    assert "[fs#0]" not in script
    assert "owner" not in script
    shown = pasted(script, paste)
    assert shown.returncode == 1
    assert "24G do not fit on /dev/sda1, which has 19G" in shown.stdout


def test_a_plan_that_is_refused(bench: Bench, paste: Path) -> None:
    """A service that cannot be provisioned here at all is a failure, too: its refusal is shown with its cause."""
    service(bench, "web", LOOP.replace("dev = {disk#0.file}", "dev = /dev/xvda"))
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "properties: plain:provision" in said.out
    shown = pasted(scripts(said.out)[0], paste)
    assert shown.returncode == 1
    assert complaint(shown.stdout) == complaint(said.out)


def test_a_service_that_was_provisioned_elsewhere(bench: Bench) -> None:
    """A neighbour that was given things stays where it is; what it has is not for anybody else."""
    bench.provisioned("other", LOOP.replace("/srv/{svcname}.img", "/srv/web.img"))
    service(bench, "web", LOOP)
    said = bench.on("web", "verify")
    assert said.code == 1
    assert "beside:other" in said.out


@pytest.mark.parametrize(
    "bug,kinds",
    [
        ("journal.Journal.__init__ = unsynced", {"crash"}),
        ("journal.Journal._undo = lambda *given: None", {"crash", "properties"}),
        ("journal.Journal._decide = lambda self, entry: self._answered(entry, 'gone')", {"crash"}),
        ("journal.Journal.close_brackets = lambda self: None", {"crash"}),
    ],
    ids=["a journal that is not synced", "no undo", "what was in flight counts as not done", "brackets stay open"],
)
def test_a_mistake_of_the_tool(bug: str, kinds: set[str], bench: Bench) -> None:
    """A bug that only a crash shows is found, by a crash."""
    service(bench, "web", SUBVOLUME)
    program = (
        "from executors.layers import journal\n"
        "init = journal.Journal.__init__\n"
        "def unsynced(self, inner, record, write=None, save_record=None):\n"
        "    init(self, inner, record, write and (lambda line, sync=True: write(line, sync=False)), save_record)\n"
        f"{bug}\n"
        "from svcprov.svcmgr import run; run()"
    )
    words = ("-s", "web", "verify", "--node", str(bench.node), "--format", "json")
    ended = subprocess.run(
        (sys.executable, "-c", program, *words), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    found = set(re.findall(r'"type": "violation", "kind": "([^"]*)"', ended.stdout))
    assert kinds <= found

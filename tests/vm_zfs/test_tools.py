"""zpool and zfs, and their simulated faces: the same commands, one by one, in the VM and on a node state."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Completed, Executor
from core.tools import blkid, blockdev, cmp, dd, lsblk, mount, wipefs, zfs, zpool
from tests.fidelity.pairs import Pair, before_usage, dataset, importable, vdevs, verdict
from tests.node_vm import VM

MEBIBYTE = 1024 * 1024
FILES = ("/var/t/a", "/var/t/b", "/var/t/c", "/var/t/d")
DISKS = ("/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde")
PACKAGES = {"zpool": "zfsutils-linux", "zfs": "zfsutils-linux", "mount": "mount", "umount": "mount",
            "findmnt": "util-linux", "blkid": "util-linux", "wipefs": "util-linux", "lsblk": "util-linux",
            "blockdev": "util-linux", "cmp": "diffutils", "dd": "coreutils", "blkdiscard": "util-linux"}  # fmt: skip
VERSIONS = {
    "zfsutils-linux": "2.1.11",
    "mount": "2.38.1",
    "util-linux": "2.38.1",
    "diffutils": "3.8",
    "coreutils": "9.1",
}
"""Of the packages in the image."""
CHANGING = {r"\b\d{16,20}\b": "GUID", r"byte \d+, line \d+": "byte N, line N", r"copied, .*": "copied"}
COMMENT = "svc1.disk.0"


def by_hand(*words: str) -> Command:
    """A command that no driver runs."""
    return Command(words, kind="changes", tool=words[0] if words[0] in {"zpool", "zfs"} else "mount")


def state(node: Executor) -> Any:
    """Which pools and datasets there are, what is mounted, what the places hold."""
    asked = [
        zpool.everything(),
        zpool.of_name("tank"),
        zfs.below("tank"),
        zpool.importable(FILES),
        mount.of_type("zfs"),
    ]
    asked += [blkid.value(place, tag) for place in (*FILES, "/dev/vdb1") for tag in ("TYPE", "LABEL")]
    return [_plain(question, node.run(question)) for question in asked]


def _plain(question: Command, answer: Completed) -> Any:
    if question.argv[:2] == ("zpool", "import"):
        # A device that is missing may have no path any more.
        return sorted((pool.name, pool.health, pool.comment, len(pool.vdevs)) for pool in zpool.pools(answer))
    if question.argv[:2] == ("zpool", "get"):
        found = zpool.pool("tank", answer)
        return None if found is None else found._replace(guid="")
    return answer.returncode, answer.stdout


@pytest.fixture
def sides(vm: VM) -> Pair:
    """The VM and its twin: four blank disks, four sparse files."""
    vm.shell(f"mkdir -p /var/t /mnt/a /mnt/b; truncate -s 200M {' '.join(FILES)}; truncate -s 50M /var/t/small")
    files = {path: {"size": 200 * MEBIBYTE} for path in FILES}
    given = {
        "hostname": "node1",
        "tools": VERSIONS,
        "devices": {disk: {"size": 512 * MEBIBYTE} for disk in DISKS},
        "files": {"/mnt/a": "directory", "/mnt/b": "directory", "/var/t/small": {"size": 50 * MEBIBYTE}, **files},
    }
    return Pair(
        vm.machine(), given, changing=CHANGING, state=state, packages=PACKAGES, version=lambda name: VERSIONS[name]
    )


@pytest.fixture
def pair(sides: Pair, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Both sides of a test in which nothing happens but commands: what the real one says is recorded on demand."""
    yield sides
    sides.record(request.node.name)


def made(*vdev: str, name: str = "tank") -> Command:
    """A pool as the driver makes it."""
    return zpool.create(name, list(vdev), FILES[0], COMMENT, "disk#0.pool")


def test_a_pool_lives_on_files(pair: Pair) -> None:
    """Made, asked about, exported, found, imported, destroyed; its labels stay until they are zeroed."""
    pair.run(zpool.of_name("tank"))
    pair.run(zpool.guid("tank"))
    pair.run(zpool.status("tank"))
    pair.run(zpool.importable(FILES))
    pair.run(made("mirror", *FILES[:2]))
    for question in (zpool.of_name("tank"), zpool.guid("tank"), zpool.everything(), blkid.probe(FILES[0])):
        pair.run(question)
    pair.run(blkid.value(FILES[0], "UUID"))
    pair.run(zpool.status("tank"), vdevs)
    pair.run(made("mirror", *FILES[2:]))
    pair.run(made(FILES[0], name="other"))
    identity = pair.real.run(zpool.guid("tank")).stdout.strip()
    other = pair.node.run(zpool.guid("tank")).stdout.strip()
    pair.run(zpool.export("tank"))
    pair.run(zpool.export("tank"))
    pair.run(made(FILES[0], name="other"))
    for places in ((FILES[0],), FILES[:2], FILES[2:], ("/var/t/nothing",)):
        pair.run(zpool.importable(places), importable)
    pair.run(zpool.import_("nothing", "nothing", FILES[:2]))
    pair.run(zpool.import_("tank", "1234", FILES[:2]))
    pair.run_each(zpool.import_("tank", identity, FILES[:2]), zpool.import_("tank", other, FILES[:2]))
    pair.run(zpool.import_("tank", "tank", FILES[:2]))
    pair.run(zpool.of_name("tank"))
    pair.run(zpool.destroy("tank"))
    pair.run(zpool.destroy("tank"))
    pair.run(blkid.value(FILES[0], "TYPE"))
    for file in FILES[:2]:
        for offset in (199 * MEBIBYTE, 0):
            pair.run(cmp.zeroes(file, offset, MEBIBYTE))
            pair.run(dd.zero(file, offset, MEBIBYTE))
            pair.run(blkid.value(file, "TYPE"))
    pair.run(made(FILES[0], name="other"))


def test_pools_that_are_not_made(pair: Pair) -> None:
    """Too few, twice, not there, too small, in use, in another pool, of a name that is none."""
    for words in (
        ("mirror", FILES[0]), ("mirror", FILES[0], FILES[0]), ("raidz2", *FILES[:2]), ("raidz3", *FILES[:3]),
        ("/var/t/nothing",), ("/dev/nothing",), ("/var/t/small",), ("spare", FILES[0]),
    ):  # fmt: skip
        pair.run(made(*words))
    pair.run(by_hand("zpool", "create", "-o", "comment=0123456789012345678901234567890123", "tank", FILES[0]))
    lines = ["zpool create", "zpool create tank", "zpool frobnicate", "zpool create -y t x", "zpool destroy"]
    lines += ["zpool export", "zpool import -q x", "zpool get"]
    lines += ["zfs", "zfs frob", "zfs create", "zfs destroy", "zfs get", "zfs set"]
    for line in lines:
        pair.run(by_hand(*line.split(" ")), before_usage)


def test_a_pool_lives_on_disks(pair: Pair) -> None:
    """Zpool makes partitions of them, which go when their tables are zeroed and read again."""
    pair.run(lsblk.kind(DISKS[0]))
    pair.run(made("mirror", *DISKS[:2], "spare", DISKS[2]))
    pair.run(zpool.status("tank"), vdevs)
    for place in ("/dev/vdb1", "/dev/vdd1", "/dev/vdb9"):
        pair.run(blkid.value(place, "TYPE"))
        pair.run(blkid.value(place, "PART_ENTRY_NAME"), verdict)
    pair.run(blkid.value("/dev/vdb", "PTTYPE"))
    pair.run(Command(("wipefs", "-a", "/dev/vdb"), kind="changes", tool="wipefs"))
    pair.run(Command(("blkdiscard", "-z", "-o", "0", "-l", "2097152", "/dev/vdb"), kind="changes", tool="blkdiscard"))
    pair.run(blockdev.reread("/dev/vdb"))
    pair.run(made(DISKS[3], DISKS[0], name="other"))
    pair.run(zpool.export("tank"))
    pair.run(zpool.import_("tank", "tank", ("/dev/vdb1", "/dev/vdc1", "/dev/vdd1")))
    pair.run(zpool.status("tank"), vdevs)
    pair.run(zpool.destroy("tank"))
    for disk in DISKS[:3]:
        for offset, length in ((502 * MEBIBYTE, 10 * MEBIBYTE), (0, 2 * MEBIBYTE)):
            zero = ("blkdiscard", "-z", "-o", str(offset), "-l", str(length), disk)
            pair.run(Command(zero, kind="changes", tool="blkdiscard"), verdict)
        pair.run(blkid.value(f"{disk}1", "TYPE"))
        pair.run(blockdev.reread(disk))
        pair.run(blockdev.uses(disk))
        pair.run(wipefs.signatures(disk))
        pair.run(cmp.zeroes(disk, 0, MEBIBYTE))
        pair.run(cmp.zeroes(disk, 511 * MEBIBYTE, MEBIBYTE))
    pair.run(made("mirror", *DISKS[:2], "spare", DISKS[2]))


def test_datasets_come_and_go(pair: Pair) -> None:
    """With quotas, marks that are inherited, children and snapshots; what is not there."""
    create = zfs.create("tank/data", "svc1.fs.0", 50 * MEBIBYTE, "fs#0.dataset")
    pair.run(create)
    pair.run(zfs.properties("tank"))
    pair.run(made("mirror", *FILES[:2]))
    pair.run(zfs.properties("tank"), dataset)
    pair.run(zfs.properties("tank/data"))
    pair.run(zfs.guid("tank/data"))
    pair.run(create)
    pair.run(create)
    pair.run(zfs.properties("tank/data"), dataset)
    pair.run(zfs.create("tank/a/b", "m", 0, "x"))
    pair.run(by_hand("zfs", "create", "tank/data/in"))
    pair.run(zfs.properties("tank/data/in"), dataset)
    pair.run(zfs.below("tank"))
    pair.run(zfs.below("nothing"))
    pair.run(zfs.destroy("tank/data"))
    pair.run(zfs.destroy("tank/data/in"))
    pair.run(zfs.destroy("tank/nothing"))
    pair.run(zfs.destroy("tank"))
    for size in (100 * MEBIBYTE, 0, 30 * MEBIBYTE):
        pair.run(zfs.set_refquota("tank/data", size, 0))
        pair.run(zfs.properties("tank/data"), dataset)
    pair.run(zfs.set_refquota("tank/nothing", MEBIBYTE, 0))
    pair.run(by_hand("zfs", "set", "refquota=bogus", "tank/data"))
    pair.run(by_hand("zfs", "set", "bogus=1", "tank/data"))
    pair.run(zfs.destroy("tank/data"))
    pair.run(zfs.destroy("tank/data"))


def test_datasets_are_mounted(sides: Pair, vm: VM) -> None:
    """By mount(8), with its options; what is in use is neither unmounted nor exported nor destroyed."""
    sides.run(made(FILES[0]))
    sides.run(mount.mount("zfs", "", "tank/data", "/mnt/a"))
    sides.run(zfs.create("tank/data", "m", 0, "fs#0.dataset"))
    sides.run(mount.mount("zfs", "", "tank/data", "/mnt/nothere"))
    sides.run(mount.mount("zfs", "bogus", "tank/data", "/mnt/a"))
    for options in ("", "ro", "noatime,nosuid", "defaults,noexec"):
        sides.run(mount.mount("zfs", options, "tank/data", "/mnt/a"))
        sides.run(mount.at("/mnt/a"))
        sides.run(mount.is_mounted("tank/data", "/mnt/a").ask)
        sides.run(mount.umount("/mnt/a"))
    sides.run(mount.umount("/mnt/a"))
    sides.run(mount.mount("zfs", "", "tank/data", "/mnt/a"))
    sides.run(mount.mount("zfs", "", "tank/data", "/mnt/b"))
    sides.run(mount.of_type("zfs"))
    sides.run(mount.umount("/mnt/b"))
    vm.shell("cd /mnt/a; (exec sleep 600 >/dev/null 2>&1 </dev/null & echo $! >/root/pid)")
    sides.node.state["processes"]["7"] = {
        "program": "sleep",
        "arguments": [],
        "files": ["/mnt/a"],
        "user": "root",
        "unit": "",
    }
    for command in (mount.umount("/mnt/a"), zpool.export("tank"), zpool.destroy("tank"), zfs.destroy("tank/data")):
        sides.run(command)
    vm.shell("kill $(cat /root/pid); sleep 0.2")
    sides.node.state["processes"].clear()
    sides.run(by_hand("zfs", "create", "-o", "mountpoint=/mnt/b/own", "-o", "canmount=noauto", "tank/own"))
    sides.run(by_hand("mount", "-t", "zfs", "tank/own", "/mnt/b"))
    sides.run(zpool.export("tank"))


def test_pools_with_devices_missing(sides: Pair, vm: VM) -> None:
    """A mirror is degraded, a stripe is gone."""
    for words in (("mirror", *FILES[:2]), FILES[2:]):
        sides.run(made(*words))
        sides.run(zpool.export("tank"))
        gone = words[-1]
        vm.shell(f"mv {gone} {gone}.gone")
        entry = sides.node.state["files"].pop(gone)
        sides.run(zpool.import_("tank", "tank", (words[-2],)))
        sides.run(zpool.status("tank"), vdevs)
        sides.run(zpool.of_name("tank"))
        sides.run(zpool.export("tank"))
        vm.shell(f"mv {gone}.gone {gone}")
        sides.node.state["files"][gone] = entry

"""Devices that cannot be taken: refused when it is planned, with key, line and remedy; nothing is touched."""

import json
from typing import Any

import pytest

from core.state import dumps, loads
from tests.beforehand import happen
from tests.conftest import REPOSITORY
from tests.e2e.bench import Bench
from tests.worlds import World

NODES = REPOSITORY / "tests/goldens/drivers"
GROUP = "[DEFAULT]\napp = X\n\n[disk#1]\ntype = vg\nname = data\npvs = {}\n"
VOLUME = GROUP.format("/dev/sdb") + "\n[disk#2]\ntype = lv\nvg = data\nname = logs\nsize = {}\n"
ARRAY = "[DEFAULT]\napp = X\n\n[disk#0]\ntype = md\nname = {}\ndevs = {}\nlevel = {}\nspares = {}\n"
DISKS = "/dev/sdb /dev/sdc"
TWO_GROUPS = "\n[disk#2]\ntype = vg\nname = more\npvs = /dev/sdb\n"
CYCLE = """\
[disk#1]
type = vg
name = a
pvs = /dev/b/v

[disk#2]
type = lv
vg = a
name = v
size = 1G

[disk#3]
type = vg
name = b
pvs = /dev/a/v

[disk#4]
type = lv
vg = b
name = v
size = 1G
"""
ALLOWING = "--allow-destroy /dev/sdb"
CASES: dict[str, tuple[str, tuple[str, ...], int, tuple[str, ...]]] = {
    "mounted": (
        GROUP.format("/dev/sdb"),
        ("$ mkfs.ext4 -q /dev/sdb", "$ mkdir /mnt", "$ mount -t ext4 /dev/sdb /mnt"),
        3,
        ("disk#1: /dev/sdb is in use (/mnt)", "pvs names it on line 7", "free it, or name another device"),
    ),
    "parent of a partition": (
        GROUP.format("/dev/sda"),
        (),
        3,
        ("disk#1: /dev/sda is in use (/)", "pvs names it on line 7", "free it, or name another device"),
    ),
    "of another group": (
        GROUP.format("/dev/sdb"),
        ("$ vgcreate payroll /dev/sdb",),
        3,
        ("disk#1: pvs: /dev/sdb belongs to volume group payroll", "pvs names it on line 7", ALLOWING),
    ),
    "not blank": (
        ARRAY.format("a", DISKS, "1", "0"),
        ("$ mkfs.xfs /dev/sdb",),
        3,
        ("disk#0: /dev/sdb is not blank: it holds", "devs names it on line 7", ALLOWING),
    ),
    "missing": (
        GROUP.format("/dev/sdx"),
        (),
        6,
        (":7: disk#1.pvs: there is no device /dev/sdx; attach it, or name another",),
    ),
    "in two groups": (
        GROUP.format("/dev/sdb") + TWO_GROUPS,
        (),
        6,
        ("12: disk#2.pvs: /dev/sdb is already one of the devices of disk#1 (line 4); name another device",),
    ),
    "formatted as well": (
        GROUP.format("/dev/sdb") + "\n[fs#0]\ntype = ext4\nmnt = /srv/x\ndev = /dev/sdb\n",
        (),
        6,
        ("12: fs#0.dev: /dev/sdb is already one of the devices of disk#1 (line 4); name another device",),
    ),
    "spares only": (ARRAY.format("a", DISKS, "1", "2"), (), 6, ("9: disk#0.spares: 2 of 2 devices are spares",)),
    "no level": (ARRAY.format("a", DISKS, "raid7", "0"), (), 6, ("8: disk#0.level: 'raid7' is no level of mdadm",)),
    "a long name": (
        ARRAY.format("a" * 40, DISKS, "1", "0"),
        (),
        6,
        ("6: disk#0.name: ", "has 40 characters", "write a shorter one, such as name = {short_svcname}.md0"),
    ),
    "named twice": (
        ARRAY.format("a", "/dev/sdb /dev/sdb", "1", "0"),
        (),
        6,
        ("7: disk#0.devs: /dev/sdb is named twice",),
    ),
    "no size": (VOLUME.format("0"), (), 6, ("13: disk#2.size: '0' is no size: it is nothing",)),
    "a negative size": (VOLUME.format("-1G"), (), 6, ("13: disk#2.size: '-1G' is negative; write a size such as",)),
    "too large a share": (VOLUME.format("200%FREE"), (), 6, ("13: disk#2.size: '200%FREE' is not between",)),
    "no unit": (VOLUME.format("14 GG"), (), 6, ("13: disk#2.size: '14 GG' is not a size; write a size such as",)),
    "more than there is": (
        VOLUME.format("30G"),
        (),
        6,
        (":13: disk#2.size: 30G takes 30G, and data has 20476M free; write less, or give the group another",),
    ),
    "a group that is there": (
        GROUP.format("/dev/sdb"),
        ("$ vgcreate data /dev/sdc",),
        3,
        ("there is a volume group data already, which is not recorded (on /dev/sdc)", "provision --adopt disk#1"),
    ),
    "a circle": (CYCLE, (), 6, ("resources wait for each other in a circle: disk#1", "change one of")),
    "a pattern of nothing": (
        GROUP.format("/dev/nothing*"),
        (),
        6,
        (":7: disk#1.pvs: nothing matches /dev/nothing*; name devices that are there",),
    ),
}


def use(bench: Bench, before: tuple[str, ...], **devices: Any) -> None:
    """Act on a node with three blank disks, to which this has happened."""
    state = json.loads((NODES / "disk.lvm/node.json").read_text(encoding="utf-8"))
    state["devices"] |= devices.pop("devices", {})
    state["files"] |= devices
    world = World("", loads(json.dumps(state)), "web")
    happen(world, list(before))
    bench.node.write_text(dumps(world.state), encoding="utf-8")


def refused(bench: Bench, text: str, code: int, said: tuple[str, ...]) -> None:
    """Expect a provision to be refused, with these words, and nothing to be there afterwards."""
    node = bench.node.read_bytes()
    ended = bench.on("web", "create", "--config", bench.write(text), "--provision")
    assert ended.code == code, (ended.out, ended.err)
    for words in said:
        assert words in ended.err
    assert bench.node.read_bytes() == node


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_taken(bench: Bench, case: str) -> None:
    """What is somebody's, is too much, is no device: each with its place in the file, and with what to type."""
    text, before, code, said = CASES[case]
    use(bench, before)
    refused(bench, text, code, said)


def test_one_disk_by_two_names(bench: Bench) -> None:
    """A link below /dev/disk/by-id and the disk that it leads to are one."""
    by_id = {"kind": "link", "target": "../../sdb"}
    use(bench, (), **{"/dev/disk": "directory", "/dev/disk/by-id": "directory", "/dev/disk/by-id/scsi-x": by_id})
    said = ":7: disk#1.pvs: /dev/sdb and /dev/disk/by-id/scsi-x are one device; name each once"
    refused(bench, GROUP.format("/dev/sdb /dev/disk/by-id/scsi-x"), 6, (said,))


def test_a_disk_that_is_too_small(bench: Bench) -> None:
    """Lvm takes two MiB at least."""
    use(bench, (), devices={"/dev/sdb": {"size": "1M"}})
    said = ":7: disk#1.pvs: /dev/sdb has 1M, too little for a physical volume; 2M are the least"
    refused(bench, GROUP.format("/dev/sdb"), 6, (said,))


def test_a_volume_is_not_made_smaller(bench: Bench) -> None:
    """A size that is lowered afterwards is refused, with the line and the size that the volume has."""
    use(bench, ())
    bench.provisioned("web", VOLUME.format("5G"))
    file, node = bench.etc / "web.conf", bench.node.read_bytes()
    file.write_text(file.read_text(encoding="utf-8").replace("5G", "3G"), encoding="utf-8")
    ended = bench.on("web", "provision")
    assert ended.code == 3
    assert "disk#2: size: data/logs has 5G, and 3G is asked for on line 13: a volume is never made" in ended.err
    assert "write size = 5G" in ended.err
    assert bench.node.read_bytes() == node


def test_two_services_that_name_one_disk(bench: Bench) -> None:
    """The second is refused what the first has made a physical volume of, and told whose it is."""
    use(bench, ())
    bench.provisioned("first", GROUP.format("/dev/sdb"))
    text = GROUP.format("/dev/sdb").replace("name = data", "name = more")
    refused(bench, text, 3, ("disk#1: pvs: /dev/sdb belongs to volume group data", "pvs names it on line 7"))

"""Bad input of disks and filesystems: exit 6, with the line and what to write instead, and nothing is touched."""

import pytest

from tests.e2e.bench import Bench

SERVICE = """\
[disk#0]
type = loop
file = /srv/{svcname}.img
size = 400M

[fs#0]
type = xfs
dev = {disk#0.file}
mnt = /srv/{svcname}
"""
SIZES = {
    "0": "'0' is no size: it is nothing",
    "-1G": "'-1G' is negative; write a size such as 15G, 500m or 100%FREE",
    "200%FREE": "'200%FREE' is not between 1% and 100%",
    "14 GG": "'14 GG' is not a size; write a size such as 15G, 500m or 100%FREE",
    "1,5G": "'1,5G' has a comma; write 1.5G",
    "50%FREE": "'50%FREE' is a part of nothing here: a file has a size; write one such as 10G",
}
OPTIONS = {
    "xfs": ("-f", "-f: nothing is forced"),
    "xfs with a uuid": ("-m crc=1,uuid=generate", "-m uuid=: the uuid is one of ours"),
    "xfs with a device": ("/dev/sdb", "'/dev/sdb' is no option of mkfs; the device is named by dev"),
    "ext4": ("-m 1 -qF", "-F: nothing is forced"),
    "btrfs with a device": ("--nodesize 16384 /dev/sdb", "'/dev/sdb' is no option of mkfs"),
    "ext4 with a uuid": ("-U random", "-U: the uuid is one of ours"),
    "ext4 without effect": ("-n", "-n: nothing would be made"),
    "ext4 of another type": ("-text2", "-t: the type of the filesystem is that of the resource"),
    "btrfs": ("--force", "--force: nothing is forced"),
    "btrfs with a uuid": ("-K -U 1", "-U: the uuid is one of ours"),
}
LABELS = {"ext2": "-L data", "ext4": "-m 0 -L data", "xfs": "-L data -i size=512", "btrfs": "-L data -n 16384"}
MOUNTS = {
    "a share of a tmpfs": ("type = tmpfs\nmnt = /srv/x\nsize = 50%FREE", 7, "'50%FREE' is a part of nothing here"),
    "none without bind": ("type = none\ndev = /srv\nmnt = /srv/x\nmnt_opt = ro", 8, "write mnt_opt = bind"),
    "rbind": ("type = bind\ndev = /srv\nmnt = /srv/x\nmnt_opt = rbind", 8, "has rbind; write bind"),
    "no export": ("type = nfs\ndev = server\nmnt = /srv/x", 6, "'server' is no export; write one such as server:/srv"),
    "hidden by itself": ("type = bind\ndev = /srv/x/y\nmnt = /srv/x", 6, "would be hidden by this very mount"),
    "a relative directory": ("type = bind\ndev = srv\nmnt = /srv/x", 6, "'srv' is not an absolute path"),
}


def refused(bench: Bench, text: str, place: str, said: str) -> None:
    """Expect a plan to be refused for what is at a place of the file, and nothing to be there afterwards."""
    bench.use("debian.json")
    assert bench.on("web", "create", "--config", bench.write(text)).code in {0, 6}
    before = bench.files()
    ended = bench.on("web", "provision")
    if ended.code == 6 and "there is no service" in ended.err:
        ended = bench.on("web", "create", "--config", bench.write(text), "--provision")
    assert ended.code == 6, ended.err + ended.out
    assert place in ended.err
    assert said in ended.err
    assert bench.files() == before


@pytest.mark.parametrize("size", SIZES)
def test_what_is_no_size(bench: Bench, size: str) -> None:
    """Nothing, less than nothing, more than everything, an unknown unit, a share of a file."""
    refused(bench, SERVICE.replace("400M", size), ":4", SIZES[size])


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_are_not_for_a_service_file(bench: Bench, case: str) -> None:
    """What takes away the identity of a filesystem, forces, makes nothing, or names another device."""
    words, said = OPTIONS[case]
    text = SERVICE.replace("type = xfs", f"type = {case.partition(' ')[0]}") + f"mkfs_opt = {words}\n"
    refused(bench, text, ":10", said)


@pytest.mark.parametrize("type_", LABELS)
def test_labels_are(bench: Bench, type_: str) -> None:
    """A filesystem may have a label, by the option of its mkfs."""
    bench.use("debian.json")
    text = SERVICE.replace("type = xfs", f"type = {type_}") + f"mkfs_opt = {LABELS[type_]}\n"
    bench.provisioned("web", text)
    assert '"label": "data"' in bench.node.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", MOUNTS)
def test_what_cannot_be_mounted(bench: Bench, case: str) -> None:
    """A share of no group, a bind mount that is none, or hides itself, a server without a directory."""
    section, line, said = MOUNTS[case]
    refused(bench, f"[DEFAULT]\napp = X\n\n[fs#0]\n{section}\n", f":{line}", said)


def test_a_cycle_of_devices(bench: Bench) -> None:
    """A file that lies in the filesystem that is on it has no order."""
    refused(bench, SERVICE.replace("/srv/{svcname}.img", "/srv/{svcname}/disk.img"), "", "disk#0")


def test_a_shrink(bench: Bench) -> None:
    """A size that is lowered is refused with both sizes."""
    bench.use("debian.json")
    bench.provisioned("web", SERVICE)
    file = bench.etc / "web.conf"
    file.write_text(file.read_text(encoding="utf-8").replace("400M", "300M"), encoding="utf-8")
    before = bench.files()
    said = bench.on("web", "provision")
    assert said.code == 6, said.err
    assert "web.conf:4: disk#0.size: 300M is less than /srv/web.img has, 400M; a file is never made smaller" in said.err
    assert "write 400M" in said.err
    assert bench.files() == before


def test_a_growth_says_that_it_stays(bench: Bench) -> None:
    """A plan that raises a size shows each step, and that none can be taken back."""
    bench.use("debian.json")
    bench.provisioned("web", SERVICE)
    file = bench.etc / "web.conf"
    file.write_text(file.read_text(encoding="utf-8").replace("400M", "600M"), encoding="utf-8")
    said = bench.on("web", "plan")
    assert said.code == 0, said.err
    for line in ("truncate -s 629145600 /srv/web.img", "losetup -c /dev/loop0", "xfs_growfs /srv/web"):
        assert line in said.out
    assert said.out.count("which cannot be taken back") == 2


def test_mount_points_that_shadow(bench: Bench) -> None:
    """Two resources on one mount point are refused, before either is mounted."""
    text = SERVICE + "\n[fs#1]\ntype = tmpfs\nmnt = /srv/{svcname}/\n"
    refused(bench, text, ":13: fs#1.mnt", "is already the mnt of fs#0")

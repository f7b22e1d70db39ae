"""The documentation's listings: its `grep` and its `ls`, run as it prints them, on the files that are shipped."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.config.keywords import COMMON, DEFAULTS, SUBSET
from core.driver import load
from svcprov import inventory, listings, nodemgr
from tests.conftest import REPOSITORY
from tests.keywords import FOLDERS, generated, kept

GREP = 'grep -B 3 "provisioning: True" usr/share/doc/template.*conf | grep keyword'
LS = "ls -1 lib/prov*py"

PROVISIONING_KEYWORDS = """\
container.esx snap snapof
container.kvm virtinst snap snapof
container.lxc rootfs cf template
container.ovm virtinst snap snapof
container.srp ip rootpath prm_cores
container.vz rootfs template
container.xen virtinst snap snapof
container.zone rootfs template snap snapof container_origin
disk.gce size description image image_project source_snapshot disk_type
disk.loop size
disk.lvm options pvs
disk.md devs level chunk layout spares
disk.rados size image_format
disk.vg options pvs
disk.zpool vdev
fs vg size
ip.amazon cascade_allocation docker_daemon_ip
ip gateway
"""
"""What the documentation's grep prints, a file in each line: 48 lines of it."""

TO_COME = {
    "container.esx",
    "container.kvm",
    "container.lxc",
    "container.ovm",
    "container.srp",
    "container.vz",
    "container.xen",
    "container.zone",
    "disk.gce",
}
"""The files of drivers that do not exist yet."""

SINCE = {
    "disk.loop": ["allocate"],
    "disk.lv": ["size", "create_options"],
    "fs": ["mkfs_opt"],
    "fs.zfs": ["size"],
}
"""Provisioning keywords that are svcprov's own."""

PROVISIONERS = """\
lib/provDiskDcs.py
lib/provDiskFreenas.py
lib/provFsBtrfs.py
lib/provFsExt2.py
lib/provFsExt3.py
lib/provFsExt4.py
lib/provFs.py
lib/provFsVxfs.py
lib/provFsZfs.py
lib/provIpAmazon.py
lib/provIp.py
lib/provisioning.py
lib/provKvm.py
lib/provLoopLinux.py
lib/provLxc.py
lib/provSrp.py
lib/provVgAmazon.py
lib/provVgHP-UX.py
lib/provVgLinux.py
lib/provVgRadosLinux.py
lib/provZone.py
"""
"""What the documentation's ls prints."""

PROVISIONERS_TO_COME = {"DiskDcs", "DiskFreenas", "Kvm", "Lxc", "Srp", "VgHP-UX", "Zone"}


def printed(command: str, folder: Path = REPOSITORY) -> list[str]:
    """The lines that a shell prints for a command of the documentation."""
    ended = subprocess.run(("sh", "-c", command), cwd=folder, capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


def documented() -> dict[str, list[str]]:
    """The documentation's provisioning keywords by file."""
    return {line.split()[0]: line.split()[1:] for line in PROVISIONING_KEYWORDS.splitlines()}


def line(file: str, keyword: str) -> str:
    """A line as the documentation's grep prints it."""
    return f"usr/share/doc/template.{file}.conf-# keyword:       {keyword}"


def test_the_list_is_whole() -> None:
    """All 48 lines of the documentation are in this test, those of drivers to come included."""
    assert sum(map(len, documented().values())) == 48
    assert len(PROVISIONERS.splitlines()) == 21


def test_the_grep_of_the_documentation() -> None:
    """As a command, it prints the documentation's lines for the drivers that exist, and none that nobody explains."""
    lines = printed(GREP)
    expected = [line(file, word) for file, words in documented().items() if file not in TO_COME for word in words]
    ours = [line(file, word) for file, words in SINCE.items() for word in words]
    assert sorted(lines) == sorted([*expected, *ours])


def test_the_grep_keeps_the_order_of_each_file() -> None:
    """The keywords of a file come in the documentation's order."""
    lines = printed(GREP)
    for file, words in documented().items():
        if file not in TO_COME:
            found = [lines.index(line(file, word)) for word in words]
            assert found == sorted(found), file


def test_what_is_to_come_is_not_there_yet() -> None:
    """A driver that was made has its lines checked: it is taken off the list of those to come."""
    assert {file for file in TO_COME if file in inventory.drivers()} == set()


def test_the_ls_of_the_documentation() -> None:
    """As a command, it prints the documentation's lines for all provisioners that exist."""
    expected = [name for name in PROVISIONERS.splitlines() if name[8:-3] not in PROVISIONERS_TO_COME]
    assert sorted(printed(LS)) == sorted(expected)


def test_every_provisioner_of_the_documentation_is_known() -> None:
    """Those that exist lead to a driver, those to come are named as such."""
    names = {name.removeprefix("lib/").removesuffix(".py") for name in PROVISIONERS.splitlines()}
    assert set(listings.PROVISIONERS) == names
    missing = {name.removeprefix("prov") for name, place in listings.PROVISIONERS.items() if not place}
    assert missing == PROVISIONERS_TO_COME


def test_a_provisioner_leads_to_its_driver() -> None:
    """Each file of lib has the driver that it names."""
    for name, text in listings.provisioners().items():
        space: dict[str, Any] = {}
        exec(text, space)  # noqa: S102 - the generated file, as it is imported
        assert [space[attribute] is None for attribute in space["__all__"]] == [False], name


def test_the_files_are_current() -> None:
    """What is generated from the declarations is what is shipped, and no file is left of what is gone."""
    texts = {path: path.read_text(encoding="utf-8") for path in generated() if path.exists()}
    assert texts == generated(), "rewrite them: python -m tests.keywords"
    assert kept() <= generated().keys()


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_the_folders_are_not_empty(folder: str) -> None:
    """Every folder of generated files has some."""
    assert list((REPOSITORY / folder).iterdir())


def test_every_keyword_is_listed_and_commented() -> None:
    """Every keyword of every driver stands in the file of its type or of its group, and no line of it is active."""
    texts = listings.files()
    for name in inventory.drivers():
        group, _, type_ = name.partition(".")
        text = texts.get(f"template.{group}.conf", "") + texts.get(f"template.{name}.conf", "")
        for keyword in load(group, type_).keywords:
            assert f"# keyword:       {keyword.name}\n" in text, (name, keyword.name)
            assert f"\n;{keyword.name} =" in text, (name, keyword.name)
    for file, keywords in (("DEFAULT", DEFAULTS), ("resource", COMMON), ("subset", SUBSET)):
        assert all(f"# keyword:       {each.name}\n" in texts[f"template.{file}.conf"] for each in keywords)
    active = {row for text in texts.values() for row in text.splitlines() if row and row[0] not in "#;"}
    assert {row for row in active if not row.startswith(("[", "type = "))} == set()


def test_a_listing_says_what_is_declared() -> None:
    """Default, candidates, kind, what it depends on and the sentence are all told."""
    text = listings.files()["template.disk.rados.conf"]
    assert "#  candidates:   exclusive shared\n" in text
    assert "#  depends:      lock = shared\n" in text
    assert "#  default:      krbd\n" in text
    assert "#  kind:         size, a bare number counts M\n" in text
    assert ";map = krbd\n" in text
    assert max(len(row) for each in listings.files().values() for row in each.splitlines()) <= listings.WIDTH + 8


def test_the_group_says_which_drivers_have_a_keyword() -> None:
    """What several types have alike is listed once, with their names."""
    texts = listings.files()
    assert "#  drivers:      btrfs ext2 ext3 ext4 vxfs xfs\n" in texts["template.fs.conf"]
    assert "keyword:       vg\n" not in texts["template.fs.ext4.conf"]
    assert "See template.fs.conf, too." in texts["template.fs.ext4.conf"]


def test_drivers_are_printed_with_their_provisioners(capsys: pytest.CaptureFixture[str]) -> None:
    """Both names stand in a line: the one in `type =`, and the file that the documentation's ls shows."""
    assert nodemgr.main(["print", "drivers"]) == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == inventory.drivers()
    assert ["disk.vg", "lib/provVgLinux.py"] in rows
    assert ["disk.md"] in rows


def test_drivers_are_printed_as_the_ls_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    """With the pattern of the documentation's ls, its lines come out, and nothing else."""
    assert nodemgr.main(["print", "drivers", "lib/prov*py"]) == 0
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(printed(LS))


def test_a_pattern_of_drivers(capsys: pytest.CaptureFixture[str]) -> None:
    """A pattern takes the names that match; one that matches nothing is exit 6 with the likely one."""
    assert nodemgr.main(["print", "drivers", "fs.ext*"]) == 0
    assert capsys.readouterr().out.split() == ["fs.ext2", "fs.ext3", "fs.ext4"]
    assert nodemgr.main(["print", "drivers", "fs.exd4"]) == 6
    assert "did you mean 'fs.ext4'?" in capsys.readouterr().err


def test_the_listings_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """`print listings` names the files that there are."""
    assert nodemgr.main(["print", "listings"]) == 0
    paths = capsys.readouterr().out.splitlines()
    assert {Path(path).name for path in paths} == set(listings.files())
    assert all(Path(path).is_file() for path in paths)

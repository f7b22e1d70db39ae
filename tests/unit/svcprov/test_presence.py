"""What a service names, and the node of a state file does not have."""

import json
from typing import Any

import pytest

from core.config.document import Document
from core.config.service import Service
from core.record import Record
from core.state import NodeState, loads
from svcprov.inventory import load_driver
from svcprov.presence import absent
from tests.conftest import REPOSITORY

NODES = REPOSITORY / "fixtures/nodes"
EXT = "[fs#0]\ntype = ext4\ndev = /dev/sdb\nmnt = /srv/web\n"


def told(text: str, node: str = "debian", **changes: Any) -> list[str]:
    """What is said about a text on a node, whose state may be changed."""
    state: NodeState = loads(json.dumps(json.loads((NODES / f"{node}.json").read_text(encoding="utf-8")) | changes))
    service = Service("web", Document(text, "web.conf"), state["hostname"], Record(), load_driver)
    return [str(finding) for finding in absent(service, state)]


@pytest.mark.parametrize(
    "text,said",
    [
        (EXT.replace("sdb", "sdx"), "web.conf:3:7: error: fs#0.dev: the node has no /dev/sdx; did you mean '/dev/sd"),
        (EXT.replace("/dev/sdb", "LABEL=data"), "web.conf:3:7: error: fs#0.dev: no device of the node has LABEL=data;"),
        (EXT.replace("/dev/sdb", "UUID=1-2"), "error: fs#0.dev: no device of the node has UUID=1-2; make it with"),
        (
            "[disk#0]\ntype = md\ndevs = /dev/sdb /dev/sdz\nlevel = 1\n",
            "web.conf:3:17: error: disk#0.devs: the node has no /dev/sdz",
        ),
        (
            "[disk#0]\ntype = raw\ndevs = /dev/sdb /dev/sdz\n",
            "web.conf:3:17: error: disk#0.devs: the node has no /dev/sdz",
        ),
        (
            "[disk#0]\ntype = lvm\nname = a\npvs = /dev/disk/by-id/x-*\n",
            "web.conf:4:7: error: disk#0.pvs: nothing on the node matches /dev/disk/by-id/x-*",
        ),
        (
            "[disk#0]\ntype = lv\nname = a\nvg = data\nsize = 1G\n",
            "error: disk#0.vg: the node has no volume group data",
        ),
        ("[fs#0]\ntype = zfs\ndev = tank/a\nmnt = /srv/web\n", "error: fs#0.dev: the node has no pool tank"),
        (
            "[ip#0]\nipname = 10.0.0.5\nipdev = eth9\n",
            "web.conf:3:9: error: ip#0.ipdev: the node has no interface 'eth9'",
        ),
    ],
)
def test_what_the_node_does_not_have(text: str, said: str) -> None:
    """Devices, labels, patterns, groups, pools and interfaces that are nowhere are errors, each at its word."""
    found = told(text, tools={"lvm2": "2.03.16", "zfsutils-linux": "2.1.11"})
    assert any(said in each for each in found), found


@pytest.mark.parametrize(
    "text",
    [
        EXT,
        EXT.replace("/dev/sdb", "UUID=5a1d0c5e-8c1e-4f6a-9d41-2a7b8c9d0e1f"),
        "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 1G\n" + EXT.replace("/dev/sdb", "{disk#0.file}"),
        "[disk#0]\ntype = lvm\nname = g\npvs = /dev/sdb\n[disk#1]\ntype = lv\nname = a\nvg = g\nsize = 1G\n",
        "[disk#0]\ntype = raw\ndevs = /dev/sdb\n[ip#0]\nipname = 10.0.0.5\nipdev = eth0:1\n",
        "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 1G\n[disk#1]\ntype = raw\ndevs = {disk#0.file}\n",
        EXT.replace("/dev/sdb", "/dev/nowhere") + "disable = true\n",
        EXT.replace("/dev/sdb", "LABEL=web.fs.1")
        + EXT.replace("fs#0", "fs#1").replace("/srv/web", "/srv/b").replace("ext4", "btrfs"),
    ],
)
def test_what_is_there_or_will_be(text: str) -> None:
    """What the node has, what a resource makes, and what is disabled is nobody's mistake."""
    assert told(text, tools={"lvm2": "2.03.16"}) == []


@pytest.mark.parametrize("name", ["testec2docker", "btrfs-on-lvm", "btrfs-on-md", "haproxy"])
def test_the_templates_have_all_they_need(name: str) -> None:
    """Every shipped template finds what it needs on the node of the documentation, or makes it."""
    text = (REPOSITORY / f"fixtures/templates/{name}.template").read_text(encoding="utf-8")
    assert told(text, "ec2") == []


def test_a_mount_below_the_mount_point() -> None:
    """What others have mounted below would be hidden."""
    mounts = [
        {"device": "/dev/sda1", "mount_point": "/", "type": "ext4", "options": "rw"},
        {"device": "/dev/sdc", "mount_point": "/srv/web/theirs", "type": "ext4", "options": "rw"},
    ]
    devices = {"/dev/sda1": {"size": "1G", "content": {"type": "ext4", "uuid": "1"}}, "/dev/sdb": {"size": "1G"}}
    devices["/dev/sdc"] = {"size": "1G", "content": {"type": "ext4", "uuid": "2"}}
    files = {"/srv/web/theirs": "directory"}
    said = told(EXT, mounts=mounts, devices=devices, files=files)
    assert [each for each in said if each.startswith("web.conf:4:7: warning: fs#0.mnt: the mount would hide /srv/web/")]


def test_files_in_the_mount_point() -> None:
    """A directory that is not empty is told before the mount is refused for it."""
    (said,) = told(EXT, files={"/srv/web/index.html": "hello"})
    assert said.startswith(
        "web.conf:4:7: warning: fs#0.mnt: the mount would hide /srv/web/index.html, so it is refused; move away"
    )


def test_what_is_mounted_already() -> None:
    """A filesystem that is up has its files in its mount point."""
    mounts = [
        {"device": "/dev/sda1", "mount_point": "/", "type": "ext4", "options": "rw"},
        {"device": "/dev/sdb", "mount_point": "/srv/web", "type": "ext4", "options": "rw"},
    ]
    content = {"type": "ext4", "uuid": "2", "files": {"/a": "text"}}
    devices = {"/dev/sda1": {"size": "1G", "content": {"type": "ext4", "uuid": "1"}}}
    assert told(EXT, mounts=mounts, devices=devices | {"/dev/sdb": {"size": "1G", "content": content}}) == []


def test_a_state_that_does_not_know() -> None:
    """A state that is not complete may have what it does not say: nothing is claimed of it."""
    assert told(EXT.replace("sdb", "sdx"), complete=False, known=[]) == []

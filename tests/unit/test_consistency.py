"""Node states that cannot be true."""

import json
from typing import Any

import pytest

from core.consistency import contradictions
from core.state import load, loads
from tests.conftest import REPOSITORY

EC2 = {
    "instance": "i-1",
    "network_interfaces": {"eni-1": {"device": "eth0", "subnet": "10.0.0.0/24"}},
    "volumes": {"vol-1": {"size": "1G", "attachment": {"instance": "i-1", "device": "/dev/sdf"}}},
}
TRUE: dict[str, Any] = {
    "interfaces": {"eth0": {}},
    "devices": {
        "/dev/sda": {"size": "1G", "holders": ["/dev/sda1"], "content": {"type": "gpt", "mountable": False}},
        "/dev/sda1": {"size": "1G", "content": {"type": "ext4", "files": {"/inner.img": {"kind": "file"}}}},
        "/dev/loop0": {"size": "1G", "file": "/srv/a.img"},
        "/dev/loop1": {"size": "1G", "file": "/mnt/inner.img"},
        "/dev/xvdf": {"size": "1G", "volume": "vol-1"},
    },
    "files": {"/srv/a.img": {"kind": "file", "size": "1G"}, "/mnt": "directory", "/dev/root": {"kind": "file"}},
    "mounts": [
        {"device": "/dev/root", "mount_point": "/", "type": "ext4"},
        {"device": "tmpfs", "mount_point": "/run", "type": "tmpfs"},
        {"device": "/dev/sda1", "mount_point": "/mnt", "type": "ext4"},
    ],
    "swaps": ["/swapfile", "/dev/sda1"],
    "ec2": EC2,
}


def lies(state: dict[str, Any]) -> list[str]:
    """What cannot be true of a state as it is written in a file."""
    return [str(lie) for lie in contradictions(load(json.loads(json.dumps(state))))]


def changed(part: str, value: Any) -> dict[str, Any]:
    """The true state, with one entry of a part replaced (None: taken out)."""
    state: dict[str, Any] = json.loads(json.dumps(TRUE))
    *above, last = part.split(" ")
    place: Any = state
    for name in above:
        place = place[int(name) if name.isdigit() else name]
    if value is None:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return state


def test_what_hangs_together_is_believed() -> None:
    """Each thing that another part names is there: a file in a filesystem that is mounted, too."""
    assert lies(TRUE) == []


LIES: dict[str, tuple[Any, list[str]]] = {
    "devices /dev/sda1": (None, ["devices./dev/sda.holders[0]", "mounts[2].device", "swaps[1]", "loop1.file"]),
    "devices /dev/xvdf": (None, ["ec2.volumes.vol-1.attachment: it is attached here as /dev/sdf"]),
    "files /srv/a.img": (None, ["devices./dev/loop0.file: there is no file /srv/a.img; add it to files"]),
    "mounts": ([], ["devices./dev/loop1.file: there is no file /mnt/inner.img"]),
    "interfaces": ({}, ["ec2.network_interfaces.eni-1.device: there is no interface eth0"]),
    "ec2 volumes": ({}, ["devices./dev/xvdf.volume: there is no volume vol-1; add it to ec2"]),
    "ec2": (None, ["devices./dev/xvdf.volume: there is no volume vol-1"]),
    "devices /dev/loop0 file": ("/srv", ["devices./dev/loop0.file: there is no file /srv"]),
}


@pytest.mark.parametrize("part", LIES)
def test_what_one_part_denies_is_named(part: str) -> None:
    """Whatever names what another part does not have is said with its place, and what would make it true."""
    value, places = LIES[part]
    found = lies(changed(part, value))
    assert [place for place in places if not any(place in lie for lie in found)] == []
    assert len(found) == len(places)


def test_what_is_on_its_way_is_no_lie() -> None:
    """A volume that is being attached has no device yet, and one of another instance never has one here."""
    for attachment in (
        {"instance": "i-1", "device": "/dev/sdf", "state": "attaching"},
        {"instance": "i-2", "device": "/dev/sdf"},
    ):
        state = changed("devices /dev/xvdf", None)
        state["ec2"]["volumes"]["vol-1"]["attachment"] = attachment
        assert lies(state) == []


@pytest.mark.parametrize("part", LIES)
def test_what_was_observed_says_less_than_there_is(part: str) -> None:
    """Of a state that came from looking at a node, nothing is expected."""
    assert lies({**changed(part, LIES[part][0]), "complete": False}) == []


@pytest.mark.parametrize("path", sorted((REPOSITORY / "fixtures/nodes").glob("*.json")), ids=lambda path: path.stem)
def test_the_nodes_that_come_along_are_true(path: Any) -> None:
    """No node state of ours contradicts itself."""
    assert contradictions(loads(path.read_text())) == []

"""When two nodes are the same to an operator."""

from typing import Any

from core.compare import canonical, same_world
from core.state import NodeState, load


def volume(name: str) -> dict[str, Any]:
    """A device of device-mapper."""
    return {"size": "1G", "name": name, "content": {"type": "ext4", "uuid": f"uuid of {name}"}}


def node(**devices: str) -> NodeState:
    """A node with these devices of device-mapper, each mounted on a directory of its name."""
    mounts = [
        {"device": f"/dev/{path}", "mount_point": f"/srv/{name}", "type": "ext4"} for path, name in devices.items()
    ]
    array = {"size": "1G", "holders": [f"/dev/{path}" for path in devices], "stacked": {"kind": "array", "of": "aa:bb"}}
    number = "/dev/md127" if "dm_1" in devices else "/dev/md126"
    disks = {f"/dev/{path}": volume(name) for path, name in devices.items()}
    return load({"devices": {**disks, number: array}, "mounts": sorted(mounts, key=lambda each: each["mount_point"])})


def test_numbers_of_devices_mean_nothing() -> None:
    """The kernel numbers volumes and arrays as they come; what they are, and where they are mounted, is the same."""
    one, other = node(dm_0="g0-data", dm_1="g0-logs"), node(dm_2="g0-logs", dm_0="g0-data")
    assert same_world(one, other) == []


def test_what_is_mounted_elsewhere_is_a_difference() -> None:
    """Only the numbers are left out of account."""
    one, other = node(dm_0="g0-data", dm_1="g0-logs"), node(dm_0="g0-data", dm_1="g0-other")
    assert any("g0-logs" in each for each in same_world(one, other))


def test_a_node_without_numbered_devices_is_what_it_is() -> None:
    """Disks have names of their own."""
    state = load({"devices": {"/dev/sdb": "1G"}})
    assert canonical(state) is state

"""What a simulated node loses when its power fails."""

from core.command import Command
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from executors.simulated.reboot import reboot

SYSTEM = "unix:///var/run/docker.sock"
OWN = "unix:///var/lib/opensvc/s/docker.sock"


def container(**more: object) -> dict[str, object]:
    """A container that runs."""
    return {"name": "c", "image": "ubuntu:14.10", "running": True, **more}


def test_a_node_at_rest_comes_back_as_it_was() -> None:
    """Nothing is lost of a state in which nothing was done by hand."""
    state = load(
        {
            "interfaces": {"eth0": {"addresses": ["10.0.0.1/24", {"address": "10.0.0.2/24", "label": "eth0:1"}]}},
            "devices": {"/dev/sda1": "1G", "/dev/sdb": {"size": "1G", "volume": "vol-1"}},
            "mounts": [{"device": "/dev/sda1", "mount_point": "/", "type": "ext4"}],
            "files": {"/srv/x": "text"},
        }
    )
    before = copy(state)
    reboot(state)
    assert state == before


def test_mounts_loops_and_temporary_files_are_gone() -> None:
    """What lives in memory only does not survive; the loop's file does."""
    state = load(
        {
            "devices": {"/dev/sda1": "1G", "/dev/loop0": {"size": "1G", "file": "/srv/f"}},
            "mounts": [
                {"device": "/dev/sda1", "mount_point": "/", "type": "ext4"},
                {"device": "/dev/loop0", "mount_point": "/mnt", "type": "ext4"},
            ],
            "files": {"/srv/f": "", "/tmp/tmp1": "directory", "/tmp/tmp1/x": "", "/run/x": "", "/mnt": "directory"},
        }
    )
    reboot(state)
    assert [mount["mount_point"] for mount in state["mounts"]] == ["/"]
    assert list(state["devices"]) == ["/dev/sda1"]
    assert {"/srv/f", "/mnt", "/tmp"} <= set(state["files"])
    assert not {"/tmp/tmp1", "/tmp/tmp1/x", "/run/x"} & set(state["files"])


def test_addresses_and_interfaces_made_by_hand_are_gone() -> None:
    """An alias that was added is lost, one that was deleted is back, a bridge is no more; after any number of saves."""
    state = load({"interfaces": {"eth0": {"addresses": ["10.0.0.1/24", "10.0.0.2/24"]}}})
    node = SimulatedNode(state)
    node.run(Command(("ip", "addr", "add", "10.0.0.9/24", "dev", "eth0"), tool="ip"))
    node.run(Command(("ip", "addr", "del", "10.0.0.2/24", "dev", "eth0"), tool="ip"))
    node.run(Command(("ip", "link", "add", "name", "svc-1", "type", "bridge"), tool="ip_link"))
    state = load(load(state))
    reboot(state)
    assert list(state["interfaces"]) == ["eth0"]
    assert [each["address"] for each in state["interfaces"]["eth0"]["addresses"]] == ["10.0.0.1/24", "10.0.0.2/24"]


def test_no_container_runs_even_where_nobody_sees_it() -> None:
    """Containers stop in every filesystem, mounted or not; they stay."""
    kept = {"kind": "directory", "docker": {"containers": {"1": container()}}}
    content = {"type": "btrfs", "files": {"/a": kept}, "subvolumes": {"docker": {"/": kept}}}
    state = load({"devices": {"/dev/sdb": {"size": "1G", "content": content}}})
    reboot(state)
    held = state["devices"]["/dev/sdb"]["content"]
    stores = [held["files"]["/a"], held["subvolumes"]["docker"]["/"]]
    assert [store["docker"]["containers"]["1"]["running"] for store in stores] == [False, False]


def test_the_daemon_of_the_node_comes_back_and_no_other() -> None:
    """The node's own daemon starts with it, and starts what is always to run; a service's own waits for its service."""
    always = container(arguments=["--restart=always", "ubuntu:14.10"])
    state = load(
        {
            "docker": {SYSTEM: {"pid": 700, "data_root": "/var/lib/docker"}, OWN: {"pid": 800, "data_root": "/srv/d"}},
            "processes": {"700": {"program": "dockerd"}, "800": {"program": "dockerd"}, "900": {"program": "vi"}},
            "files": {
                "/var/lib/docker": {"kind": "directory", "docker": {"containers": {"1": container(), "2": always}}}
            },
        }
    )
    reboot(state)
    assert (list(state["docker"]), list(state["processes"])) == ([SYSTEM], ["700"])
    containers = state["files"]["/var/lib/docker"]["docker"]["containers"]
    assert [containers[each]["running"] for each in ("1", "2")] == [False, True]

"""Devices that a service only names."""

import pytest

from core.driver import Tie
from core.errors import Failed
from core.state import copy, load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

DISKS = "[disk#0]\ntype = raw\ndevs = /dev/sdb\n  /dev/sdc\n"


def node(*devices: str) -> SimulatedNode:
    """A node with these disks."""
    return SimulatedNode(load({"devices": dict.fromkeys(devices, "20G")}))


@pytest.mark.parametrize("verb", ["provision", "start", "stop", "unprovision"])
def test_no_verb_changes_anything(verb: str) -> None:
    """The devices are there before and after; no command but reads is run."""
    on = node("/dev/sdb", "/dev/sdc")
    before = copy(on.state)
    assert drive(service(DISKS).resource("disk#0"), verb, on).changes == []
    assert on.state == before


def test_a_missing_device_stops_the_service() -> None:
    """What stands on the devices is not started without them, and the message names the missing one."""
    with pytest.raises(Failed, match="disk#0: no block device /dev/sdc; attach it"):
        drive(service(DISKS).resource("disk#0"), "start", node("/dev/sdb"))


@pytest.mark.parametrize("devices, state", [(("/dev/sdb", "/dev/sdc"), "up"), (("/dev/sdb",), "warn"), ((), "down")])
def test_status(devices: tuple[str, ...], state: str) -> None:
    """Up with all devices, down without any, warn between."""
    assert drive(service(DISKS).resource("disk#0"), "status", node(*devices)).value.state == state


def test_what_stands_on_a_device_comes_after_it() -> None:
    """Each device is given by its name."""
    disk = service(DISKS).resource("disk#0")
    assert list(disk.driver.gives(disk)) == [Tie("device", "/dev/sdb"), Tie("device", "/dev/sdc")]
    assert disk.driver.purpose(disk) == "/dev/sdb /dev/sdc, which has to be there"


@pytest.mark.parametrize(
    "devs, said", [("sdb", "'sdb' is not an absolute path"), ("/dev/sdb /dev/sdb", "/dev/sdb is named twice")]
)
def test_what_names_no_devices_is_an_error_of_the_file(devs: str, said: str) -> None:
    """A word that is no path, and a device named twice, are found before anything runs."""
    (problem,) = service(f"[disk#0]\ntype = raw\ndevs = {devs}\n").problems()
    assert said in problem.text

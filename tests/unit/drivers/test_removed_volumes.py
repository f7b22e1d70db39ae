"""What is left of logical volumes: when they are removed, when somebody was faster, and when they have to stay."""

import re

import pytest

from core.command import Command
from core.config.service import Service
from core.errors import Failed, Refused
from core.state import copy
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service
from tests.unit.drivers.test_logical_volume import GROUP, fs, lv, node, provisioned, run


def test_what_is_on_a_volume_goes_with_it() -> None:
    """A volume that somebody wrote into is zeroed before it is removed, active or not."""
    of = lv()
    on = provisioned(of)
    volume = next(iter(on.state["volume_groups"].values()))["volumes"]["logs"]
    volume["content"] = {"kind": "residue", "head": True, "tail": True}
    assert run(of, "unprovision", on).lines == [
        "lvchange -a n data/logs",
        "lvchange -a y data/logs",
        "blkdiscard -z -o 103809024 -l 1048576 /dev/data/logs",
        "blkdiscard -z -o 0 -l 1048576 /dev/data/logs",
        "lvremove --yes data/logs",
    ]


def test_a_volume_whose_disk_is_gone() -> None:
    """It cannot be deleted while its group is not there; nothing of it is forgotten."""
    of = lv()
    on = provisioned(of)
    del on.state["devices"]["/dev/sdb"]
    with pytest.raises(Refused, match="is not there, so it cannot be deleted"):
        run(of, "unprovision", on)
    assert "disk#2.logical_volume" in of.record.made


@pytest.mark.parametrize("typed", [("lvremove --yes data/logs",), ("lvremove --yes data/logs", "vgremove data")])
@pytest.mark.parametrize("of, rid", [(lv(), "disk#2"), (fs(), "fs#0")])
def test_a_volume_that_somebody_has_removed(of: Service, rid: str, typed: tuple[str, ...]) -> None:
    """There is nothing left to undo of a volume whose group is there without it: a warning, and the record lets go."""
    of.record.made.clear()
    on = provisioned(of)
    if rid == "fs#0":
        on.run(Command(("umount", "/srv/logs"), tool="mount"))
    for line in typed:
        assert on.run(Command(tuple(line.split()), tool="lvm")).returncode == 0
    ran = run(of, "unprovision", on, rid)
    assert any(re.fullmatch("logical volume .* is gone already", note) for note in ran.notes)
    run(of, "unprovision", on, "disk#1")
    assert of.record.made == {}
    assert on.state["devices"]["/dev/sdb"]["content"] == {"kind": "zero"}


def held_by_an_array(content: str) -> tuple[Service, SimulatedNode]:
    """A filesystem with its own volume, which an array was made of. content: "own", or what is on it by now."""
    of = fs()
    on = provisioned(of)
    run(of, "stop", on, "fs#0")
    device = next(each for each in on.state["devices"].values() if each["name"] == "data-logs")
    device["holders"].append("/dev/md9")
    on.state["devices"]["/dev/md9"] = copy(on.state)["devices"]["/dev/sdc"]
    if content != "own":
        (group,) = on.state["volume_groups"].values()
        group["volumes"]["logs"]["content"] = {"kind": content}
    return of, on


def test_a_volume_that_somebody_has_open_is_not_removed() -> None:
    """What somebody took for himself is not zeroed under him; the volume stays in the record."""
    of, on = held_by_an_array("zero")
    with pytest.raises(Failed, match=r"fs#0: /dev/data/logs is in use \(md9\); free it"):
        run(of, "unprovision", on, "fs#0")
    assert of.resource("fs#0").made("logical_volume") is not None


def test_a_filesystem_that_is_in_use_keeps_its_volume() -> None:
    """It stays formatted, and so the volume stays, with a word about both."""
    of, on = held_by_an_array("own")
    ran = run(of, "unprovision", on, "fs#0")
    assert "/dev/data/logs stays formatted: it is in use (md9)" in ran.notes
    assert "/dev/data/logs stays: it holds what was made for the service" in ran.notes
    assert not any(line.startswith(("lvremove", "blkdiscard")) for line in ran.lines)


def test_a_volume_on_files_that_are_gone_is_forgotten() -> None:
    """It goes with the loop file of its group, which the service made and deletes: there is nothing to look for."""
    loop = "[disk#0]\ntype = loop\nfile = /srv/a.img\nsize = 300M\n"
    of = service(
        loop + GROUP.replace("/dev/sdb", "{disk#0.file}") + "[disk#2]\ntype = lv\nname = logs\nvg = data\nsize = 100m\n"
    )
    on = provisioned(of)
    for rid in ("disk#2", "disk#1", "disk#0"):
        drive(of.resource(rid), "stop", on)
    ran = run(of, "unprovision", on)
    assert any("is not there: it goes with its disks" in note for note in ran.notes)
    assert not [name for name in of.record.made if name.startswith("disk#2")]


def test_a_volume_stays_while_something_of_the_service_is_on_it() -> None:
    """A filesystem of another resource was made on it: who made the volume does not take that away."""
    other = "[fs#1]\ntype = xfs\ndev = /dev/data/logs\nmnt = /srv/other\n"
    of = service(f"{GROUP}[fs#0]\ntype = xfs\ndev = /dev/data/logs\nmnt = /srv/logs\nvg = data\nsize = 400m\n{other}")
    on = node()
    for rid in ("disk#1", "fs#0", "fs#1"):
        drive(of.resource(rid), "provision", on)
    made = of.record.made.pop("fs#0.filesystem")
    of.record.made["fs#1.filesystem"] = made._replace(rid="fs#1")
    ran = run(of, "unprovision", on, "fs#0")
    assert "/dev/data/logs stays: it holds what was made for the service" in ran.notes
    assert not any(line.startswith("lvremove") for line in ran.lines)

"""The guard asks also before something is made: nothing is made twice, and nothing is written over."""

from typing import Any

import pytest

from core.command import Command, Makes
from core.record import MadeThing
from core.tools import files, ifconfig
from tests.unit.layers.test_guard import MKFS, OTHER, UUID, Stand

AGAIN = MKFS._replace(makes=Makes("fs#1.filesystem", "filesystem", identity=OTHER))


def test_what_is_recorded_is_not_made_again() -> None:
    """Where the record has a filesystem, another takes its place only when the record has forgotten the first."""
    stand = Stand()
    said = stand.refuses(AGAIN)
    assert f"the filesystem {UUID} was made for it by provision, and is not there" in said
    assert said.endswith("svcmgr -s svc1 provision --forget fs#1.filesystem")
    del stand.service.record.made["fs#1.filesystem"]
    assert stand.passes(AGAIN)


def test_what_holds_no_data_is_made_again() -> None:
    """A directory or a link that is gone comes back without a question."""
    stand = Stand()
    stand.service.record.made["fs#1.directory"] = MadeThing("directory", "/srv/a", "fs#1", "provision")
    assert stand.passes(files.make_directory("/srv/a", "fs#1.directory"))


def test_a_device_that_was_given_up_is_made_anew() -> None:
    """`--allow-destroy DEVICE` is consent to another filesystem on it, whatever the record has."""
    assert Stand(allow=("/dev/sdb",)).passes(AGAIN)


def test_what_an_undo_brings_back_is_made_again() -> None:
    """A rollback makes what its action unmade."""
    assert Stand().passes(AGAIN._replace(verb="rollback"))


def test_what_this_action_itself_made_is_made_again() -> None:
    """Settled to be there and found missing after all, a step of the same action is done again without a question."""
    stand = Stand()
    del stand.service.record.made["fs#1.filesystem"]
    assert stand.passes(AGAIN)
    stand.node.state["devices"]["/dev/sdb"]["content"] = {"kind": "zero"}
    stand.watched.asked.clear()
    assert stand.passes(AGAIN)


ALIAS = ifconfig.alias_up("eth0:1", "10.0.0.9", 24)._replace(rid="ip#1", verb="provision")
LINK = files.link("/dev/sdb", "/srv/l", "disk#0.link.0")._replace(rid="disk#0", verb="provision")
IMAGE = files.truncate("/srv/l", 1024, "disk#2.file")._replace(rid="disk#2", verb="provision")
ETH0 = {"addresses": [{"address": "10.0.0.1/24", "label": ""}, {"address": "10.0.0.8/24", "label": "eth0:1"}]}


@pytest.mark.parametrize("command", [LINK, IMAGE], ids=["link", "file"])
@pytest.mark.parametrize(
    "there", [{"text": "mine"}, "directory", {"kind": "link", "target": "/gone"}], ids=["file", "directory", "dangling"]
)
def test_what_came_to_be_in_the_place_of_something_of_ours_stays(command: Command, there: Any) -> None:
    """A path that was free when its driver looked, and is not any more, is not written over."""
    said = Stand(files={"/srv/l": there}).refuses(command)
    assert "/srv/l was to be made, and there is something of that name already; move /srv/l away" in said
    assert said.endswith("provision")
    assert Stand().passes(command)


def test_a_link_of_ours_may_be_pointed_elsewhere() -> None:
    """A link that leads somewhere already is changed by a command that makes nothing: it is let pass."""
    again = files.link("/dev/sdb", "/srv/l", before="/dev/sda")._replace(rid="disk#0", verb="start")
    assert Stand(files={"/srv/l": {"kind": "link", "target": "/dev/sda"}}).passes(again)


def test_an_alias_that_somebody_took_meanwhile_is_theirs() -> None:
    """`ifconfig` overwrites an alias without a word, so the guard looks first; taking one down is not its business."""
    assert "eth0:1 was free, and is now the alias of 10.0.0.8" in Stand(interfaces={"eth0": ETH0}).refuses(ALIAS)
    assert Stand(interfaces={"eth0": {"addresses": ["10.0.0.1/24"]}}).passes(ALIAS)
    down = ifconfig.alias_down("eth0:1", "10.0.0.8", 24)._replace(rid="ip#1", verb="stop")
    assert Stand(interfaces={"eth0": ETH0}).passes(down)


def test_who_has_an_alias_cannot_always_be_known() -> None:
    """Without an answer nothing is written over."""
    said = Stand(interfaces={"eth0": ETH0}, tools={"iproute2": None}).refuses(ALIAS)
    assert said.startswith(
        "ip#1: what ifconfig eth0:1 10.0.0.9 netmask 255.255.255.0 up would write over cannot be known"
    )

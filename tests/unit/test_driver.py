"""Finding a driver by name, and what a driver does that says nothing."""

import sys
from types import ModuleType
from typing import Any, cast

import pytest

from core.config.document import Document
from core.config.service import Resource, Service
from core.driver import UNTYPED, Driver, UnknownDriver, load
from core.record import Record
from core.status import Status


class Named:
    """As much of a resource as a driver that says nothing reads."""

    rid, group = "disk#0", "disk"


RESOURCE = cast("Resource", Named())
ARRAY = "type = md\nname = web\nlevel = 1\ndevs = /dev/sdb /dev/sdc"


@pytest.mark.parametrize(
    "group, type_",
    [
        ("disk", "nosuch"),
        ("nosuch", "loop"),
        ("disk", ""),
        ("disk", "../ip/address"),
        ("disk", "__init__"),
        ("disk", "Loop"),
        ("disk", "l.o"),
        ("DISK", "loop"),
        ("", "loop"),
        ("di.sk", "loop"),
        ("disk", "löop"),
    ],
)
def test_a_name_without_a_driver_is_said_so(group: str, type_: str) -> None:
    """Any text may stand behind `type =`: what names no driver raises UnknownDriver with both names."""
    with pytest.raises(UnknownDriver) as caught:
        load(group, type_)
    assert (caught.value.group, caught.value.type) == (group, type_)


@pytest.mark.parametrize("group", sorted(UNTYPED))
def test_a_resource_without_a_type_has_the_driver_of_its_group(group: str) -> None:
    """`[ip#0]` needs no type."""
    assert load(group, "") is load(group, UNTYPED[group])


def test_a_module_that_is_no_driver_is_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the folder of drivers that ends with no `driver` cannot be named as one."""
    monkeypatch.setitem(sys.modules, "core.drivers.disk.shared", ModuleType("shared"))
    with pytest.raises(UnknownDriver):
        load("disk", "shared")


def test_a_driver_that_lacks_a_module_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing inside a driver is not taken for a missing driver."""

    def refuse(name: str) -> ModuleType:
        raise ModuleNotFoundError(f"No module named 'core.tools.gone', wanted by {name}", name="core.tools.gone")

    monkeypatch.setattr("core.driver.import_module", refuse)
    with pytest.raises(ModuleNotFoundError, match=r"core\.tools\.gone"):
        load("disk", "loop")


@pytest.mark.parametrize("verb", ["provision", "start", "stop", "unprovision"])
def test_a_verb_that_is_not_given_does_nothing(verb: str) -> None:
    """The verbs of the shared driver yield no effect."""
    assert list(getattr(Driver(), verb)(RESOURCE)) == []


def test_the_status_of_nothing_does_not_apply() -> None:
    """A driver without a status says n/a."""
    steps: Any = Driver().status(RESOURCE)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value == Status("n/a")


def test_a_driver_that_says_nothing_relates_to_nothing() -> None:
    """No ties, no stores, no warnings unless a driver names them."""
    driver = Driver()
    related = (driver.gives(RESOURCE), driver.needs(RESOURCE), driver.stores(RESOURCE), driver.warnings(RESOURCE))
    assert [list(each) for each in related] == [[], [], [], []]


def test_a_resource_is_called_by_its_identifier() -> None:
    """Label and purpose are the rid, the set of resources is the group, where a driver has no better word."""
    driver = Driver()
    assert (driver.label(RESOURCE), driver.purpose(RESOURCE), driver.set_name(RESOURCE)) == ("disk#0", "disk#0", "disk")


@pytest.mark.parametrize(
    "one,other,is_told",
    [
        ("type = lvm\nname = web\npvs = /dev/sdb", "type = vg\nname = web\npvs = /dev/sdc", True),
        (ARRAY, "type = lvm\nname = web\npvs = /dev/sdd", False),
        (ARRAY, "type = zpool\nname = web\nvdev = /dev/sdd", False),
    ],
)
def test_a_name_is_taken_among_kin(one: str, other: str, is_told: bool) -> None:  # noqa: FBT001
    """Two volume groups of one name are told, by whatever type; an array may be called like a group or a pool."""
    text = f"[disk#0]\n{one}\n[disk#1]\n{other}\n"
    service = Service("web", Document(text, "web.conf"), "node", Record(), load)
    said = "web.conf:7: disk#1.name: web is already the name of disk#0 (line 3)"
    assert [str(problem).partition(";")[0] for problem in service.problems()] == [said] * is_told

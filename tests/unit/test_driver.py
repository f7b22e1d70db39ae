"""Finding a driver by name, and what a driver does that says nothing."""

import sys
from types import ModuleType
from typing import Any, cast

import pytest

from core.config.service import Resource
from core.driver import UNTYPED, Driver, UnknownDriver, load
from core.status import Status


class Named:
    """As much of a resource as a driver that says nothing reads."""

    rid, group = "disk#0", "disk"


RESOURCE = cast("Resource", Named())


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

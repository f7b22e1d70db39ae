"""The simulated ifconfig of net-tools."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.command import Command, Completed
from core.state import load
from core.tools import ifconfig, ip
from executors.simulated.node import SimulatedNode


def node(**state: Any) -> SimulatedNode:
    """A node with one interface and net-tools."""
    start = {"interfaces": {"eth0": {"addresses": ["10.0.0.60/24"]}}, "tools": {"net-tools": "2.10"}}
    return SimulatedNode(load({**start, **state}))


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line that begins with ifconfig."""
    return on.run(Command(tuple(line.split()), tool="ifconfig"))


def addresses(on: SimulatedNode) -> list[ip.Address]:
    """What ip says that eth0 has."""
    return list(ip.parse(on.run(ip.show()).stdout)["eth0"].addresses)


@given(st.integers(0, 32))
def test_netmasks_and_prefix_lengths(length: int) -> None:
    """A prefix length written as a netmask, and read again, is the same."""
    assert ifconfig.prefix_length(ifconfig.netmask(length)) == length == ifconfig.prefix_length(str(length))


@pytest.mark.parametrize("text", ["255.0.255.0", "", "24 bits", "255.255.255", "-1"])
def test_what_is_no_netmask(text: str) -> None:
    """Other texts are none."""
    assert ifconfig.prefix_length(text) is None


def test_alias_up_and_down() -> None:
    """An alias comes up beside the addresses that are there, and goes down."""
    there = node()
    assert there.run(ifconfig.alias_up("eth0:1", "10.0.0.61", 24)) == Completed(0)
    assert addresses(there) == [("10.0.0.60", 24, ""), ("10.0.0.61", 24, "eth0:1")]
    assert there.run(ifconfig.alias_down("eth0:1", "10.0.0.61", 24)) == Completed(0)
    assert addresses(there) == [("10.0.0.60", 24, "")]


def test_an_alias_is_overwritten_silently() -> None:
    """As in life: that is why a free one has to be found first."""
    there = node()
    there.run(ifconfig.alias_up("eth0:1", "10.0.0.61", 24))
    assert there.run(ifconfig.alias_up("eth0:1", "10.0.0.62", 24)) == Completed(0)
    assert addresses(there) == [("10.0.0.60", 24, ""), ("10.0.0.62", 24, "eth0:1")]


def test_without_an_alias_the_address_is_replaced() -> None:
    """`ifconfig eth0 ADDRESS` takes the address that was there: nobody may run it for a service."""
    there = node()
    assert ran(there, "ifconfig eth0 10.0.0.9 netmask 255.255.255.0 up").returncode == 0
    assert addresses(there) == [("10.0.0.9", 24, "")]


def test_an_interface_up_and_down() -> None:
    """A whole interface goes down and up, and keeps its addresses."""
    there = node()
    assert ran(there, "ifconfig eth0 down").returncode == 0
    assert not ip.parse(there.run(ip.show()).stdout)["eth0"].up
    assert ran(there, "ifconfig eth0 up").returncode == 0
    assert ip.parse(there.run(ip.show()).stdout)["eth0"].up
    assert addresses(there) == [("10.0.0.60", 24, "")]


def test_version_6() -> None:
    """An IPv6 address is added once and deleted once."""
    there = node()
    up, down = ifconfig.add_version_6("eth0", "2001:db8::5", 64), ifconfig.delete_version_6("eth0", "2001:db8::5", 64)
    assert [there.run(command).returncode for command in (up, up, down, down)] == [0, 1, 0, 1]
    assert addresses(there) == [("10.0.0.60", 24, "")]


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("ifconfig eth9:1 10.0.0.61 netmask 255.255.255.0 up", 255, "SIOCSIFADDR: No such device"),
        ("ifconfig eth0:1 10.0.0.60 netmask 255.255.255.0 up", 255, "SIOCSIFFLAGS: Cannot assign requested address"),
        ("ifconfig eth0:1 10.0.0.300 netmask 255.255.255.0 up", 1, "10.0.0.300: Unknown host"),
        ("ifconfig eth0:1 down", 255, "SIOCSIFFLAGS: Cannot assign requested address"),
        ("ifconfig eth9:1 down", 255, "No such device"),
        ("ifconfig eth9 up", 255, "No such device"),
        ("ifconfig eth9 inet6 add 2001:db8::5/64", 1, "No such device"),
        ("ifconfig eth0 inet6 add frob/64", 1, "frob/64: Unknown host"),
        ("ifconfig eth0 frob", 1, "frob: Host name lookup failure"),
        ("ifconfig eth0 down now", 1, "gives usage information"),
        ("ifconfig eth0", 1, "gives usage information"),
        ("ifconfig --frob", 1, "ifconfig: option `--frob' not recognised."),
        ("ifconfig", 1, "gives usage information"),
    ],
)
def test_refusals(line: str, returncode: int, said: str) -> None:
    """What cannot be done is refused with the code and words of net-tools, and changes nothing."""
    there = node()
    answer = ran(there, line)
    assert (answer.returncode, said in answer.stderr) == (returncode, True)
    assert addresses(there) == [("10.0.0.60", 24, "")]


@pytest.mark.parametrize(
    "address, length", [("10.9.0.1", 8), ("172.16.0.1", 16), ("192.168.0.1", 24), ("230.0.0.1", 32)]
)
@pytest.mark.parametrize("mask", ["24", "255.0.255.0"])
def test_a_bad_netmask(address: str, length: int, mask: str) -> None:
    """The address is there with the netmask of its class, although the command fails: a code is not the state."""
    there = node()
    answer = ran(there, f"ifconfig eth0:1 {address} netmask {mask} up")
    assert (answer.returncode, answer.stderr) == (1, "SIOCSIFNETMASK: Invalid argument\n")
    assert (address, length, "eth0:1") in addresses(there)


def test_a_node_without_net_tools() -> None:
    """Without net-tools there is no ifconfig: that is how drivers choose their dialect."""
    assert node(tools={}).run(ifconfig.version()).returncode == ifconfig.NOT_FOUND


@pytest.mark.parametrize("version", ["1.60", "2.10"])
def test_version(version: str) -> None:
    """Where it is installed, whichever it is, it answers with a code that is one."""
    answer = node(tools={"net-tools": version}).run(ifconfig.version())
    assert answer.returncode in ifconfig.version().accepts
    assert f"net-tools {version}" in answer.stdout + answer.stderr


def test_an_address_that_is_not_known_yet() -> None:
    """A hole is brought up and down like an address."""
    there = SimulatedNode(node().state, holes=True)
    assert there.run(ifconfig.alias_up("eth0:1", "«ip#0.address»", 24)).returncode == 0
    assert addresses(there)[-1] == ("«ip#0.address»", 24, "eth0:1")
    assert there.run(ifconfig.alias_down("eth0:1", "«ip#0.address»", 24)).returncode == 0

"""The simulated ip of iproute2."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import load
from core.tools import ip
from executors.simulated.node import SimulatedNode

CAPTURED = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host 
       valid_lft forever preferred_lft forever
2: v1@v0: <BROADCAST,MULTICAST> mtu 1500 qdisc noqueue state DOWN group default qlen 1000
    link/ether ca:7b:2c:de:e7:49 brd ff:ff:ff:ff:ff:ff
3: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000
    link/ether d2:f7:89:75:23:af brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.60/24 brd 10.0.0.255 scope global dynamic noprefixroute v0
       valid_lft 3582sec preferred_lft 3582sec
    inet 10.0.0.62/24 brd 10.0.0.255 scope global secondary v0:1
       valid_lft forever preferred_lft forever
    inet 10.9.0.1 peer 10.9.0.2/32 scope global v0
       valid_lft forever preferred_lft forever
    inet6 fe80::d0f7:89ff:fe75:23af/64 scope link tentative 
       valid_lft forever preferred_lft forever
"""  # noqa: W291 - as ip of iproute2 6.1.0 prints it


def node(**state: Any) -> SimulatedNode:
    """A node with one interface."""
    return SimulatedNode(load({"interfaces": {"eth0": {"addresses": ["10.0.0.60/24"]}}, **state}))


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line that begins with ip."""
    return on.run(Command(tuple(line.split()), tool="ip"))


def test_parse_reads_what_ip_prints() -> None:
    """Names without their peer, flags, addresses of both families, and aliases are read from a captured answer."""
    found = ip.parse(CAPTURED)
    assert [(each.name, each.up) for each in found.values()] == [("lo", True), ("v1", False), ("v0", True)]
    assert found["lo"].addresses == (("127.0.0.1", 8, ""), ("::1", 128, ""))
    assert found["v0"].addresses == (
        ("10.0.0.60", 24, ""),
        ("10.0.0.62", 24, "v0:1"),
        ("10.9.0.1", 32, ""),
        ("fe80::d0f7:89ff:fe75:23af", 64, ""),
    )


def test_parse_reads_what_the_simulated_ip_prints() -> None:
    """The two faces agree: what is shown is what is in the state, and the loopback interface is always there."""
    entries = [{"address": "10.0.0.61/24", "label": "eth0:1"}, "2001:db8::1/64", "10.0.0.62/24", "10.1.0.1/32"]
    there = node(interfaces={"eth0": {"addresses": entries}, "eth1": {"up": False}})
    found = ip.parse(there.run(ip.show()).stdout)
    assert list(found) == ["lo", "eth0", "eth1"]
    primaries, secondary = (("10.0.0.61", 24, "eth0:1"), ("10.1.0.1", 32, "")), ("10.0.0.62", 24, "")
    assert found["eth0"].addresses == (*primaries, secondary, ("2001:db8::1", 64, ""))
    assert (found["eth0"].up, found["eth1"].up) == (True, False)


def test_shown_as_iproute2_does() -> None:
    """An alias in the network of another address is secondary; the line is that of iproute2."""
    there = node()
    there.run(ip.add("10.0.0.61", 24, "eth0", "eth0:1"))
    line = "2: eth0    inet 10.0.0.61/24 brd 10.0.0.255 scope global secondary eth0:1\\       valid_lft forever"
    assert there.run(ip.holding("10.0.0.61")).stdout.startswith(line)


def test_holding_an_address_that_nobody_has() -> None:
    """Nothing is printed, and that is no failure."""
    assert node().run(ip.holding("10.0.0.99")) == Completed(0)


@pytest.mark.parametrize(
    "line", ["ip -4 addr show dev eth0", "ip addr show label eth0:1", "ip addr show eth0 to 10.0.0.61"]
)
def test_selections(line: str) -> None:
    """Addresses are selected by family, device, label and address."""
    there = node()
    there.run(ip.add("2001:db8::1", 64, "eth0"))
    there.run(ip.add("10.0.0.61", 24, "eth0", "eth0:1"))
    answer = ran(there, line).stdout
    assert "10.0.0.61" in answer
    assert "2001" not in answer
    assert "127.0.0.1" not in answer


def test_delete_takes_what_add_gave() -> None:
    """Adding and deleting an address is nothing, on the loopback interface, too."""
    there = node()
    for device in ("eth0", "lo"):
        before = ip.parse(there.run(ip.show()).stdout)
        assert there.run(ip.add("10.0.0.61", 24, device)).returncode == 0
        assert ip.parse(there.run(ip.show()).stdout) != before
        assert there.run(ip.delete("10.0.0.61", 24, device)).returncode == 0
        assert ip.parse(there.run(ip.show()).stdout) == before


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("ip addr add 10.0.0.60/24 dev eth0", 2, "Error: ipv4: Address already assigned."),
        ("ip addr add 10.0.0.61/24 dev eth9", 1, 'Cannot find device "eth9"'),
        ("ip addr add 10.0.0.61/24", 1, 'Not enough information: "dev" argument is required.'),
        ("ip addr add 10.0.0.300/24 dev eth0", 1, 'any valid prefix is expected rather than "10.0.0.300/24"'),
        ("ip addr add 10.0.0.61/44 dev eth0", 1, 'any valid prefix is expected rather than "10.0.0.61/44"'),
        ("ip addr add 10.0.0.61/24 dev eth0 label averylonglabel:1", 2, "failed policy validation"),
        ("ip addr add 10.0.0.61/24 dev", 255, "Command line is not complete"),
        ("ip addr add", 1, '"dev" argument is required'),
        ("ip addr del", 1, '"dev" argument is required'),
        ("ip addr add 10.0.0.61/24 dev eth0 frob", 255, '"frob" is a garbage'),
        ("ip addr del 10.0.0.61/24 dev eth0", 2, "Error: ipv4: Address not found."),
        ("ip addr del 10.0.0.60/16 dev eth0", 2, "Error: ipv4: Address not found."),
        ("ip addr show dev eth9", 1, 'Device "eth9" does not exist.'),
        ("ip addr show to frob", 1, 'any valid prefix is expected rather than "frob"'),
        ("ip addr frob", 255, 'Command "frob" is unknown, try "ip address help".'),
        ("ip frob", 1, 'Object "frob" is unknown, try "ip help".'),
        ("ip", 1, "Command line is not complete"),
        ("ip -frob addr", 255, 'Option "-frob" is unknown, try "ip -help".'),
    ],
)
def test_refusals(line: str, returncode: int, said: str) -> None:
    """What cannot be done is refused with the code and words of iproute2, and changes nothing."""
    there = node()
    before = there.run(ip.show())
    answer = ran(there, line)
    assert (answer.returncode, said in answer.stderr) == (returncode, True)
    assert there.run(ip.show()) == before


def test_version_6_is_there_once() -> None:
    """An IPv6 address is there once, whatever its prefix length; one of IPv4 once for each."""
    there = node()
    assert ran(there, "ip addr add 2001:DB8::1/64 dev eth0").returncode == 0
    assert ran(there, "ip addr add 2001:db8::1/128 dev eth0").returncode == 2
    assert ran(there, "ip addr add 10.0.0.60/16 dev eth0").returncode == 0
    assert ran(there, "ip addr add 10.0.0.60 dev eth0").returncode == 0


def test_an_address_that_is_not_known_yet() -> None:
    """A hole is an address like another: added, shown, found and deleted."""
    there = SimulatedNode(node().state, holes=True)
    assert there.run(ip.add("«ip#0.address»", 24, "eth0", "eth0:1")).returncode == 0
    assert ip.parse(there.run(ip.show()).stdout)["eth0"].addresses[-1] == ("«ip#0.address»", 24, "eth0:1")
    assert there.run(ip.holding("«ip#0.address»")).stdout
    assert ran(there, "ip addr add «ip#0.other» dev eth0").returncode == 0
    assert there.run(ip.delete("«ip#0.address»", 24, "eth0")).returncode == 0


def test_version() -> None:
    """The version is that of the node's iproute2."""
    assert ran(node(), "ip -V").stdout == "ip utility, iproute2-6.1.0\n"

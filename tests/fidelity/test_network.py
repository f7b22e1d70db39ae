"""ip, ifconfig, ping, arping and getent in a network namespace with a neighbour, beside their simulated twins."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.command import Command, Executor
from core.tools import arping, getent, ifconfig, ip, ip_link, ping
from tests import network_lab
from tests.fidelity.ledger import package_version
from tests.fidelity.pairs import Pair, Read, holders, verdict, words

OWN, NEIGHBOUR, SILENT, NEIGHBOUR_6 = "10.9.0.5", "10.9.0.1", "10.9.0.77", "fd00:9::1"
PACKAGES = {
    "arping": "iputils-arping",
    "getent": "libc-bin",
    "ifconfig": "net-tools",
    "ip": "iproute2",
    "ping": "iputils-ping",
}
CHANGING = {
    # An address of version 6 is not answered for at once: how often it was asked depends on when that was.
    r"icmp_seq=\d+": "icmp_seq=N",
    r"\d+ packets transmitted": "N packets transmitted",
    r"\b\d\d?% packet loss": "some packet loss",
    r"(?m)^\d+: ": "N: ",
    r"link/ether [0-9a-f:]{17}": "link/ether MAC",
    r"time[= ][\d.]+ ?ms": "time=T",
    r"rtt min.*\n": "",
    r"from [0-9A-F:]{17}": "from MAC",
}


def addresses(side: Executor) -> Any:
    """The interfaces, and which addresses they have, in the order of the kernel."""
    return ip.parse(side.run(ip.show()).stdout)


def read_of(command: Command) -> Read:
    """What a driver reads in the answer of a command."""
    return holders if command.argv[:3] == ("ip", "-o", "addr") else words


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[network_lab.Host, network_lab.Host]]:
    """Two hosts on one cable; the other has an address of each version."""
    with network_lab.network() as (here, there):
        there.did("ip", "addr", "add", f"{NEIGHBOUR}/24", "dev", "eth0")
        there.did("ip", "addr", "add", f"{NEIGHBOUR_6}/64", "dev", "eth0", "nodad")
        yield here, there


@pytest.fixture
def pair(request: pytest.FixtureRequest, hosts: tuple[network_lab.Host, network_lab.Host]) -> Iterator[Pair]:
    """One of them with its twin, both with one address of each version."""
    here = hosts[0]
    here.did("ip", "addr", "add", f"{OWN}/24", "dev", "eth0")
    here.did("ip", "addr", "add", "fd00:9::5/64", "dev", "eth0", "nodad")
    held = {
        "lo": {"mtu": 65536, "mac": "00:00:00:00:00:00", "addresses": ["127.0.0.1/8", "::1/128"]},
        "eth0": {"addresses": [f"{OWN}/24", "fd00:9::5/64"]},
    }
    tools = {package: package_version(package) for package in PACKAGES.values()}
    names = {"localhost": "127.0.0.1"}
    state = {"interfaces": held, "neighbours": [NEIGHBOUR, NEIGHBOUR_6], "tools": tools, "names": names}
    pair = Pair(here.machine(), state, changing=CHANGING, state=addresses, packages=PACKAGES)
    yield pair
    pair.record(request.node.originalname)
    here.did("ip", "addr", "flush", "dev", "eth0")
    here.did("ip", "link", "set", "dev", "eth0", "up")


def test_an_address_is_added_and_deleted(pair: Pair) -> None:
    """It is there once, is found by itself alone, and cannot be deleted twice."""
    for command in (
        ip.holding("10.9.0.6"),
        ip.add("10.9.0.6", 24, "eth0", "eth0:1"),
        ip.add("10.9.0.6", 24, "eth0", "eth0:1"),
        ip.holding("10.9.0.6"),
        ip.holding("10.9.0.7"),
        ip.add("10.9.0.6", 32, "eth0"),
        ip.delete("10.9.0.6", 32, "eth0"),
        ip.delete("10.9.0.6", 24, "eth0"),
        ip.delete("10.9.0.6", 24, "eth0"),
        ip.holding("10.9.0.6"),
    ):
        pair.run(command, read_of(command))


def test_addresses_of_another_network_and_of_another_name(pair: Pair) -> None:
    """What is in another network is a primary address of its own; a label may be anything that is short enough."""
    for command in (
        ip.add("192.168.77.1", 30, "eth0", "eth0:1"),
        ip.add("192.168.77.2", 30, "eth0", "other:2"),
        ip.add("192.168.77.2", 30, "eth0", "eth0:123456789012"),
        ip.delete("192.168.77.1", 30, "eth0"),
        ip.delete("192.168.77.2", 30, "eth0"),
    ):
        pair.run(command, read_of(command))


def test_addresses_of_version_6(pair: Pair) -> None:
    """An address is there once, whatever its prefix length; it has no label."""
    for command in (
        ip.add("fd00:9::6", 64, "eth0"),
        ip.add("fd00:9::6", 64, "eth0"),
        ip.add("fd00:9::6", 128, "eth0"),
        ip.delete("fd00:9::6", 128, "eth0"),
        ip.delete("fd00:9::6", 64, "eth0"),
        ip.delete("fd00:9::6", 64, "eth0"),
        ifconfig.add_version_6("eth0", "fd00:9::7", 64),
        ifconfig.add_version_6("eth0", "fd00:9::7", 64),
        ifconfig.delete_version_6("eth0", "fd00:9::7", 64),
        ifconfig.delete_version_6("eth0", "fd00:9::7", 64),
        ifconfig.add_version_6("eth9", "fd00:9::7", 64),
    ):
        pair.run(command, read_of(command))


def test_aliases_of_net_tools(pair: Pair) -> None:
    """An alias is overwritten without a word, goes once, and takes no address that is there already."""
    for command in (
        ifconfig.version(),
        ifconfig.alias_up("eth0:3", "10.9.0.8", 24),
        ifconfig.alias_up("eth0:3", "10.9.0.9", 24),
        ifconfig.alias_up("eth0:3", OWN, 24),
        ifconfig.alias_up("eth0:4", "10.9.0.8", 24),
        ifconfig.alias_down("eth0:4", "10.9.0.8", 24),
        ifconfig.alias_down("eth0:4", "10.9.0.8", 24),
        ifconfig.alias_up("eth9:1", "10.9.0.8", 24),
        ifconfig.alias_down("eth9:1", "10.9.0.8", 24),
        ifconfig.alias_up("eth0:1234567890123", "10.9.0.8", 24),
        ifconfig.alias_down("eth0:1234567890", "10.9.0.8", 24),
    ):
        pair.run(command, read_of(command))


def test_the_words_of_both_are_mixed(pair: Pair) -> None:
    """What one tool gave the other takes."""
    for command in (
        ifconfig.alias_up("eth0:1", "10.9.0.8", 24),
        ip.add("10.9.0.9", 24, "eth0", "eth0:2"),
        ip.delete("10.9.0.8", 24, "eth0"),
        ifconfig.alias_down("eth0:2", "10.9.0.9", 24),
    ):
        pair.run(command, read_of(command))


@pytest.mark.parametrize(
    "line",
    [
        "ip addr add 10.9.0.6/24 dev eth9",
        "ip addr del 10.9.0.6/24 dev eth9",
        "ip addr add 10.9.0.300/24 dev eth0",
        "ip addr add 10.9.0.6/24",
        "ip addr add",
        "ip addr add dev eth0",
        "ip addr del dev eth0",
        "ip addr show dev eth9",
        "ip foo",
        "ip -foo",
        "ip addr foo",
        "ifconfig eth0:5 10.9.0.300 netmask 255.255.255.0 up",
        "ifconfig eth0:4 10.9.0.8 netmask 255.255.255.1 up",
        "ifconfig eth0:4 192.168.3.4 netmask foo up",
        "ifconfig eth0 inet6 add fd00:9::zz/64",
        "ifconfig --foo",
        "ifconfig eth9 up",
    ],
)
def test_what_is_wrong_is_refused_alike(pair: Pair, line: str) -> None:
    """A missing interface, an address that is none, words that are none: the same code and the same sentence."""
    argv = tuple(line.split())
    pair.run(Command(argv, kind="changes", tool=argv[0]))


def test_bridges(pair: Pair) -> None:
    """One of a name; it is down and has no address; hardware is not deleted; a name has limits."""
    for command in (
        ip_link.show("svc-1"),
        ip_link.add_bridge("svc-1"),
        ip_link.add_bridge("svc-1"),
        ip_link.delete("svc-1"),
        ip_link.delete("svc-1"),
        ip_link.delete("lo"),
        ip_link.add_bridge("abcdefghijklmnop"),
        ip_link.add_bridge("a/b"),
        Command(("ip", "link", "foo"), tool="ip_link"),
    ):
        pair.run(command, read_of(command))
    pair.run(ip_link.add_bridge("svc-2"))
    pair.run(ip_link.show("svc-2"))
    pair.run(ip_link.delete("svc-2"))


def test_an_interface_goes_down_and_up(pair: Pair) -> None:
    """It keeps its addresses of version 4, for which the node still answers itself, and loses those of version 6."""
    for command in (
        Command(("ifconfig", "eth0", "down"), kind="changes", tool="ifconfig"),
        ping.briefly(OWN),
        arping.announce("eth0", OWN),
        Command(("ifconfig", "eth0", "up"), kind="changes", tool="ifconfig"),
        ip.add("fd00:9::5", 64, "eth0"),
    ):
        pair.run(command, read_of(command))


@pytest.mark.parametrize("address", [OWN, NEIGHBOUR, "127.0.0.1", NEIGHBOUR_6, "fd00:9::5", "localhost"])
def test_somebody_answers(pair: Pair, address: str) -> None:
    """The node itself, and its neighbour, in both versions of the protocol."""
    pair.run(ping.anybody(address))


@pytest.mark.parametrize("address", [SILENT, "fd00:9::77"])
def test_nobody_answers(pair: Pair, address: str) -> None:
    """Silence is return code 1."""
    pair.run(ping.briefly(address))


def test_nobody_answers_for_longer(pair: Pair) -> None:
    """After three seconds the kernel says that there is no such host; that, too, is return code 1."""
    pair.run(ping.anybody(SILENT), verdict)


@pytest.mark.parametrize("address", ["10.99.0.77", "fd00:99::77"])
def test_there_is_no_route(pair: Pair, address: str) -> None:
    """That nobody can be asked is return code 2."""
    no_routes = "routes are not part of a node state: every address is taken to have one"
    pair.run(ping.briefly(address), returncode=no_routes, answer=no_routes)


@pytest.mark.parametrize(
    "line", ["ping -c 1 -W 1 -w 1 10.9.0.255", "ping", "ping -c x 10.9.0.1", "ping -V", "arping -V"]
)
def test_what_ping_will_not_do(pair: Pair, line: str) -> None:
    """A broadcast address, no address, a count that is none."""
    argv = tuple(line.split())
    pair.run(Command(argv, tool=argv[0]))


def test_a_name_that_nobody_knows(pair: Pair) -> None:
    """It is return code 2 for both who ask; which sentence ping has for it is up to the resolver."""
    pair.run(ping.briefly("nosuch.invalid"), verdict)
    pair.run(getent.ahosts("nosuch.invalid"))


def test_an_address_is_announced(pair: Pair) -> None:
    """One that the node has, on an interface that speaks ARP: nothing else can be sent."""
    for command in (
        arping.version(),
        arping.announce("eth0", OWN),
        arping.announce("eth0", "10.9.0.99"),
        arping.announce("eth9", OWN),
        arping.announce("lo", "127.0.0.1"),
    ):
        pair.run(command, read_of(command))


@pytest.mark.parametrize(
    "line",
    ["getent ahosts 10.9.0.1", "getent ahosts fd00:9::1", "getent ahosts localhost", "getent", "getent foo",
     "getent --foo", "getent ahosts --foo"],
)  # fmt: skip
def test_names_are_resolved(pair: Pair, line: str) -> None:
    """An address is its own name; a name that is no database, and an option that is none, are refused."""
    pair.run(Command(tuple(line.split()), tool="getent"), words)

"""The driver of plain addresses."""

from typing import Any

import pytest

from core.command import Check, Command, Completed
from core.compare import same_world
from core.config.service import Resource
from core.drivers.ip.address import ALIASES_MAX
from core.errors import CommandFailed, Failed
from core.state import copy as copied
from core.state import load
from executors.simulated.node import SimulatedNode
from tests.unit.drivers.drive import drive, service

NET_TOOLS = {"net-tools": "2.10"}
ETH0 = {"addresses": ["10.0.0.60/24", *({"address": f"10.0.0.6{n}/24", "label": f"eth0:{n}"} for n in (1, 2))]}


def node(*, holes: bool = False, **state: Any) -> SimulatedNode:
    """A node with eth0 and two aliases, and net-tools."""
    return SimulatedNode(load({"interfaces": {"eth0": ETH0}, "tools": NET_TOOLS, **state}), holes=holes)


def address(options: str = "", ipname: str = "10.0.0.221") -> Resource:
    """The resource ip#1 of a service."""
    return service(f"[ip#1]\nipname = {ipname}\nipdev = eth0\n{options}\n").resource("ip#1")


def holds(on: SimulatedNode, check: Check | None) -> bool:
    """Ask a check whether it holds."""
    assert check is not None
    answer = on.run(check.ask)
    return (answer.returncode == 0 and bool(answer.stdout.strip())) is not check.absent


def test_start_runs_the_commands_of_the_transcript() -> None:
    """Where net-tools is, an address comes up on the first free alias and is announced, as in the transcript."""
    run = drive(address(), "start", node())
    assert run.lines == [
        "ifconfig eth0:3 10.0.0.221 netmask 255.255.255.0 up",
        "arping -U -c 1 -I eth0 -s 10.0.0.221 10.0.0.221",
    ]
    assert run.notes == ["checking 10.0.0.221 availability"]


def test_start_without_net_tools() -> None:
    """Where net-tools is not, the same alias is made with ip."""
    run = drive(address(), "start", node(tools={}))
    assert run.lines[0] == "ip addr add 10.0.0.221/24 dev eth0 label eth0:3"


def test_a_second_start_runs_nothing() -> None:
    """An address that is up is left alone."""
    there = node()
    drive(address(), "start", there)
    run = drive(address(), "start", there)
    assert (run.lines, run.notes) == ([], ["10.0.0.221 is already up on eth0"])


@pytest.mark.parametrize("tools", [NET_TOOLS, {}])
@pytest.mark.parametrize("ipname", ["10.0.0.221", "2001:db8::5"])
def test_stop_is_the_inverse_of_start(tools: dict[str, str], ipname: str) -> None:
    """After start and stop the node is as it was, in both dialects and both families."""
    there = node(tools=tools)
    before = copied(there.state)
    drive(address("netmask = 24", ipname), "start", there)
    assert same_world(before, there.state)
    run = drive(address("netmask = 24", ipname), "stop", there)
    assert same_world(before, there.state) == []
    assert run.notes == [f"checking {ipname} availability"]


def test_stop_names_the_alias_that_has_the_address() -> None:
    """Stop takes down the alias that it finds, as in the transcripts of the old agent."""
    there = node()
    drive(address(), "start", there)
    assert drive(address(), "stop", there).lines == ["ifconfig eth0:3 down"]


def test_stop_of_an_address_that_is_down() -> None:
    """Stopping what is down runs nothing."""
    run = drive(address(), "stop", node())
    assert (run.lines, run.notes) == ([], ["10.0.0.221 is already down on eth0"])


@pytest.mark.parametrize("ipname", ["10.0.0.60", "localhost", "127.0.0.1"])
def test_stop_leaves_addresses_of_the_node(ipname: str) -> None:
    """An address that is no alias belongs to the node: a service file that names it does not cut the node off."""
    there = node()
    before = copied(there.state)
    assert drive(address(ipname=ipname), "stop", there).lines == []
    assert same_world(before, there.state) == []


@pytest.mark.parametrize(
    "state", [{"neighbours": ["10.0.0.221"]}, {"ec2": {"instance": "i-1", "others": ["10.0.0.221"]}}]
)
def test_start_refuses_an_address_of_another_host(state: dict[str, Any]) -> None:
    """An address for which somebody answers is not taken."""
    there = node(**state)
    with pytest.raises(Failed, match=r"10\.0\.0\.221 is already up on another host"):
        drive(address(), "start", there)


def test_start_refuses_when_it_cannot_ask() -> None:
    """Without ping nobody knows whether the address is free, so it is not taken."""
    with pytest.raises(CommandFailed, match="ping"):
        drive(address(), "start", node(tools={**NET_TOOLS, "iputils-ping": None}))


@pytest.mark.parametrize(
    "interfaces, said",
    [
        ({"eth1": {}}, "interface eth0 not found. Cannot stack over it."),
        ({"eth0": {"up": False}}, "interface eth0 is not up. Cannot stack over it."),
        ({"eth0": {}}, "No netmask set on parent interface eth0"),
    ],
)
def test_start_needs_an_interface_that_is_fit(interfaces: dict[str, Any], said: str) -> None:
    """The interface is there, is up, and knows a netmask, or the error says which of these fails."""
    with pytest.raises(Failed) as raised:
        drive(address(), "start", node(interfaces=interfaces))
    assert said in str(raised.value)


@pytest.mark.parametrize("netmask", ["255.255.0.0", "16"])
def test_netmask_of_the_keyword_wins(netmask: str) -> None:
    """The netmask of the service file is used, dotted or not."""
    assert address(f"netmask = {netmask}").service.problems() == []
    run = drive(address(f"netmask = {netmask}"), "start", node())
    assert run.lines[0] == "ifconfig eth0:3 10.0.0.221 netmask 255.255.0.0 up"


@pytest.mark.parametrize("netmask", ["255.0.255.0", "129", "24 bits"])
def test_a_bad_netmask_is_an_error_of_the_file(netmask: str) -> None:
    """A netmask that is none is found before anything runs."""
    (problem,) = address(f"netmask = {netmask}").service.problems()
    assert (problem.key, problem.line) == ("netmask", 4)


def test_a_netmask_longer_than_the_family_is_refused() -> None:
    """A prefix length of IPv6 does not fit an address of IPv4."""
    with pytest.raises(Failed, match="too long"):
        drive(address("netmask = 64"), "start", node())


@pytest.mark.parametrize("ipname", ["10.0.0.300", "<allocate>", "a b", "10.0.0"])
def test_a_bad_ipname_is_an_error_of_the_file(ipname: str) -> None:
    """What is neither an address nor a host name is found before anything runs."""
    (problem,) = address(ipname=ipname).service.problems()
    assert (problem.key, problem.line) == ("ipname", 2)


@pytest.mark.parametrize("ipname", ["", "www", "10.0.0.5", "2001:db8::5", "web-1.example.com"])
def test_a_good_ipname_is_none(ipname: str) -> None:
    """Addresses, host names, and an empty placeholder for a cascade are right."""
    assert address(ipname=ipname).service.problems() == []


def test_start_resolves_names() -> None:
    """A host name is resolved where the service starts."""
    run = drive(address(ipname="www"), "start", node(names={"www": "10.0.0.70"}))
    assert run.lines[0] == "ifconfig eth0:3 10.0.0.70 netmask 255.255.255.0 up"


@pytest.mark.parametrize("ipname, said", [("www", "could not resolve name www"), ("", "ipname is empty")])
def test_start_needs_an_address(ipname: str, said: str) -> None:
    """A name that nobody knows, and no name at all, are failures that say so."""
    with pytest.raises(Failed, match=said):
        drive(address(ipname=ipname), "start", node())


def test_noalias_replaces_nothing() -> None:
    """The tag noalias adds the address to the interface itself, beside the one that it has; stop takes it away."""
    there = node()
    before = copied(there.state)
    run = drive(address("tags = noalias"), "start", there)
    assert run.lines[0] == "ip addr add 10.0.0.221/24 dev eth0"
    assert "10.0.0.60/24" in [entry["address"] for entry in there.state["interfaces"]["eth0"]["addresses"]]
    drive(address("tags = noalias"), "stop", there)
    assert same_world(before, there.state) == []


def test_a_label_that_would_be_too_long() -> None:
    """An interface whose aliases the kernel could not name gets the address without an alias."""
    there = node(interfaces={"wlx0123456789ab": {"addresses": ["10.0.0.60/24"]}})
    on = service("[ip#1]\nipname = 10.0.0.9\nipdev = wlx0123456789ab\n").resource("ip#1")
    assert drive(on, "start", there).lines[0] == "ip addr add 10.0.0.9/24 dev wlx0123456789ab"


def test_version_6_is_not_announced() -> None:
    """IPv6 has no arp: the address is added, and nothing announced."""
    there = node(interfaces={"eth0": {"addresses": ["fe80::1/10", "2001:db8::1/64"]}})
    assert drive(address(ipname="2001:DB8::0:5"), "start", there).lines == ["ifconfig eth0 inet6 add 2001:db8::5/64"]
    assert drive(address(ipname="2001:DB8::0:5"), "start", there).lines == []


def test_a_missing_arping_is_a_warning() -> None:
    """Without arping the address is up all the same, and the log says what to install."""
    run = drive(address(), "start", node(tools={**NET_TOOLS, "iputils-arping": None}))
    assert run.lines == ["ifconfig eth0:3 10.0.0.221 netmask 255.255.255.0 up"]
    assert run.notes[-1] == "arp announce skipped. install 'arping'"


def test_the_other_arping_is_spoken_to_in_its_words() -> None:
    """The arping of Habets reads -s as a hardware address; it gets -S, and its code 1 is no failure."""
    habets = {"returncode": 1, "stderr": "ARPing 2.23, by Thomas Habets <thomas@habets.se>\n"}
    run = drive(address(), "start", node(programs={"arping": habets}))
    assert run.lines[1:] == ["arping -U -P -c 1 -i eth0 -S 10.0.0.221 10.0.0.221"]


def test_an_address_that_is_not_known_yet() -> None:
    """In a preview the address may be a hole: the same commands are planned, with the hole in them."""
    resource = address()
    resource.service.set("ip#1.ipname", "10.0.0.1")
    plan = [line.replace("10.0.0.1", "«ip#0.address»") for line in drive(resource, "start", node()).lines]
    there = node(holes=True)
    assert drive(_with_hole(resource), "start", there).lines == plan
    assert drive(_with_hole(resource), "start", there).notes == ["«ip#0.address» is already up on eth0"]
    assert drive(_with_hole(resource), "stop", there).lines == ["ifconfig eth0:3 down"]


def _with_hole(resource: Resource) -> Resource:
    resource.service.set("ip#1.ipname", "«ip#0.address»")
    return resource


@pytest.mark.parametrize("tools", [NET_TOOLS, {}])
@pytest.mark.parametrize("verb", ["start", "stop"])
def test_checks_and_undo(verb: str, tools: dict[str, str]) -> None:
    """A check holds after its change and not before; the undo gives the node back, and its checks agree."""
    there = node(tools=tools)
    if verb == "stop":
        drive(address(), "start", there)
    before = SimulatedNode(copied(there.state))
    (change,) = [command for command in drive(address(), verb, there).changes if command.kind == "changes"]
    assert (holds(before, change.check), holds(there, change.check)) == (False, True)
    for undo in change.undo:
        assert isinstance(undo, Command)
        assert not holds(there, undo.check)
        assert there.run(undo).returncode == 0
        assert holds(there, undo.check)
    assert same_world(before.state, there.state) == []


def test_undo_spares_who_has_the_alias_now() -> None:
    """After a reboot the name of the alias may be another service's: the undo goes by the address."""
    there = node()
    change = drive(address(), "start", there).changes[0]
    there.state["interfaces"]["eth0"]["addresses"][-1]["address"] = "10.0.0.99/24"
    (undo,) = change.undo
    assert isinstance(undo, Command)
    assert holds(there, undo.check)


@pytest.mark.parametrize(
    "ipname, interfaces, state",
    [
        ("10.0.0.61", {"eth0": ETH0}, "up"),
        ("10.0.0.221", {"eth0": ETH0}, "down"),
        ("10.0.0.221", {"eth1": {}}, "warn"),
        ("www", {"eth0": ETH0}, "warn"),
        ("", {"eth0": ETH0}, "down"),
        ("localhost", {"eth0": ETH0}, "down"),
    ],
)
def test_status(ipname: str, interfaces: dict[str, Any], state: str) -> None:
    """Up where the address is, down where it is not; warn when that cannot be told; a placeholder is never up."""
    assert drive(address(ipname=ipname), "status", node(interfaces=interfaces)).value.state == state


def test_what_it_is_and_what_it_is_for() -> None:
    """The status tree says ADDRESS@INTERFACE, the plan what comes up where."""
    driver = address().driver
    assert driver.label(address()) == "10.0.0.221@eth0"
    assert driver.purpose(address()) == "address 10.0.0.221 up on eth0"


def test_stop_without_an_address() -> None:
    """Where no address was ever allocated there is nothing to stop."""
    assert drive(address(ipname=""), "stop", node())[:2] == ([], [])


def test_an_announcement_that_fails_is_a_warning() -> None:
    """The address is up; that it could not be announced is said and stops nothing."""
    said = {"returncode": 2, "stderr": 'Interface "eth0" is down\n'}
    assert drive(address(), "start", node(programs={"arping": said})).notes[-1] == (
        'arp announce failed: Interface "eth0" is down'
    )


class Deaf:
    """A node on which an address never answers a ping, or always does."""

    def __init__(self, inner: SimulatedNode, returncode: int) -> None:
        self.inner, self.returncode = inner, returncode

    def run(self, command: Command) -> Completed:
        """Answer pings of one second."""
        return Completed(self.returncode) if command.argv[:5:4] == ("ping", "1") else self.inner.run(command)


def test_waiting_ends() -> None:
    """An address that does not come up, or does not go down, is a failure after a bounded time."""
    there = node()
    with pytest.raises(Failed, match=r"ip activation of 10\.0\.0\.221"):
        drive(address(), "start", Deaf(there, 1))
    with pytest.raises(Failed, match=r"10\.0\.0\.221 to go down"):
        drive(address(), "stop", Deaf(there, 0))
    assert there.clock == 6 + 16


@pytest.mark.parametrize("tools", [NET_TOOLS, {}])
def test_an_alias_that_another_action_has_chosen_is_left_to_it(tools: dict[str, str]) -> None:
    """Of two services that see the same alias free, the second one takes the next."""
    line = drive(address(), "start", node(tools=tools), claimed={"alias:eth0:3", "alias:eth0:4"}).lines[0]
    assert "eth0:5" in line.split()


@pytest.mark.parametrize("options", ["tags = noalias", ""])
def test_without_a_free_alias_an_address_has_none(options: str) -> None:
    """Where no alias is wanted, or none is left, whatever others have chosen does not matter."""
    chosen = {f"alias:eth0:{number}" for number in range(1, ALIASES_MAX)}
    run = drive(address(options), "start", node(), claimed=chosen)
    assert run.lines[0] == "ip addr add 10.0.0.221/24 dev eth0"

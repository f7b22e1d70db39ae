"""The simulated ping, arping and getent: who answers, who is told, and what a name is."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.state import Question, load
from core.tools import arping, getent, ping
from executors.simulated.node import SimulatedNode


def node(**state: Any) -> SimulatedNode:
    """A node with an interface that is up and one that is down."""
    interfaces = {"eth0": {"addresses": ["10.0.0.60/24"]}, "eth1": {"up": False, "addresses": ["10.1.0.60/24"]}}
    return SimulatedNode(load({"interfaces": interfaces, "neighbours": ["10.0.0.1"], **state}))


def ran(on: SimulatedNode, line: str) -> Completed:
    """Run a line of words."""
    words = tuple(line.split())
    return on.run(Command(words, tool=words[0]))


@pytest.mark.parametrize(
    "address, returncode",
    [
        ("10.0.0.60", ping.ANSWERED),
        ("127.0.0.1", ping.ANSWERED),
        ("localhost", ping.ANSWERED),
        ("10.0.0.1", ping.ANSWERED),
        ("10.0.0.99", ping.SILENT),
        ("10.1.0.60", ping.ANSWERED),
        ("«ip#0.address»", ping.SILENT),
        ("www", ping.UNREACHABLE),
    ],
)
def test_who_answers(address: str, returncode: int) -> None:
    """The node's own addresses answer, also those of an interface that is down, and its neighbours; nobody else."""
    assert node().run(ping.anybody(address)).returncode == returncode


def test_hosts_of_the_cloud_answer() -> None:
    """An address of another instance is taken; one that is assigned to this one but not up is silent."""
    card = {"device": "eth0", "subnet": "10.0.0.0/24", "addresses": ["10.0.0.221"]}
    there = node(ec2={"instance": "i-1", "others": ["10.0.0.70"], "network_interfaces": {"eni-1": card}})
    assert there.run(ping.anybody("10.0.0.70")).returncode == ping.ANSWERED
    assert there.run(ping.anybody("10.0.0.221")).returncode == ping.SILENT


def test_what_is_not_known_is_a_question() -> None:
    """Of a node that was observed, who answers is known when it was asked; else the question is kept, once."""
    there = node(complete=False, silent=["10.0.0.98"])
    for address in ("10.0.0.98", "10.0.0.1", "10.0.0.60", "10.1.0.60", "«ip#0.address»", "10.0.0.99", "10.0.0.99"):
        there.run(ping.anybody(address))
    assert there.questions == [Question("ping", "10.0.0.99")]


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("ping -c 1", 1, "Destination address required"),
        ("ping -c 1 --frob 10.0.0.1", 2, "--frob"),
        ("ping 10.0.0.1", 2, "-c"),
        ("ping -c 1 www", 2, "ping: www: Name or service not known"),
    ],
)
def test_ping_refusals(line: str, returncode: int, said: str) -> None:
    """What ping does not understand is no answer about an address."""
    answer = ran(node(), line)
    assert (answer.returncode, said in answer.stderr) == (returncode, True)


def test_announce() -> None:
    """An address of the node is announced."""
    answer = node().run(arping.announce("eth0", "10.0.0.60"))
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, "ARPING 10.0.0.60 from 10.0.0.60 eth0")


@pytest.mark.parametrize(
    "line, said",
    [
        ("arping -U -c 1 -I eth9 -s 10.0.0.60 10.0.0.60", "arping: Device eth9 not available."),
        ("arping -U -c 1 -I eth1 -s 10.0.0.60 10.0.0.60", 'Interface "eth1" is down'),
        ("arping -U -c 1 -I eth0 -s 10.0.0.61 10.0.0.61", "arping: bind: Cannot assign requested address"),
        ("arping -U -P -c 1 -I eth0 -s 10.0.0.60 10.0.0.60", "-P"),
        ("arping -U -A -c 1 -I eth0 -s 10.0.0.60 10.0.0.60", "Usage"),
        ("arping -U -c 1 -s 10.0.0.60 10.0.0.60", "Usage"),
        ("arping", "Usage"),
    ],
)
def test_arping_refusals(line: str, said: str) -> None:
    """What cannot be sent is code 2 with the words of iputils."""
    answer = ran(node(), line)
    assert (answer.returncode, said in answer.stdout + answer.stderr) == (2, True)


def test_which_arping() -> None:
    """The arping of iputils is told from that of Habets, and from none."""
    iputils, none = node(), node(tools={"iputils-arping": None})
    habets = node(programs={"arping": {"returncode": 1, "stderr": "ARPing 2.23, by Thomas Habets <thomas@habets.se>"}})
    answers = [each.run(arping.version()) for each in (iputils, habets, none)]
    assert [arping.is_habets(answer) for answer in answers] == [False, True, False]
    assert [arping.is_missing(answer) for answer in answers] == [False, False, True]


@pytest.mark.parametrize(
    "name, address",
    [("www", "10.0.0.70"), ("localhost", "127.0.0.1"), ("10.0.0.5", "10.0.0.5"), ("::1", "::1"), ("no", None)],
)
def test_names(name: str, address: str | None) -> None:
    """Names of the state and addresses are resolved, others are not found."""
    answer = node(names={"www": "10.0.0.70", "localhost": "127.0.0.1"}).run(getent.ahosts(name))
    assert getent.first_address(answer.stdout) == address
    assert answer.returncode == (getent.NOT_FOUND if address is None else getent.FOUND)


def test_a_name_that_is_not_known_is_a_question() -> None:
    """Of a node that was observed, a name is known when it was asked, also as one that does not exist."""
    there = node(complete=False, names={"gone": ""})
    for name in ("gone", "www", "www"):
        assert there.run(getent.ahosts(name)).returncode == getent.NOT_FOUND
    assert there.questions == [Question("name", "www")]


@pytest.mark.parametrize(
    "line, returncode, said",
    [
        ("getent", 1, "wrong number of arguments"),
        ("getent frob x", 1, "Unknown database: frob"),
        ("getent ahosts --frob", 64, "unrecognized option '--frob'"),
    ],
)
def test_getent_refusals(line: str, returncode: int, said: str) -> None:
    """What getent does not understand is refused with its codes and words."""
    answer = ran(node(), line)
    assert (answer.returncode, said in answer.stderr) == (returncode, True)


def test_all_names() -> None:
    """Without a name, all that have an address are listed."""
    answer = ran(node(names={"www": "10.0.0.70", "gone": ""}), "getent ahosts")
    assert answer == Completed(0, "10.0.0.70       www\n")


@pytest.mark.parametrize("program, option", [("ping", "-V"), ("arping", "-V")])
def test_versions(program: str, option: str) -> None:
    """Both say that they are of iputils."""
    assert "from iputils 20221126" in ran(node(), f"{program} {option}").stdout

"""What a node that is looked at says of the instance of EC2 that it is."""

from typing import Any

import pytest

from core.command import Command, Completed
from core.engine import asked
from core.observe import learn
from core.state import NodeState, Question, copy, load
from executors.simulated.node import SimulatedNode
from tests.unit import ec2_nodes
from tests.unit.drivers.drive import drive, service

QUESTION = Question("cloud", "account")
INSTANCE = "i-40753486"


def seen(on: SimulatedNode, node: Any = None) -> tuple[NodeState, list[Question]]:
    """What is known of a node after it was asked for its account, and what was answered."""
    there = copy(on.state)
    devices = {path: {**each, "content": {"kind": "unseen"}, "volume": ""} for path, each in there["devices"].items()}
    state = load({"complete": False, "devices": devices, "interfaces": there["interfaces"]})
    return state, asked(learn(state, [QUESTION]), node or on)


class Refusing:
    """A node whose cloud refuses one request."""

    def __init__(self, on: SimulatedNode, request: str) -> None:
        self._on, self._request = on, request

    def run(self, command: Command) -> Completed:
        """Answer as the node does, but for that request."""
        if self._request in command.argv:
            return Completed(254, "", "An error occurred (UnauthorizedOperation): You are not authorized\n")
        return self._on.run(command)


@pytest.mark.parametrize("name", ec2_nodes.NAMES)
def test_the_account_is_what_ec2_describes(name: str) -> None:
    """Instance, zone, interfaces with their addresses, and every volume, as long as the request can tell."""
    on = ec2_nodes.node(name)
    state, answered = seen(on)
    there, found = on.state["ec2"], state["ec2"]
    assert (answered, state["unseen"]) == ([QUESTION], [])
    same = ("region", "zone", "instance", "disks", "metadata", "metadata_tokens", "elastic_addresses")
    assert {key: found[key] for key in same} == {key: there[key] for key in same}
    for eni, interface in there["network_interfaces"].items():
        assert found["network_interfaces"][eni]["addresses"] == interface["addresses"]
        assert found["network_interfaces"][eni]["device"] == interface["device"]
    for volume, entry in there["volumes"].items():
        assert found["volumes"][volume] == {**entry, "content": {"kind": "unseen"}}


@pytest.mark.parametrize("name", ec2_nodes.NAMES)
def test_each_device_is_told_which_volume_it_is(name: str) -> None:
    """By serial number where there is one, else by the name it was attached as: /dev/sdf is /dev/xvdf, /dev/xvda is."""
    on = ec2_nodes.node(name)
    state, _ = seen(on)
    told = {path: each["volume"] for path, each in state["devices"].items()}
    assert told == {path: each["volume"] for path, each in on.state["devices"].items()}
    assert all(told.values())
    for path, volume in told.items():
        assert state["ec2"]["volumes"][volume]["content"] is state["devices"][path]["content"]


def test_what_is_attached_elsewhere_or_nowhere_is_no_device_of_this_node() -> None:
    """A volume of another instance with the name of a device here, and one that is free, are told of no device."""
    volume = {"size": "1G", "zone": "us-west-2b", "tags": {"Name": "spare"}}
    elsewhere = {"instance": "i-0000", "device": "/dev/xvda", "state": "attached", "ready": 0}
    before = ec2_nodes.state()["ec2"]["volumes"]
    volumes = {
        **before,
        "vol-0aaaaaaaaaaaaaaaa": volume,
        "vol-0bbbbbbbbbbbbbbbb": {**volume, "attachment": elsewhere, "state": "in-use"},
    }
    state, _ = seen(ec2_nodes.node(volumes=volumes))
    assert {each["volume"] for each in state["devices"].values()} == {*before}
    assert state["ec2"]["volumes"]["vol-0aaaaaaaaaaaaaaaa"]["attachment"] is None
    assert state["ec2"]["volumes"]["vol-0aaaaaaaaaaaaaaaa"]["tags"] == {"Name": "spare"}
    assert state["ec2"]["volumes"]["vol-0bbbbbbbbbbbbbbbb"]["attachment"] == elsewhere


def test_an_elastic_address_is_seen_with_whom_it_is_associated() -> None:
    """One that a service was given is there, with its instance and private address."""
    on = ec2_nodes.node()
    text = "[ip#0]\ntype = amazon\nipname = <allocate>\nipdev = eth0\neip = <allocate>\n"
    drive(service(text).resource("ip#0"), "provision", on)
    (there,) = on.state["ec2"]["elastic_addresses"].items()
    state, _ = seen(on)
    assert state["ec2"]["elastic_addresses"] == dict([there])
    assert there[1]["instance"] == INSTANCE


def test_a_node_outside_of_the_cloud_has_no_account() -> None:
    """No metadata service is an answer: there is nothing to see."""
    state, answered = seen(SimulatedNode(load({})))
    assert (answered, state["ec2"], state["unseen"]) == ([QUESTION], None, [])


def test_an_instance_that_may_not_be_described_stays_unknown() -> None:
    """Refused is not "nothing there": the question stays open, and the state says why."""
    state, answered = seen(ec2_nodes.node(), Refusing(ec2_nodes.node(), "describe-instances"))
    assert (answered, state["ec2"]) == ([], None)
    assert state["unseen"] == ["the instance in EC2: An error occurred (UnauthorizedOperation): You are not authorized"]


def test_volumes_that_may_not_be_listed_are_named_as_unseen() -> None:
    """The rest of the account is known; the state says what is missing."""
    state, answered = seen(ec2_nodes.node(), Refusing(ec2_nodes.node(), "describe-volumes"))
    assert (answered, state["ec2"]["instance"], state["ec2"]["volumes"]) == ([QUESTION], INSTANCE, {})
    assert [each.partition(":")[0] for each in state["unseen"]] == ["volumes of EC2"]

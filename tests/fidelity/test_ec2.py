"""The simulated EC2 against moto, wherever moto is right: sequences of the command lines that drivers use.

Both are asked in the words of aws(1). Return codes, and the codes of errors, have to be the same, and each part of a
simulated answer has to be in moto's as well, once identities are called by their names. Where moto is known not to do
what EC2 does, the difference is written down here with its reason, and has to be there.
"""

import json
import re
from collections.abc import Iterator
from shlex import split
from typing import Any, NamedTuple

import pytest

from core.answers import pick
from core.command import Command, Completed
from core.state import NodeState
from executors.real.machine import Machine
from executors.simulated.node import SimulatedNode
from tests.e2e.cloud import Instance, credentials, ec2_server
from tests.fidelity.ledger import compared
from tests.unit.ec2_nodes import state

REFUSED = 254
Found = tuple[str, Any, Any]
"""A path in the answers, and what each side has there."""

EVERYWHERE = {
    "SnapshotId": "moto leaves out the snapshot of a volume that has none; EC2 says an empty one",
    "DeleteOnTermination": "moto leaves it out of the attachments of a volume; EC2 says it",
}
"""Members that moto's answers do not have."""

OUTSIDE = "assign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.99.99.99"
NOT_ASSIGNED = "unassign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.0.0.202"
ACCEPTS = "moto accepts it; EC2 refuses"
FAILS = "moto ends with an error of its own (500)"
KNOWN = {
    ("create-volume", "answer.State"): "moto has no transitions: a new volume is available at once",
    ("create-volume --size -5", "returncode"): ACCEPTS,
    ("create-volume --size 1 --availability-zone nowhere-1a", "returncode"): ACCEPTS,
    ("create-volume --size 1 --availability-zone us-west-2b --volume-type zzz", "returncode"): ACCEPTS,
    ("create-volume --size 4 --availability-zone us-west-2b --volume-type io1", "code"): (
        "moto says InvalidParameterDependency; EC2 says InvalidParameterCombination where iops are missing"
    ),
    ("attach-volume --instance-id {instance} --volume-id {volume} --device /dev/sdg", "returncode"): ACCEPTS,
    ("detach-volume --volume-id {volume}", "returncode"): FAILS,
    ("assign-private-ip-addresses", "answer.AssignedPrivateIpAddresses"): (
        "moto answers with all addresses of the interface, EC2 with the new ones"
    ),
    (
        "assign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.99.99.99",
        "returncode",
    ): ACCEPTS,
    (
        "unassign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.0.0.202",
        "returncode",
    ): (ACCEPTS),
}
"""Where EC2 would be as the simulation is: how a line begins, the path of the difference, and the reason."""

SEQUENCES = {
    "a volume's life": (
        "create-volume --size 2 --availability-zone us-west-2b --volume-type gp2 -> volume=VolumeId",
        "describe-volumes --volume-ids {volume}",
        "attach-volume --instance-id {instance} --volume-id {volume} --device /dev/sdf",
        "describe-volumes --volume-ids {volume}",
        "describe-volumes --filters Name=attachment.instance-id,Values={instance} Name=volume-id,Values={volume}",
        "describe-volumes --filters Name=volume-id,Values={volume} Name=attachment.status,Values=attaching,attached",
        "delete-volume --volume-id {volume}",
        "detach-volume --instance-id {instance} --volume-id {volume}",
        "describe-volumes --volume-ids {volume}",
        "wait volume-available --volume-ids {volume}",
        "delete-volume --volume-id {volume}",
        "describe-volumes --volume-ids {volume}",
        "describe-volumes --filters Name=volume-id,Values={volume}",
        "delete-volume --volume-id {volume}",
        "attach-volume --instance-id {instance} --volume-id {volume} --device /dev/sdf",
        "detach-volume --instance-id {instance} --volume-id {volume}",
    ),
    "kinds of volumes": (
        "create-volume --size 4 --availability-zone us-west-2b --volume-type io1 --iops 100 -> volume=VolumeId",
        "create-volume --size 4 --availability-zone us-west-2b --volume-type io1",
        "create-volume --size 1 --availability-zone us-west-2b --encrypted -> secret=VolumeId",
        "create-volume --availability-zone us-west-2b",
        "create-volume --availability-zone us-west-2b --snapshot-id snap-12345678",
        "create-volume --size 1 --availability-zone us-west-2b --volume-type gp3 -> modern=VolumeId",
        "describe-volumes --volume-ids {volume} {modern} {secret}",
    ),
    "a volume found by its mark": (
        (
            "create-volume --size 1 --availability-zone us-west-2b --client-token t --tag-specifications "
            "'ResourceType=volume,Tags=[{Key=svcprov:rid,Value=disk#0},{Key=svcprov:nonce,Value=n1}]' "
            "-> volume=VolumeId"
        ),
        "describe-volumes --filters Name=tag:svcprov:nonce,Values=n1 Name=status,Values=creating,available,in-use",
        "describe-volumes --filters Name=tag:svcprov:nonce,Values=n2",
        "describe-volumes --filters Name=tag:svcprov:nonce,Values=n1 Name=status,Values=in-use",
        "delete-volume --volume-id {volume}",
        "describe-volumes --filters Name=tag:svcprov:nonce,Values=n1",
    ),
    "what EC2 refuses and moto does not": (
        "create-volume --size -5 --availability-zone us-west-2b",
        "create-volume --size 1 --availability-zone nowhere-1a",
        "create-volume --size 1 --availability-zone us-west-2b --volume-type zzz",
        "create-volume --size 1 --availability-zone us-west-2b -> volume=VolumeId",
        "detach-volume --volume-id {volume}",
        "attach-volume --instance-id {instance} --volume-id {volume} --device /dev/sdf",
        "attach-volume --instance-id {instance} --volume-id {volume} --device /dev/sdg",
        OUTSIDE,
        NOT_ASSIGNED,
    ),
    "a private address": (
        "assign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.0.0.201",
        "describe-instances --instance-ids {instance}",
        "unassign-private-ip-addresses --network-interface-id {interface} --private-ip-address 10.0.0.201",
        "describe-instances --instance-ids {instance}",
        "assign-private-ip-addresses --network-interface-id eni-12345678 --private-ip-address 10.0.0.201",
        "unassign-private-ip-addresses --network-interface-id eni-12345678 --private-ip-address 10.0.0.201",
    ),
    "an elastic address": (
        (
            "allocate-address --domain vpc --tag-specifications "
            "'ResourceType=elastic-ip,Tags=[{Key=svcprov:nonce,Value=n1}]' -> allocation=AllocationId public=PublicIp"
        ),
        "describe-addresses --filters Name=tag:svcprov:nonce,Values=n1",
        "describe-addresses --filters Name=public-ip,Values={public}",
        "describe-addresses --allocation-ids {allocation}",
        (
            "associate-address --allocation-id {allocation} --private-ip-address {address} --instance-id {instance} "
            "--no-allow-reassociation -> association=AssociationId"
        ),
        "describe-addresses --filters Name=association-id,Values={association}",
        "describe-addresses --filters Name=allocation-id,Values={allocation} Name=private-ip-address,Values={address}",
        "disassociate-address --association-id {association}",
        "describe-addresses --filters Name=allocation-id,Values={allocation}",
        "release-address --allocation-id {allocation}",
        "describe-addresses --filters Name=allocation-id,Values={allocation}",
        "release-address --allocation-id {allocation}",
        "describe-addresses --allocation-ids {allocation}",
    ),
    "an instance": (
        "describe-instances --instance-ids {instance}",
        "describe-instances --instance-ids i-12345678",
        "describe-instances --filters Name=instance-id,Values={instance}",
        "describe-instances --filters Name=instance-id,Values=i-12345678",
    ),
}


class Side(NamedTuple):
    """A cloud and what is in it: `names` are the identities of things by the names that sequences have for them."""

    names: dict[str, str]

    def filled(self, words: str) -> list[str]:
        """The words with this side's identities."""
        return [re.sub(r"\{([a-z]+)\}", lambda match: self.names[match[1]], word) for word in split(words)]

    def read(self, answer: Completed) -> dict[str, Any]:
        """Return code, error code, and the answer with names in the place of identities."""
        code = re.search(r"\(([A-Za-z.]+)\)", answer.stderr)
        text = answer.stdout
        for name, identity in self.names.items():
            text = text.replace(f'"{identity}"', f'"{{{name}}}"')
        said = {"code": code[1] if code else "", "answer": json.loads(text) if text else ""}
        return {"returncode": answer.returncode, **(said if answer.returncode in {0, REFUSED} else {})}


def same_account(instance: Instance) -> NodeState:
    """A simulated node that is an instance like this one, in an empty account where nothing takes time."""
    interface = {"device": "eth0", "subnet": instance.subnet, "addresses": [instance.address]}
    (root,) = instance.ec2.describe_instances(InstanceIds=[instance.identity])["Reservations"][0]["Instances"][0][
        "BlockDeviceMappings"
    ]
    attachment = {"instance": "i-40753486", "device": "/dev/sda1", "state": "attached"}
    volumes = {
        root["Ebs"]["VolumeId"]: {"size": "8G", "zone": "us-west-2b", "state": "in-use", "attachment": attachment}
    }
    there = state("ec2", instance="i-40753486", network_interfaces={"eni-033adc4b": interface}, volumes=volumes)
    there["latencies"] = {"volume": 0, "attachment": 0, "device": 0, "detachment": 0}
    there["tools"]["botocore"] = "1.34.0"
    return there


def different(simulated: Any, real: Any, path: str = "") -> Iterator[Found]:
    """What a simulated answer says otherwise than the real one: path and both values. It may say less."""
    if isinstance(simulated, dict) and isinstance(real, dict) and simulated.get("returncode") == real.get("returncode"):
        for name, value in simulated.items():
            yield from different(value, real.get(name, "nothing"), f"{path}.{name}" if path else name)
    elif isinstance(simulated, list) and isinstance(real, list) and len(simulated) == len(real):
        for one, other in zip(simulated, real, strict=True):
            yield from different(one, other, f"{path}[]")
    elif simulated != real:
        yield path or "returncode", simulated, real


def everywhere(found: Found) -> bool:
    """Tell whether a difference is that of a member that moto never has."""
    path, _, real = found
    return real == "nothing" and path.rpartition(".")[2] in EVERYWHERE


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """A cloud for the tests of this file."""
    with ec2_server() as url:
        yield url


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_is_answered_alike(name: str, cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each command line return code, error code, and all that the simulated answer says, are those of moto."""
    for variable, value in credentials(cloud).items():
        monkeypatch.setenv(variable, value)
    instance, machine = Instance(cloud), Machine()
    node = SimulatedNode(same_account(instance))
    here = Side({"instance": "i-40753486", "interface": "eni-033adc4b", "address": instance.address})
    there = Side({"instance": instance.identity, "interface": instance.interface, "address": instance.address})
    for line in SEQUENCES[name]:
        words, _, binds = line.partition(" -> ")
        read = []
        for side, executor in ((here, node), (there, machine)):
            argv = ("aws", "--output=json", "ec2", *side.filled(words))
            answer = executor.run(Command(argv, tool="aws"))
            for bind in binds.split():
                variable, _, path = bind.partition("=")
                side.names[variable] = pick(answer.stdout, path)[0]
            read.append(side.read(answer))
        found = {each[0]: each for each in different(read[0], read[1]) if not everywhere(each)}
        reasons = {path: reason for (begin, path), reason in KNOWN.items() if words.startswith(begin) and path in found}
        assert {path: each for path, each in found.items() if path not in reasons} == {}, line
        assert {path for begin, path in KNOWN if words == begin} <= found.keys(), f"{line}: moto is right by now"
        outcome = f"{read[1]['returncode']} {read[1].get('code', '')}".strip()
        compared("aws ec2", split(words)[0], outcome, reasons.values())

"""The words of an `aws ec2` command line, read with botocore's model: what they mean, and what is not read at all."""

from functools import cache
from shlex import split
from typing import Any

import botocore.session
import pytest

from executors.real.ec2.arguments import Request, Unread, request


@cache
def models() -> tuple[Any, Any]:
    """The models of EC2 and of its waiters."""
    session = botocore.session.Session()
    return session.get_service_model("ec2"), session.get_waiter_model("ec2")


def read(line: str) -> Request:
    """Read a command line as a shell splits it."""
    return request(*models(), split(line))


READ: dict[str, tuple[str, dict[str, Any]]] = {
    "describe-volumes": ("DescribeVolumes", {}),
    "describe-volumes --volume-ids vol-1 vol-2": ("DescribeVolumes", {"VolumeIds": ["vol-1", "vol-2"]}),
    "describe-volumes --volume-ids=vol-1": ("DescribeVolumes", {"VolumeIds": ["vol-1"]}),
    """describe-volumes --volume-ids '["vol-1", "vol-2"]'""": ("DescribeVolumes", {"VolumeIds": ["vol-1", "vol-2"]}),
    "describe-volumes --filters Name=tag:svcprov:nonce,Values=n Name=status,Values=creating,in-use": (
        "DescribeVolumes",
        {
            "Filters": [
                {"Name": "tag:svcprov:nonce", "Values": ["n"]},
                {"Name": "status", "Values": ["creating", "in-use"]},
            ]
        },
    ),
    """describe-volumes --filters '[{"Name": "size", "Values": ["5"]}]'""": (
        "DescribeVolumes",
        {"Filters": [{"Name": "size", "Values": ["5"]}]},
    ),
    """describe-volumes --filters '{"Name": "size", "Values": ["5"]}'""": (
        "DescribeVolumes",
        {"Filters": [{"Name": "size", "Values": ["5"]}]},
    ),
    "create-volume --size 15 --iops 100 --availability-zone us-west-2b --encrypted": (
        "CreateVolume",
        {"Size": 15, "Iops": 100, "AvailabilityZone": "us-west-2b", "Encrypted": True},
    ),
    "create-volume --availability-zone us-west-2b --no-encrypted --size -5": (
        "CreateVolume",
        {"AvailabilityZone": "us-west-2b", "Encrypted": False, "Size": -5},
    ),
    "create-volume --availability-zone z --tag-specifications 'ResourceType=volume,Tags=[{Key=a,Value=b#0},{Key=c,Value=d}]'": (  # noqa: E501
        "CreateVolume",
        {
            "AvailabilityZone": "z",
            "TagSpecifications": [
                {"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b#0"}, {"Key": "c", "Value": "d"}]}
            ],
        },
    ),
    "assign-private-ip-addresses --network-interface-id eni-1 --secondary-private-ip-address-count 1": (
        "AssignPrivateIpAddresses",
        {"NetworkInterfaceId": "eni-1", "SecondaryPrivateIpAddressCount": 1},
    ),
    "unassign-private-ip-addresses --network-interface-id eni-1 --private-ip-address 10.0.0.9": (
        "UnassignPrivateIpAddresses",
        {"NetworkInterfaceId": "eni-1", "PrivateIpAddresses": ["10.0.0.9"]},
    ),
    "associate-address --allocation-id a --private-ip-address 10.0.0.9 --instance-id i --no-allow-reassociation": (
        "AssociateAddress",
        {"AllocationId": "a", "PrivateIpAddress": "10.0.0.9", "InstanceId": "i", "AllowReassociation": False},
    ),
    "delete-volume --volume-id vol-1 --dry-run": ("DeleteVolume", {"VolumeId": "vol-1", "DryRun": True}),
}


@pytest.mark.parametrize("line", READ)
def test_options_are_members_of_the_model(line: str) -> None:
    """Kebab-case is the member's name, and its shape says what the words are."""
    assert read(line) == Request(*READ[line])


def test_a_waiter_asks_its_operation() -> None:
    """`wait NAME` takes the options of the operation that the waiter repeats."""
    asked = read("wait volume-available --volume-ids vol-1")
    assert asked == Request("DescribeVolumes", {"VolumeIds": ["vol-1"]}, "VolumeAvailable")


UNREAD = {
    "describe-clouds": "no operation is called 'describe-clouds'",
    "wait": "no waiter is called ''",
    "wait forever": "no waiter is called 'forever'",
    "run-instances --count 2": "run-instances has options of the CLI's own",
    "describe-volumes --colour red": "unknown option --colour",
    "describe-volumes --no-colour": "unknown option --no-colour",
    "describe-volumes vol-1": "'vol-1' belongs to no option",
    "describe-volumes -v": "'-v' belongs to no option",
    "describe-volumes --volume-ids": "--volume-ids needs a value",
    "describe-volumes --volume-ids vol-1 --volume-ids vol-2": "--volume-ids is given twice",
    "describe-volumes --max-results 5": "--max-results is for those who turn the pages themselves",
    "describe-volumes --filters volume-id": "--filters: expected '=', found 'its end' in 'volume-id'",
    "describe-volumes --filters Name=a,Name=b": "--filters: 'Name' is given twice in 'Name=a,Name=b'",
    "describe-volumes --filters '{Name'": "--filters: no JSON: Expecting property name",
    "describe-volumes --volume-ids file://ids": "--volume-ids: 'file://ids' is to be found elsewhere",
    "delete-volume": "these are required: --volume-id",
    "attach-volume --volume-id v": "these are required: --device, --instance-id",
    "create-volume --availability-zone z --size five": "--size: 'five' is no number",
    "create-volume --availability-zone z --size 5 6": "'6' belongs to no option",
    "create-volume --availability-zone z --encrypted true": "'true' behind --encrypted, which takes no value",
    "create-volume --availability-zone z --encrypted --no-encrypted": "--no-encrypted is given twice",
    "import-key-pair --key-name k --public-key-material x": "--public-key-material takes a blob",
    "detach-volume --volume-id v --de /dev/sdf --d": "--d may be",
}


@pytest.mark.parametrize("line", UNREAD)
def test_what_is_not_sure_is_not_read(line: str) -> None:
    """Words that are unknown, incomplete, or the CLI's own are refused with the reason, never guessed."""
    with pytest.raises(Unread) as caught:
        read(line)
    assert UNREAD[line] in str(caught.value)

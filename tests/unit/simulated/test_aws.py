"""The simulated EC2: what it answers, and above all what it refuses."""

import json
from typing import Any

import pytest

from core.command import Command
from executors.simulated.node import SimulatedNode
from tests.unit.ec2_nodes import aws, node

CREATE = ("create-volume", "--size", "2", "--availability-zone", "us-west-2b")
ENI = ("--network-interface-id", "eni-033adc4b")


def answered(on: SimulatedNode, *words: str) -> Any:
    """What the CLI prints for words that EC2 accepts."""
    answer = aws(on, *words)
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return json.loads(answer.stdout) if answer.stdout else None


def refused(on: SimulatedNode, *words: str) -> str:
    """The code with which EC2 refuses."""
    answer = aws(on, *words)
    assert (answer.returncode, answer.stdout) == (254, "")
    assert answer.stderr.startswith("\nAn error occurred (")
    return answer.stderr.partition("(")[2].partition(")")[0]


def sleep(on: SimulatedNode, seconds: int) -> None:
    """Let time pass on a node."""
    on.run(Command(("sleep", str(seconds)), tool="engine"))


def created(on: SimulatedNode, *words: str) -> str:
    """A new volume that is available."""
    identity: str = answered(on, *CREATE, *words)["VolumeId"]
    sleep(on, 2)
    return identity


def attach(on: SimulatedNode, volume: str, device: str = "/dev/sdf") -> tuple[str, ...]:
    """The words that attach a volume to this node."""
    return ("attach-volume", "--instance-id", on.state["ec2"]["instance"], "--volume-id", volume, "--device", device)


def volume_state(on: SimulatedNode, volume: str) -> str:
    """The state that EC2 tells of a volume."""
    return str(answered(on, "describe-volumes", "--volume-ids", volume)["Volumes"][0]["State"])


def test_a_volume_is_created_while_the_clock_runs() -> None:
    """A new volume is `creating` until its time has come, and `available` then."""
    on = node()
    made = answered(on, *CREATE)
    assert (made["State"], made["Size"], made["AvailabilityZone"]) == ("creating", 2, "us-west-2b")
    sleep(on, 1)
    assert volume_state(on, made["VolumeId"]) == "creating"
    sleep(on, 1)
    assert volume_state(on, made["VolumeId"]) == "available"


def test_a_client_token_buys_once() -> None:
    """The same request with the same token is answered with the same volume."""
    on = node()
    first, second = (answered(on, *CREATE, "--client-token", "t1")["VolumeId"] for _ in range(2))
    assert first == second


def test_a_client_token_is_for_one_request() -> None:
    """The same token with another size is refused."""
    on = node()
    answered(on, *CREATE, "--client-token", "t1")
    other = ("create-volume", "--size", "3", "--availability-zone", "us-west-2b", "--client-token", "t1")
    assert refused(on, *other) == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    "words, code",
    [
        (("--availability-zone", "us-west-2b"), "MissingParameter"),
        (("--size", "0", "--availability-zone", "us-west-2b"), "InvalidParameterValue"),
        (("--size", "-5", "--availability-zone", "us-west-2b"), "InvalidParameterValue"),
        (("--size", "99999", "--availability-zone", "us-west-2b"), "InvalidParameterValue"),
        (("--size", "5", "--availability-zone", "nowhere-1a"), "InvalidZone.NotFound"),
        (("--size", "5", "--availability-zone", "us-west-2b", "--volume-type", "zzz"), "UnknownVolumeType"),
        (("--size", "5", "--availability-zone", "us-west-2b", "--volume-type", "io1"), "InvalidParameterCombination"),
        (("--size", "5", "--availability-zone", "us-west-2b", "--iops", "100"), "InvalidParameterCombination"),
        (("--size", "5", "--iops", "75", "--availability-zone", "us-west-2b", "--volume-type", "io1"),
         "InvalidParameterValue"),
        (("--size", "5", "--iops", "9999", "--availability-zone", "us-west-2b", "--volume-type", "io1"),
         "InvalidParameterValue"),
        (("--snapshot-id", "snap-0", "--availability-zone", "us-west-2b"), "InvalidSnapshot.NotFound"),
        (("--size", "1", "--snapshot-id", "snap-0c1f5a7be8f0a2d34", "--availability-zone", "us-west-2b"),
         "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_what_cannot_be_created_is_refused(words: tuple[str, ...], code: str) -> None:
    """EC2 makes no volume of a wrong size, zone, type, speed or snapshot."""
    on = node()
    before = set(on.state["ec2"]["volumes"])
    assert refused(on, "create-volume", *words) == code
    assert set(on.state["ec2"]["volumes"]) == before


def test_a_volume_from_a_snapshot_holds_its_content() -> None:
    """What a snapshot holds, a volume made from it holds, and it is as large."""
    on = node()
    made = answered(on, "create-volume", "--availability-zone", "us-west-2b", "--snapshot-id", "snap-0c1f5a7be8f0a2d34")
    content = on.state["ec2"]["volumes"][made["VolumeId"]]["content"]
    assert (made["Size"], content["type"], content["label"]) == (8, "ext4", "payroll")


def test_a_device_appears_after_a_while() -> None:
    """The kernel has an attached volume only some seconds later, as the disk that its device name says."""
    on = node()
    answered(on, *attach(on, created(on), "/dev/sdf"))
    assert on.device("/dev/xvdf") is None
    sleep(on, 2)
    disk = on.device("/dev/xvdf")
    assert disk is not None
    assert disk["size"] == 2 << 30


def test_nvme_disks_are_numbered() -> None:
    """On Nitro the kernel numbers disks as they come, and says the volume's id, without dash, as serial number."""
    on = node("ec2-nitro")
    volume = created(on)
    answered(on, *attach(on, volume))
    assert on.state["devices"]["/dev/nvme1n1"]["serial"] == volume.replace("-", "")


def test_some_kernels_have_the_name_that_ec2_was_asked_for() -> None:
    """On a node of neither Xen nor Nitro an attached volume is the disk of its very name."""
    on = node(disks="sd")
    volume = created(on)
    answered(on, *attach(on, volume, "/dev/sdf"))
    assert on.state["devices"]["/dev/sdf"]["volume"] == volume


def test_a_volume_is_attached_once() -> None:
    """A volume that is attached is not attached again, under no name."""
    on = node()
    volume = created(on)
    answered(on, *attach(on, volume))
    assert refused(on, *attach(on, volume, "/dev/sdg")) == "VolumeInUse"


@pytest.mark.parametrize("device", ["/dev/sdf", "/dev/xvdf"])
def test_a_device_name_is_used_once(device: str) -> None:
    """Two volumes cannot have one device name, in neither spelling."""
    on = node()
    answered(on, *attach(on, created(on), "/dev/sdf"))
    assert refused(on, *attach(on, created(on), device)) == "InvalidParameterValue"


def test_a_volume_that_is_being_created_is_not_attached() -> None:
    """Attaching waits for nothing: a volume that is not available yet is refused."""
    on = node()
    assert refused(on, *attach(on, answered(on, *CREATE)["VolumeId"])) == "IncorrectState"


def test_zones_have_to_match() -> None:
    """A volume of another zone cannot be attached."""
    on = node()
    volume = answered(on, "create-volume", "--size", "2", "--availability-zone", "us-west-2c")["VolumeId"]
    sleep(on, 2)
    assert refused(on, *attach(on, volume)) == "InvalidVolume.ZoneMismatch"


@pytest.mark.parametrize("device", ["/dev/f", "sdf", "/dev/sdaa", "/dev/nvme1n1"])
def test_device_names_are_those_of_ebs(device: str) -> None:
    """A name that is none of EC2's is refused."""
    on = node()
    assert refused(on, *attach(on, created(on), device)) == "InvalidParameterValue"


def test_an_unknown_volume_is_refused_in_the_words_of_ec2() -> None:
    """The message of a volume that does not exist is the one that people search for."""
    answer = aws(node(), "describe-volumes", "--volume-ids", "vol-0123456789abcdef0")
    assert answer.stderr == (
        "\nAn error occurred (InvalidVolume.NotFound) when calling the DescribeVolumes operation: "
        "The volume 'vol-0123456789abcdef0' does not exist.\n"
    )


def test_a_mounted_volume_is_not_let_go() -> None:
    """A detachment does not end while the device is mounted, and ends when it no longer is."""
    on = node()
    volume = created(on)
    answered(on, *attach(on, volume))
    sleep(on, 2)
    on.state["mounts"].append(
        {"device": "/dev/xvdf", "mount_point": "/srv", "type": "ext4", "options": "rw", "subvolume": ""}
    )
    answered(on, "detach-volume", "--volume-id", volume)
    sleep(on, 600)
    assert volume_state(on, volume) == "in-use"
    on.state["mounts"].pop()
    assert volume_state(on, volume) == "available"
    assert on.device("/dev/xvdf") is None


def test_waiting_takes_time_and_ends() -> None:
    """The waiter lets the clock run until the volume is available, ten minutes at most."""
    on = node()
    volume = answered(on, *CREATE)["VolumeId"]
    assert aws(on, "wait", "volume-available", "--volume-ids", volume).returncode == 0
    on.state["ec2"]["volumes"][volume].update(state="error")
    began = on.clock
    answer = aws(on, "wait", "volume-available", "--volume-ids", volume)
    assert (answer.returncode, answer.stderr) == (255, "\nWaiter VolumeAvailable failed: Max attempts exceeded\n")
    assert on.clock - began == 600


def test_an_attached_volume_is_not_deleted() -> None:
    """A volume is deleted only when it is attached nowhere."""
    on = node()
    volume = created(on)
    answered(on, *attach(on, volume))
    assert refused(on, "delete-volume", "--volume-id", volume) == "VolumeInUse"


def test_filters_answer_with_what_passes_all() -> None:
    """Filters by tag, size, zone, attachment and identity narrow a list down; none left is an answer, not an error."""
    on = node()
    volume = created(
        on, "--tag-specifications", "ResourceType=volume,Tags=[{Key=svcprov:rid,Value=disk#0},{Key=team,Value=a}]"
    )
    tagged = ("Name=tag:svcprov:rid,Values=disk#0,disk#1", "Name=size,Values=2", "Name=status,Values=available")
    listed = answered(on, "describe-volumes", "--filters", *tagged)["Volumes"]
    assert [entry["VolumeId"] for entry in listed] == [volume]
    none = answered(on, "describe-volumes", "--filters", f"Name=volume-id,Values={volume}", "Name=size,Values=3")
    assert none == {"Volumes": []}


def test_an_unknown_filter_is_refused() -> None:
    """A filter that EC2 does not have is an error, not an empty list."""
    assert refused(node(), "describe-volumes", "--filters", "Name=colour,Values=red") == "InvalidParameterValue"


def test_the_limit_of_addresses_holds() -> None:
    """An interface has no more addresses than its instance type allows."""
    on = node()
    on.state["ec2"]["network_interfaces"]["eni-033adc4b"]["address_limit"] = 3
    words = ("assign-private-ip-addresses", *ENI, "--secondary-private-ip-address-count", "1")
    assert refused(on, *words) == "PrivateIpAddressLimitExceeded"


@pytest.mark.parametrize("address", ["10.0.0.99", "10.0.0.61", "10.9.9.9"])
def test_addresses_of_others_are_not_assigned(address: str) -> None:
    """An address that somebody has, or that is not of the subnet, is refused."""
    words = ("assign-private-ip-addresses", *ENI, "--private-ip-address", address)
    assert refused(node(), *words) == "InvalidParameterValue"


def test_a_new_address_is_nobodys() -> None:
    """The addresses that EC2 chooses are of the subnet and different from all in use."""
    on = node()
    new = [
        answered(on, "assign-private-ip-addresses", *ENI, "--secondary-private-ip-address-count", "1")[
            "AssignedPrivateIpAddresses"
        ][0]["PrivateIpAddress"]
        for _ in range(7)
    ]
    assert len({*new, "10.0.0.9", "10.0.0.60", "10.0.0.61", "10.0.0.62"}) == 11


@pytest.mark.parametrize("address", ["10.0.0.60", "10.0.0.221"])
def test_only_secondary_addresses_are_given_back(address: str) -> None:
    """Neither the primary address nor one that is not assigned can be unassigned."""
    words = ("unassign-private-ip-addresses", *ENI, "--private-ip-address", address)
    assert refused(node(), *words) == "InvalidParameterValue"


def test_elastic_addresses_are_limited() -> None:
    """An account has five elastic addresses, and no sixth."""
    on = node()
    publics = [answered(on, "allocate-address", "--domain", "vpc")["PublicIp"] for _ in range(5)]
    assert len(set(publics)) == 5
    assert refused(on, "allocate-address", "--domain", "vpc") == "AddressLimitExceeded"


def test_an_elastic_address_is_not_taken_when_that_is_forbidden() -> None:
    """With `--no-allow-reassociation` an address that leads somewhere stays where it leads."""
    on = node()
    allocation = answered(on, "allocate-address", "--domain", "vpc")["AllocationId"]
    words = ("associate-address", "--allocation-id", allocation, "--instance-id", "i-40753486", "--private-ip-address")
    answered(on, *words, "10.0.0.61", "--no-allow-reassociation")
    assert refused(on, *words, "10.0.0.62", "--no-allow-reassociation") == "Resource.AlreadyAssociated"
    assert refused(on, "release-address", "--allocation-id", allocation) == "InvalidIPAddress.InUse"


def test_giving_a_private_address_back_lets_its_elastic_one_go() -> None:
    """An elastic address that led to an address which is unassigned leads nowhere."""
    on = node()
    allocation = answered(on, "allocate-address", "--domain", "vpc")["AllocationId"]
    to = ("--private-ip-address", "10.0.0.61", "--instance-id", "i-40753486")
    answered(on, "associate-address", "--allocation-id", allocation, *to)
    answered(on, "unassign-private-ip-addresses", *ENI, "--private-ip-address", "10.0.0.61")
    assert "AssociationId" not in answered(on, "describe-addresses")["Addresses"][0]


@pytest.mark.parametrize(
    "words, code",
    [
        ("assign-private-ip-addresses --network-interface-id eni-0 --secondary-private-ip-address-count 1",
         "InvalidNetworkInterfaceID.NotFound"),
        ("assign-private-ip-addresses --network-interface-id eni-033adc4b", "InvalidParameterCombination"),
        ("describe-instances --instance-ids i-0", "InvalidInstanceID.NotFound"),
        ("describe-addresses --public-ips 198.51.100.7", "InvalidAddress.NotFound"),
        ("describe-addresses --allocation-ids eipalloc-0", "InvalidAllocationID.NotFound"),
        ("allocate-address --domain classic", "InvalidParameterValue"),
        ("disassociate-address --association-id eipassoc-0", "InvalidAssociationID.NotFound"),
        ("release-address --allocation-id eipalloc-0", "InvalidAllocationID.NotFound"),
        ("delete-volume --volume-id disk", "InvalidParameterValue"),
        ("detach-volume --volume-id vol-0123456789abcdef0", "InvalidVolume.NotFound"),
        ("detach-volume --volume-id vol-049df61146c4d7901 --instance-id i-0", "InvalidAttachment.NotFound"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_refused(words: str, code: str) -> None:
    """What nobody has, or no such thing, cannot be asked for, changed or given back."""
    assert refused(node(), *words.split()) == code


def test_a_full_subnet_has_no_address_left() -> None:
    """When every host of a subnet is taken, no new address is assigned."""
    on = node(others=[f"10.0.0.{host}" for host in range(256)])
    words = ("assign-private-ip-addresses", *ENI, "--secondary-private-ip-address-count", "1")
    assert refused(on, *words) == "InsufficientFreeAddressesInSubnet"


def test_an_elastic_address_leads_to_an_address_of_this_instance() -> None:
    """Neither an unknown instance nor an address that it does not have can be led to."""
    on = node()
    allocation = answered(on, "allocate-address", "--domain", "vpc")["AllocationId"]
    words = ("associate-address", "--allocation-id", allocation, "--private-ip-address")
    assert refused(on, *words, "10.0.0.61", "--instance-id", "i-0") == "InvalidInstanceID.NotFound"
    assert refused(on, *words, "10.0.0.250", "--instance-id", "i-40753486") == "InvalidParameterValue"


def test_detaching_twice_is_refused() -> None:
    """A volume that is on its way out, or free, cannot be detached; one that is being created cannot be deleted."""
    on = node()
    volume = created(on)
    assert refused(on, "detach-volume", "--volume-id", volume) == "IncorrectState"
    answered(on, *attach(on, volume))
    answered(on, "detach-volume", "--volume-id", volume)
    assert refused(on, "detach-volume", "--volume-id", volume) == "IncorrectState"
    assert refused(on, "delete-volume", "--volume-id", answered(on, *CREATE)["VolumeId"]) == "IncorrectState"


def test_waiting_for_nothing_fails() -> None:
    """The waiter ends at once for a volume that does not exist."""
    answer = aws(node(), "wait", "volume-available", "--volume-ids", "vol-0123456789abcdef0")
    assert (answer.returncode, "InvalidVolume.NotFound" in answer.stderr) == (255, True)


def test_only_what_is_asked_for_is_described() -> None:
    """An instance that does not pass the filters is not described."""
    asked = ("describe-instances", "--filters", "Name=network-interface.addresses.private-ip-address,Values=10.0.0.250")
    assert answered(node(), *asked) == {"Reservations": []}

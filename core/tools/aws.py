"""aws(1), the command line of Amazon's cloud: volumes, addresses and the instance that is this node.

Two dialects. A CLI that takes client tokens and tags lets us choose a mark by which a thing of ours is found after a
crash. Older ones know neither (and answer `{}` where the new ones say what they assigned), so what a command made is
what a list has after it and had not before. Questions that may be answered "no" use filters: an empty list is an
answer, while `--volume-ids` of something that is gone is an error like any other.
"""

import json
from typing import Any, NamedTuple

from core import answers
from core.command import Check, Command, Completed, Makes, Thing

TOOL = "aws"

TOKENS_SINCE = {1: 22, 2: 4}
"""The minor version of each major one from which the CLI surely has `create-volume --client-token`."""
BOTOCORE_TOKENS_SINCE = (1, 23)
"""The same of botocore, where it answers in the place of a CLI."""

VOLUME_IDS = "Volumes[].VolumeId"
ALLOCATION_IDS = "Addresses[].AllocationId"
ASSOCIATION_IDS = "Addresses[].AssociationId"
PRIVATE_ADDRESSES = "Reservations[].Instances[].NetworkInterfaces[].PrivateIpAddresses[].PrivateIpAddress"


class Cli(NamedTuple):
    """How to speak to the cloud: the program, the profile with its credentials, and whether it takes tokens."""

    program: str = "aws"
    profile: str = ""
    tokens: bool = True


class Mark(NamedTuple):
    """What a thing of ours is tagged with; the nonce is a `Fresh` token, so nobody else has it."""

    service: str
    rid: str
    nonce: str


class NewVolume(NamedTuple):
    """What a volume shall be; an empty text leaves it to EC2. `size` counts GiB, `encrypted` is true or false."""

    size: str = ""
    iops: str = ""
    zone: str = ""
    snapshot: str = ""
    type: str = ""
    encrypted: str = ""


class Volume(NamedTuple):
    """A volume as EC2 describes it; `instance`, `device` and `attachment` (its state) are empty when it is free."""

    identity: str
    state: str
    instance: str = ""
    device: str = ""
    attachment: str = ""

    def is_attached_to(self, instance: str) -> bool:
        """Tell whether an instance has it, or is about to; one on its way out is not attached."""
        return self.instance == instance and self.attachment in {"attached", "attaching"}


class Instance(NamedTuple):
    """This node as EC2 sees it.

    mapped: the device name that each volume was attached as. addresses: the network interface of each address.
    primary: the addresses that it cannot be without, one for each interface.
    """

    identity: str
    zone: str
    mapped: dict[str, str]
    addresses: dict[str, str]
    primary: frozenset[str] = frozenset()


class Elastic(NamedTuple):
    """A public address; `association` and `private_ip` are empty when it leads nowhere."""

    public_ip: str
    allocation: str
    association: str = ""
    private_ip: str = ""


def version(program: str) -> Command:
    """Ask which CLI this is; read the answer with `cli`."""
    return Command((program, "--version"), tool=TOOL)


def cli(program: str, profile: str, answer: Completed) -> Cli:
    """How to speak to a CLI that answered `version` so; it says it on stderr under Python 2, on stdout since.

    A CLI also names the botocore that it is made with; alone, botocore is who answers.
    """
    said = answer.stdout + answer.stderr
    found = answers.version(said, "aws-cli/")
    if found is None:
        tokens = (answers.version(said, "botocore/") or (0, 0)) >= BOTOCORE_TOKENS_SINCE
    else:
        tokens = found[1] >= TOKENS_SINCE.get(found[0], 0)
    return Cli(program, profile, tokens)


def _ec2(cli: Cli, *words: str) -> tuple[str, ...]:
    return (cli.program, "--output=json", *(("--profile", cli.profile) if cli.profile else ()), "ec2", *words)


def _read(cli: Cli, *words: str) -> Command:
    return Command(_ec2(cli, *words), tool=TOOL)


def _change(cli: Cli, *words: str) -> Command:
    return Command(_ec2(cli, *words), kind="changes", shows=False, tool=TOOL)


def _filters(pairs: dict[str, str]) -> tuple[str, ...]:
    return ("--filters", *(f"Name={name},Values={values}" for name, values in pairs.items())) if pairs else ()


def _marked(cli: Cli, kind: str, mark: Mark) -> tuple[str, ...]:
    if not cli.tokens:
        return ()
    tags = {"service": mark.service, "rid": mark.rid, "nonce": mark.nonce}
    listed = ",".join(f"{{Key=svcprov:{key},Value={value}}}" for key, value in tags.items())
    return ("--tag-specifications", f"ResourceType={kind},Tags=[{listed}]")


def describe_instance(cli: Cli, instance: str) -> Command:
    """Ask what EC2 knows of an instance; read the answer with `instance`."""
    return _read(cli, "describe-instances", "--instance-ids", instance)


def instance(answer: Completed) -> Instance:
    """Read the answer of `describe_instance`."""
    found: dict[str, Any] = json.loads(answer.stdout)["Reservations"][0]["Instances"][0]
    interfaces = found["NetworkInterfaces"]
    held = [(entry, each["NetworkInterfaceId"]) for each in interfaces for entry in each["PrivateIpAddresses"]]
    return Instance(
        found["InstanceId"],
        found["Placement"]["AvailabilityZone"],
        {entry["Ebs"]["VolumeId"]: entry["DeviceName"] for entry in found["BlockDeviceMappings"] if "Ebs" in entry},
        {entry["PrivateIpAddress"]: interface for entry, interface in held},
        frozenset(entry["PrivateIpAddress"] for entry, _ in held if entry.get("Primary")),
    )


def describe_volumes(cli: Cli, *volumes: str) -> Command:
    """Ask for volumes that have to exist; read the answer with `volumes`."""
    return _read(cli, "describe-volumes", "--volume-ids", *volumes)


def find_volumes(cli: Cli, **filters: str) -> Command:
    """Ask which volumes there are; a filter's name is written with `_` for `-` and `__` for `.`."""
    named = {name.replace("__", ".").replace("_", "-"): value for name, value in filters.items()}
    return _read(cli, "describe-volumes", *_filters(named))


def volumes(answer: Completed) -> dict[str, Volume]:
    """Read the answer of `describe_volumes` or `find_volumes`: the volumes by identity."""
    found = {}
    for entry in json.loads(answer.stdout)["Volumes"]:
        held: dict[str, str] = next(iter(entry.get("Attachments", ())), {})
        found[entry["VolumeId"]] = Volume(
            entry["VolumeId"],
            entry["State"],
            held.get("InstanceId", ""),
            held.get("Device", ""),
            held.get("State", ""),
        )
    return found


def is_in_state(cli: Cli, volume: str, state: str) -> Check:
    """Hold when a volume, which has to exist, is in a state."""
    return Check(describe_volumes(cli, volume), path="Volumes[].State", text=state)


def is_gone(cli: Cli, volume: str) -> Check:
    """Hold when there is no such volume."""
    return Check(find_volumes(cli, volume_id=volume), path=VOLUME_IDS, absent=True)


def forget(gone: Check, *names: str) -> Command:
    """Ask once more for what is gone without our doing, so that the record can forget it."""
    return gone.ask._replace(kind="changes", unmakes=names, check=gone, quiet=True, shows=False)


def is_attached(cli: Cli, instance: str, volume: str) -> Check:
    """Hold when the volume is attached to the instance, or about to be."""
    ask = find_volumes(cli, volume_id=volume, attachment__instance_id=instance, attachment__status="attaching,attached")
    return Check(ask, path=VOLUME_IDS)


def create_volume(cli: Cli, name: str, new: NewVolume, mark: Mark) -> Command:
    """Buy a volume; `made` is its id. The client token makes a repeated request the same volume."""
    encrypted = {"": (), "true": ("--encrypted",), "false": ("--no-encrypted",)}[new.encrypted]
    words = [
        *(("--size", new.size) if new.size else ()),
        *(("--iops", new.iops) if new.iops else ()),
        *("--availability-zone", new.zone),
        *(("--snapshot-id", new.snapshot) if new.snapshot else ()),
        *(("--volume-type", new.type) if new.type else ()),
        *encrypted,
        *(("--client-token", mark.nonce) if cli.tokens else ()),
        *_marked(cli, "volume", mark),
    ]
    if cli.tokens:
        live = {"tag:svcprov:nonce": mark.nonce, "status": "creating,available,in-use"}
        witness = _read(cli, "describe-volumes", *_filters(live))
        check = Check(witness, path=VOLUME_IDS)
    else:
        alike = {"availability-zone": new.zone, **({"size": new.size} if new.size else {})}
        witness = _read(cli, "describe-volumes", *_filters(alike))
        check = is_gone(cli, f"«{name}»")._replace(absent=False)
    return _change(cli, "create-volume", *words)._replace(
        makes=Makes(name, "volume", "", "VolumeId", witness, VOLUME_IDS, difference=not cli.tokens),
        check=check,
        undo=(
            wait_available(cli, f"«{name}»"),
            delete_volume(cli, f"«{name}»", (name,), blank=not new.snapshot),
        ),
    )


def wait_available(cli: Cli, volume: str) -> Command:
    """Wait, for ten minutes at most, until a volume that is on its way is available: the wait that an undo can have."""
    return _read(cli, "wait", "volume-available", "--volume-ids", volume)._replace(check=is_gone(cli, volume))


def delete_volume(cli: Cli, volume: str, unmakes: tuple[str, ...], *, blank: bool = False) -> Command:
    """Delete a volume that is attached nowhere, and what it holds."""
    return _change(cli, "delete-volume", "--volume-id", volume)._replace(
        unmakes=unmakes, check=is_gone(cli, volume), destroys=(Thing("volume", volume, blank),)
    )


def attach_volume(cli: Cli, instance: str, volume: str, device: str, name: str) -> Command:
    """Attach a volume under a device name. `name` is that of the attachment in the record.

    Where the kernel calls the device otherwise (NVMe), its name is a thing of its own: in a preview `«NAME.device»`.
    """
    return _change(cli, "attach-volume", "--instance-id", instance, "--volume-id", volume, "--device", device)._replace(
        makes=Makes(name, "attachment", identity=volume),
        check=is_attached(cli, instance, volume),
        undo=(_detach(cli, instance, volume, name), wait_available(cli, volume)),
    )


def _detach(cli: Cli, instance: str, volume: str, name: str) -> Command:
    return _change(cli, "detach-volume", "--instance-id", instance, "--volume-id", volume)._replace(
        unmakes=(name,), check=is_attached(cli, instance, volume)._replace(absent=True)
    )


def detach_volume(cli: Cli, instance: str, volume: str, device: str, name: str) -> Command:
    """Detach a volume; EC2 waits until nothing on the instance uses it. Its undo attaches it as `device` again."""
    again = attach_volume(cli, instance, volume, device, name)._replace(undo=())
    return _detach(cli, instance, volume, name)._replace(undo=(wait_available(cli, volume), again))


def is_assigned(cli: Cli, instance: str, address: str) -> Check:
    """Hold when an instance has a private address."""
    return Check(describe_instance(cli, instance), path=PRIVATE_ADDRESSES, text=address)


def assign_new_address(cli: Cli, instance: str, interface: str, name: str) -> Command:
    """Assign one address, of EC2's choice, to a network interface; `made` is the address."""
    address = f"«{name}»"
    return _change(
        cli,
        "assign-private-ip-addresses",
        "--network-interface-id",
        interface,
        "--secondary-private-ip-address-count",
        "1",
    )._replace(
        makes=Makes(
            name,
            "address",
            answer="AssignedPrivateIpAddresses[].PrivateIpAddress" if cli.tokens else "",
            witness=describe_instance(cli, instance),
            path=PRIVATE_ADDRESSES,
            difference=True,
        ),
        check=is_assigned(cli, instance, address),
        undo=(_unassign(cli, instance, interface, address)._replace(unmakes=(name,)),),
    )


def assign_address(cli: Cli, instance: str, interface: str, address: str, name: str) -> Command:
    """Assign an address that nobody has: EC2 refuses one that another interface has, and it is never taken away."""
    return _change(
        cli, "assign-private-ip-addresses", "--network-interface-id", interface, "--private-ip-address", address
    )._replace(
        makes=Makes(name, "address", identity=address),
        check=is_assigned(cli, instance, address),
        undo=(_unassign(cli, instance, interface, address)._replace(unmakes=(name,)),),
    )


def _unassign(cli: Cli, instance: str, interface: str, address: str) -> Command:
    return _change(
        cli, "unassign-private-ip-addresses", "--network-interface-id", interface, "--private-ip-address", address
    )._replace(check=is_assigned(cli, instance, address)._replace(absent=True))


def unassign_address(cli: Cli, instance: str, interface: str, address: str, name: str) -> Command:
    """Give a private address back to its subnet, where anybody may get it."""
    again = assign_address(cli, instance, interface, address, name)._replace(undo=())
    return _unassign(cli, instance, interface, address)._replace(unmakes=(name,), undo=(again,))


def is_unassigned(cli: Cli, instance: str, address: str) -> Check:
    """Hold when an instance does not have a private address."""
    return is_assigned(cli, instance, address)._replace(absent=True)


def find_elastic(cli: Cli, **filters: str) -> Command:
    """Ask for public addresses by `public_ip`, `allocation_id` or `association_id`; read the answer with `elastic`."""
    return _read(
        cli, "describe-addresses", *_filters({name.replace("_", "-"): value for name, value in filters.items()})
    )


def elastic(answer: Completed) -> Elastic | None:
    """Read the answer of `find_elastic`: the address, or None when there is none."""
    for found in json.loads(answer.stdout)["Addresses"]:
        return Elastic(
            found["PublicIp"],
            found["AllocationId"],
            found.get("AssociationId", ""),
            found.get("PrivateIpAddress", ""),
        )
    return None


def is_released(cli: Cli, allocation: str) -> Check:
    """Hold when there is no such elastic address."""
    return Check(find_elastic(cli, allocation_id=allocation), path=ALLOCATION_IDS, absent=True)


def is_disassociated(cli: Cli, association: str) -> Check:
    """Hold when there is no such association."""
    return Check(find_elastic(cli, association_id=association), path=ASSOCIATION_IDS, absent=True)


def allocate_elastic(cli: Cli, name: str, mark: Mark) -> Command:
    """Rent a public address; `made` is its allocation id."""
    witness = find_elastic(cli)
    if cli.tokens:
        witness = _read(cli, "describe-addresses", *_filters({"tag:svcprov:nonce": mark.nonce}))
    held = is_released(cli, f"«{name}»")._replace(absent=False)
    return _change(cli, "allocate-address", "--domain", "vpc", *_marked(cli, "elastic-ip", mark))._replace(
        makes=Makes(name, "allocation", "", "AllocationId", witness, ALLOCATION_IDS, difference=not cli.tokens),
        check=Check(witness, path=ALLOCATION_IDS) if cli.tokens else held,
        undo=(release_elastic(cli, f"«{name}»", name)._replace(destroys=()),),
    )


def release_elastic(cli: Cli, allocation: str, name: str) -> Command:
    """Give a public address back; nobody gets the same one again."""
    return _change(cli, "release-address", "--allocation-id", allocation)._replace(
        unmakes=(name,),
        check=is_released(cli, allocation),
        destroys=(Thing("address", allocation),),
    )


def associate_elastic(cli: Cli, instance: str, address: Elastic, private_ip: str, name: str) -> Command:
    """Let a public address lead to a private one; `made` is the association."""
    led = {"allocation-id": address.allocation, "private-ip-address": private_ip}
    lead = _read(cli, "describe-addresses", *_filters(led))
    # Without the option EC2 takes the address away from whoever has it; CLIs of old know it as well, but the words of
    # the transcript's time do not have it, and the driver looks first.
    gentle = ("--no-allow-reassociation",) if cli.tokens else ()
    words = ("--allocation-id", address.allocation, "--private-ip-address", private_ip, "--instance-id", instance)
    return _change(cli, "associate-address", *words, *gentle)._replace(
        makes=Makes(name, "association", answer="AssociationId", witness=lead, path=ASSOCIATION_IDS),
        check=Check(lead, path=ASSOCIATION_IDS),
        undo=(disassociate_elastic(cli, f"«{name}»", name),),
    )


def disassociate_elastic(cli: Cli, association: str, name: str, again: Command | None = None) -> Command:
    """Let a public address lead nowhere; it stays ours. `again` is the association that takes this back."""
    return _change(cli, "disassociate-address", "--association-id", association)._replace(
        unmakes=(name,),
        check=is_disassociated(cli, association),
        undo=() if again is None else (again._replace(undo=()),),
    )

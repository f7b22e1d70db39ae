"""The instance of EC2 that this node is: its network interfaces, the volumes and addresses of its account.

Only a preview that meets a resource of the cloud asks for it.
"""

import json
from typing import Any

from core.command import Steps
from core.config.sizes import factor
from core.observe.reads import anyhow, note_unseen
from core.state import Entry, NodeState
from core.tools import aws, metadata
from core.tools.lsblk import volume_of_serial

EVERY_ADDRESS = "0.0.0.0/0"
"""The subnet of an interface is not asked for: EC2 itself says whether an address lies in it."""


def account(state: NodeState, subjects: list[str]) -> Steps:
    """Look at the instance, its volumes and addresses. Without metadata service there is nothing to see."""
    token = yield anyhow(metadata.token())
    answer = yield anyhow(metadata.instance_id(token.stdout.strip() if token.returncode == 0 else ""))
    if answer.returncode:
        return subjects
    cli = aws.cli("aws", "", (yield anyhow(aws.version("aws"))))
    instance = answer.stdout.strip()
    described = yield anyhow(aws.describe_instance(cli, instance))
    if described.returncode:
        note_unseen(state, "the instance in EC2", described)
        return []
    volumes = yield anyhow(aws.find_volumes(cli))
    elastic = yield anyhow(aws.find_elastic(cli))
    for what, found in (("volumes of EC2", volumes), ("elastic addresses of EC2", elastic)):
        if found.returncode:
            note_unseen(state, what, found)
    found = json.loads(described.stdout)["Reservations"][0]["Instances"][0]
    zone = found["Placement"]["AvailabilityZone"]
    state["ec2"] = {
        "region": zone[:-1],
        "zone": zone,
        "zones": [zone],
        "instance": instance,
        "disks": next((kind for kind in ("nvme", "xvd") if _has_disk(state, kind)), "sd"),
        "metadata": True,
        "metadata_tokens": token.returncode == 0,
        "credentials": True,
        "network_interfaces": {
            each["NetworkInterfaceId"]: _interface(state, each) for each in found.get("NetworkInterfaces", ())
        },
        "volumes": {each["VolumeId"]: _volume(each) for each in _listed(volumes.stdout, "Volumes")},
        "elastic_addresses": {each["AllocationId"]: _elastic(each) for each in _listed(elastic.stdout, "Addresses")},
        "elastic_limit": 5,
        "snapshots": {},
        "others": [],
    }
    _tell_devices(state, instance)
    return subjects


def _has_disk(state: NodeState, kind: str) -> bool:
    return any(path.startswith(f"/dev/{kind}") for path in state["devices"])


def _listed(text: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)[name] if text.strip() else []
    return found


def _interface(state: NodeState, each: dict[str, Any]) -> Entry:
    addresses = [entry["PrivateIpAddress"] for entry in each.get("PrivateIpAddresses", ())]
    devices = [
        name
        for name, interface in state["interfaces"].items()
        if any(held["address"].partition("/")[0] in addresses for held in interface["addresses"])
    ]
    return {
        "device": devices[0] if devices else "",
        "subnet": EVERY_ADDRESS,
        "addresses": addresses,
        "address_limit": 50,
    }


def _volume(each: dict[str, Any]) -> Entry:
    held = next(iter(each.get("Attachments", ())), None)
    attachment = None
    if held is not None:
        state = held.get("State", "attached")
        attachment = {"instance": held["InstanceId"], "device": held["Device"], "state": state, "ready": 0}
    return {
        "size": int(each["Size"]) * factor("G"),
        "zone": each["AvailabilityZone"],
        "type": each.get("VolumeType", "gp2"),
        "iops": each.get("Iops"),
        "encrypted": bool(each.get("Encrypted")),
        "snapshot": each.get("SnapshotId") or "",
        "state": each["State"],
        "ready": 0,
        "attachment": attachment,
        "token": "",
        "tags": {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())},
        "content": {"kind": "unseen"},
    }


def _elastic(each: dict[str, Any]) -> Entry:
    return {
        "public_ip": each["PublicIp"],
        "association": each.get("AssociationId") or "",
        "private_ip": each.get("PrivateIpAddress") or "",
        "instance": each.get("InstanceId") or "",
        "tags": {tag["Key"]: tag["Value"] for tag in each.get("Tags", ())},
    }


def _tell_devices(state: NodeState, instance: str) -> None:
    """Say of each block device which volume it is: by its serial number, else by the name that it was attached as."""
    for path, device in state["devices"].items():
        identity = volume_of_serial(device["serial"])
        for volume, entry in state["ec2"]["volumes"].items():
            held = entry["attachment"]
            here = held is not None and held["instance"] == instance
            # The root volume of many images is attached as what the kernel calls it.
            named = here and _as_attached(path) == _as_attached(held["device"])
            if volume == identity or named:
                device["volume"], entry["content"] = volume, device["content"]


def _as_attached(path: str) -> str:
    return path.replace("/dev/xvd", "/dev/sd")

"""EBS volumes: their life from `creating` on, what holds them, and the block device that an attachment becomes.

Everything that takes time on EC2 takes it here, by the node's clock (latencies `volume`, `attachment`, `device`,
`detachment`). A detachment ends only when nothing on the node uses the device: until then the volume is `busy`.
"""

import re
from functools import partial
from typing import Any

from core.block_device import block_device
from core.state import copy
from executors.simulated import stacking
from executors.simulated.ec2.request import GIB, Answer, Ec2Error, Request, WaiterFailed, tag_list, tag_values
from executors.simulated.node import SimulatedNode

GIB_MAX = 16384
TYPES = ("standard", "gp2", "gp3", "io1", "io2", "st1", "sc1")
IOPS = {"gp3": (3000, 16000), "io1": (100, 64000), "io2": (100, 256000)}
GIB_MIN = {"io1": 4, "io2": 4, "st1": 125, "sc1": 125}
IOPS_PER_GIB_MAX = {"gp3": 500, "io1": 50, "io2": 1000}
POLL_SECONDS = 15
WAIT_SECONDS_MAX = 600

_DEVICE_NAME = re.compile(r"/dev/(?:sd[a-z][0-9]{0,2}|xvd(?:[a-z]|[bc][a-z]))")

Volume = dict[str, Any]


def catch_up(node: SimulatedNode) -> None:
    """Let happen what the clock has brought about since the last request."""
    for identity, volume in node.state["ec2"]["volumes"].items():
        if volume["state"] == "creating" and volume["ready"] <= node.clock:
            volume["state"] = "available"
        attachment = volume["attachment"]
        if attachment is None or attachment["ready"] > node.clock:
            continue
        if attachment["state"] == "attaching":
            attachment["state"] = "attached"
        elif attachment["state"] == "detaching" and not _users(node, identity):
            for path in _devices(node, identity):
                stacking.going(node, path)
                del node.state["devices"][path]
            volume["attachment"], volume["state"] = None, "available"


def _devices(node: SimulatedNode, identity: str) -> list[str]:
    return [path for path, device in node.state["devices"].items() if device["volume"] == identity]


def _users(node: SimulatedNode, identity: str) -> list[str]:
    return [user for path in _devices(node, identity) for user in node.users(path)]


def _volume(request: Request) -> tuple[str, Volume]:
    """Find the volume that `--volume-id` names."""
    identity = request.text("--volume-id")
    _known(request, identity)
    volume: Volume = request.cloud["volumes"][identity]
    return identity, volume


def _known(request: Request, identity: str) -> None:
    if identity in request.cloud["volumes"]:
        return
    if not re.fullmatch(r"vol-[0-9a-f]{8,17}", identity):
        raise Ec2Error("InvalidParameterValue", f"Value ({identity}) for parameter volumeId is invalid.")
    raise Ec2Error("InvalidVolume.NotFound", f"The volume '{identity}' does not exist.")


def _described(node: SimulatedNode, identity: str, volume: Volume) -> Answer:
    attachment = volume["attachment"]
    attachments = []
    if attachment is not None:
        busy = attachment["state"] == "detaching" and attachment["ready"] <= node.clock
        attachments.append(
            {
                "Device": attachment["device"],
                "InstanceId": attachment["instance"],
                "State": "busy" if busy else attachment["state"],
                "VolumeId": identity,
                "DeleteOnTermination": False,
            }
        )
    return {
        "Attachments": attachments,
        "AvailabilityZone": volume["zone"],
        "Encrypted": volume["encrypted"],
        "Size": volume["size"] // GIB,
        "SnapshotId": volume["snapshot"],
        "State": volume["state"],
        "VolumeId": identity,
        **({} if volume["iops"] is None else {"Iops": volume["iops"]}),
        **({"Tags": tag_list(volume["tags"])} if volume["tags"] else {}),
        "VolumeType": volume["type"],
    }


def describe(request: Request) -> Answer:
    """DescribeVolumes: those that `--volume-ids` names, and that pass the filters."""
    for identity in request.given.get("--volume-ids", ()):
        _known(request, identity)
    named = request.given.get("--volume-ids")
    return {
        "Volumes": [
            _described(request.node, identity, volume)
            for identity, volume in request.cloud["volumes"].items()
            if (named is None or identity in named) and request.asks_for(partial(_values, identity, volume))
        ]
    }


def _values(identity: str, volume: Volume, name: str) -> list[str]:
    attachment = volume["attachment"]
    if name.startswith("attachment.") and attachment is not None:
        held = {"instance-id": "instance", "device": "device", "status": "state"}[name.removeprefix("attachment.")]
        return [attachment[held]]
    if name in {"attachment.instance-id", "attachment.device", "attachment.status"}:
        return []
    plain = {
        "volume-id": identity,
        "availability-zone": volume["zone"],
        "size": str(volume["size"] // GIB),
        "status": volume["state"],
        "snapshot-id": volume["snapshot"],
        "volume-type": volume["type"],
    }
    return [plain[name]] if name in plain else tag_values(volume["tags"], name)


def create(request: Request) -> Answer:
    """CreateVolume; a client token that was used before is answered with the volume it made."""
    token = request.text("--client-token")
    wanted = _wanted(request)
    for identity, volume in request.cloud["volumes"].items():
        if token and volume["token"] == token:
            if any(volume[key] != value for key, value in wanted.items()):
                raise Ec2Error(
                    "IdempotentParameterMismatch", "The client token was already used with other parameters."
                )
            return _described(request.node, identity, volume)
    node = request.node
    identity = node.identifier("volume", request.command)
    snapshot = request.cloud["snapshots"].get(wanted["snapshot"])
    request.cloud["volumes"][identity] = {
        **wanted,
        "state": "creating",
        "ready": node.clock + node.latency("volume", 2),
        "attachment": None,
        "token": token,
        "tags": request.given.get("--tag-specifications", {}).get("volume", {}),
        "content": {"kind": "zero"} if snapshot is None else copy(snapshot["content"]),
    }
    return _described(node, identity, request.cloud["volumes"][identity])


def _wanted(request: Request) -> Volume:
    """What the volume shall be. Raises Ec2Error for what EC2 does not make."""
    zone = request.text("--availability-zone")
    if zone not in request.cloud["zones"]:
        raise Ec2Error("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    name = request.text("--snapshot-id")
    snapshot = request.cloud["snapshots"].get(name)
    if name and snapshot is None:
        raise Ec2Error("InvalidSnapshot.NotFound", f"The snapshot '{name}' does not exist.")
    if "--size" not in request.given and snapshot is None:
        raise Ec2Error("MissingParameter", "The request must contain the parameter size/snapshot")
    size = int(request.text("--size")) * GIB if "--size" in request.given else snapshot["size"]
    if snapshot is not None and size < snapshot["size"]:
        raise Ec2Error("InvalidParameterValue", f"Volume of {size // GIB}GiB is smaller than snapshot '{name}'")
    type_ = request.text("--volume-type") or "gp2"
    if type_ not in TYPES:
        raise Ec2Error("UnknownVolumeType", f"Unsupported volume type '{type_}' for volume creation.")
    _check_size(size // GIB, type_)
    iops = int(request.text("--iops")) if "--iops" in request.given else None
    _check_iops(iops, size // GIB, type_)
    return {
        "size": size,
        "zone": zone,
        "type": type_,
        "iops": iops,
        "encrypted": "--encrypted" in request.given,
        "snapshot": name,
    }


def _check_size(size: int, type_: str) -> None:
    least = GIB_MIN.get(type_, 1)
    if size < least:
        text = f"Volume of {size}GiB is too small for volume type {type_}; minimum is {least}GiB."
        raise Ec2Error("InvalidParameterValue", text)
    if size > GIB_MAX:
        text = f"Volume of {size}GiB is too large for volume type {type_}; maximum is {GIB_MAX}GiB."
        raise Ec2Error("InvalidParameterValue", text)


def _check_iops(iops: int | None, size: int, type_: str) -> None:
    if iops is None:
        if type_ in {"io1", "io2"}:
            text = f"The parameter iops must be specified for {type_} volumes."
            raise Ec2Error("InvalidParameterCombination", text)
        return
    if type_ not in IOPS:
        raise Ec2Error("InvalidParameterCombination", f"The parameter iops is not supported for {type_} volumes.")
    least, most = IOPS[type_]
    if iops < least:
        raise Ec2Error("InvalidParameterValue", f"Volume iops of {iops} is too low; minimum is {least}.")
    if iops > most:
        raise Ec2Error("InvalidParameterValue", f"Volume iops of {iops} is too high; maximum is {most}.")
    ratio = IOPS_PER_GIB_MAX[type_]
    if iops > max(size * ratio, least if type_ == "gp3" else 0):
        text = f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {ratio:.6f}"
        raise Ec2Error("InvalidParameterValue", text)


def attach(request: Request) -> Answer:
    """AttachVolume; the block device appears on the node a while later."""
    identity, volume = _volume(request)
    node, cloud = request.node, request.cloud
    instance, device = request.text("--instance-id"), request.text("--device")
    if instance != cloud["instance"]:
        raise Ec2Error("InvalidInstanceID.NotFound", f"The instance ID '{instance}' does not exist")
    if volume["attachment"] is not None:
        raise Ec2Error("VolumeInUse", f"{identity} is already attached to an instance")
    if volume["state"] != "available":
        raise Ec2Error("IncorrectState", f"{identity} is not 'available'.")
    if volume["zone"] != cloud["zone"]:
        text = f"The volume '{identity}' is not in the same availability zone as instance '{instance}'"
        raise Ec2Error("InvalidVolume.ZoneMismatch", text)
    if not _DEVICE_NAME.fullmatch(device):
        text = f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name."
        raise Ec2Error("InvalidParameterValue", text)
    if any(_same_name(device, name) for name in _names_in_use(cloud)):
        text = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        raise Ec2Error("InvalidParameterValue", text)
    volume["state"] = "in-use"
    volume["attachment"] = {
        "instance": instance,
        "device": device,
        "state": "attaching",
        "ready": node.clock + node.latency("attachment", 1),
    }
    _plug(request, identity, volume)
    return {"Device": device, "InstanceId": instance, "State": "attaching", "VolumeId": identity}


def _names_in_use(cloud: dict[str, Any]) -> list[str]:
    held = (volume["attachment"] for volume in cloud["volumes"].values())
    return [entry["device"] for entry in held if entry is not None and entry["instance"] == cloud["instance"]]


def _same_name(one: str, other: str) -> bool:
    return _kernel_name(one) == _kernel_name(other)


def _kernel_name(device: str) -> str:
    return re.sub(r"[0-9]+$", "", device.replace("/dev/sd", "/dev/xvd"))


def _plug(request: Request, identity: str, volume: Volume) -> None:
    """Let the kernel have a new disk: named after the device name (as Xen does), by that, or by its NVMe number."""
    node, serial = request.node, ""
    device = volume["attachment"]["device"]
    path = device if request.cloud["disks"] == "sd" else _kernel_name(device)
    if request.cloud["disks"] == "nvme":
        serial = identity.replace("-", "")
        if node.holes and request.command.makes is not None:
            path = f"/dev/{node.identifier('block device', request.command, part='device')}"
        else:
            path = next(p for n in range(GIB_MAX) if (p := f"/dev/nvme{n}n1") not in node.state["devices"])
    appears = node.clock + node.latency("device", 2)
    node.state["devices"][path] = block_device(
        volume["size"], serial=serial, appears=appears, volume=identity, settled=False
    )
    stacking.came(node, path)


def detach(request: Request) -> Answer:
    """DetachVolume; it ends when the node has let go of the device."""
    identity, volume = _volume(request)
    attachment = volume["attachment"]
    if attachment is None or attachment["state"] == "detaching":
        state = volume["state"] if attachment is None else "detaching"
        raise Ec2Error("IncorrectState", f"Volume '{identity}' is in the '{state}' state.")
    if request.text("--instance-id") not in {"", attachment["instance"]}:
        text = f"The volume '{identity}' is not attached to instance '{request.text('--instance-id')}'"
        raise Ec2Error("InvalidAttachment.NotFound", text)
    attachment["state"] = "detaching"
    attachment["ready"] = request.node.clock + request.node.latency("detachment", 2)
    return {
        "Device": attachment["device"],
        "InstanceId": attachment["instance"],
        "State": "detaching",
        "VolumeId": identity,
    }


def delete(request: Request) -> Answer | None:
    """DeleteVolume; what the volume holds is gone."""
    identity, volume = _volume(request)
    if volume["attachment"] is not None:
        text = f"Volume {identity} is currently attached to {volume['attachment']['instance']}"
        raise Ec2Error("VolumeInUse", text)
    if volume["state"] != "available":
        raise Ec2Error("IncorrectState", f"The volume '{identity}' is in the '{volume['state']}' state.")
    del request.cloud["volumes"][identity]
    request.node.forget(volume["content"])
    return None


def wait_available(request: Request) -> None:
    """The waiter of the command line: ask every 15 seconds, 40 times at most, until the volumes are available."""
    node = request.node
    for _ in range(0, WAIT_SECONDS_MAX, POLL_SECONDS):
        catch_up(node)
        try:
            found = describe(request)["Volumes"]
        except Ec2Error as error:
            raise WaiterFailed(f"An error occurred ({error.code}): {error.text}") from None
        if all(volume["State"] == "available" for volume in found):
            return
        node.state["clock"] += POLL_SECONDS
    raise WaiterFailed("Max attempts exceeded")

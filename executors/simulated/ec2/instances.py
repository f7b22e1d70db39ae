"""The one instance that there is: the simulated node itself."""

from functools import partial

from executors.simulated.ec2.request import Answer, Ec2Error, Request


def describe(request: Request) -> Answer:
    """DescribeInstances: the zone, the volumes that are attached, and the addresses of the network interfaces."""
    cloud = request.cloud
    for identity in request.given.get("--instance-ids", ()):
        if identity != cloud["instance"]:
            raise Ec2Error("InvalidInstanceID.NotFound", f"The instance ID '{identity}' does not exist")
    if not request.asks_for(partial(_values, request)):
        return {"Reservations": []}
    interfaces = [
        {
            "NetworkInterfaceId": identity,
            "PrivateIpAddress": interface["addresses"][0] if interface["addresses"] else "",
            "PrivateIpAddresses": [
                {"PrivateIpAddress": address, "Primary": position == 0}
                for position, address in enumerate(interface["addresses"])
            ],
        }
        for identity, interface in cloud["network_interfaces"].items()
    ]
    attached = {
        identity: volume["attachment"]
        for identity, volume in cloud["volumes"].items()
        if volume["attachment"] is not None and volume["attachment"]["instance"] == cloud["instance"]
    }
    found = {
        "InstanceId": cloud["instance"],
        "State": {"Code": 16, "Name": "running"},
        "Placement": {"AvailabilityZone": cloud["zone"], "Tenancy": "default"},
        "BlockDeviceMappings": [
            {"DeviceName": entry["device"], "Ebs": {"VolumeId": identity, "Status": entry["state"]}}
            for identity, entry in attached.items()
        ],
        "NetworkInterfaces": interfaces,
    }
    return {"Reservations": [{"Instances": [found]}]}


def _values(request: Request, name: str) -> list[str]:
    cloud = request.cloud
    known = {
        "instance-id": [cloud["instance"]],
        "availability-zone": [cloud["zone"]],
        "network-interface.addresses.private-ip-address": [
            address for interface in cloud["network_interfaces"].values() for address in interface["addresses"]
        ],
    }
    return known[name]

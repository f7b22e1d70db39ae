"""Private addresses of the instance's network interfaces, and elastic ones that lead to them."""

from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from executors.simulated.ec2.request import Answer, Ec2Error, Request, tag_list, tag_values

RESERVED_FIRST = 4
"""The network itself, and the three addresses above it that Amazon keeps in every subnet."""


def _interface(request: Request) -> dict[str, Any]:
    identity = request.text("--network-interface-id")
    found: dict[str, Any] | None = request.cloud["network_interfaces"].get(identity)
    if found is None:
        text = f"The networkInterface ID '{identity}' does not exist"
        raise Ec2Error("InvalidNetworkInterfaceID.NotFound", text)
    return found


def _taken(request: Request) -> set[str]:
    interfaces = request.cloud["network_interfaces"].values()
    return {address for entry in interfaces for address in entry["addresses"]} | set(request.cloud["others"])


def assign(request: Request) -> Answer:
    """AssignPrivateIpAddresses: a count of new ones, or the ones that are named; none is taken from anybody."""
    interface = _interface(request)
    named, count = request.given.get("--private-ip-addresses", []), request.text("--secondary-private-ip-address-count")
    if bool(named) == bool(count):
        raise Ec2Error(
            "InvalidParameterCombination",
            "Exactly one of privateIpAddress and secondaryPrivateIpAddressCount has to be given",
        )
    if len(interface["addresses"]) + (len(named) or int(count)) > interface["address_limit"]:
        raise Ec2Error("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")
    for address in named:
        if "«" not in address and not _lies_in(address, interface["subnet"]):
            raise Ec2Error("InvalidParameterValue", "Address does not fall within the subnet's address range")
        if address in _taken(request):
            raise Ec2Error("InvalidParameterValue", f"[{address}] assigned, but move is not allowed.")
    new = []
    for number in range(len(named) or int(count)):
        new.append(named[number] if named else _free(request, interface))
        interface["addresses"].append(new[-1])
    return {
        "NetworkInterfaceId": request.text("--network-interface-id"),
        "AssignedPrivateIpAddresses": [{"PrivateIpAddress": address} for address in new],
    }


def _lies_in(address: str, subnet: str) -> bool:
    try:
        return ip_address(address) in ip_network(subnet, strict=False)
    except ValueError:
        raise Ec2Error("InvalidParameterValue", f"invalid value for parameter address set: [{address}]") from None


def _free(request: Request, interface: dict[str, Any]) -> str:
    """An address of the subnet that nobody has: the next that the state hands out, else the lowest."""
    node = request.node
    if (node.holes and request.command.makes is not None) or node.state["identifiers"].get("address"):
        return node.identifier("address", request.command)
    taken = _taken(request)
    network = ip_network(interface["subnet"], strict=False)
    for number in range(RESERVED_FIRST, network.num_addresses - 1):
        if (host := str(network[number])) not in taken:
            return host
    text = "The specified subnet does not have enough free addresses to satisfy the request."
    raise Ec2Error("InsufficientFreeAddressesInSubnet", text)


def unassign(request: Request) -> Answer | None:
    """UnassignPrivateIpAddresses; an elastic address that led there leads nowhere."""
    interface = _interface(request)
    for address in request.given.get("--private-ip-addresses", []):
        if address not in interface["addresses"]:
            identity = request.text("--network-interface-id")
            text = f"Some of the specified addresses are not assigned to interface {identity}"
            raise Ec2Error("InvalidParameterValue", text)
        if address == interface["addresses"][0]:
            raise Ec2Error("InvalidParameterValue", f"The primary address {address} cannot be unassigned.")
        interface["addresses"].remove(address)
        for elastic in request.cloud["elastic_addresses"].values():
            if elastic["private_ip"] == address:
                _let_go(elastic)
    return None


def _let_go(elastic: dict[str, Any]) -> None:
    elastic["association"] = elastic["private_ip"] = elastic["instance"] = ""


def describe(request: Request) -> Answer:
    """DescribeAddresses: those that `--public-ips` or `--allocation-ids` name, and that pass the filters."""
    table = request.cloud["elastic_addresses"]
    for public in request.given.get("--public-ips", ()):
        if public not in {elastic["public_ip"] for elastic in table.values()}:
            raise Ec2Error("InvalidAddress.NotFound", f"Address '{public}' not found.")
    for allocation in request.given.get("--allocation-ids", ()):
        _known(request, allocation)
    publics, allocations = request.given.get("--public-ips"), request.given.get("--allocation-ids")
    return {
        "Addresses": [
            _described(allocation, elastic)
            for allocation, elastic in table.items()
            if (publics is None or elastic["public_ip"] in publics)
            and (allocations is None or allocation in allocations)
            and request.asks_for(partial(_values, allocation, elastic))
        ]
    }


def _described(allocation: str, elastic: dict[str, Any]) -> Answer:
    association = {
        "InstanceId": elastic["instance"],
        "AssociationId": elastic["association"],
        "PrivateIpAddress": elastic["private_ip"],
    }
    return {
        "PublicIp": elastic["public_ip"],
        "AllocationId": allocation,
        "Domain": "vpc",
        **(association if elastic["association"] else {}),
        **({"Tags": tag_list(elastic["tags"])} if elastic["tags"] else {}),
    }


def _values(allocation: str, elastic: dict[str, Any], name: str) -> list[str]:
    plain = {
        "allocation-id": allocation,
        "public-ip": elastic["public_ip"],
        "association-id": elastic["association"],
        "private-ip-address": elastic["private_ip"],
        "instance-id": elastic["instance"],
    }
    return [plain[name]] if name in plain else tag_values(elastic["tags"], name)


def _known(request: Request, allocation: str) -> dict[str, Any]:
    elastic: dict[str, Any] | None = request.cloud["elastic_addresses"].get(allocation)
    if elastic is None:
        text = f"The allocation ID '{allocation}' does not exist"
        raise Ec2Error("InvalidAllocationID.NotFound", text)
    return elastic


def allocate(request: Request) -> Answer:
    """AllocateAddress, of a VPC."""
    if request.text("--domain") not in {"", "vpc"}:
        raise Ec2Error("InvalidParameterValue", f"Invalid domain '{request.text('--domain')}'")
    table, node = request.cloud["elastic_addresses"], request.node
    if len(table) >= request.cloud["elastic_limit"]:
        raise Ec2Error("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    allocation = node.identifier("allocation", request.command)
    if (node.holes and request.command.makes is not None) or node.state["identifiers"].get("public address"):
        public = node.identifier("public address", request.command, part="public")
    else:
        # 203.0.113.0/24 is the net of examples: nothing on a simulated node leads to a real host.
        taken = {elastic["public_ip"] for elastic in table.values()}
        public = next(address for host in range(1, 255) if (address := f"203.0.113.{host}") not in taken)
    tags = request.given.get("--tag-specifications", {}).get("elastic-ip", {})
    table[allocation] = {"public_ip": public, "association": "", "private_ip": "", "instance": "", "tags": tags}
    return {"PublicIp": public, "AllocationId": allocation, "Domain": "vpc"}


def associate(request: Request) -> Answer:
    """AssociateAddress; without `--no-allow-reassociation` it moves from whoever had it."""
    elastic = _known(request, request.text("--allocation-id"))
    instance, private = request.text("--instance-id"), request.text("--private-ip-address")
    if instance != request.cloud["instance"]:
        raise Ec2Error("InvalidInstanceID.NotFound", f"The instance ID '{instance}' does not exist")
    if not any(private in entry["addresses"] for entry in request.cloud["network_interfaces"].values()):
        text = f"The private IP address {private} is not assigned to instance {instance}"
        raise Ec2Error("InvalidParameterValue", text)
    if elastic["association"] and "--no-allow-reassociation" in request.given:
        text = f"resource {request.text('--allocation-id')} is already associated with {elastic['association']}"
        raise Ec2Error("Resource.AlreadyAssociated", text)
    for other in request.cloud["elastic_addresses"].values():
        if other["private_ip"] == private:
            _let_go(other)
    elastic["association"] = request.node.identifier("association", request.command)
    elastic["private_ip"], elastic["instance"] = private, instance
    return {"AssociationId": elastic["association"]}


def disassociate(request: Request) -> Answer | None:
    """DisassociateAddress."""
    association = request.text("--association-id")
    for elastic in request.cloud["elastic_addresses"].values():
        if association and elastic["association"] == association:
            _let_go(elastic)
            return None
    raise Ec2Error("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist")


def release(request: Request) -> Answer | None:
    """ReleaseAddress; it has to lead nowhere."""
    allocation = request.text("--allocation-id")
    elastic = _known(request, allocation)
    if elastic["association"]:
        raise Ec2Error("InvalidIPAddress.InUse", f"Address {elastic['public_ip']} is in use.")
    del request.cloud["elastic_addresses"][allocation]
    return None

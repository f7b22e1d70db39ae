"""ip(8) of iproute2: interfaces, and the addresses they have."""

import json
from typing import NamedTuple

from core.command import Check, Command

TOOL = "ip"
LABEL_LENGTH_MAX = 15
LENGTH_MAX = 128


class Address(NamedTuple):
    """An address of an interface; `label` is the name of its alias (`eth0:3`), empty when it has none of its own."""

    address: str
    prefix: int
    label: str


class Interface(NamedTuple):
    """A network interface of the node, with its addresses in the order of the kernel."""

    name: str
    up: bool
    addresses: tuple[Address, ...]


class Detail(NamedTuple):
    """An interface with everything: `kind` is what it was made as (bridge, veth; "" for hardware), `bridge` whose port.

    addresses: those that it has, labels as in `Address`.
    """

    name: str
    up: bool
    mtu: int
    mac: str
    kind: str
    bridge: str
    addresses: tuple[Address, ...]


def details() -> Command:
    """Ask for every interface with its details; read the answer with `parse_details`."""
    return Command(("ip", "-j", "-d", "addr"), tool=TOOL)


def parse_details(answer: str) -> list[Detail]:
    """Read the answer of `details`, in the order of the kernel."""
    found = []
    for each in json.loads(answer):
        held = (
            Address(entry["local"], entry["prefixlen"], _label(entry.get("label", ""), each["ifname"]))
            for entry in each.get("addr_info", ())
            if "local" in entry
        )
        found.append(
            Detail(
                each["ifname"],
                "UP" in each["flags"],
                each["mtu"],
                each.get("address", ""),
                each.get("linkinfo", {}).get("info_kind", ""),
                each.get("master", ""),
                tuple(held),
            )
        )
    return found


def _label(label: str, interface: str) -> str:
    return "" if label == interface else label


def show() -> Command:
    """Ask for every interface and its addresses; `parse` reads the answer."""
    return Command(("ip", "addr"), tool=TOOL)


def holding(address: str) -> Command:
    """Ask who has an address on this node: one line for each interface, no line when nobody has it."""
    return Command(("ip", "-o", "addr", "show", "to", address), tool=TOOL)


def labelled(label: str) -> Command:
    """Ask which addresses have the label of an alias: no line when it is free."""
    return Command(("ip", "-o", "addr", "show", "label", label), tool=TOOL)


def is_version_6(address: str) -> bool:
    """Tell an IPv6 address by its colons; an address that nobody knows yet counts as IPv4."""
    return ":" in address and "«" not in address


def written(address: str) -> str:
    """Write an address as the node's answers do: `2001:DB8::0:5` is `2001:db8::5`."""
    if not is_version_6(address):
        return address
    from ipaddress import ip_address

    return str(ip_address(address))


def parse(answer: str) -> dict[str, Interface]:
    """Read the answer of `show`: the interfaces by name.

    `@` and what follows it (the peer of a veth) are no part of a name. Only IPv4 addresses have labels, and only a
    label that differs from the interface's name is one.
    """
    interfaces: dict[str, Interface] = {}
    name = ""
    for line in answer.splitlines():
        words = line.split()
        if line[:1].isdigit() and len(words) > 2:  # noqa: PLR2004 - number, name and flags
            name = words[1].rstrip(":").partition("@")[0]
            interfaces[name] = Interface(name, "UP" in words[2].strip("<>").split(","), ())
        elif name and len(words) > 1 and words[0] in {"inet", "inet6"}:
            address, _, prefix = words[1].partition("/")
            label = words[-1] if words[0] == "inet" and words[-1] != name else ""
            found = Address(address, int(prefix) if prefix else _longest(words[0]), label)
            interfaces[name] = interfaces[name]._replace(addresses=(*interfaces[name].addresses, found))
    return interfaces


def _longest(family: str) -> int:
    return 128 if family == "inet6" else 32


def add(address: str, prefix: int, device: str, label: str = "") -> Command:
    """Give an address to an interface, as an alias when it has a label (IPv4 only); no other address is replaced."""
    alias = ("label", label) if label else ()
    return Command(
        ("ip", "addr", "add", f"{address}/{prefix}", "dev", device, *alias),
        kind="changes",
        check=Check(holding(address), path="."),
        undo=(delete(address, prefix, device),),
        shows=False,
        tool=TOOL,
    )


def delete(address: str, prefix: int, device: str) -> Command:
    """Take an address from an interface, whatever the name of its alias is by now; it can be given again."""
    return Command(
        ("ip", "addr", "del", f"{address}/{prefix}", "dev", device),
        kind="changes",
        check=Check(holding(address), path=".", absent=True),
        shows=False,
        tool=TOOL,
    )


def taken_down(address: str, prefix: int, device: str, label: str = "") -> Command:
    """`delete`, as the step of a stop: its undo gives the address back."""
    return delete(address, prefix, device)._replace(undo=(add(address, prefix, device, label)._replace(undo=()),))

"""An address on an interface of the node: an alias (`eth0:3`) that comes up with the service and goes down with it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.command import Check, Command, Completed, Note, Steps, Wait
from core.config.keywords import Keyword
from core.driver import Driver
from core.drivers import claims
from core.errors import Failed
from core.status import Remark, Status
from core.tools import arping, getent, ifconfig, ip, ping

if TYPE_CHECKING:
    from core.config.service import Resource

ACTIVATION_SECONDS_MAX = 5
DOWN_SECONDS_MAX = 15
ALIASES_MAX = 10_000
"""More aliases than an interface has; its name and theirs have 15 characters together."""
HOST_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})"
LOOKS_LIKE_ADDRESS = r"[0-9.]+|.*:.*"


def _ipname(value: str) -> str | None:
    if value.startswith("<"):
        return f"{value} is allocated by drivers that have a type; write type = amazon, or an address"
    if re.fullmatch(LOOKS_LIKE_ADDRESS, value):
        return Keyword("ipname", "", "address").complaint(value)
    return None if re.fullmatch(HOST_NAME, value) else f"{value!r} is neither an address nor the name of a host"


def _netmask(value: str) -> str | None:
    length = ifconfig.prefix_length(value)
    if length is None or length > ip.LENGTH_MAX:
        return f"{value!r} is no netmask; write one such as 255.255.255.0 or 24"
    return None


class Address(Driver):
    """An address that is brought up on `ipdev` after nobody answered for it, and announced to the neighbours."""

    keywords = (
        Keyword("ipname", "The address, or the name of a host that resolves to it.", required=True, syntax=_ipname),
        Keyword("ipdev", "The interface that the address is stacked over.", required=True),
        Keyword("netmask", "Dotted, or a prefix length; the netmask of the interface without it.", syntax=_netmask),
        Keyword("gateway", "The gateway of containers that are given the address.", "address", provisioning=True),
    )

    def label(self, resource: "Resource") -> str:
        """`10.0.0.221@eth0`."""
        return f"{resource['ipname']}@{resource['ipdev']}"

    def purpose(self, resource: "Resource") -> str:
        """Say which address comes up where."""
        return f"address {resource['ipname']} up on {resource['ipdev']}"

    def start(self, resource: "Resource") -> Steps:
        """Bring the address up. Raises Failed when its interface is not fit for it, or another host has it."""
        address = yield from _resolved(resource)
        interfaces = ip.parse((yield ip.show()).stdout)
        device = _usable(interfaces, resource["ipdev"])
        if (found := _holder(interfaces, address)) is not None:
            yield Note(f"{address} is already up on {found[0]}")
            return
        yield Note(f"checking {address} availability")
        if (yield ping.anybody(address)).returncode == ping.ANSWERED:
            raise Failed(f"{address} is already up on another host")
        silent = Check(ping.anybody(address), absent=True, otherwise=f"{address} is already up on another host")
        command: Command = yield from _bring_up(resource, interfaces, device, address)
        yield command._replace(only_if=(silent, *command.only_if))
        yield Wait(
            ping.briefly(address),
            until=(Check(ping.briefly(address)),),
            every_seconds=1,
            seconds_max=ACTIVATION_SECONDS_MAX,
            subject=f"ip activation of {address}",
        )
        if not ip.is_version_6(address):
            yield from _announce(device.name, address)

    def stop(self, resource: "Resource") -> Steps:
        """Take the address down, if it is an alias on `ipdev`; an address of the node's own stays."""
        if not resource["ipname"]:
            return
        device = resource["ipdev"]
        address = yield from _resolved(resource)
        found = _holder(ip.parse((yield ip.show()).stdout), address)
        if found is None:
            yield Note(f"{address} is already down on {device}")
            return
        name, held = found
        if name != device:
            yield Note(f"{address} is up on {name}, not on {device}: left as it is")
            return
        if not (held.label or ip.is_version_6(address) or "noalias" in resource.words("tags")):
            yield Note(f"{address} is no alias of {device} but its own address: left as it is", "warning")
            return
        yield (yield from _take_down(device, held))
        yield Wait(
            ping.briefly(address),
            until=(Check(ping.briefly(address), absent=True),),
            every_seconds=1,
            seconds_max=DOWN_SECONDS_MAX,
            subject=f"{address} to go down",
            note=lambda _answer: f"checking {address} availability",
        )

    def status(self, resource: "Resource") -> Steps:
        """Up when an interface has the address; warn when that cannot be told."""
        name, device = resource["ipname"], resource["ipdev"]
        if not name:
            return Status("down", (Remark("ipname is empty: no address was allocated yet", "info"),))
        try:
            address = yield from _resolved(resource)
        except Failed as error:
            return Status("warn", (Remark(str(error)),))
        interfaces = ip.parse((yield ip.show()).stdout)
        if device not in interfaces:
            return Status("warn", (Remark(f"interface {device} not found"),))
        found = _holder(interfaces, address)
        if found is not None and found[0] == "lo" != device:
            return Status("down", (Remark(f"{address} stands for an address that is not allocated yet", "info"),))
        return Status("down" if found is None else "up")


def _resolved(resource: "Resource") -> Steps:
    """Return the address of `ipname`. Raises Failed where there is none."""
    name = resource["ipname"]
    if not name:
        raise Failed("ipname is empty; write an address there, or the name of a host")
    from core.holes import is_of_kind

    if "«" in name or is_of_kind(name, "address"):
        return ip.written(name)
    answer: Completed = yield getent.ahosts(name)
    address = getent.first_address(answer.stdout)
    if address is None:
        raise Failed(f"could not resolve name {name}: no name service of this node knows it")
    return address


def _usable(interfaces: "dict[str, ip.Interface]", name: str) -> "ip.Interface":
    if name not in interfaces:
        raise Failed(f"interface {name} not found. Cannot stack over it. ipdev may be: {', '.join(sorted(interfaces))}")
    if not interfaces[name].up:
        raise Failed(f"interface {name} is not up. Cannot stack over it. Bring it up: ip link set dev {name} up")
    return interfaces[name]


def _holder(interfaces: "dict[str, ip.Interface]", address: str) -> "tuple[str, ip.Address] | None":
    """The interface that has an address, by name, and how it has it."""
    holders = ((name, held) for name, each in interfaces.items() for held in each.addresses)
    return next(((name, held) for name, held in holders if held.address == address), None)


def _bring_up(
    resource: "Resource", interfaces: "dict[str, ip.Interface]", device: "ip.Interface", address: str
) -> Steps:
    """Return the command that brings the address up, in the dialect of the node.

    With the tag `noalias` the old agent ran `ifconfig eth0 ADDRESS`, which replaces the address of the interface;
    `ip addr add` without a label adds one.
    """
    prefix = _prefix(resource["netmask"], device, address)
    has_ifconfig = (yield ifconfig.version()).returncode != ifconfig.NOT_FOUND
    if ip.is_version_6(address):
        if has_ifconfig:
            return ifconfig.add_version_6(device.name, address, prefix)
        return ip.add(address, prefix, device.name)
    if "noalias" in resource.words("tags"):
        return ip.add(address, prefix, device.name)
    number = yield from claims.first(f"alias:{device.name}", _free_aliases(interfaces, device.name))
    alias = f"{device.name}:{number}"
    if number is None or len(alias) > ip.LABEL_LENGTH_MAX:
        return ip.add(address, prefix, device.name)
    if has_ifconfig:
        free = Check(ip.labelled(alias), path=".", absent=True, otherwise=f"the alias {alias} is taken by now")
        return ifconfig.alias_up(alias, address, prefix)._replace(only_if=(free,))
    return ip.add(address, prefix, device.name, alias)


def _prefix(netmask: str, device: "ip.Interface", address: str) -> int:
    """The prefix length of the keyword, else that of the interface's first address of the same family."""
    family = ip.is_version_6(address)
    given = ifconfig.prefix_length(netmask) if netmask else None
    if given is not None:
        if given > ifconfig.BITS and not family:
            raise Failed(f"netmask {netmask} is too long for {address}; give one such as 255.255.255.0 or 24")
        return given
    for held in device.addresses:
        if ip.is_version_6(held.address) == family and not held.address.startswith("fe80:"):
            return held.prefix
    raise Failed(f"No netmask set on parent interface {device.name}; give the keyword netmask")


def _free_aliases(interfaces: "dict[str, ip.Interface]", device: str) -> Iterator[str]:
    """The numbers of the aliases of the interface that are not there: for eth0:1, eth0:2, ..."""
    taken = {held.label for each in interfaces.values() for held in each.addresses}
    return (str(number) for number in range(1, ALIASES_MAX) if f"{device}:{number}" not in taken)


def _take_down(device: str, held: "ip.Address") -> Steps:
    """Return the command that takes the address down, in the dialect of the node."""
    has_ifconfig = (yield ifconfig.version()).returncode != ifconfig.NOT_FOUND
    down: Command = ip.taken_down(held.address, held.prefix, device, held.label)
    if has_ifconfig and ip.is_version_6(held.address):
        down = ifconfig.delete_version_6(device, held.address, held.prefix)
    elif has_ifconfig and held.label.startswith(f"{device}:"):
        down = ifconfig.alias_down(held.label, held.address, held.prefix)
    return down


def _announce(device: str, address: str) -> Steps:
    """Tell the neighbours, who else send to the host that had the address before until their caches expire."""
    version = yield arping.version()
    if arping.is_missing(version):
        yield Note("arp announce skipped. install 'arping'", "warning")
    elif arping.is_habets(version):
        yield arping.announce_habets(device, address)
    else:
        answer: Completed = yield arping.announce(device, address)
        if answer.returncode:
            # It says some of its reasons on stdout.
            yield Note(f"arp announce failed: {(answer.stderr or answer.stdout).strip()}", "warning")


driver = Address()

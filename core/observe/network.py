"""Interfaces and their addresses, names, and who answers for an address."""

from core.command import Command, Steps
from core.observe.reads import anyhow, note_unseen
from core.state import NodeState
from core.tools import getent, ip, ping

PORTS = frozenset(("veth", "tun"))
"""Interfaces that come and go with a container or a virtual machine while they are a port of a bridge."""


def interfaces(state: NodeState) -> Steps:
    """Look at every interface, but the ports of containers on a bridge.

    Addresses that the kernel gives by itself (`fe80::...`) are left out: nobody configured them.
    """
    answer = yield anyhow(ip.details())
    if answer.returncode:
        return note_unseen(state, "network interfaces", answer)
    for each in ip.parse_details(answer.stdout):
        if each.kind in PORTS and each.bridge:
            continue
        held = [
            {"address": f"{held.address}/{held.prefix}", "label": held.label}
            for held in each.addresses
            if not held.address.startswith("fe80:")
        ]
        state["interfaces"][each.name] = {
            "up": each.up,
            "mtu": each.mtu,
            "mac": each.mac,
            "addresses": held,
            "configured": [dict(address) for address in held],
            "virtual": bool(each.kind),
        }
    return None


def names(state: NodeState, subjects: list[str]) -> Steps:
    """Resolve names of hosts."""
    for name in subjects:
        answer = yield anyhow(getent.ahosts(name))
        address = getent.first_address(answer.stdout) if answer.returncode == getent.FOUND else None
        state["names"][name] = address or ""
    return subjects


def pings(state: NodeState, subjects: list[str]) -> Steps:
    """See whether somebody else answers for an address; that it cannot be asked leaves the question open.

    For an address of this node it would be this node that answers, so nobody is asked and nobody else is taken to.
    """
    asked = _elsewhere(state, subjects)
    answered = [address for address in subjects if address not in asked]
    for address in asked:
        answer = yield anyhow(ping.anybody(address))
        if answer.returncode not in {ping.ANSWERED, ping.SILENT}:
            note_unseen(state, f"whether {address} answers", answer)
            continue
        if answer.returncode == ping.ANSWERED:
            state["neighbours"].append(address)
        answered.append(address)
    return answered


def ahead(state: NodeState, subjects: list[str]) -> list[Command]:
    """The questions of `pings`."""
    return [anyhow(ping.anybody(address)) for address in _elsewhere(state, subjects)]


def _elsewhere(state: NodeState, subjects: list[str]) -> list[str]:
    """The addresses that this node does not have."""
    held = {each["address"].partition("/")[0] for every in state["interfaces"].values() for each in every["addresses"]}
    return [address for address in subjects if address not in held]

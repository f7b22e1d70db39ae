"""ip of iproute2 on a simulated node: `addr` shown, added and deleted; the loopback interface is always there.

A deleted primary address does not take its secondaries along: systemd has the kernel promote them
(`promote_secondaries`), as every node is taken to be set up.
"""

from functools import lru_cache
from ipaddress import ip_interface, ip_network
from typing import Any

from core.command import Command, Completed
from executors.simulated.node import SimulatedNode

PROGRAMS = {"ip": "iproute2"}
LABEL_LENGTH_MAX = 15
SCOPES = ("global", "link", "host")
LIFETIME = "valid_lft forever preferred_lft forever"
KERNEL_EXPLAINS_SINCE = (5,)
INCOMPLETE = 'Command line is not complete. Try option "help"\n'


class _Refused(Exception):
    """The answer of an ip that does not do it."""

    def __init__(self, returncode: int, said: str) -> None:
        super().__init__(said)
        self.answer = Completed(returncode, "", said)


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer -V, `[-o] [-4|-6] addr [show] [dev DEV] [to PREFIX] [label LABEL]`, `addr add` and `addr del`."""
    options, words = [], list(command.argv[1:])
    while words and words[0].startswith("-"):
        options.append(words.pop(0))
    for option in options:
        if option not in {"-o", "-oneline", "-4", "-6", "-V"}:
            return Completed(255, "", f'Option "{option}" is unknown, try "ip -help".\n')
    if "-V" in options:
        return Completed(0, f"ip utility, iproute2-{node.state['tools']['iproute2']}\n")
    if not words or words[0] not in {"addr", "address", "a"}:
        return Completed(1, "", f'Object "{words[0]}" is unknown, try "ip help".\n' if words else INCOMPLETE)
    try:
        return _address(node, options, words[1:])
    except _Refused as refused:
        return refused.answer


def _address(node: SimulatedNode, options: list[str], words: list[str]) -> Completed:
    verb, rest = (words[0], words[1:]) if words else ("show", [])
    match verb:
        case "add" | "a":
            return _add(node, rest)
        case "del" | "delete" | "d":
            return _delete(node, rest)
        case "show" | "list" | "ls":
            return _show(node, options, rest)
        case _:
            raise _Refused(255, f'Command "{verb}" is unknown, try "ip address help".\n')


def interfaces(node: SimulatedNode) -> dict[str, dict[str, Any]]:
    """The interfaces of a node by name, the loopback interface first."""
    known = node.state["interfaces"]
    return {"lo": known.get("lo") or _loopback(), **known}


def interface_of(node: SimulatedNode, name: str) -> dict[str, Any]:
    """An interface that `interfaces` names, to be changed."""
    found: dict[str, Any] = node.state["interfaces"].setdefault(name, _loopback())
    return found


def _loopback() -> dict[str, Any]:
    own = [{"address": "127.0.0.1/8", "label": ""}, {"address": "::1/128", "label": ""}]
    return {"up": True, "mtu": 65536, "mac": "00:00:00:00:00:00", "addresses": own}


def bare(address: str) -> str:
    """An address without its prefix length."""
    return address.rpartition("/")[0] or address


def is_version_6(address: str) -> bool:
    """Tell an IPv6 address; what stands for an address that is not known yet is one of IPv4."""
    return ":" in address and "«" not in address


def _arguments(words: list[str], names: tuple[str, ...], operand: str) -> dict[str, str]:
    """Read `NAME VALUE` pairs; the word that follows no name is the `operand`."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in names and not rest:
            raise _Refused(255, INCOMPLETE)
        name, value = (word, rest.pop(0)) if word in names else (operand, word)
        if name in found:
            raise _Refused(255, f'Error: either "{name}" is duplicate, or "{value}" is a garbage.\n')
        found[name] = value
    return found


def _prefix(text: str) -> str:
    """A valid address with its prefix length, as the kernel writes it."""
    if "«" in text:
        return text if "/" in text else f"{text}/32"
    try:
        return str(ip_interface(text))
    except ValueError:
        raise _Refused(1, f'Error: any valid prefix is expected rather than "{text}".\n') from None


def _device(node: SimulatedNode, found: dict[str, str]) -> tuple[str, dict[str, Any]]:
    if "dev" not in found:
        raise _Refused(1, 'Not enough information: "dev" argument is required.\n')
    name = found["dev"]
    if name not in interfaces(node):
        raise _Refused(1, f'Cannot find device "{name}"\n')
    return name, interface_of(node, name)


def _add(node: SimulatedNode, words: list[str]) -> Completed:
    found = _arguments(words, ("dev", "label", "brd"), "local")
    address = _prefix(found["local"]) if "local" in found else ""
    name, interface = _device(node, found)
    if not address:
        raise _Refused(2, "RTNETLINK answers: Operation not supported\n")
    label = "" if is_version_6(address) or found.get("label") == name else found.get("label", "")
    if len(label) > LABEL_LENGTH_MAX:
        raise _said(node, "Numerical result out of range", "Attribute failed policy validation")
    for other in interface["addresses"]:
        same = bare(other["address"]) == bare(address) if is_version_6(address) else other["address"] == address
        if same:
            raise _said(node, "File exists", f"{_family(address, 'Address', 'address')} already assigned")
    insert(interface["addresses"], {"address": address, "label": label})
    return Completed(0)


def insert(entries: list[dict[str, str]], entry: dict[str, str]) -> None:
    """Put an address where the kernel lists it: behind all others of IPv4, before those of IPv6 with its scope."""
    place = len(entries)
    if is_version_6(entry["address"]):
        scope = SCOPES.index(_scope_6(entry["address"]))
        others = ((n, each["address"]) for n, each in enumerate(entries) if is_version_6(each["address"]))
        place = next((n for n, other in others if SCOPES.index(_scope_6(other)) >= scope), place)
    entries.insert(place, entry)


def _scope_6(address: str) -> str:
    local = bare(address)
    return "host" if local == "::1" else "link" if local.lower().startswith("fe80:") else "global"


def _said(node: SimulatedNode, error: str, explained: str) -> _Refused:
    """A refusal of the kernel: the name of its error number, or the sentence that it has by now."""
    explains = node.version("iproute2") >= KERNEL_EXPLAINS_SINCE
    return _Refused(2, f"Error: {explained}.\n" if explains else f"RTNETLINK answers: {error}\n")


def _family(address: str, version_4: str, version_6: str) -> str:
    return f"ipv6: {version_6}" if is_version_6(address) else f"ipv4: {version_4}"


def _delete(node: SimulatedNode, words: list[str]) -> Completed:
    found = _arguments(words, ("dev", "label"), "local")
    address = _prefix(found["local"]) if "local" in found else ""
    _, interface = _device(node, found)
    if not address:
        raise _Refused(2, "RTNETLINK answers: Operation not supported\n")
    for entry in interface["addresses"]:
        if entry["address"] == address and found.get("label", entry["label"]) == entry["label"]:
            interface["addresses"].remove(entry)
            return Completed(0)
    raise _said(node, "Cannot assign requested address", f"{_family(address, 'Address', 'address')} not found")


def _show(node: SimulatedNode, options: list[str], words: list[str]) -> Completed:
    found = _arguments(words, ("dev", "to", "label"), "dev")
    known = interfaces(node)
    if found.get("dev", "lo") not in known:
        raise _Refused(1, f'Device "{found["dev"]}" does not exist.\n')
    target = bare(_prefix(found["to"])) if "to" in found else ""
    one_line = "-o" in options or "-oneline" in options
    families = [family for family, option in (("inet", "-4"), ("inet6", "-6")) if option in options]
    lines = []
    for number, (name, interface) in enumerate(known.items(), start=1):
        if found.get("dev", name) != name:
            continue
        chosen = [
            _line(interface, entry, name)
            for entry in _as_the_kernel_lists(interface["addresses"])
            if (not target or bare(entry["address"]) == target)
            and ("label" not in found or (entry["label"] or name) == found["label"])
        ]
        chosen = [line for line in chosen if not families or line.split()[0] in families]
        if one_line:
            lines += [f"{number}: {name}    {line}\\       {LIFETIME}" for line in chosen]
        elif chosen or not (target or families or "label" in found):
            lines += head(number, name, interface)
            lines += [text for line in chosen for text in (f"    {line}", f"       {LIFETIME}")]
    return Completed(0, "".join(f"{line}\n" for line in lines))


def head(number: int, name: str, interface: dict[str, Any], mode: str = "") -> list[str]:
    """The two lines on an interface; mode: what `ip link` says beside what `ip addr` says, too."""
    loopback = name == "lo"
    up = ["UP", "LOWER_UP"] if interface["up"] else []
    flags = ",".join((["LOOPBACK"] if loopback else ["BROADCAST", "MULTICAST"]) + up)
    state = "UNKNOWN" if loopback else "UP" if interface["up"] else "DOWN"
    link = f"link/loopback {interface['mac']} brd {interface['mac']}"
    if not loopback:
        link = f"link/ether {interface['mac']} brd ff:ff:ff:ff:ff:ff"
    queue = "noqueue" if interface["up"] else "noop"
    shape = f"mtu {interface['mtu']} qdisc {queue} state {state} {mode}group default qlen 1000"
    return [f"{number}: {name}: <{flags}> {shape}", f"    {link}"]


def _line(interface: dict[str, Any], entry: dict[str, str], name: str) -> str:
    address, local = entry["address"], bare(entry["address"])
    if is_version_6(address):
        return f"inet6 {address} scope {_scope_6(address)}"
    scope = "host" if local.startswith("127.") else "global"
    secondary = " secondary" if _is_secondary(interface["addresses"], entry) else ""
    last = ""
    if scope == "global" and "«" not in address and not address.endswith(("/31", "/32")):
        last = f" brd {broadcast(address)}"
    return f"inet {address}{last} scope {scope}{secondary} {entry['label'] or name}"


def _is_secondary(entries: list[dict[str, str]], entry: dict[str, str]) -> bool:
    """The first address of a network is primary; those that came later are its secondaries."""
    before = entries[: entries.index(entry)]
    return any(_network(other["address"]) == _network(entry["address"]) for other in before)


def _as_the_kernel_lists(entries: list[dict[str, str]]) -> list[dict[str, str]]:
    """IPv4 before IPv6, and there the primaries before their secondaries."""
    version_4 = [entry for entry in entries if not is_version_6(entry["address"])]
    version_6 = [entry for entry in entries if is_version_6(entry["address"])]
    return sorted(version_4, key=lambda entry: _is_secondary(version_4, entry)) + version_6


@lru_cache(maxsize=1024)
def broadcast(address: str) -> str:
    """The broadcast address of the network that an address with its prefix length is in."""
    return str(ip_network(address, strict=False).broadcast_address)


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    return address.rpartition("/")[2] if "«" in address else str(ip_network(address, strict=False))

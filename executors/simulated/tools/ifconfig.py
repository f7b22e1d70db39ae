"""ifconfig of net-tools on a simulated node: an alias brought up (over one of the same name, silently) and down."""

from ipaddress import IPv4Address, IPv6Interface

from core.command import Command, Completed
from core.tools.ifconfig import BITS, netmask, prefix_length
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.ip import LABEL_LENGTH_MAX, bare, insert, interface_of, interfaces, is_version_6

PROGRAMS = {"ifconfig": "net-tools"}
FIRST_ON_STDOUT = (2,)
NUMERIC = frozenset("0123456789.")
CLASSES = ((128, 8), (192, 16), (224, 24))
HELP = "ifconfig: `--help' gives usage information.\n"
GONE = Completed(255, "", "SIOCSIFFLAGS: Cannot assign requested address\n")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer --version, `ALIAS ADDRESS netmask MASK [up]`, `ALIAS down`, `DEVICE up`, `DEVICE inet6 add|del PREFIX`."""
    match command.argv[1:]:
        case ("--version",):
            text = f"net-tools {node.state['tools']['net-tools']}\n"
            return Completed(0, text) if node.version("net-tools") >= FIRST_ON_STDOUT else Completed(0, "", text)
        case (option, *_) if option.startswith("-"):
            return Completed(1, "", f"ifconfig: option `{option}' not recognised.\n{HELP}")
        case (alias, address, "netmask", mask) | (alias, address, "netmask", mask, "up"):
            return _alias_up(node, alias, address, mask)
        case (alias, "down"):
            return _down(node, alias)
        case (device, "up"):
            return _up(node, device)
        case (device, "inet6", ("add" | "del") as verb, address):
            return _version_6(node, device, verb, address)
        case (_, word, *_):
            return Completed(1, "", f"{word}: Host name lookup failure\n{HELP}")
        case _:
            return Completed(1, "", HELP)


def _parts(alias: str) -> tuple[str, str]:
    """The device of an alias, and its label; a device's own name is no label."""
    device, colon, _ = alias.partition(":")
    return device, alias if colon else ""


def _alias_up(node: SimulatedNode, alias: str, address: str, mask: str) -> Completed:
    # A longer name is cut off without a word.
    alias = alias[:LABEL_LENGTH_MAX]
    device, label = _parts(alias)
    if not _is_version_4(address):
        return Completed(1, "", f"{address}: Unknown host\n{HELP}")
    if device not in interfaces(node):
        flags = f"{alias}: ERROR while getting interface flags: No such device\n"
        return Completed(255, "", f"SIOCSIFADDR: No such device\n{flags}SIOCSIFNETMASK: No such device\n{flags}")
    prefix = prefix_length(mask) if "." in mask else None
    if prefix is None:
        # The address is there by then, with the netmask of its class.
        _alias_up(node, alias, address, netmask(_class(address)))
        said = "SIOCSIFNETMASK: Invalid argument\n" if set(mask) <= NUMERIC else f"{mask}: Host name lookup failure\n"
        return Completed(1, "", said)
    interface = interface_of(node, device)
    entry = {"address": f"{address}/{prefix}", "label": label}
    kept = [other for other in interface["addresses"] if other["label"] != label or is_version_6(other["address"])]
    if any(other["address"] == entry["address"] for other in kept):
        interface["addresses"] = kept
        return GONE
    place = next((n for n, other in enumerate(interface["addresses"]) if other not in kept), len(kept))
    interface["addresses"] = [*kept[:place], entry, *kept[place:]]
    interface["up"] = interface["up"] or not label
    return Completed(0)


def _class(address: str) -> int:
    """The prefix length that the class of an address stands for."""
    first = 0 if "«" in address else IPv4Address(address).packed[0]
    return next((length for below, length in CLASSES if first < below), BITS)


def _is_version_4(address: str) -> bool:
    if "«" in address:
        return True
    try:
        IPv4Address(address)
    except ValueError:
        return False
    return True


def _down(node: SimulatedNode, alias: str) -> Completed:
    device, label = _parts(alias)
    if device not in interfaces(node):
        return Completed(255, "", f"{alias}: ERROR while getting interface flags: No such device\n")
    interface = interface_of(node, device)
    if not label:
        # The kernel keeps the addresses of IPv4, and no others.
        interface["addresses"] = [each for each in interface["addresses"] if not is_version_6(each["address"])]
        interface["up"] = False
        return Completed(0)
    kept = [other for other in interface["addresses"] if other["label"] != label]
    if len(kept) == len(interface["addresses"]):
        return GONE
    interface["addresses"] = kept
    return Completed(0)


def _up(node: SimulatedNode, device: str) -> Completed:
    if device not in interfaces(node):
        return Completed(255, "", f"{device}: ERROR while getting interface flags: No such device\n")
    interface_of(node, device)["up"] = True
    return Completed(0)


def _version_6(node: SimulatedNode, device: str, verb: str, address: str) -> Completed:
    if device not in interfaces(node):
        return Completed(1, "", "SIOGIFINDEX: No such device\n")
    try:
        written = str(IPv6Interface(address))
    except ValueError:
        said = f"{bare(address)}: Resolver Error 0 (no error)" if ":" in address else f"{address}: Unknown host"
        return Completed(1, "", f"{said}\n")
    interface = interface_of(node, device)
    there = [other for other in interface["addresses"] if bare(other["address"]) == bare(written)]
    if verb == "add":
        if there:
            return Completed(1, "", "SIOCSIFADDR: File exists\n")
        insert(interface["addresses"], {"address": written, "label": ""})
        return Completed(0)
    if not [other for other in there if other["address"] == written]:
        return Completed(1, "", "SIOCDIFADDR: Cannot assign requested address\n")
    interface["addresses"].remove(there[0])
    return Completed(0)

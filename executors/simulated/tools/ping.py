"""ping of iputils on a simulated node: its own addresses answer, its neighbours do, and hosts of its cloud."""

from core.command import Command, Completed
from core.holes import is_of_kind
from core.state import Question
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.ip import bare, broadcast, interfaces, is_version_6
from executors.simulated.usage import Options, Usage, options

PROGRAMS = {"ping": "iputils-ping"}
BUILT_WITH = "libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n"
FLAGS = ("-4", "-6", "-n", "-q", "-V")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `ping [-4|-6|-n|-q] -c COUNT [-W SECONDS] [-w SECONDS] HOST`: 0 for a reply, 1 for none, 2 for no host."""
    try:
        found, operands = options(command.argv[1:], flags=FLAGS, values=("-c", "-W", "-w"), most=1)
    except Usage as error:
        return Completed(2, "", f"ping: {error}\n\nUsage\n  ping [options] <destination>\n")
    if "-V" in found:
        return Completed(0, f"ping from iputils {node.state['tools']['iputils-ping']}\n{BUILT_WITH}")
    return _refused(found, operands) or _asked(node, operands[0])


def _refused(found: Options, operands: list[str]) -> Completed | None:
    """The answer to words that are no question."""
    for option in ("-c", "-W", "-w"):
        if not (value := found.get(option, ["1"])[0]).isdecimal():
            return Completed(1, "", f"ping: invalid argument: '{value}'\n")
    if not operands:
        return Completed(1, "", "ping: usage error: Destination address required\n")
    if "-c" not in found:
        return Completed(2, "", "ping: a simulated node does not ping for ever; say how often with -c\n")
    return None


def _asked(node: SimulatedNode, host: str) -> Completed:
    known = "«" in host or is_of_kind(host, "address")
    address = host if known else node.state["names"].get(host, "")
    if not address:
        return Completed(2, "", f"ping: {host}: Name or service not known\n")
    if _is_broadcast(node, address):
        said = "Do you want to ping broadcast? Then -b. If not, check your local firewall rules"
        return Completed(2, "", f"ping: {said}\n")
    head = f"PING {host} ({address}) 56(84) bytes of data.\n"
    if is_version_6(address):
        head = f"PING {host}({address}) 56 data bytes\n"
    tail = f"\n--- {host} ping statistics ---\n1 packets transmitted, "
    if _answers(node, address):
        who = address if host == address else f"{host} ({address})"
        line = f"64 bytes from {who}: icmp_seq=1 ttl=64 time=0.050 ms\n"
        times = "rtt min/avg/max/mdev = 0.050/0.050/0.050/0.000 ms\n"
        return Completed(0, f"{head}{line}{tail}1 received, 0% packet loss, time 0ms\n{times}")
    _ask_the_node(node, address)
    return Completed(1, f"{head}{tail}0 received, 100% packet loss, time 0ms\n\n")


def _answers(node: SimulatedNode, address: str) -> bool:
    # A node answers itself for an address of an interface that is down, too.
    local = {bare(entry["address"]) for interface in interfaces(node).values() for entry in interface["addresses"]}
    cloud = node.state["ec2"]["others"] if node.state["ec2"] else []
    return address in local or address in node.state["neighbours"] or address in cloud


def _is_broadcast(node: SimulatedNode, address: str) -> bool:
    held = (entry["address"] for interface in interfaces(node).values() for entry in interface["addresses"])
    return any(
        broadcast(each) == address for each in held if not is_version_6(each) and "«" not in each and "/3" not in each
    )


def _ask_the_node(node: SimulatedNode, address: str) -> None:
    """Remember that it is not known whether somebody has the address, unless it is known that nobody has."""
    here = any(bare(e["address"]) == address for i in interfaces(node).values() for e in i["addresses"])
    if not (node.state["complete"] or here or "«" in address or address in node.state["silent"]):
        node.ask(Question("ping", address))

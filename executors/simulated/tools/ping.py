"""ping of iputils on a simulated node: its own addresses answer, its neighbours do, and hosts of its cloud."""

from core.command import Command, Completed
from core.holes import is_of_kind
from core.state import Question
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.ip import bare, interfaces
from executors.simulated.usage import Usage, options

PROGRAMS = {"ping": "iputils-ping"}
FLAGS = ("-4", "-6", "-n", "-q", "-V")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `ping [-4|-6|-n|-q] -c COUNT [-W SECONDS] [-w SECONDS] HOST`: 0 for a reply, 1 for none, 2 for no host."""
    try:
        found, operands = options(command.argv[1:], flags=FLAGS, values=("-c", "-W", "-w"), most=1)
    except Usage as error:
        return Completed(2, "", f"ping: {error}\n\nUsage\n  ping [options] <destination>\n")
    if "-V" in found:
        return Completed(0, f"ping from iputils {node.state['tools']['iputils-ping']}\n")
    if not operands:
        return Completed(1, "", "ping: usage error: Destination address required\n")
    if not found.get("-c", [""])[0].isdecimal():
        return Completed(2, "", "ping: a simulated node does not ping for ever; say how often with -c\n")
    host = operands[0]
    known = "«" in host or is_of_kind(host, "address")
    address = host if known else node.state["names"].get(host, "")
    if not address:
        return Completed(2, "", f"ping: {host}: Name or service not known\n")
    head = f"PING {host} ({address}) 56(84) bytes of data.\n"
    tail = f"\n--- {host} ping statistics ---\n1 packets transmitted, "
    if _answers(node, address):
        line = f"64 bytes from {address}: icmp_seq=1 ttl=64 time=0.050 ms\n"
        return Completed(0, f"{head}{line}{tail}1 received, 0% packet loss, time 0ms\n")
    _ask_the_node(node, address)
    return Completed(1, f"{head}{tail}0 received, 100% packet loss, time 0ms\n\n")


def _answers(node: SimulatedNode, address: str) -> bool:
    local = {
        bare(entry["address"])
        for interface in interfaces(node).values()
        if interface["up"]
        for entry in interface["addresses"]
    }
    cloud = node.state["ec2"]["others"] if node.state["ec2"] else []
    return address in local or address in node.state["neighbours"] or address in cloud


def _ask_the_node(node: SimulatedNode, address: str) -> None:
    """Remember that it is not known whether somebody has the address, unless it is known that nobody has."""
    here = any(bare(e["address"]) == address for i in interfaces(node).values() for e in i["addresses"])
    if not (node.state["complete"] or here or "«" in address or address in node.state["silent"]):
        node.ask(Question("ping", address))

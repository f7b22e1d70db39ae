"""ip link of iproute2 on a simulated node: bridges made, shown and deleted."""

from core.command import Command, Completed
from executors.simulated.interfaces import bridge
from executors.simulated.node import SimulatedNode

PROGRAMS = {"ip": "iproute2"}
NAME_CHARACTERS_MAX = 15


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `ip link show dev NAME`, `ip link add name NAME type bridge` and `ip link delete dev NAME`."""
    interfaces = node.state["interfaces"]
    match command.argv[1:]:
        case ("link", "show", "dev", name):
            if name not in interfaces:
                return Completed(1, "", f'Device "{name}" does not exist.\n')
            state = "UP" if interfaces[name]["up"] else "DOWN"
            mtu = interfaces[name]["mtu"]
            return Completed(
                0, f"{list(interfaces).index(name) + 2}: {name}: <BROADCAST,MULTICAST> mtu {mtu} state {state}\n"
            )
        case ("link", "add", "name", name, "type", "bridge"):
            if len(name) > NAME_CHARACTERS_MAX:
                return Completed(255, "", f'Error: argument "{name}" is wrong: "name" not a valid ifname\n')
            if name in interfaces:
                return Completed(2, "", "RTNETLINK answers: File exists\n")
            interfaces[name] = bridge()
            return Completed(0)
        case ("link", "delete", "dev", name):
            if name not in interfaces:
                return Completed(1, "", f'Cannot find device "{name}"\n')
            if not interfaces[name].get("virtual"):
                return Completed(2, "", "RTNETLINK answers: Operation not supported\n")
            del interfaces[name]
            return Completed(0)
        case words:
            return Completed(255, "", f'Command "{" ".join(words)}" is unknown, try "ip link help".\n')

"""ip link of iproute2 on a simulated node: bridges made, shown and deleted."""

from core.command import Command, Completed
from executors.simulated.interfaces import bridge
from executors.simulated.node import SimulatedNode
from executors.simulated.tools import ip

PROGRAMS = {"ip": "iproute2"}
NAME_CHARACTERS_MAX = 15


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `ip link show dev NAME`, `ip link add name NAME type bridge` and `ip link delete dev NAME`."""
    interfaces = node.state["interfaces"]
    match command.argv[1:]:
        case ("link", "show", "dev", name):
            if name not in ip.interfaces(node):
                return Completed(1, "", f'Device "{name}" does not exist.\n')
            every = ip.interfaces(node)
            lines = ip.head(list(every).index(name) + 1, name, every[name], "mode DEFAULT ")
            return Completed(0, "".join(f"{line}\n" for line in lines))
        case ("link", "add", "name", name, "type", "bridge"):
            if len(name) > NAME_CHARACTERS_MAX or "/" in name or name in {".", ".."}:
                return Completed(255, "", f'Error: argument "{name}" is wrong: "name" not a valid ifname\n')
            if name in interfaces:
                return Completed(2, "", "RTNETLINK answers: File exists\n")
            interfaces[name] = bridge()
            return Completed(0)
        case ("link", "delete", "dev", name):
            if name not in ip.interfaces(node):
                return Completed(1, "", f'Cannot find device "{name}"\n')
            if name not in interfaces or not interfaces[name].get("virtual"):
                return Completed(2, "", "RTNETLINK answers: Operation not supported\n")
            del interfaces[name]
            return Completed(0)
        case words:
            said = " ".join(words[1:2])
            return Completed(255, "", f'Command "{said}" is unknown, try "ip link help".\n')

"""arping of iputils on a simulated node: it announces the addresses that an interface has, and changes nothing."""

from core.command import Command, Completed
from executors.simulated.node import SimulatedNode
from executors.simulated.tools.ip import bare, interfaces
from executors.simulated.usage import Usage, options

PROGRAMS = {"arping": "iputils-arping"}
BUILT_WITH = "libcap: yes, IDN: yes, NLS: no, error.h: yes, getrandom(): yes, __fpending(): yes\n"
MODES = {("-U",), ("-A",)}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer -V and `arping -U|-A -c COUNT -I DEVICE -s ADDRESS ADDRESS`: 2 when it could not be sent."""
    try:
        found, operands = options(
            command.argv[1:], flags=("-U", "-A", "-V", "-q"), values=("-c", "-I", "-s", "-w"), most=1
        )
    except Usage as error:
        return Completed(2, "", f"arping: {error}\n\nUsage:\n  arping [options] <destination>\n")
    if "-V" in found:
        return Completed(0, f"arping from iputils {node.state['tools']['iputils-arping']}\n{BUILT_WITH}")
    mode = tuple(option for option in ("-U", "-A") if option in found)
    if not operands or mode not in MODES or "-c" not in found or "-I" not in found:
        return Completed(2, "", "\nUsage:\n  arping [options] <destination>\n")
    device, source = found["-I"][0], found.get("-s", [""])[0]
    interface = interfaces(node).get(device)
    if interface is None:
        return Completed(2, "", f"arping: Device {device} not available.\n")
    if not interface["up"]:
        return Completed(2, f'Interface "{device}" is down\n')
    if device == "lo":
        return Completed(2, f'Interface "{device}" is not ARPable\n')
    local = {bare(entry["address"]) for each in interfaces(node).values() for entry in each["addresses"]}
    if source and source not in local:
        return Completed(2, "", "arping: bind: Cannot assign requested address\n")
    sent = f"ARPING {operands[0]} from {source or operands[0]} {device}\n"
    return Completed(0, f"{sent}Sent 1 probes (1 broadcast(s))\nReceived 0 response(s)\n")

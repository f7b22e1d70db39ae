"""ifconfig(8) of net-tools: aliases by their names, on the nodes that still have it."""

from core.command import Check, Command
from core.tools import ip

TOOL = "ifconfig"
NOT_FOUND = 127
BITS = 32


def version() -> Command:
    """Ask whether net-tools is installed: NOT_FOUND when it is not (the other codes depend on who built it)."""
    return Command(("ifconfig", "--version"), accepts=(0, 1, 4, 5, NOT_FOUND), tool=TOOL)


def netmask(prefix: int) -> str:
    """Write the prefix length of an IPv4 network as its dotted mask: 24 is 255.255.255.0."""
    bits = (1 << BITS) - (1 << (BITS - prefix))
    return ".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0))


def prefix_length(mask: str) -> int | None:
    """Read a netmask, dotted or a prefix length; None when it is neither."""
    if mask.isascii() and mask.isdecimal():
        return int(mask)
    return next((length for length in range(BITS + 1) if netmask(length) == mask), None)


def alias_up(alias: str, address: str, prefix: int) -> Command:
    """Bring up an alias of IPv4. An alias of that name is overwritten without a word: its name must be free.

    The undo goes by the address, since after a reboot another service may have the name of the alias.
    """
    return Command(
        ("ifconfig", alias, address, "netmask", netmask(prefix), "up"),
        kind="changes",
        check=Check(ip.holding(address), path="."),
        undo=(ip.delete(address, prefix, alias.partition(":")[0]),),
        shows=False,
        tool=TOOL,
    )


def alias_down(alias: str, address: str, prefix: int) -> Command:
    """Bring down the alias that an address has right now."""
    return Command(
        ("ifconfig", alias, "down"),
        kind="changes",
        check=Check(ip.holding(address), path=".", absent=True),
        undo=(ip.add(address, prefix, alias.partition(":")[0], alias)._replace(undo=()),),
        shows=False,
        tool=TOOL,
    )


def add_version_6(device: str, address: str, prefix: int) -> Command:
    """Give an IPv6 address to an interface."""
    return Command(
        ("ifconfig", device, "inet6", "add", f"{address}/{prefix}"),
        kind="changes",
        check=Check(ip.holding(address), path="."),
        undo=(ip.delete(address, prefix, device),),
        shows=False,
        tool=TOOL,
    )


def delete_version_6(device: str, address: str, prefix: int) -> Command:
    """Take an IPv6 address from an interface."""
    return Command(
        ("ifconfig", device, "inet6", "del", f"{address}/{prefix}"),
        kind="changes",
        check=Check(ip.holding(address), path=".", absent=True),
        undo=(ip.add(address, prefix, device)._replace(undo=()),),
        shows=False,
        tool=TOOL,
    )

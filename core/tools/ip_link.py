"""ip-link(8): network interfaces that exist only because somebody asked for them."""

from core.command import Check, Command

TOOL = "ip_link"
NO_DEVICE = 1


def show(name: str) -> Command:
    """Ask for an interface: 0 when it exists, else 1."""
    return Command(("ip", "link", "show", "dev", name), accepts=(0, NO_DEVICE), tool=TOOL)


def add_bridge(name: str) -> Command:
    """Make a bridge without ports, address or life; whoever uses it brings it up."""
    return _add_bridge(name)._replace(undo=(_delete(name),))


def delete(name: str) -> Command:
    """Delete an interface that was made."""
    return _delete(name)._replace(undo=(_add_bridge(name),))


def _add_bridge(name: str) -> Command:
    return Command(
        ("ip", "link", "add", "name", name, "type", "bridge"), kind="changes", check=Check(show(name)), tool=TOOL
    )


def _delete(name: str) -> Command:
    return Command(
        ("ip", "link", "delete", "dev", name), kind="changes", check=Check(show(name), absent=True), tool=TOOL
    )

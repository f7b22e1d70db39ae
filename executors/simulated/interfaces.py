"""Network interfaces of a simulated node that exist only because somebody asked for them."""

from typing import Any


def bridge() -> dict[str, Any]:
    """A bridge as `ip link add` makes one: down, without addresses."""
    return {"up": False, "mtu": 1500, "mac": "02:42:00:00:00:01", "addresses": [], "configured": [], "virtual": True}

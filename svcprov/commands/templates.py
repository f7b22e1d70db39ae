"""The templates that a service can be created from by name."""

from svcprov import inventory
from svcprov.invocation import Invocation


def show(call: Invocation) -> int:
    """List the templates that come with svcprov: their names, and where they are."""
    known = inventory.templates()
    if call.options.format == "json":
        from json import dumps

        call.screen.json(dumps([{"name": name, "path": path} for name, path in known.items()], ensure_ascii=False))
        return 0
    width = max(map(len, known), default=0)
    for name, path in known.items():
        call.screen.out(f"{name:<{width}}  {path}")
    return 0

"""A block device as a node's state has it, for those who bring one about: all its fields, most of them as usual."""

from typing import Any


def block_device(size: int, **known: Any) -> dict[str, Any]:
    """A block device as a simulated tool brings it about: everything usual but for what is `known`."""
    return {
        "size": size,
        "content": {"kind": "zero"},
        "serial": "",
        "appears": 0,
        "volume": "",
        "file": "",
        "holders": [],
        "autoclear": False,
        "read_only": False,
        "name": "",
        "stacked": None,
        "settled": True,
        **known,
    }

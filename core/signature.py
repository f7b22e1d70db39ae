"""What a device holds that a probe recognises, as a node's state has it: all its fields, most of them as usual."""

from typing import Any


def signature(type_: str, uuid: str, label: str = "", **known: Any) -> dict[str, Any]:
    """A filesystem that can be mounted, unless what is `known` says otherwise."""
    return {
        "kind": "signature",
        "type": type_,
        "uuid": uuid,
        "label": label,
        "mountable": True,
        "tail": True,
        "known": True,
        "files": {},
        "subvolumes": {},
        "partitions": {},
        "member_of": "",
        "role": "",
        "size": 0,
        **known,
    }


def member(type_: str, uuid: str, of: str, label: str = "", **known: Any) -> dict[str, Any]:
    """The label of a member of something: of a volume group, of an array, of a pool."""
    return signature(type_, uuid, label, mountable=False, member_of=of, **known)

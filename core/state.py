"""What is known of a node, as JSON: what a simulated node starts from and changes, and what observing a real one gives.

`load` fills in the defaults, so that a file written by hand can be short; `same_world` compares two states as an
operator would. The normalised state is plain dictionaries and lists: what is in the file is what is in memory.

Content (of a disk, a volume, a loop file) is one of
- zero: nothing was ever written there, or it was zeroed;
- residue: no signature, but bytes are left (what `wipefs -a` leaves behind);
- signature: a filesystem or another thing that a probe recognises, with what it holds; `size` says how many bytes of
  the device a filesystem has, 0 that it is as large as its device;
- unknown: it cannot be read;
- unseen: nobody has looked yet.

What is made of several devices (volume groups, arrays, pools) is kept in tables of its own (`core.stacked`), as their
superblocks keep it on the disks: the signature of a device says what it is a `member_of`. A device that is `stacked`
has its content there. Devices are called as the kernel calls them (`/dev/dm-0`); `name` is what device-mapper does.

A mount says the `subvolume` or directory of its filesystem that it shows. Without a device, its files are a `tree` of
`trees`: of an export of NFS (`server:/srv/data`), or of a tmpfs, as long as it is mounted.

A state that is not `complete` came from looking at a real node. What it does not have is absent only where its question
is `known`; `unseen` says what could not be looked at. Into a signature that is not `known` one looks where it is
mounted.
"""

import json
from typing import Any, NamedTuple

from core.schema import REQUIRED, Shape, ShapeError, choice, count, fields, flag, items, optional, size, table, text
from core.stacked import CLUSTER, STACKED, TABLES

FORMAT = 1
STATE_BYTES_MAX = 64 * 1024 * 1024

NodeState = dict[str, Any]


class Question(NamedTuple):
    """A fact that a state does not say: what is at a `path`, say. `core.observe` has the kinds, and the answers."""

    kind: str
    subject: str

    def __str__(self) -> str:
        """As `known` of a state has it: `path /srv/web`."""
        return f"{self.kind} {self.subject}"


Content = dict[str, Any]
Entry = dict[str, Any]

DEBIAN_12 = {
    "btrfs-progs": "6.2",
    "coreutils": "9.1",
    "curl": "7.88.1",
    "diffutils": "3.8",
    "dpkg": "1.21.22",
    "e2fsprogs": "1.47.0",
    "findutils": "4.9.0",
    "iproute2": "6.1.0",
    "iputils-arping": "20221126",
    "iputils-ping": "20221126",
    "libc-bin": "2.36",
    "mdadm": "4.2",
    "mount": "2.38.1",
    "systemd": "252",
    "udev": "252",
    "util-linux": "2.38.1",
    "xfsprogs": "6.1.0",
}
"""The packages of a Debian 12 node and their versions; a node that has others says so in `tools`."""


def _content(value: Any, path: str) -> Content:
    if isinstance(value, str):
        value = {"kind": value}
    if isinstance(value, dict) and "kind" not in value:
        value = {"kind": "signature", **value}
    if not isinstance(value, dict):
        raise ShapeError(path, f"{value!r} is no content; it may be zero, residue, unknown or an object with a type")
    shape = _CONTENTS.get(str(value["kind"]))
    if shape is None:
        raise ShapeError(f"{path}.kind", f"{value['kind']!r} is none of {', '.join(_CONTENTS)}")
    return dict(shape(value, path))


def _files(value: Any, path: str) -> dict[str, Entry]:
    """Files by absolute path; the directories above them come into being."""
    files: dict[str, Entry] = {}
    for name, entry in table(_entry)(value, path).items():
        if not name.startswith("/") or (name.endswith("/") and name != "/"):
            raise ShapeError(f"{path}.{name}", "a file's name is an absolute path without a slash at its end")
        parts = name.split("/")
        if name != "/" and any(part in {"", ".", ".."} for part in parts[1:]):
            raise ShapeError(f"{path}.{name}", "a file's name is a path as `readlink -f` prints it")
        for depth in range(2, len(parts)):
            files.setdefault("/".join(parts[:depth]), _DIRECTORY_ENTRY({}, path))
        files[name] = entry
    for name in files:
        above = name.rpartition("/")[0]
        if above and files[above]["kind"] == "file":
            raise ShapeError(f"{path}.{name}", f"{above} is a file, so nothing can be below it")
    return files


def _partition(value: Any, path: str) -> dict[str, Any]:
    return dict(_DEVICE(value, path))


def _entry(value: Any, path: str) -> Entry:
    if isinstance(value, str):
        value = {"kind": "directory"} if value == "directory" else {"kind": "file", "text": value}
    kind = str(value.get("kind", "file")) if isinstance(value, dict) else ""
    shape = _ENTRIES.get(kind)
    if shape is None:
        raise ShapeError(path, f"{kind!r} is none of {', '.join(_ENTRIES)}")
    return dict(shape(value, path))


_CONTAINER = fields(
    {
        "name": (text, REQUIRED),
        "image": (text, REQUIRED),
        "image_id": (text, ""),
        "arguments": (items(text), list),
        "running": (flag, False),
        "network": (text, "bridge"),
        "ports": (items(text), list),
        "exit_code": (count, 0),
        "layers": (items(text), list),
    }
)
_IMAGE = fields({"id": (text, REQUIRED), "digest": (text, "")})
_DOCKER = fields({"images": (table(_IMAGE), dict), "containers": (table(_CONTAINER), dict)})

_DIRECTORY_ENTRY = fields({"kind": (text, "directory"), "mode": (text, "0755"), "docker": (optional(_DOCKER), None)})
_ENTRIES: dict[str, Shape] = {
    "directory": _DIRECTORY_ENTRY,
    "link": fields({"kind": (text, "link"), "target": (text, REQUIRED)}),
    "file": fields(
        {
            "kind": (text, "file"),
            "mode": (text, "0644"),
            "size": (optional(size), None),
            "text": (optional(text), None),
            "allocated": (size, 0),
            "content": (_content, lambda: {"kind": "zero"}),
        }
    ),
}
_CONTENTS: dict[str, Shape] = {
    "zero": fields({"kind": (text, REQUIRED)}),
    "unknown": fields({"kind": (text, REQUIRED)}),
    "unseen": fields({"kind": (text, REQUIRED)}),
    "residue": fields({"kind": (text, REQUIRED), "head": (flag, True), "tail": (flag, True)}),
    "signature": fields(
        {
            "kind": (text, REQUIRED),
            "type": (text, REQUIRED),
            "uuid": (text, ""),
            "label": (text, ""),
            "mountable": (flag, True),
            "tail": (flag, True),
            "known": (flag, True),
            "files": (_files, dict),
            "subvolumes": (table(_files), dict),
            "partitions": (table(_partition), dict),
            "member_of": (text, ""),
            "role": (text, ""),
            "size": (size, 0),
        }
    ),
}

_ADDRESS = fields(
    {"address": (text, REQUIRED), "label": (text, "")},
    short=lambda value: {"address": value},
)
_INTERFACE = fields(
    {
        "up": (flag, True),
        "mtu": (count, 1500),
        "mac": (text, "02:00:00:00:00:01"),
        "addresses": (items(_ADDRESS), list),
        "configured": (optional(items(_ADDRESS)), None),
        "virtual": (flag, False),
    }
)
_DEVICE: Shape = fields(
    {
        "size": (size, REQUIRED),
        "content": (_content, lambda: {"kind": "zero"}),
        "serial": (text, ""),
        "appears": (count, 0),
        "volume": (text, ""),
        "file": (text, ""),
        "holders": (items(text), list),
        "autoclear": (flag, False),
        "read_only": (flag, False),
        "name": (text, ""),
        "stacked": (
            optional(fields({"kind": (choice(*STACKED), REQUIRED), "of": (text, REQUIRED), "name": (text, "")})),
            None,
        ),
        "settled": (flag, True),
    },
    short=lambda value: {"size": value},
)


_MOUNT = fields(
    {
        "device": (text, REQUIRED),
        "mount_point": (text, REQUIRED),
        "type": (text, REQUIRED),
        "options": (text, "rw"),
        "subvolume": (text, ""),
        "tree": (text, ""),
    }
)
_PROCESS = fields(
    {
        "program": (text, REQUIRED),
        "arguments": (items(text), list),
        "files": (items(text), list),
        "user": (text, "root"),
        "unit": (text, ""),
    }
)
_VOLUME = fields(
    {
        "size": (size, REQUIRED),
        "zone": (text, ""),
        "type": (text, "gp2"),
        "iops": (optional(count), None),
        "encrypted": (flag, False),
        "snapshot": (text, ""),
        "state": (choice("creating", "available", "in-use", "deleting", "error"), "available"),
        "ready": (count, 0),
        "attachment": (
            optional(
                fields(
                    {
                        "instance": (text, REQUIRED),
                        "device": (text, REQUIRED),
                        "state": (choice("attaching", "attached", "detaching"), "attached"),
                        "ready": (count, 0),
                    }
                )
            ),
            None,
        ),
        "token": (text, ""),
        "tags": (table(text), dict),
        "content": (_content, lambda: {"kind": "zero"}),
    }
)
_ELASTIC = fields(
    {
        "public_ip": (text, REQUIRED),
        "association": (text, ""),
        "private_ip": (text, ""),
        "instance": (text, ""),
        "tags": (table(text), dict),
    }
)
_EC2 = fields(
    {
        "region": (text, "us-west-2"),
        "zone": (text, "us-west-2b"),
        "zones": (items(text), lambda: ["us-west-2a", "us-west-2b", "us-west-2c"]),
        "instance": (text, REQUIRED),
        "disks": (choice("xvd", "nvme", "sd"), "xvd"),
        "metadata": (flag, True),
        "metadata_tokens": (flag, True),
        "credentials": (flag, True),
        "network_interfaces": (
            table(
                fields(
                    {
                        "device": (text, REQUIRED),
                        "subnet": (text, REQUIRED),
                        "addresses": (items(text), list),
                        "address_limit": (count, 10),
                    }
                )
            ),
            dict,
        ),
        "volumes": (table(_VOLUME), dict),
        "elastic_addresses": (table(_ELASTIC), dict),
        "elastic_limit": (count, 5),
        "snapshots": (table(fields({"size": (size, REQUIRED), "content": (_content, lambda: {"kind": "zero"})})), dict),
        "others": (items(text), list),
    }
)
_DAEMON = fields(
    {
        "pid": (count, REQUIRED),
        "data_root": (text, REQUIRED),
        "pidfile": (text, ""),
        "arguments": (items(text), list),
        "ready": (count, 0),
    }
)
_STATE = fields(
    {
        "format": (count, FORMAT),
        "complete": (flag, True),
        "known": (items(text), list),
        "unseen": (items(text), list),
        "description": (text, ""),
        "hostname": (text, "node1"),
        "clock": (count, 0),
        "serial": (count, 0),
        "seed": (text, "0a"),
        "identifiers": (table(items(text)), dict),
        "latencies": (table(count), dict),
        "tools": (table(text), lambda: dict(DEBIAN_12)),
        "programs": (
            table(fields({"returncode": (count, 0), "stdout": (text, ""), "stderr": (text, "")})),
            dict,
        ),
        "interfaces": (table(_INTERFACE), dict),
        "neighbours": (items(text), list),
        "silent": (items(text), list),
        "names": (table(text), lambda: {"localhost": "127.0.0.1"}),
        "devices": (table(_DEVICE), dict),
        "files": (_files, dict),
        "mounts": (items(_MOUNT), list),
        "trees": (table(_files), dict),
        "swaps": (items(text), list),
        **{name: (shape(_content), dict) for name, shape in TABLES.items()},
        "ceph": (CLUSTER, None),
        "processes": (table(_PROCESS), dict),
        "ec2": (optional(_EC2), None),
        "registry": (table(_IMAGE), dict),
        "docker": (table(_DAEMON), dict),
    }
)


def load(value: Any) -> NodeState:
    """Return the state with every default filled in. Raises ShapeError with the JSON path of what is wrong.

    `tools` of a hand-written file are added to those of Debian 12; `null` takes one away (`"net-tools": null`).
    """
    if isinstance(value, dict) and isinstance(value.get("tools"), dict):
        tools = {**({} if value.get("complete") is False else DEBIAN_12), **value["tools"]}
        value = {**value, "tools": {name: version for name, version in tools.items() if version is not None}}
    if isinstance(value, dict) and value.get("format", FORMAT) != FORMAT:
        raise ShapeError("format", f"this is format {value['format']!r}; this program reads format {FORMAT}")
    state: NodeState = _STATE(value, "")
    for path in ("/dev", "/run", "/tmp", "/var/lib/opensvc") if state["complete"] else ():
        state["files"] = _files({path: "directory", **state["files"]}, "files")
    for interface in state["interfaces"].values():
        if interface["configured"] is None:
            # What it has when the state is first read is what a reboot brings back.
            interface["configured"] = [dict(address) for address in interface["addresses"]]
    return state


def loads(source: str) -> NodeState:
    """Read a node-state file. Raises ShapeError, also for text that is not JSON (with its line and column)."""
    if len(source) > STATE_BYTES_MAX:
        raise ShapeError("", f"the node state is larger than {STATE_BYTES_MAX} bytes")
    try:
        return load(json.loads(source))
    except json.JSONDecodeError as error:
        raise ShapeError("", f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ShapeError("", "not a node state: nested too deeply") from None


def dumps(state: NodeState) -> str:
    """Write a node-state file that `loads` reads back to an equal state."""
    every = {**DEBIAN_12, **state["tools"]} if state["complete"] else state["tools"]
    tools: dict[str, Any] = {name: state["tools"].get(name) for name in every}
    return json.dumps({**state, "tools": tools}, indent=1, ensure_ascii=False) + "\n"


def copy(state: NodeState) -> NodeState:
    """A deep copy, for a preview to spend."""
    copied: NodeState = _copied(state)
    return copied


def _copied(value: Any) -> Any:
    # Copied whole first, since most parts are no containers and need no call of their own: states are copied a lot.
    copied = value.copy()
    for place, item in value.items() if type(value) is dict else enumerate(value):
        if type(item) is dict or type(item) is list:
            copied[place] = _copied(item)
    return copied


ON_PATHS = frozenset(("path", "below", "text"))
"""The questions whose subject is a path."""

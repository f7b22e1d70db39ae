"""What somebody else may do on a node between the plan and the run, or in the middle of it.

Each deed takes the node, the commands of the plan and a number that chooses among its possibilities. It returns how to
tell that what was done is still so, or None when it found nothing to do.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from core.command import Command
from core.holes import is_hole
from core.state import NodeState, load
from executors.simulated.devices import directory, first_free_loop, loop
from executors.simulated.node import SimulatedNode

UUID = "11111111-2222-4333-8444-999999999999"
TEXT = "what somebody else wrote, 1492 lines"
ADDRESS = "10.9.9.9/24"
STRANGER = "/mnt/stranger"
OTHER_INSTANCE = "i-0fedcba9876543210"
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")

Intact = Callable[[NodeState], bool]
Deed = Callable[[SimulatedNode, Sequence[Command], int], Intact | None]


def _chosen(candidates: Sequence[str], number: int) -> str | None:
    return candidates[number % len(candidates)] if candidates else None


def _paths(commands: Sequence[Command]) -> list[str]:
    """The paths that stand in commands: those words that are one, whole."""
    words = (word for command in commands for word in command.argv)
    return sorted({word for word in words if word.startswith("/") and "«" not in word})


def _unused(node: SimulatedNode, commands: Sequence[Command]) -> list[str]:
    """The devices that nobody uses, those of the plan first."""
    paths = [path for path in node.present() if not node.users(path) and path not in {"/dev/xvda", "/dev/nvme0n1"}]
    named = {node.tree.real(path) for path in _paths(commands)}
    return sorted(paths, key=lambda path: (path not in named, path))


def _blank(node: SimulatedNode, commands: Sequence[Command]) -> list[str]:
    return [path for path in _unused(node, commands) if node.content(node.state["devices"][path])["kind"] == "zero"]


def _content(value: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = load({"devices": {"/dev/x": {"size": 1, "content": value}}})["devices"]["/dev/x"][
        "content"
    ]
    return content


def _texts(value: Any) -> Iterator[dict[str, Any]]:
    """Every entry of a state, wherever it lies, that has the text of somebody else."""
    if isinstance(value, dict):
        if value.get("text") == TEXT:
            yield value
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _file() -> dict[str, Any]:
    entry: dict[str, Any] = load({"files": {"/x": {"text": TEXT}}})["files"]["/x"]
    return entry


def _has_text(state: NodeState) -> bool:
    return _file() in [*_texts(state)]


def formats(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A device gets somebody's filesystem, with a file in it."""
    path = _chosen(_blank(node, commands)[:3], number)
    if path is None:
        return None
    content = _content(
        {"type": ("ext4", "xfs", "btrfs")[number % 3], "uuid": UUID, "files": {"/payroll": {"text": TEXT}}}
    )
    node.set_content(node.state["devices"][path], content)
    return lambda state: _has_text(state) and UUID in json.dumps(state)


def writes_bytes(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A device gets bytes that are no filesystem."""
    path = _chosen(_blank(node, commands)[:3], number)
    if path is None:
        return None
    holder = node.tree.holder(node.state["devices"][path])
    holder["content"] = _content({"kind": "residue"})
    return lambda _state: bool(holder["content"]["kind"] == "residue")


def mounts(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A device gets somebody's filesystem, and is mounted."""
    path = _chosen(_blank(node, commands)[:3], number)
    intact = formats(node, commands, number)
    if path is None or intact is None or node.tree.exists(STRANGER):
        return None
    if not node.tree.exists("/mnt"):
        node.tree.put("/mnt", directory())
    node.tree.put(STRANGER, directory())
    type_ = node.content(node.state["devices"][path])["type"]
    node.state["mounts"] += load({"mounts": [{"device": path, "mount_point": STRANGER, "type": type_}]})["mounts"]
    return lambda state: intact(state) and any(each["mount_point"] == STRANGER for each in state["mounts"])


def takes_away(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A device is gone; a volume is detached."""
    path = _chosen(_unused(node, commands)[:3], number)
    if path is None:
        return None
    device = node.state["devices"].pop(path)
    if device["volume"]:
        node.state["ec2"]["volumes"][device["volume"]] |= {"attachment": None, "state": "available"}
    return lambda _state: True


def writes_file(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A file appears at a path of the plan."""
    path = _chosen(_free_paths(node, commands), number)
    if path is None:
        return None
    node.tree.put(path, _file())
    return _has_text


def makes_directory(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A directory appears at a path of the plan; sometimes there is a file in it."""
    path = _chosen(_free_paths(node, commands), number)
    if path is None:
        return None
    node.tree.put(path, directory())
    if number % 2:
        return lambda _state: True
    node.tree.put(f"{path}/stranger", _file())
    return _has_text


def _free_paths(node: SimulatedNode, commands: Sequence[Command]) -> list[str]:
    """Where something could appear; not the pid file and the socket of a daemon, which replaces what it finds there."""
    return [
        path
        for path in _paths(commands)
        if not node.tree.exists(path)
        and node.tree.link(path) is None
        and (above := node.tree.entry(path.rpartition("/")[0] or "/")) is not None
        and above["kind"] == "directory"
        and not path.startswith(("/dev/", "/bin/"))
        and not path.endswith((".pid", ".sock"))
    ]


def fills_directory(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A file appears in a directory of the plan: a mount point, say."""
    found = [path for path in _paths(commands) if (node.tree.entry(path) or {}).get("kind") == "directory"]
    path = _chosen(found, number)
    if path is None or node.tree.exists(f"{path}/stranger"):
        return None
    node.tree.put(f"{path}/stranger", _file())
    return _has_text


def answers_ping(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A neighbour takes an address of the plan."""
    words = sorted({word for command in commands for word in command.argv if _IPV4.fullmatch(word)})
    address = _chosen(words, number)
    if address is None or any(each.startswith(f"{address}/") for each in _addresses(node)):
        return None
    node.state["neighbours"].append(address)
    return lambda _state: True


def _addresses(node: SimulatedNode) -> list[str]:
    return [each["address"] for interface in node.state["interfaces"].values() for each in interface["addresses"]]


def takes_alias(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """Somebody brings up an address of theirs under the label that the plan has chosen for its own."""
    labels = [command.argv[1] for command in commands if command.argv[0] == "ifconfig" and ":" in command.argv[1]]
    label = _chosen(labels, number)
    interface = node.state["interfaces"].get("" if label is None else label.partition(":")[0])
    if interface is None or any(each["label"] == label for each in interface["addresses"]):
        return None
    interface["addresses"].append({"address": ADDRESS, "label": label})
    return lambda state: any(
        {"address": ADDRESS, "label": label} in each["addresses"] for each in state["interfaces"].values()
    )


def loses_interface(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """An interface is gone."""
    del commands
    name = _chosen([name for name in node.state["interfaces"] if name != "lo"], number)
    if name is None:
        return None
    del node.state["interfaces"][name]
    return lambda _state: True


def attaches_elsewhere(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A volume that is free is attached to another instance."""
    identity = _chosen(_free_volumes(node, commands), number)
    if identity is None:
        return None
    volume = node.state["ec2"]["volumes"][identity]
    taken = {"instance": OTHER_INSTANCE, "device": "/dev/sdf", "state": "attached", "ready": 0}
    volume |= {"state": "in-use", "attachment": taken}
    return lambda state: bool(state["ec2"]["volumes"][identity]["attachment"] == taken)


def deletes_volume(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A volume that is free is deleted."""
    identity = _chosen(_free_volumes(node, commands), number)
    if identity is None:
        return None
    del node.state["ec2"]["volumes"][identity]
    return lambda _state: True


def _free_volumes(node: SimulatedNode, commands: Sequence[Command]) -> list[str]:
    volumes = node.state["ec2"]["volumes"] if node.state["ec2"] is not None else {}
    words = {word for command in commands for word in command.argv if not is_hole(word)}
    free = [name for name, each in volumes.items() if each["attachment"] is None and each["content"]["kind"] == "zero"]
    return sorted(free, key=lambda name: (name not in words, name))[:2]


def attaches_loop(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """Somebody uses the loop device that would have been the next."""
    del commands, number
    device = first_free_loop(node)
    if not device or not node.tree.exists("/srv") or node.tree.exists("/srv/stranger.img"):
        return None
    node.tree.put("/srv/stranger.img", load({"files": {"/x": {"size": "1M"}}})["files"]["/x"])
    node.attach_loop(device, loop(node, "/srv/stranger.img"))
    return lambda state: bool(state["devices"].get(device, {}).get("file") == "/srv/stranger.img")


def runs_container(node: SimulatedNode, commands: Sequence[Command], number: int) -> Intact | None:
    """A container of the name of the plan's is there already, where its daemon runs."""
    found = [command.argv for command in commands if command.argv[0] == "docker" and "run" in command.argv]
    if not found:
        return None
    argv = found[number % len(found)]
    client = argv[: argv.index("run")]
    name = next(word for word in argv if word.startswith("--name="))
    image = next((word for word in argv[argv.index("run") :] if word in node.state["registry"]), "")
    for words in (("pull", image), ("run", "-d", name, image)):
        answer = node.run(Command((*client, *words), kind="changes", tool="docker"))
        if answer.returncode:
            return None
    identity = answer.stdout.strip()
    return lambda state: identity in json.dumps(state)


DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (
        formats, writes_bytes, mounts, takes_away, writes_file, makes_directory, fills_directory, answers_ping,
        takes_alias, loses_interface, attaches_elsewhere, deletes_volume, attaches_loop, runs_container,
    )
}  # fmt: skip

"""mdadm with an array and devices of it, on a simulated node: `mdadm ARRAY --add|--fail|--remove DEVICE ...`."""

from typing import Any

from core.command import Completed
from executors.simulated import array_report as report
from executors.simulated import arrays
from executors.simulated.identifiers import generated
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage

NO_ARRAY = "does not appear to be an md device"
NO_FILE = "No such file or directory"


def manage(node: SimulatedNode, path: str, words: list[str]) -> Completed:
    """Answer `mdadm ARRAY --add|--fail|--remove DEVICE ...`, one after the other."""
    if not path.startswith("/"):
        raise Usage(f"unrecognized option '{path}'")
    deeds = {"--add": _added, "--fail": _set_faulty, "--remove": _removed}
    for verb in words[::2]:
        if verb not in deeds or len(words) % 2:
            raise Usage(f"unrecognized option '{verb}'")
    array = node.device(path)
    if array is None:
        return failed(f"error opening {path}: No such file or directory")
    if not is_array(array):
        return failed(f"{path} {NO_ARRAY}")
    said = ""
    for verb, device in zip(words[::2], words[1::2], strict=True):
        if node.device(device) is None:
            return failed(f"stat failed for {device}: {NO_FILE}")
        code, text = deeds[verb](node, path, device)
        said += f"mdadm: {text}\n"
        if code:
            return Completed(code, "", said)
    return Completed(0, "", said)


def _added(node: SimulatedNode, path: str, device: str) -> tuple[int, str]:
    uuid = _uuid(node, path)
    if node.users(device):
        return 1, f"Cannot open {device}: Device or resource busy"
    array = node.state["arrays"][uuid]
    member = there(node, device)
    if member["size"] - arrays.data_offset(member["size"], array["chunk"]) < report.used(array):
        return 1, f"{device} not large enough to join array"
    known = node.content(member).get("role", "")
    if known in array["members"] and array["members"][known].isdigit():
        # It has its slot still, and is copied to.
        arrays.hold(node, node.tree.real(path), {known: node.tree.real(device)})
        arrays.begin(node, array, "recover", array["members"][known])
        return 0, f"added {device}"
    node.state["serial"] += 1
    role = generated("uuid", node.state["seed"], node.state["serial"])
    array["members"][role] = "spare"
    node.set_content(member, arrays.superblock(uuid, role, array["name"]))
    arrays.hold(node, node.tree.real(path), {role: node.tree.real(device)})
    arrays.rebuild(node, uuid)
    return 0, f"added {device}"


def _set_faulty(node: SimulatedNode, path: str, device: str) -> tuple[int, str]:
    uuid, real = _uuid(node, path), node.tree.real(device)
    role = next((role for role, each in _held(node, path, uuid).items() if each == real), None)
    if role is None:
        return 1, f"set device faulty failed for {device}:  No such device"
    node.state["arrays"][uuid]["members"][role] = "faulty"
    arrays.rebuild(node, uuid)
    return 0, f"set {device} faulty in {path}"


def _removed(node: SimulatedNode, path: str, device: str) -> tuple[int, str]:
    uuid, real = _uuid(node, path), node.tree.real(device)
    members = node.state["arrays"][uuid]["members"]
    role = next((role for role, each in _held(node, path, uuid).items() if each == real), None)
    if role is None:
        return 1, f"hot remove failed for {device}: No such device or address"
    if members[role].isdigit():
        return 1, f"hot remove failed for {device}: Device or resource busy"
    members[role] = "faulty"
    node.state["devices"][real]["holders"].remove(node.tree.real(path))
    return 0, f"hot removed {device} from {path}"


def _held(node: SimulatedNode, path: str, uuid: str) -> dict[str, str]:
    real = node.tree.real(path)
    found = arrays.members(node, uuid)
    return {role: each for role, each in found.items() if real in node.state["devices"][each]["holders"]}


def _uuid(node: SimulatedNode, path: str) -> str:
    return str(there(node, path)["stacked"]["of"])


def is_array(device: dict[str, Any]) -> bool:
    """Tell whether a device is an array."""
    return device["stacked"] is not None and device["stacked"]["kind"] == "array"


def there(node: SimulatedNode, path: str) -> dict[str, Any]:
    """A device that was seen to be there."""
    device = node.device(path)
    if device is None:
        raise AssertionError(f"{path} is not there")
    return device


def failed(text: str, code: int = 1) -> Completed:
    """What mdadm says when it does not do something."""
    return Completed(code, "", f"mdadm: {text}\n")

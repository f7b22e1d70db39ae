"""How much of its device a simulated btrfs has, as `btrfs filesystem usage`, `show` and `resize` tell and change it."""

from typing import Any

from core.command import Completed
from executors.simulated.devices import fill, held, size_of, storage
from executors.simulated.node import SimulatedNode

SECTOR_BYTES = 4096
NOT_A_DIRECTORY = """\
ERROR: resize works on mounted filesystems and accepts only
directories as argument. Passing file containing a btrfs image
would resize the underlying filesystem instead of the image.

"""


def run(node: SimulatedNode, what: str, words: list[str]) -> Completed:
    """Answer `usage -b PLACE`, `show --raw PLACE` and `resize max PLACE`."""
    option = {"usage": "-b", "show": "--raw", "resize": "max"}[what]
    if what == "resize" and len(words) != 2:  # noqa: PLR2004 - a size and a place
        return Completed(1, "", f"btrfs filesystem resize: exactly 2 arguments expected, {len(words)} given\n")
    wrong = next((word for word in words if word.startswith("-") and word != option), "")
    if wrong:
        said = f"invalid option '{wrong.lstrip('-')[:1]}'\nTry 'btrfs filesystem {what} --help' for more information\n"
        return Completed(1, "", f"btrfs filesystem {what}: {said}")
    if words[:1] != [option] or len(words) != 2:  # noqa: PLR2004 - an option and a place
        return Completed(1, "", f"btrfs filesystem {what}: not enough arguments: 0 but at least 1 expected\n")
    return {"usage": _usage, "show": _show, "resize": _resize}[what](node, words[1])


def _mount(node: SimulatedNode, place: str) -> dict[str, Any] | None:
    """The mount of the btrfs that a directory is in."""
    mount = node.tree.mount_of(node.tree.real(place)) if node.tree.exists(place) else None
    return mount if mount is not None and mount["type"] == "btrfs" else None


def _usage(node: SimulatedNode, place: str) -> Completed:
    mount = _mount(node, place)
    if mount is None:
        return Completed(1, "", _not_btrfs(node, place))
    size = held(node, mount["device"], node.state["devices"][mount["device"]])
    return Completed(0, f"Overall:\n    Device size:\t\t{size:>18}\n    Device missing:\t\t{0:>18}\n")


def _not_btrfs(node: SimulatedNode, place: str) -> str:
    if not node.tree.exists(place):
        return f"ERROR: cannot access '{place}': No such file or directory\n"
    return f"ERROR: not a {'directory' if storage(node, place) is not None else 'btrfs filesystem'}: {place}\n"


def _show(node: SimulatedNode, place: str) -> Completed:
    real = node.tree.real(place)
    mount = next((each for each in node.state["mounts"] if each["mount_point"] == real), None)
    path = place if mount is None else str(mount["device"])
    device = storage(node, path)
    content = {} if device is None else node.content(device)
    if device is None or content.get("type") != "btrfs":
        return Completed(1, "", f"ERROR: not a valid btrfs filesystem: {place}\n")
    label = f"'{content['label']}'" if content["label"] else "none"
    return Completed(
        0,
        f"Label: {label}  uuid: {content['uuid']}\n\tTotal devices 1 FS bytes used 147456\n"
        f"\tdevid    1 size {held(node, path, device)} used 92274688 path {path}\n\n",
    )


def _resize(node: SimulatedNode, place: str) -> Completed:
    if storage(node, place) is not None:
        return Completed(1, "", f"ERROR: not a directory: {place}\n{NOT_A_DIRECTORY}")
    mount = _mount(node, place)
    if mount is None:
        return Completed(1, "", _not_btrfs(node, place))
    path = mount["device"]
    device = node.state["devices"][path]
    told = f"Resize device id 1 ({path}) from {size_of(held(node, path, device))} to max\n"
    if "ro" in mount["options"].split(","):
        return Completed(1, told, f"ERROR: unable to resize '{place}': Read-only file system\n")
    if device["size"] - held(node, path, device) >= SECTOR_BYTES:
        fill(node, device)
    return Completed(0, told)

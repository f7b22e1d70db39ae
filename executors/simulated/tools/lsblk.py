"""lsblk(8) of util-linux on a simulated node: the block devices that have appeared, and what is stacked on them."""

import json
import re
from typing import Any

from core.command import Command, Completed
from executors.simulated.devices import shown_mount
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"lsblk": "util-linux"}

COLUMNS = ("NAME", "KNAME", "SERIAL", "SIZE", "TYPE", "RO", "MOUNTPOINT")
SERIAL_SINCE = (2, 23)
LETTERS = "dnlpbJ"
NOT_A_DEVICE = 32
STACKED = {"logical volume": "lvm", "image": "disk"}

_PARTITION = re.compile(r"(/dev/(?:nvme\d+n\d+|(?:loop|mmcblk|rbd|nbd|md)\d+))p\d+|(/dev/(?:[svh]d|xvd)[a-z]+)\d+")


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer -d, -n, -l, -p, -b, -J and -o COLUMNS, for all disks or for the devices that are named."""
    try:
        found, operands = options(_apart(command.argv[1:]), flags=[f"-{letter}" for letter in LETTERS], values=("-o",))
    except Usage as error:
        return Completed(1, "", f"lsblk: {error}\nTry 'lsblk --help' for more information.\n")
    columns = found.get("-o", ["NAME,SIZE,RO,TYPE,MOUNTPOINT"])[-1].upper().split(",")
    known = [name for name in COLUMNS if name != "SERIAL" or node.version("util-linux") >= SERIAL_SINCE]
    for name in columns:
        if name not in known:
            return Completed(1, "", f"lsblk: unknown column: {name}\n")
    for path in operands:
        if node.device(path) is None:
            return Completed(NOT_A_DEVICE, "", f"lsblk: {path}: not a block device\n")
    paths = _listed(node, [node.tree.real(path) for path in operands], alone="-d" in found)
    rows = [[_cell(node, path, name, set(found)) for name in columns] for path in paths]
    if "-J" in found:
        table = [{name.lower(): cell or None for name, cell in zip(columns, row, strict=True)} for row in rows]
        return Completed(0, json.dumps({"blockdevices": table}, indent=3, ensure_ascii=False) + "\n")
    if "-n" not in found:
        rows.insert(0, columns)
    widths = [max((len(row[position]) for row in rows), default=0) for position in range(len(columns))]
    return Completed(0, "".join(" ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows))


def _apart(words: tuple[str, ...]) -> list[str]:
    """Take letters that share a dash apart: `-dno NAME` is `-d -n -o NAME`."""
    return [
        part
        for word in words
        for part in ([f"-{letter}" for letter in word[1:]] if re.fullmatch(r"-[A-Za-z]+", word) else [word])
    ]


def _listed(node: SimulatedNode, named: list[str], *, alone: bool) -> list[str]:
    """The disks, each followed by its partitions and holders (none of these, when `alone`)."""
    present = node.present()
    children: dict[str, list[str]] = {path: list(present[path]["holders"]) for path in present}
    below = {holder for holders in children.values() for holder in holders}
    for path in present:
        match = _PARTITION.fullmatch(path)
        disk = (match[1] or match[2]) if match else None
        if disk in children:
            children[disk].append(path)
            below.add(path)
    listed: list[str] = []
    for path in named or sorted(path for path in present if path not in below and present[path]["size"]):
        _append(path, {} if alone else children, listed)
    return listed


def _append(path: str, children: dict[str, list[str]], listed: list[str]) -> None:
    listed.append(path)
    for child in sorted(children.get(path, [])):
        _append(child, children, listed)


def _cell(node: SimulatedNode, path: str, column: str, given: set[str]) -> str:
    device: dict[str, Any] = node.state["devices"].get(path, {"size": 0, "serial": "", "file": "", "read_only": False})
    short = path if "-p" in given else path.removeprefix("/dev/")
    cells: dict[str, str] = {
        "NAME": device.get("name") or short,
        "KNAME": short,
        "SERIAL": device["serial"],
        "SIZE": str(device["size"]) if "-b" in given else _human(device["size"]),
        "TYPE": _type(node, path, device),
        "RO": "1" if device["read_only"] else "0",
        "MOUNTPOINT": shown_mount(node, path),
    }
    return cells[column]


def _type(node: SimulatedNode, path: str, device: dict[str, Any]) -> str:
    stacked = device.get("stacked")
    if stacked is not None:
        level = node.state["arrays"][stacked["of"]]["level"] if stacked["kind"] == "array" else ""
        return str(level) or STACKED[stacked["kind"]]
    return "loop" if device["file"] else "part" if _PARTITION.fullmatch(path) else "disk"


def _human(count: int) -> str:
    """A size as lsblk writes it: `20G`, `1.5G`."""
    letters, size = "BKMGTPE", float(count)
    while size >= 1024 and len(letters) > 1:  # noqa: PLR2004 - units are powers of 1024
        letters, size = letters[1:], size / 1024
    return f"{size:.1f}".removesuffix(".0") + letters[0]

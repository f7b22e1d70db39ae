"""losetup of util-linux 2.38 on a simulated node."""

import re

from core.command import Command, Completed
from core.state import Entry
from executors.simulated.devices import SECTOR_BYTES, first_free_loop, loop
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = {"losetup": "mount"}
FLAGS, VALUES = ("-f", "--show", "-n"), ("-j", "-d", "-O", "-c")
LOOP = re.compile(r"/dev/loop\d+")
"""The names of loop devices, which stay when there is no file behind them."""


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `-f [--show] FILE`, `-d DEVICE`, `-c DEVICE`, and `-n -O NAME -j FILE`."""
    try:
        found, operands = options(command.argv[1:], flags=FLAGS, values=VALUES, most=1)
    except Usage as error:
        return Completed(1, "", f"losetup: {getopt_words(error)}\nTry 'losetup --help' for more information.\n")
    match sorted(found), operands:
        case ["-O", "-j", "-n"], [] if found["-O"] == ["NAME"]:
            return _associated(node, found["-j"][0])
        case ((["--show", "-f"] | ["-f"]), [file]):
            return _attach(node, command, file, show="--show" in found)
        case ["-d"], []:
            return _detach(node, found["-d"][0])
        case ["-c"], []:
            return _refresh(node, found["-c"][0])
        case ["--show", "-f"], []:
            only = "the options --{sizelimit,partscan,read-only,show} are allowed during loop device setup only"
            return Completed(1, "", f"losetup: {only}\n")
        case _:
            return Completed(1, "", "losetup: bad usage\nTry 'losetup --help' for more information.\n")


def _associated(node: SimulatedNode, file: str) -> Completed:
    return Completed(0, "".join(f"{path}\n" for path in node.loops(node.tree.real(file))))


def _attach(node: SimulatedNode, command: Command, file: str, *, show: bool) -> Completed:
    entry: Entry | None = node.tree.entry(file)
    if entry is None:
        return Completed(1, "", f"losetup: {file}: failed to set up loop device: No such file or directory\n")
    if entry["kind"] == "directory":
        return Completed(1, "", f"losetup: {file}: failed to set up loop device: Is a directory\n")
    path = _free(node, command)
    if not path:
        return Completed(1, "", "losetup: cannot find an unused loop device: No such device\n")
    node.attach_loop(path, loop(node, file))
    ragged = entry["size"] is not None and entry["size"] % SECTOR_BYTES
    warning = "Warning: file does not fit into a 512-byte sector; the end of the file will be ignored."
    return Completed(0, f"{path}\n" if show else "", f"losetup: {file}: {warning}\n" if ragged else "")


def _free(node: SimulatedNode, command: Command) -> str:
    """The device to attach: in a preview a hole, since another action may take the first free one meanwhile."""
    if node.holes and command.makes is not None:
        return node.identifier("loop", command)
    return first_free_loop(node)


def _refresh(node: SimulatedNode, path: str) -> Completed:
    """Let a device have the size that its file has by now."""
    device = node.device(path)
    if device is None and not LOOP.fullmatch(path):
        return Completed(1, "", f"losetup: {path}: failed to use device: No such device\n")
    if device is None or not device["file"]:
        return Completed(1, "", f"losetup: {path}: set capacity failed: No such device or address\n")
    device["size"] = loop(node, device["file"])["size"]
    return Completed(0)


def _detach(node: SimulatedNode, path: str) -> Completed:
    device = node.device(path)
    if device is None and not LOOP.fullmatch(path):
        return Completed(1, "", f"losetup: {path}: failed to use device: No such device\n")
    if device is None or not device["file"]:
        return Completed(1, "", f"losetup: {path}: detach failed: No such device or address\n")
    if node.users(path):
        # The kernel detaches a busy loop device when its last user goes, and answers with success at once.
        device["autoclear"] = True
    else:
        del node.state["devices"][node.tree.real(path)]
    return Completed(0)

"""blkid and findfs of util-linux on a simulated node."""

from core.command import Command, Completed
from core.state import Content
from executors.simulated.devices import RAID, is_formatted, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"blkid": "util-linux", "findfs": "util-linux"}
PARTITION_TABLES = ("dos", "gpt")
NOTHING_FOUND = 2
USAGE = 4


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `blkid -p -o export DEVICE`, `blkid -p -s TAG -o value DEVICE` and `findfs TAG`."""
    if command.argv[0] == "findfs":
        return _find(node, command.argv[1:])
    try:
        found, operands = options(command.argv[1:], flags=("-p",), values=("-o", "-s"), least=1, most=1)
    except Usage as error:
        return Completed(USAGE, "", f"blkid: {error}\nTry 'blkid --help' for more information.\n")
    form = found.get("-o", ["full"])[-1]
    if "-p" not in found or form not in {"export", "value"}:
        return Completed(USAGE, "", f"blkid: unsupported output format {form}\n")
    path = operands[0]
    device = storage(node, path)
    if device is None:
        said = "" if node.tree.exists(path) else f"blkid: error: {path}: No such file or directory\n"
        return Completed(NOTHING_FOUND, "", said)
    content = node.content(device)
    if not is_formatted(content):
        # A device that cannot be read looks just like one that holds nothing.
        return Completed(NOTHING_FOUND)
    tags = {name: value for name, value in _tags(content).items() if "-s" not in found or name in found["-s"]}
    if form == "value":
        return Completed(0, "".join(f"{value}\n" for value in tags.values()))
    lines = {"DEVNAME": path, **{name: value.replace(" ", "\\ ") for name, value in tags.items()}}
    return Completed(0, "".join(f"{name}={value}\n" for name, value in lines.items()))


def _tags(content: Content) -> dict[str, str]:
    if content["type"] in PARTITION_TABLES:
        return {"PTUUID": content["uuid"], "PTTYPE": content["type"]}
    usage = "raid" if content["type"] in RAID else "other" if content["type"] == "swap" else "filesystem"
    tags = {"LABEL": content["label"], "UUID": content["uuid"], "TYPE": content["type"], "USAGE": usage}
    return {name: value for name, value in tags.items() if value}


def _find(node: SimulatedNode, words: tuple[str, ...]) -> Completed:
    if len(words) != 1 or words[0].startswith("-"):
        return Completed(2, "", "findfs: bad usage\nTry 'findfs --help' for more information.\n")
    path = node.by_tag(words[0])
    if path is None:
        return Completed(1, "", f"findfs: unable to resolve '{words[0]}'\n")
    return Completed(0, f"{path}\n")

"""mkfs.xfs of xfsprogs on a simulated node."""

from core.command import Command, Completed
from executors.simulated.devices import is_formatted, signature
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = {"mkfs.xfs": "xfsprogs"}
UUID_SINCE, LARGE_SINCE = (4, 3), (5, 19)
BYTES_MIN_OLD, BYTES_MIN = 16 * 1024**2, 300 * 1024**2


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `-V` and `-q [-m uuid=UUID] [OPTION...] DEVICE`."""
    words = list(command.argv[1:])
    version = node.version("xfsprogs")
    if words == ["-V"]:
        return Completed(0, f"mkfs.xfs version {node.state['tools']['xfsprogs']}\n")
    try:
        values = ("-m", "-b", "-d", "-i", "-l", "-L", "-n", "-r", "-s")
        found, operands = options(words, flags=("-q", "-f", "-K"), values=values, least=1, most=1)
    except Usage as error:
        return Completed(1, "", f"{error}\nUsage: mkfs.xfs\n")
    chosen = dict(word.partition("=")[::2] for text in found.get("-m", []) for word in text.split(","))
    if "uuid" in chosen and version < UUID_SINCE:
        return Completed(1, "", f"unknown option -m {found['-m'][-1]}\nUsage: mkfs.xfs\n")
    path = operands[0]
    device = node.device(path)
    if device is None:
        return Completed(1, "", f"{path}: No such file or directory\nUsage: mkfs.xfs\n")
    if node.users(path):
        return Completed(1, "", f"mkfs.xfs: {path} contains a mounted filesystem\nUsage: mkfs.xfs\n")
    content = node.content(device)
    if is_formatted(content) and "-f" not in found:
        said = f"mkfs.xfs: {path} appears to contain an existing filesystem ({content['type']})."
        return Completed(1, "", f"{said}\nmkfs.xfs: Use the -f option to force overwrite.\n")
    if version >= LARGE_SINCE and device["size"] < BYTES_MIN:
        return Completed(1, "", "Filesystem must be larger than 300MB.\nUsage: mkfs.xfs\n")
    if device["size"] < BYTES_MIN_OLD:
        return Completed(1, "", "size of data subvolume is too small\nUsage: mkfs.xfs\n")
    uuid = chosen["uuid"] if "uuid" in chosen else node.identifier("filesystem", command)
    node.set_content(device, signature("xfs", uuid, found.get("-L", [""])[-1]))
    return Completed(0)

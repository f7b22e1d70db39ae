"""mkfs.ext2, mkfs.ext3, mkfs.ext4 and e2fsck of e2fsprogs on a simulated node, without a terminal."""

from core.command import Command, Completed
from core.holes import is_of_kind
from executors.simulated.devices import directory, signature
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, options

PROGRAMS = dict.fromkeys(("e2fsck", "mkfs.ext2", "mkfs.ext3", "mkfs.ext4"), "e2fsprogs")
DEVICE_BYTES_MIN = 64 * 1024
OPERATIONAL_ERROR = 8
EXT = {"ext2", "ext3", "ext4"}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `mkfs.extN -q -U UUID [OPTION...] DEVICE` and `e2fsck -p DEVICE`."""
    program, *words = command.argv
    if program == "e2fsck":
        return _check(node, words)
    values = ("-U", "-b", "-E", "-g", "-G", "-i", "-I", "-J", "-L", "-m", "-M", "-N", "-o", "-O", "-r", "-T")
    try:
        found, operands = options(words, flags=("-q", "-j", "-F"), values=values, least=1, most=1)
    except Usage as error:
        return Completed(1, "", f"{program}: {error}\nUsage: {program} [-c|-l filename] [-b block-size] device\n")
    path = operands[0]
    uuid = found["-U"][-1] if "-U" in found else node.identifier("filesystem", command)
    if "«" not in uuid and not is_of_kind(uuid, "uuid"):
        return Completed(1, "", f"{path}: could not parse UUID: {uuid}\n")
    device = node.device(path)
    if device is None:
        return Completed(1, "", f"The file {path} does not exist and no size was specified.\n")
    mounted = any(mount["device"] == node.tree.real(path) for mount in node.state["mounts"])
    if node.users(path):
        use = "mounted" if mounted else "apparently in use by the system"
        return Completed(1, "", f"{path} is {use}; will not make a filesystem here!\n")
    if device["size"] < DEVICE_BYTES_MIN:
        return Completed(1, "", f"{path}: Not enough space to build proposed filesystem while setting up superblock\n")
    # Without a terminal to ask at, what was there is overwritten without a word.
    label = found.get("-L", [""])[-1]
    node.set_content(device, signature(program.removeprefix("mkfs."), uuid, label, {"/lost+found": directory()}))
    return Completed(0)


def _check(node: SimulatedNode, words: list[str]) -> Completed:
    try:
        _, (path,) = options(words, flags=("-p",), least=1, most=1)
    except Usage as error:
        return Completed(16, "", f"e2fsck: {error}\nUsage: e2fsck [-panyrcdfktvDFV] device\n")
    device = node.device(path)
    if device is None:
        return Completed(
            OPERATIONAL_ERROR,
            "",
            f"e2fsck: No such file or directory while trying to open {path}\nPossibly non-existent device?\n",
        )
    if node.users(path):
        return Completed(OPERATIONAL_ERROR, "", f"{path} is mounted.\ne2fsck: Cannot continue, aborting.\n\n\n")
    if node.content(device).get("type") not in EXT:
        said = f"e2fsck: Bad magic number in super-block while trying to open {path}\n"
        return Completed(OPERATIONAL_ERROR, "", said)
    return Completed(0, f"{path}: clean\n")

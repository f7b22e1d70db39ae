"""mkfs.vxfs and fsck.vxfs of Veritas on a simulated node, as its manual has them."""

from core.command import Command, Completed
from executors.simulated.devices import signature, storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = dict.fromkeys(("fsck.vxfs", "mkfs.vxfs"), "VRTSvxfs")
DEVICE_BYTES_MIN = 4 * 1024**2
SECTOR_BYTES = 512
USAGES = {
    "mkfs.vxfs": "mkfs.vxfs [-t vxfs] [-m] [-o specific_options] special [size]",
    "fsck.vxfs": "fsck.vxfs [-V] [-pP] [-mnNyY] [-o full,nolog] special ...",
}
BLOCK_SIZES = {"1024", "2048", "4096", "8192"}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `mkfs.vxfs -o OPTION,... DEVICE` and `fsck.vxfs -y DEVICE`."""
    program, *words = command.argv
    try:
        flags, values = (("-y",), ()) if program == "fsck.vxfs" else ((), ("-o",))
        found, (path,) = options(words, flags=flags, values=values, least=1, most=1)
    except Usage as error:
        return Completed(2, "", f"{program}: {getopt_words(error)}\nusage: {USAGES[program]}\n")
    device = storage(node, path)
    if device is None:
        return _failed(program, "V-3-20002", f"Cannot access {path}: No such file or directory")
    if node.users(path):
        return _failed(program, "V-3-20003", f"Cannot open {path}: Device or resource busy")
    if program == "fsck.vxfs":
        if node.content(device).get("type") != "vxfs":
            return _failed(program, "V-3-20694", "cannot initialize aggregate")
        return Completed(0, "file system is clean - log replay is not required\n")
    chosen = dict(word.partition("=")[::2] for text in found.get("-o", []) for word in text.split(","))
    wrong = next((name for name in chosen if name not in {"largefiles", "nolargefiles", "bsize", "logsize"}), "")
    if wrong or chosen.get("bsize", "1024") not in BLOCK_SIZES:
        return _failed(program, "V-3-21264", f"illegal option: {wrong or 'bsize=' + chosen['bsize']}")
    if device["size"] < DEVICE_BYTES_MIN:
        return _failed(program, "V-3-20281", f"{path} is too small")
    if device["read_only"]:
        return _failed(program, "V-3-20003", f"Cannot open {path}: Read-only file system")
    node.set_content(device, signature("vxfs", "", tail=node.content(device)["kind"] != "zero"))
    block = int(chosen.get("bsize", "1024"))
    large = "no largefiles" if "nolargefiles" in chosen else "largefiles"
    sizes = f"{device['size'] // SECTOR_BYTES} sectors, {device['size'] // block} blocks of size {block}"
    return Completed(0, f"    version 10 layout\n    {sizes}\n    {large} supported\n")


def _failed(program: str, number: str, text: str) -> Completed:
    return Completed(1, "", f"UX:vxfs {program}: ERROR: {number}: {text}\n")

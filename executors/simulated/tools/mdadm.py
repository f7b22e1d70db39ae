"""mdadm 4.2 on a simulated node."""

import re
from collections.abc import Callable

from core.command import Command, Completed
from core.state import Question
from executors.simulated import array_report as report
from executors.simulated import arrays
from executors.simulated.array_members import NO_ARRAY, NO_FILE, failed, is_array, manage, there
from executors.simulated.devices import storage
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = {"mdadm": "mdadm"}

LEVELS = {
    **{name: name for name in ("linear", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10")},
    **{str(number): f"raid{number}" for number in (0, 1, 4, 5, 6, 10)},
    "stripe": "raid0",
    "mirror": "raid1",
}
_PARITY = {"": "left-symmetric", "left-symmetric": "left-symmetric", "ls": "left-symmetric"} | {
    spelling: name
    for name in ("left-asymmetric", "right-asymmetric", "right-symmetric")
    for spelling in (name, name[0] + name.partition("-")[2][0])
}
LAYOUTS = {
    "raid5": _PARITY,
    "raid6": _PARITY,
    "raid10": {"": "near=2", "n2": "near=2", "n3": "near=3", "f2": "far=2", "f3": "far=3", "o2": "offset=2"},
}
POWERS_OF_TWO = ("raid4", "raid5", "raid6", "raid10")
WITHOUT_CHUNK = "raid1"
WITH_A_NEW_ONE = ("raid4", "raid5")
"""Levels that are made without the last member, which is copied to at once: faster than to make the parity right."""
CHUNK_KIBIBYTES, CHUNK_LEAST = 512, 4
LEAST = {"raid4": 2, "raid5": 2, "raid6": 4, "raid10": 2}
NAME_MAX = 31
NOTHING_CHANGED = USAGE = 2
CREATE_VALUES = (
    *("--level", "--raid-devices", "--spare-devices", "--chunk", "--layout", "--metadata", "--homehost", "--uuid"),
)
ONE = (
    "'1' is an unusual number of drives for an array, so it is probably\n     a mistake.  If you really mean it you "
    "will need to specify --force before\n     setting the number of drives."
)
NO_DEVICE, NO_DEVICES = "an md device must be given in this mode", "No devices given."
NEEDED = {
    "--raid-devices": "no raid-devices specified.",
    "--level": "a RAID level is needed to create an array.",
}


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer what core.tools.mdadm says, and a few words more that people type."""
    if not node.state["complete"]:
        node.ask(Question("md", "arrays"))
    verb, *words = command.argv[1:] or ("",)
    try:
        if verb in _MODES:
            return _MODES[verb](node, command, words)
        return manage(node, verb, words)
    except Usage as error:
        return Completed(2, "", f"mdadm: {getopt_words(error)}\nUsage: mdadm --help\n  for help\n")


def _version(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    options(words, most=0)
    return Completed(0, "", f"mdadm - v{node.state['tools']['mdadm']}\n")


def _create(node: SimulatedNode, command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("--run",), values=CREATE_VALUES)
    if not operands:
        return failed(NO_DEVICE, USAGE)
    path, *devices = operands
    given = {name: values[-1] for name, values in found.items()}
    level = LEVELS.get(given.get("--level", ""), "")
    count, spares = int(given.get("--raid-devices", "0")), int(given.get("--spare-devices", "0"))
    chunk = int(given.get("--chunk", "0"))
    if (
        refusal := _misused(given)
        or _miscounted(level, count, spares, len(devices))
        or _unfit(node, path, level, chunk)
    ):
        return refusal
    if refusal := _unusable(node, devices):
        return refusal
    if chunk & (chunk - 1) and level in POWERS_OF_TWO:
        return failed("RUN_ARRAY failed: Invalid argument\n       Problem may be that chunk size is not a power of 2")
    uuid = arrays.colons(given["--uuid"]) if "--uuid" in given else node.identifier("array", command)
    members = {node.identifier("uuid", command, part=f"member.{n}"): device for n, device in enumerate(devices)}
    array = _array(node, level, count, path, given, members)
    node.state["arrays"][uuid] = array
    if level in arrays.CAN_LOSE:
        arrays.begin(node, array, *(("recover", str(count - 1)) if level in WITH_A_NEW_ONE else ("resync",)))
    for role, device in members.items():
        node.set_content(there(node, device), arrays.superblock(uuid, role, array["name"]))
    arrays.assemble(node, uuid, path, {role: node.tree.real(device) for role, device in members.items()})
    return Completed(0, "", f"mdadm: array {path} started.\n")


def _array(
    node: SimulatedNode, level: str, count: int, path: str, given: dict[str, str], members: dict[str, str]
) -> arrays.Array:
    """An array as its superblocks describe it."""
    name, host = path.rpartition("/")[2], given.get("--homehost") or str(node.state["hostname"])
    usual = 0 if level in {WITHOUT_CHUNK, "linear"} else CHUNK_KIBIBYTES
    chunk = int(given.get("--chunk", usual)) * 1024
    sizes = [there(node, device)["size"] for device in [*members.values()][:count]]
    return {
        "name": f"{host}:{name}" if len(host) + len(name) + 1 <= NAME_MAX else name[:NAME_MAX],
        "level": level,
        "devices": count,
        "chunk": chunk,
        "layout": LAYOUTS.get(level, {}).get(given.get("--layout", ""), ""),
        "size": arrays.array_size(level, sizes, chunk),
        "members": {role: str(number) if number < count else "spare" for number, role in enumerate(members)},
        "sync": "idle",
        "copied_to": "",
        "ready": 0,
        "content": {"kind": "zero"},
    }


def _misused(given: dict[str, str]) -> Completed | None:
    """What mdadm says of values that it does not understand."""
    for name, lacking in NEEDED.items():
        if name not in given:
            return failed(lacking)
    level, chunk = LEVELS.get(given["--level"]), given.get("--chunk", "4")
    layout, uuid = given.get("--layout", ""), given.get("--uuid", "0" * 32)
    if level is None:
        return failed(f"invalid raid level: {given['--level']}", USAGE)
    if not chunk.isdigit() or int(chunk) < CHUNK_LEAST:
        return failed(f"invalid chunk/rounding value: {chunk}", USAGE)
    if layout and level not in LAYOUTS:
        return failed(f"layout not meaningful for {level} arrays.", USAGE)
    if layout and layout not in LAYOUTS[level]:
        return failed(f"layout {layout} not understood for {level}.", USAGE)
    if "«" not in uuid and not re.fullmatch(r"[0-9a-fA-F]{32}", re.sub(r"[:. -]", "", uuid)):
        return failed(f"Bad uuid: {uuid}", USAGE)
    return None


def _miscounted(level: str, count: int, spares: int, given: int) -> Completed | None:
    """What mdadm says of a number of devices that it makes no array of."""
    number = level.removeprefix("raid")
    if spares and level not in arrays.CAN_LOSE:
        return failed(f"spare-devices setting is incompatible with raid level {number}", USAGE)
    if count == 1:
        return failed(ONE, USAGE)
    if count < LEAST.get(level, 1):
        return failed(f"at least {LEAST[level]} raid-devices needed for level {number}")
    if given > count + spares:
        return failed(f"You have listed more devices ({given}) than are in the array({count + spares})!")
    if given < count + spares:
        return failed("You haven't given enough devices (real or missing) to create this array")
    return None


def _unfit(node: SimulatedNode, path: str, level: str, chunk: int) -> Completed | None:
    if chunk and level == WITHOUT_CHUNK:
        return failed("specifying chunk size is forbidden for this level")
    if len(path.rpartition("/")[2]) > NAME_MAX + 1:
        return failed(f"Name {path} is too long.")
    return failed(f"Array name {path} is in use already.") if node.device(path) is not None else None


def _unusable(node: SimulatedNode, devices: list[str]) -> Completed | None:
    """What mdadm says of devices that cannot be members; nothing of those that can."""
    said = ""
    real = [node.tree.real(path) for path in devices]
    for path in devices:
        if node.device(path) is None:
            why = f"{path} is not a block device." if node.tree.exists(path) else f"cannot open {path}: {NO_FILE}"
            return Completed(USAGE, "", f"{said}mdadm: {why}\n")
        if node.users(path):
            said += f"mdadm: super1.x cannot open {path}: Device or resource busy\n"
            said += f"mdadm: {path} is not suitable for this array.\n"
    if said:
        return Completed(1, "", f"{said}mdadm: create aborted\n")
    twice = next((path for path in reversed(devices) if real.count(node.tree.real(path)) > 1), None)
    return None if twice is None else failed(f"failed to open {twice} after earlier success - aborting")


def _assemble(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("--run",), values=("--uuid",))
    if not operands:
        return failed(NO_DEVICE, USAGE)
    path, *devices = operands
    uuid = arrays.colons(found.get("--uuid", [""])[-1])
    said: list[str] = []
    present: dict[str, str] = {}
    all_present = arrays.members(node, uuid)
    for each in devices or all_present.values():
        content = None if node.device(each) is None else node.content(there(node, each))
        if content is None:
            said.append(f"cannot open device {each}: No such file or directory")
        elif not content.get("member_of"):
            said.append(f"no recogniseable superblock on {each}")
        elif content["member_of"] != uuid:
            said.append(f"{each} has wrong uuid.")
        elif node.users(each):
            said.append(f"{each} is busy - skipping")
        else:
            present[content["role"]] = node.tree.real(each)
    words_said = "".join(f"mdadm: {line}\n" for line in said)
    if not present:
        return Completed(NOTHING_CHANGED, "", words_said)
    answer = _started(node, uuid, path, present, run="--run" in found, named=bool(devices))
    return answer._replace(stderr=words_said + answer.stderr)


def _started(
    node: SimulatedNode, uuid: str, path: str, present: dict[str, str], *, run: bool, named: bool
) -> Completed:
    """Start an array of what is there. named: the devices were; then it has to have all that it had, unless told."""
    array = node.state["arrays"][uuid]
    lacking = arrays.lacks(node, uuid, present)
    working = array["devices"] - lacking
    expected = sum(slot.lstrip(arrays.LOST).isdigit() for slot in array["members"].values())
    spares = sum(array["members"].get(role) == "spare" for role in present)
    rebuilding = _rebuilding(node, array, present)
    beside = f"{',' if spares else ' and'} {rebuilding} rebuilding" if rebuilding else ""
    beside += f" and {_counted(spares, 'spare')}" if spares else ""
    drives = _counted(working, "drive")
    if not arrays.is_enough(array, lacking):
        if not run:
            return failed(f"{path} assembled from {drives}{beside} - not enough to start the array.")
        arrays.collect(node, uuid, present)
        why = "Input/output error" if array["level"] in arrays.CAN_LOSE else "Invalid argument"
        return failed(f"failed to RUN_ARRAY {path}: {why}\nmdadm: Not enough devices to start the array.")
    if working < expected and named and not run:
        # mdadm lets go of them, whereupon udev has the kernel hold them again.
        arrays.collect(node, uuid, present)
        said = f"{path} assembled from {drives}{beside} - need all {expected} to start it (use --run to insist)."
        return failed(said)
    arrays.assemble(node, uuid, path, present)
    out_of = f" (out of {array['devices']})" if lacking or rebuilding else ""
    drives = _counted(working - rebuilding, "drive")
    return Completed(0, "", f"mdadm: {path} has been started with {drives}{out_of}{beside}.\n")


def _rebuilding(node: SimulatedNode, array: arrays.Array, present: dict[str, str]) -> int:
    """How many of the members that are there are copied to: one, or none."""
    if not arrays.is_copying(node, array) or array["sync"] != "recover":
        return 0
    return sum(array["members"].get(role) == array["copied_to"] for role in present)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _stop(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    _, operands = options(words, most=1)
    if not operands:
        return failed(NO_DEVICES, USAGE)
    path = operands[0]
    real = node.tree.real(path)
    device = node.device(path)
    if device is None:
        return failed(f"error opening {path}: No such file or directory")
    if not is_array(device):
        return failed(f"{path} {NO_ARRAY}")
    if node.users(real):
        why = "Perhaps a running process, mounted filesystem or active volume group?"
        return failed(f"Cannot get exclusive access to {path}:{why}")
    arrays.stop(node, real)
    return Completed(0, "", f"mdadm: stopped {path}\n")


def _examine(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    _, operands = options(words, flags=("--export",), most=1)
    if not operands:
        return failed("No devices to examine", USAGE)
    path = operands[0]
    device = storage(node, path)
    if device is None:
        return failed(f"cannot open {path}: No such file or directory")
    content = node.content(device)
    if content["kind"] == "unknown":
        return failed(f"No md superblock detected on {path}.")
    if content.get("member_of", "") not in node.state["arrays"]:
        return failed(f"No md superblock detected on {path}.")
    return Completed(0, report.examine(node, content))


def _detail(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    found, operands = options(words, flags=("--export", "--scan"), most=1)
    if "--scan" in found:
        paths = [path for path, device in node.present().items() if is_array(device)]
        return Completed(0, "".join(report.scan(node, path) for path in paths))
    if not operands:
        return failed(NO_DEVICES, USAGE)
    path = operands[0]
    device = node.device(path)
    if device is None:
        there = node.tree.exists(path)
        return failed(f"{path} {NO_ARRAY}" if there else f"cannot open {path}: {NO_FILE}")
    if not is_array(device):
        return failed(f"{path} {NO_ARRAY}")
    real = node.tree.real(path)
    return Completed(0, report.export(node, real) if "--export" in found else report.detail(node, real, path))


def _zero_superblock(node: SimulatedNode, _command: Command, words: list[str]) -> Completed:
    _, operands = options(words)
    if not operands:
        return failed(NO_DEVICES, USAGE)
    said, code = "", 0
    for path in operands:
        device = storage(node, path)
        if device is None or node.users(path):
            said, code = f"{said}mdadm: Couldn't open {path} for write - not zeroing\n", 2
        elif not node.content(device).get("member_of"):
            said += f"mdadm: Unrecognised md component device - {path}\n"
        else:
            tail = node.content(device)["tail"]
            node.set_content(device, {"kind": "residue", "head": False, "tail": tail} if tail else {"kind": "zero"})
    return Completed(code, "", said)


_MODES: dict[str, Callable[[SimulatedNode, Command, list[str]], Completed]] = {
    "--version": _version,
    "--create": _create,
    "--assemble": _assemble,
    "--stop": _stop,
    "--examine": _examine,
    "--detail": _detail,
    "--zero-superblock": _zero_superblock,
}

"""mkdir, rmdir, ln, rm, readlink, test, truncate and cat of coreutils, and fallocate, on a simulated node."""

from collections.abc import Callable
from typing import NamedTuple

from core.command import Command, Completed
from core.state import Content, Entry
from executors.simulated.devices import SECTOR_BYTES, directory, is_read_only, keep_size, loop
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Options, Usage, getopt_words, options

PROGRAMS = {
    **dict.fromkeys(("cat", "ln", "mkdir", "readlink", "rm", "rmdir", "stat", "test", "truncate"), "coreutils"),
    "fallocate": "util-linux",
}
TEST_USAGE = 2


class Given(NamedTuple):
    """What a program was given; `public` when its umask is 022, not 077."""

    found: Options
    paths: list[str]
    public: bool


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer as the program of that name would, with the options that core.tools.files gives it."""
    program, *words = command.argv
    if program == "test":
        return _test(node, words)
    flags, values, operands, answer = _PROGRAMS[program]
    try:
        found, paths = options(words, flags=flags, values=values, least=operands, most=operands)
    except Usage as error:
        if program == "fallocate":
            return _misused(error)
        wrong = "missing operand" if error.args[0] == "bad number of operands: ''" else error
        return Completed(1, "", f"{program}: {wrong}\nTry '{program} --help' for more information.\n")
    return answer(node, Given(found, paths, command.public))


def _misused(error: Usage) -> Completed:
    """What fallocate says of words that it does not understand."""
    if "operands" in error.args[0]:
        none = error.args[0].endswith("''")
        return _failed(f"fallocate: {'no filename specified' if none else 'unexpected number of arguments'}")
    return _failed(f"fallocate: {getopt_words(error)}\nTry 'fallocate --help' for more information.")


def _failed(text: str) -> Completed:
    return Completed(1, "", f"{text}\n")


def _test(node: SimulatedNode, words: list[str]) -> Completed:
    """Conditions, each perhaps turned round by `!`, joined by `-a` or by `-o`; another expression is a usage error."""
    if len(words) == 2 and words[0] in _TESTS:  # noqa: PLR2004 - a condition and its path: nearly every test
        return Completed(0 if _TESTS[words[0]](node, words[1]) else 1)
    joints = {word for word in words if word in {"-a", "-o"}}
    parts: list[list[str]] = [[]]
    for word in words:
        if word in joints:
            parts.append([])
        else:
            parts[-1].append(word)
    answers = []
    for part in parts:
        turned = part[:1] == ["!"]
        match part[turned:]:
            case [path, "-ef", other]:
                answers.append(_is_same(node, path, other) is not turned)
            case [flag, path] if flag in _TESTS:
                answers.append(_TESTS[flag](node, path) is not turned)
            case _:
                return Completed(TEST_USAGE, "", f"test: {' '.join(words)}: unexpected operator\n")
    if len(joints) > 1:
        return Completed(TEST_USAGE, "", "test: -a and -o together are not known here\n")
    return Completed(0 if (any(answers) if "-o" in joints else all(answers)) else 1)


def _is_kind(node: SimulatedNode, path: str, kind: str) -> bool:
    entry = node.tree.entry(path)
    return node.tree.real(path) not in node.state["devices"] and entry is not None and entry["kind"] == kind


def _is_executable(node: SimulatedNode, path: str) -> bool:
    entry = node.tree.entry(path)
    return entry is not None and any(int(digit) % 2 for digit in entry["mode"][-3:])


def _is_link(node: SimulatedNode, path: str) -> bool:
    entry = node.tree.link(path)
    return entry is not None and entry["kind"] == "link"


def _is_same(node: SimulatedNode, path: str, other: str) -> bool:
    """Tell whether two paths lead to one and the same place."""
    if not (node.tree.exists(path) and node.tree.exists(other)):
        return False
    return node.tree.identity(path) == node.tree.identity(other)


def _is_filled(node: SimulatedNode, path: str) -> bool:
    entry = node.tree.entry(path)
    if entry is None or entry["kind"] == "directory":
        return entry is not None
    return bool(entry["text"] if entry["size"] is None else entry["size"])


_TESTS: dict[str, Callable[[SimulatedNode, str], bool]] = {
    "-e": lambda node, path: node.tree.exists(path),
    "-d": lambda node, path: _is_kind(node, path, "directory"),
    "-f": lambda node, path: _is_kind(node, path, "file"),
    "-b": lambda node, path: node.device(path) is not None,
    "-L": _is_link,
    "-s": _is_filled,
    "-x": _is_executable,
}


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"


def _mkdir(node: SimulatedNode, given: Given) -> Completed:
    path = given.paths[0].rstrip("/")
    what = f"mkdir: cannot create directory \u2018{path}\u2019"
    if node.tree.exists(path) or _is_link(node, path):
        return _failed(f"{what}: File exists")
    if not node.tree.exists(_parent(path)):
        return _failed(f"{what}: No such file or directory")
    if not _is_kind(node, _parent(path), "directory"):
        return _failed(f"{what}: Not a directory")
    if is_read_only(node, _parent(path)):
        return _failed(f"{what}: Read-only file system")
    mode = given.found.get("-m", ["0755" if given.public else "0700"])[-1]
    node.tree.put(path, {**directory(), "mode": mode.zfill(4)})
    return Completed(0)


def _rmdir(node: SimulatedNode, given: Given) -> Completed:
    path = given.paths[0].rstrip("/")
    what = f"rmdir: failed to remove '{path}'"
    if not node.tree.exists(path):
        return _failed(f"{what}: No such file or directory")
    if not _is_kind(node, path, "directory") or _is_link(node, path):
        return _failed(f"{what}: Not a directory")
    real = node.tree.real(path)
    if any(mount["mount_point"] == real for mount in node.state["mounts"]):
        return _failed(f"{what}: Device or resource busy")
    if node.tree.children(path):
        return Completed(0) if "--ignore-fail-on-non-empty" in given.found else _failed(f"{what}: Directory not empty")
    if is_read_only(node, path):
        return _failed(f"{what}: Read-only file system")
    node.tree.remove(path)
    return Completed(0)


def _ln(node: SimulatedNode, given: Given) -> Completed:
    target, path = given.paths
    what = f"ln: failed to create symbolic link '{path}'"
    if _is_kind(node, _parent(path), "file"):
        return _failed(f"ln: failed to access '{path}': Not a directory")
    if not _is_kind(node, _parent(path), "directory"):
        return _failed(f"{what}: No such file or directory")
    if _is_kind(node, path, "directory") and not _is_link(node, path):
        return _failed(f"{what.replace('create symbolic link', 'overwrite')}: cannot overwrite directory")
    if is_read_only(node, _parent(path)):
        return _failed(f"{what}: Read-only file system")
    node.tree.put(path, {"kind": "link", "target": target})
    return Completed(0)


def _rm(node: SimulatedNode, given: Given) -> Completed:
    path = given.paths[0]
    what = f"rm: cannot remove '{path}'"
    questions = len(node.questions)
    entry = node.tree.link(path)
    if entry is None and len(node.questions) > questions:
        # Until somebody has looked it counts as there and gone, so that what comes after it is asked in the same round.
        return Completed(0)
    if entry is None:
        return _failed(f"{what}: No such file or directory")
    if entry["kind"] == "directory":
        return _failed(f"{what}: Is a directory")
    if is_read_only(node, _parent(path)):
        return _failed(f"{what}: Read-only file system")
    real = f"{node.tree.real(_parent(path)).rstrip('/')}/{path.rpartition('/')[2]}"
    loops = node.loops(real) if entry["kind"] == "file" else []
    for loop_device in loops:
        # A file that is still attached lives on, without a name, in its loop device.
        device = node.state["devices"].pop(loop_device)
        node.attach_loop(loop_device, {**device, "content": entry["content"], "file": ""})
    node.tree.remove(path)
    if entry["kind"] == "file" and not loops:
        node.forget(entry["content"])
    return Completed(0)


def _readlink(node: SimulatedNode, given: Given) -> Completed:
    path = given.paths[0]
    if "-f" not in given.found:
        entry = node.tree.link(path)
        return Completed(0, f"{entry['target']}\n") if entry is not None and entry["kind"] == "link" else Completed(1)
    real = node.tree.real(path)
    above = _parent(real)
    if above != "/" and not node.tree.exists(above):
        return Completed(1)
    return Completed(0, f"{real}\n")


def _truncate(node: SimulatedNode, given: Given) -> Completed:
    path = given.paths[0]
    what = f"truncate: cannot open '{path}' for writing"
    if "-s" not in given.found:
        either = "you must specify either \u2018--size\u2019 or \u2018--reference\u2019"
        return _failed(f"truncate: {either}\nTry 'truncate --help' for more information.")
    if not given.found["-s"][-1].isdigit():
        return _failed(f"truncate: Invalid number: \u2018{given.found['-s'][-1]}\u2019")
    if not _is_kind(node, _parent(path), "directory"):
        return _failed(f"{what}: No such file or directory")
    if _is_kind(node, path, "directory"):
        return _failed(f"{what}: Is a directory")
    if is_read_only(node, _parent(path)):
        return _failed(f"{what}: Read-only file system")
    size = int(given.found["-s"][-1])
    _sized(node, path, size)
    return Completed(0)


def _sized(node: SimulatedNode, path: str, size: int) -> Entry:
    """Give a file a size; a new one is made. A filesystem in it stays as large as it was."""
    entry = node.tree.entry(path)
    if entry is not None:
        before = loop(node, path)["size"]
        if size > before:
            keep_size(entry["content"], before)
        entry["size"] = size
        return entry
    content: Content = {"kind": "zero"}
    entry = {"kind": "file", "mode": "0600", "size": size, "text": None, "allocated": 0, "content": content}
    node.tree.put(path, entry)
    return entry


def _fallocate(node: SimulatedNode, given: Given) -> Completed:
    """Make a file, or what is there larger, with all its space."""
    path, length = given.paths[0], given.found.get("-l", [""])[-1]
    if "-l" not in given.found:
        return _failed("fallocate: no length argument specified")
    if not length.isdigit() or not int(length):
        return _failed("fallocate: invalid length value specified")
    what = f"fallocate: cannot open {path}"
    if not _is_kind(node, _parent(path), "directory"):
        return _failed(f"{what}: No such file or directory")
    if _is_kind(node, path, "directory"):
        return _failed(f"{what}: Is a directory")
    if is_read_only(node, _parent(path)):
        return _failed(f"{what}: Read-only file system")
    size, entry = int(length), node.tree.entry(path)
    now = 0 if entry is None else loop(node, path)["size"]
    room = _room(node, path)
    if room is not None and size > room:
        # What there was is taken by then.
        _sized(node, path, max(now, room))["allocated"] = room
        return _failed("fallocate: fallocate failed: No space left on device")
    _sized(node, path, max(now, size))["allocated"] = max(now, size)
    return Completed(0)


def _room(node: SimulatedNode, path: str) -> int | None:
    """How much a file can have of the device that it is on; None where the state does not say how much there is."""
    place = node.tree.place(node.tree.real(path))
    device = node.state["devices"].get(place.device)
    if device is None:
        return None
    taken = sum(each.get("allocated", 0) for name, each in place.files.items() if name != place.path)
    return max(0, int(device["size"]) - int(taken))


def _stat(node: SimulatedNode, given: Given) -> Completed:
    if given.found.get("-c") != ["%s %b"]:
        return _failed("stat: only the format '%s %b' is known here")
    entry = node.tree.entry(given.paths[0])
    if entry is None:
        return _failed(f"stat: cannot statx '{given.paths[0]}': No such file or directory")
    if entry["kind"] == "directory":
        return Completed(0, "4096 8\n")
    size = loop(node, given.paths[0])["size"]
    written = entry["kind"] != "file" or entry["text"] or entry["content"]["kind"] != "zero" or entry["allocated"]
    return Completed(0, f"{size} {size // SECTOR_BYTES if written else 0}\n")


def _cat(node: SimulatedNode, given: Given) -> Completed:
    entry = node.tree.entry(given.paths[0])
    if entry is None:
        return _failed(f"cat: {given.paths[0]}: No such file or directory")
    if entry["kind"] == "directory":
        return _failed(f"cat: {given.paths[0]}: Is a directory")
    return Completed(0, entry["text"] or "")


_Answer = Callable[[SimulatedNode, Given], Completed]
_PROGRAMS: dict[str, tuple[tuple[str, ...], tuple[str, ...], int, _Answer]] = {
    "cat": ((), (), 1, _cat),
    "fallocate": ((), ("-l",), 1, _fallocate),
    "ln": (("-sfn",), (), 2, _ln),
    "mkdir": ((), ("-m",), 1, _mkdir),
    "readlink": (("-f",), (), 1, _readlink),
    "rm": ((), (), 1, _rm),
    "rmdir": (("--ignore-fail-on-non-empty",), (), 1, _rmdir),
    "stat": ((), ("-c",), 1, _stat),
    "truncate": ((), ("-s",), 1, _truncate),
}

"""install of coreutils on a simulated node: one file, from standard input or from another file."""

from core.command import Command, Completed
from core.state import Entry
from executors.simulated.devices import directory, is_read_only
from executors.simulated.node import SimulatedNode
from executors.simulated.usage import Usage, getopt_words, options

PROGRAMS = {"install": "coreutils"}
INPUT = "/dev/stdin"
MODE = "0755"
"""What a file gets without -m."""
MODE_BITS = 0o7777


def run(node: SimulatedNode, command: Command) -> Completed:
    """Answer `install [-D] [-T] [-m MODE] SOURCE PATH`."""
    try:
        found, operands = options(command.argv[1:], flags=("-D", "-T"), values=("-m",))
    except Usage as error:
        return _misused(getopt_words(error).replace(": '-m'", " -- 'm'"))
    if len(operands) < 2 or (len(operands) > 2 and "-T" in found):  # noqa: PLR2004 - what, and where to
        return _misused(_operands(operands))
    if len(operands) > 2:  # noqa: PLR2004 - the same
        return _failed(_several(node, operands[-1]))
    mode = found.get("-m", [MODE])[-1]
    if any(digit not in "01234567" for digit in mode) or int(mode, 8) > MODE_BITS:
        return _failed(f"invalid mode \u2018{mode}\u2019")
    source, path = operands
    entry = node.tree.entry(path)
    is_directory = entry is not None and entry["kind"] == "directory"
    if is_directory and "-T" in found:
        return _failed(f"cannot overwrite directory '{path}' with non-directory")
    if is_directory:
        path = f"{path.rstrip('/')}/{source.rpartition('/')[2]}"
    text = command.stdin or ""
    if source != INPUT:
        read = node.tree.entry(source)
        if read is None:
            return _failed(f"cannot stat '{source}': No such file or directory")
        if read["kind"] == "directory":
            return _failed(f"omitting directory '{source}'")
        text = read["text"] or ""
    return _above(node, path, makes="-D" in found) or _written(node, path, text, mode)


def _operands(operands: list[str]) -> str:
    if not operands:
        return "missing file operand"
    if len(operands) == 1:
        return f"missing destination file operand after '{operands[0]}'"
    return f"extra operand '{operands[2]}'"


def _several(node: SimulatedNode, target: str) -> str:
    """What is said of several files that do not go into a directory; that they do is not known here."""
    entry = node.tree.entry(target)
    if entry is None:
        return f"target '{target}': No such file or directory"
    return f"target '{target}': Not a directory" if entry["kind"] == "file" else "only one file is known here"


def _above(node: SimulatedNode, path: str, *, makes: bool) -> Completed | None:
    """Make the directories above a path, where they are wanted; say what is wrong with them."""
    above = path.rpartition("/")[0] or "/"
    missing: list[str] = []
    place = above
    while not node.tree.exists(place):
        missing.append(place)
        place = place.rpartition("/")[0] or "/"
    lowest = node.tree.entry(place)
    if place != "/" and (lowest is None or lowest["kind"] != "directory"):
        what = f"cannot create directory '{place}'" if makes else f"cannot stat '{path}'"
        return _failed(f"{what}: Not a directory")
    if missing and not makes:
        return _failed(f"cannot create regular file '{path}': No such file or directory")
    if is_read_only(node, place):
        what = f"cannot create directory '{missing[-1]}'" if missing else f"cannot create regular file '{path}'"
        return _failed(f"{what}: Read-only file system")
    for each in reversed(missing):
        # Whatever the umask is, others may come through them.
        node.tree.put(each, {**directory(), "mode": "0755"})
    return None


def _written(node: SimulatedNode, path: str, text: str, mode: str) -> Completed:
    content = {"kind": "zero"}
    size = len(text.encode())
    entry: Entry = {
        "kind": "file", "mode": mode.zfill(4), "size": size, "text": text, "allocated": 0, "content": content,
    }  # fmt: skip
    node.tree.put(path, entry)
    return Completed(0)


def _failed(text: str) -> Completed:
    return Completed(1, "", f"install: {text}\n")


def _misused(text: str) -> Completed:
    return _failed(f"{text}\nTry 'install --help' for more information.")

"""install(1) of coreutils: a text becomes a file, with its mode, where there is none yet.

A service brings files of its own onto its fresh volumes with it, as a trigger (see `core.trigger`). A file that is
there and not empty stays as it is: somebody may have edited it since. An empty one is what a power failure leaves.
"""

from core.command import Check, Command, Steps
from core.tools import files

TOOL = "install"
INPUT = "/dev/stdin"


def placing(argv: tuple[str, ...], text: str) -> Command | None:
    """Return the command that writes `text`, when these are its words: `install [-D] [-T] [-m MODE] /dev/stdin PATH`.

    None for any other: what that does is not known.
    """
    program, *words = argv
    operands = []
    while words:
        word = words.pop(0)
        if word == "-m" and words and words[0].isdecimal():
            words.pop(0)
        elif not word.startswith("-"):
            operands.append(word)
        elif word not in {"-D", "-T"}:
            return None
    is_known = program == "install" and len(operands) == 2 and operands[0] == INPUT  # noqa: PLR2004 - what to where
    if not is_known or not operands[1].startswith("/") or operands[1].endswith("/"):
        return None
    return Command(argv, text, kind="changes", check=Check(files.is_filled(operands[1])), tool=TOOL)


def placed(command: Command) -> Steps:
    """Run what `placing` returned, unless its file is there; its undo takes file and directories away again."""
    path = next(word for word in reversed(command.argv) if word.startswith("/"))
    if not (yield files.is_filled(path)).returncode:
        return
    missing = []
    directory = path.rpartition("/")[0]
    while "-D" in command.argv and directory and (yield files.is_directory(directory)).returncode:
        missing.append(files.remove_directory(directory)._replace(undo=()))
        directory = directory.rpartition("/")[0]
    ours = Check(files.read(path), path=".", text=(command.stdin or "").strip(), otherwise=f"{path} was changed since")
    yield command._replace(undo=(ours, files.remove(path), *missing))

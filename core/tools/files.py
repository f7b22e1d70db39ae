"""Files, directories and links, by the programs of coreutils."""

from core.command import Check, Command, Makes, Steps, Thing

TOOL = "files"


def exists(path: str) -> Command:
    """Ask whether something is at the path, links followed: 0 or 1."""
    return Command(("test", "-e", path), accepts=(0, 1), tool=TOOL)


def is_directory(path: str) -> Command:
    """Ask whether a directory is at the path, links followed: 0 or 1."""
    return Command(("test", "-d", path), accepts=(0, 1), tool=TOOL)


def is_file(path: str) -> Command:
    """Ask whether a regular file is at the path, links followed: 0 or 1."""
    return Command(("test", "-f", path), accepts=(0, 1), tool=TOOL)


def is_filled(path: str) -> Command:
    """Ask whether a file that is not empty is at the path, links followed: 0 or 1."""
    return Command(("test", "-f", path, "-a", "-s", path), accepts=(0, 1), tool=TOOL)


def is_same(path: str, other: str) -> Command:
    """Ask whether two paths lead to the same directory or file: 0 or 1."""
    return Command(("test", path, "-ef", other), accepts=(0, 1), tool=TOOL)


def is_there(path: str) -> Check:
    """Hold when something is at the path."""
    return Check(exists(path))


def any_is_there(*paths: str) -> Check:
    """Hold when something is at one of the paths."""
    words = tuple(word for path in paths for word in ("-o", "-e", path))[1:]
    return Check(Command(("test", *words), accepts=(0, 1), tool=TOOL))


def is_taken(path: str) -> Command:
    """Ask whether a path has a name already, also one of a link that leads nowhere: 0 yes, 1 no."""
    return Command(("test", "-e", path, "-o", "-L", path), accepts=(0, 1), tool=TOOL)


def is_gone(path: str) -> Check:
    """Hold when nothing is at the path."""
    return Check(exists(path), absent=True)


def forget(path: str, unmakes: tuple[str, ...]) -> Command:
    """Make sure that something of ours is not there any more, so that the record can forget it."""
    return Command(
        ("test", "!", "-e", path), kind="changes", unmakes=unmakes, check=is_gone(path), quiet=True, tool=TOOL
    )


def read(path: str) -> Command:
    """Read a file: 0 with its text, or 1 when it cannot be read."""
    return Command(("cat", path), accepts=(0, 1), tool=TOOL)


def make_directory(path: str, name: str = "", *, temporary: bool = False, mode: str | None = None) -> Command:
    """Make one directory whose parent exists. `name` is the name in the record; a temporary one needs none."""
    return Command(
        ("mkdir", *(() if mode is None else ("-m", mode)), path),
        kind="changes",
        makes=Makes(name, "directory", identity=path) if name else None,
        check=Check(is_directory(path)),
        undo=(remove_directory(path, temporary=temporary),),
        temporary=temporary,
        quiet=True,
        # Others have to come through it to what is mounted below; nobody has to look into a temporary one.
        public=not temporary,
        tool=TOOL,
    )


def missing_directories(rid: str, path: str) -> Steps:
    """Make a directory and those above it, as far as they are missing; return whether any was.

    Each is a thing of its own in the record (`RID.directory.PATH`), so that unprovision removes these and no others.
    """
    missing = []
    while path not in {"", "/"} and (yield is_directory(path)).returncode:
        missing.append(path)
        path = path.rpartition("/")[0]
    for directory in reversed(missing):
        yield make_directory(directory, f"{rid}.directory.{directory}")
    return bool(missing)


def remove_directory(path: str, unmakes: tuple[str, ...] = (), *, temporary: bool = False) -> Command:
    """Remove an empty directory; rmdir refuses any other."""
    return Command(
        ("rmdir", path),
        kind="changes",
        unmakes=unmakes,
        check=is_gone(path),
        undo=() if temporary else (_directory_again(path),),
        temporary=temporary,
        quiet=True,
        tool=TOOL,
    )


def remove_directory_if_empty(path: str) -> Command:
    """Remove a directory that others may use, too: one that is not empty stays, and that is no failure."""
    return Command(
        ("rmdir", "--ignore-fail-on-non-empty", path), kind="changes", check=is_gone(path), quiet=True, tool=TOOL
    )


def _directory_again(path: str) -> Command:
    return Command(("mkdir", path), kind="changes", check=is_there(path), quiet=True, public=True, tool=TOOL)


def link(target: str, path: str, name: str = "", before: str = "") -> Command:
    """Make a symbolic link, or point an existing one elsewhere. before: where it led until now, for the undo."""
    return Command(
        ("ln", "-sfn", target, path),
        kind="changes",
        makes=Makes(name, "link", identity=path) if name else None,
        check=Check(target_of(path), path=".", text=target),
        undo=(link(before, path)._replace(undo=()) if before else remove(path),),
        quiet=True,
        tool=TOOL,
    )


def target_of(path: str) -> Command:
    """Read what a link says, which may be a link again: 0 with the text, or 1 when there is no link."""
    return Command(("readlink", path), accepts=(0, 1), tool=TOOL)


def read_link(path: str) -> Command:
    """Follow the links of a path: 0 with the real path, or 1 when a directory on the way is missing."""
    return Command(("readlink", "-f", path), accepts=(0, 1), tool=TOOL)


def remove(path: str, unmakes: tuple[str, ...] = (), destroys: tuple[Thing, ...] = ()) -> Command:
    """Remove a file or a link (not what it leads to)."""
    return Command(
        ("rm", path),
        kind="changes",
        unmakes=unmakes,
        check=Check(is_taken(path), absent=True),
        destroys=destroys,
        quiet=not destroys,
        tool=TOOL,
    )


def truncate(path: str, size: int, name: str) -> Command:
    """Make a file of `size` bytes that takes no space until it is written to.

    Its directory may be in a filesystem that is not mounted (after a reboot): what cannot be known counts as done.
    """
    return _created(path, ("truncate", "-s", str(size), path), name)


def allocate(path: str, size: int, name: str) -> Command:
    """Make a file of `size` bytes that has all its space at once. One that did not get all of it stays behind."""
    return _created(path, ("fallocate", "-l", str(size), path), name)


def _created(path: str, argv: tuple[str, ...], name: str) -> Command:
    parent = path.rpartition("/")[0] or "/"
    is_missing = Command(("test", "-d", parent, "-a", "!", "-f", path), accepts=(0, 1), tool=TOOL)
    return Command(
        argv,
        kind="changes",
        makes=Makes(name, "file", identity=path),
        check=Check(is_missing, absent=True),
        undo=(remove(path),),
        quiet=True,
        tool=TOOL,
    )


def extend(path: str, size: int, *, allocated: bool) -> Command:
    """Make a file that is smaller `size` bytes large; allocated: with all its space at once. There is no way back."""
    program = ("fallocate", "-l") if allocated else ("truncate", "-s")
    return Command(
        (*program, str(size), path),
        kind="changes",
        check=Check(blocks(path)._replace(accepts=(0, 1)), path="words[0]", text=str(size)),
        quiet=True,
        tool=TOOL,
    )


def blocks(path: str) -> Command:
    """Ask for the size of a file and how many blocks of it are allocated: `1048576 0`."""
    return Command(("stat", "-c", "%s %b", path), tool=TOOL)


def recognise(path: str, name: str) -> Command:
    """Make sure that a file is there which an interrupted run made, so that the record has it."""
    return is_file(path)._replace(
        kind="changes",
        accepts=(0,),
        makes=Makes(name, "file", identity=path),
        check=Check(is_file(path)),
        undo=(remove(path),),
        quiet=True,
    )

"""What the answer is when a node does not have a program: a shell's, and the Debian package that has it.

Which package that is, each simulated tool says of its programs (`PROGRAMS`); there is no other list.
"""

from importlib import import_module

from core.command import Completed

NOT_FOUND = 127
Packages = str | tuple[str, ...]


def answer(program: str, packages: Packages = ()) -> Completed:
    """The answer for a program that is not there, with the package (the usual one, of several) to be installed."""
    package = packages if isinstance(packages, str) else "".join(packages[:1])
    remedy = f"; install {package}" if package else ""
    return Completed(NOT_FOUND, "", f"{program}: command not found{remedy}\n")


def packages_of(program: str, tool: str) -> Packages:
    """The packages that bring a program of a tool (a module of `core.tools`); none where nobody knows."""
    name = f"executors.simulated.tools.{tool}"
    try:
        programs: dict[str, Packages] = import_module(name).PROGRAMS if tool else {}
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return ()
    return programs.get(program) or programs.get(program.rpartition("/")[2], ())

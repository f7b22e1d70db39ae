"""The value of a trigger: a command, and perhaps `< NAME` at its end, a file beside the service file for it to read."""

from collections.abc import Callable
from typing import NamedTuple

SHELL_WORDS = {"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}
INPUT = "<"

VERBS = ("provision", "unprovision", "start", "stop")
MOMENTS = ("pre", "post", "blocking_pre", "blocking_post")
OPTIONS = frozenset(f"{moment}_{verb}" for moment in MOMENTS for verb in VERBS)
"""The names of the options that are triggers."""


Beside = Callable[[str], str | None]
"""Returns the text of a file beside the service file by its name; None where there is no such file."""


def missing(name: str, service: str) -> tuple[str, str]:
    """Say that there is no such file beside the file of a service, and what to do about it."""
    return f"there is no file {name} beside the service file", f"put it into the directory {service}.dir there"


def nothing_beside(_name: str) -> None:
    """Say that there is no file beside a service file which is only a text."""


class NoCommandError(ValueError):
    """A value that is no command; `fix` says what to write in its place."""

    def __init__(self, text: str, fix: str) -> None:
        super().__init__(text)
        self.fix = fix


class TriggerWords(NamedTuple):
    """A command that meets no shell. input: the file beside the service file that it reads, "" for none."""

    argv: tuple[str, ...]
    input: str = ""


def parse(value: str) -> TriggerWords:
    """Read the evaluated value of a trigger. Raises NoCommandError."""
    from shlex import split

    try:
        words = tuple(split(value))
    except ValueError as error:
        said = f"{value!r} is not a command: {str(error).lower()}"
        raise NoCommandError(said, "close the quotation, or write \\' for the character") from None
    name = ""
    if words[-2:-1] == (INPUT,):
        words, name = words[:-2], words[-1]
        if not name or name[0] in ".-" or not name.isascii() or any(map(_is_odd, name)):
            said = f"{name!r} is not the name of a file beside the service file"
            raise NoCommandError(said, "write a name without directories, such as haproxy.cfg")
    for word in words:
        if word in SHELL_WORDS:
            said = f"{word} is a word of the shell, and no shell runs this"
            raise NoCommandError(said, "put the whole line into a script, or write: sh -c '...'")
    if not words or not words[0]:
        raise NoCommandError(f"{value!r} names no program", "write a command, or remove the option")
    return TriggerWords(words, name)


def _is_odd(character: str) -> bool:
    return not (character.isalnum() or character in "_.-")


def complaint(value: str) -> str | None:
    """Say what is wrong with the evaluated value of a trigger, and the fix; None when nothing is."""
    try:
        parse(value)
    except NoCommandError as error:
        return f"{error}; {error.fix}"
    return None

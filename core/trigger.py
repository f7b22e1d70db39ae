"""Triggers: commands of the user's own, run before and after a verb (`pre_start`, `blocking_post_provision`).

They meet no shell. Nobody but the user knows what they change, so they have neither check nor undo, and a simulated
node answers only the programs that its state lists.
"""

from shlex import split
from typing import TYPE_CHECKING

from core.command import Command

if TYPE_CHECKING:
    from core.config.service import Service

TOOL = "trigger"
SHELL_WORDS = {"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}


def commands(service: "Service", section: str, verb: str, when: str) -> list[tuple[Command, bool]]:
    """Return the triggers of a section for a moment (`pre` or `post` of a verb), each with whether it is blocking.

    section: of a resource, DEFAULT (around the whole action) or `subset#...`. A failing blocking trigger stops the
    action; it comes first. Raises ConfigError for a value that is no command.
    """
    # Nearly every section has none, which its text tells at less cost than four options that are not there.
    if f"{when}_{verb}" not in " ".join(service.document.options(section)):
        return []
    found = []
    for blocking, option in ((True, f"blocking_{when}_{verb}"), (False, f"{when}_{verb}")):
        value = service.read(section, option)
        if value:
            argv = _words(service, section, option, value)
            found.append((Command(argv, kind="changes", tool=TOOL), blocking))
    return found


def _words(service: "Service", section: str, option: str, value: str) -> tuple[str, ...]:
    source = (service.source(f"{section}.{option}") or f"{section}.{option}").partition(".")[2]
    try:
        words = tuple(split(value))
    except ValueError as error:
        said = f"{value!r} is not a command: {str(error).lower()}"
        raise service.error(section, source, said, "close the quotation, or write \\' for the character") from None
    for word in words:
        if word in SHELL_WORDS:
            fix = "put the whole line into a script, or write: sh -c '...'"
            raise service.error(section, source, f"{word} is a word of the shell, and no shell runs this", fix)
    if not words or not words[0]:
        raise service.error(section, source, f"{value!r} names no program", "write a command, or remove the option")
    return words

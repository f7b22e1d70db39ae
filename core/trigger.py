"""Triggers: commands of the user's own, run before and after a verb (`pre_start`, `blocking_post_provision`).

They meet no shell. Nobody but the user knows what they change, so they have neither check nor undo, and a simulated
node answers only the programs that its state lists. One is known, since it brings a file of the service's own onto
its fresh volume: `install /dev/stdin PATH < NAME` (see `core.tools.install`).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.command import Command, Steps
from core.config.trigger_words import OPTIONS, NoCommandError, missing, parse
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.config.service import Service

TOOL = "trigger"
PLACING = "install"
TOOLS = {TOOL, PLACING}
"""What the commands of triggers are built by."""


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
            found.append((_command(service, section, option, value), blocking))
    return found


def steps(command: Command) -> Steps:
    """What running a trigger takes: itself, and for the one that is known, a look whether it is needed."""
    if command.tool == PLACING:
        from core.tools import install

        yield from install.placed(command)
    else:
        yield command


def inputs(service: "Service") -> Iterator[tuple[str, str, str]]:
    """Name the files beside the service file that triggers read on this node: section, option, name.

    Values that are no commands are left out.
    """
    for section in service.sections():
        for option in service.options(section):
            if option in OPTIONS:
                try:
                    name = parse(service.read(section, option) or "").input
                except (ConfigError, NoCommandError):
                    continue
                if name:
                    yield section, option, name


def _command(service: "Service", section: str, option: str, value: str) -> Command:
    try:
        argv, name = parse(value)
    except NoCommandError as error:
        raise service.error(section, _source(service, section, option), str(error), error.fix) from None
    if not name:
        return Command(argv, kind="changes", tool=TOOL)
    text = service.beside(name)
    if text is None:
        raise service.error(section, _source(service, section, option), *missing(name, service.name))
    from core.tools import install

    return install.placing(argv, text) or Command(argv, text, kind="changes", tool=TOOL)


def _source(service: "Service", section: str, option: str) -> str:
    """The option that a trigger is really in, with its scope."""
    return (service.source(f"{section}.{option}") or f"{section}.{option}").partition(".")[2]

"""One command line at work: what was typed, where its words go, and what it acts on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import ConfigError, Problem, Refused, Remedy, SvcprovError, UsageError
from svcprov.arguments import Request, commas
from svcprov.screen import Screen

if TYPE_CHECKING:
    from core.config.service import Service
    from core.plan import Plan
    from svcprov.action import Selection
    from svcprov.files import ServiceFiles
    from svcprov.jsonl import JsonLines
    from svcprov.node import Hearing, Node

RESULTS = {1: "failed", 3: "refused", 4: "node changed", 5: "held", 6: "invalid", 130: "interrupted"}
"""What the summary of a run says, by exit code."""


class Invocation:
    """What an action of the command line works with.

    argv: the words as typed, without the program. plan: the last preview, for the summary. done: the plan of the
    part of the action that was done before (the `stop` of a restart).
    """

    def __init__(self, argv: Sequence[str], request: Request, screen: Screen) -> None:
        self.argv, self.screen = tuple(argv), screen
        self.action, self.operands, self.options = request
        self.plan: Plan | None = None
        self.done: Plan | None = None
        self.planned_by: tuple[str, ...] = ()
        """The words that make the saved plan again that is being applied."""
        self._json: JsonLines | None = None

    @property
    def service_name(self) -> str:
        """The name given with -s. Raises UsageError without one."""
        if self.options.service is None:
            raise UsageError(f"{self.action}: which service? give its name with -s")
        if "," in self.options.service:
            raise UsageError("one service at a time: give one name with -s")
        return str(self.options.service)

    @property
    def typed(self) -> str:
        """The command line, as the log shows it."""
        return " ".join(("svcmgr", *self.argv))

    def again(self, *more: str) -> str:
        """The command line as it was typed, and more words: the line that would allow what was refused."""
        return _shell_line("svcmgr", *self.argv, *more)

    def allowing(self, *more: str) -> str:
        """The command line that would allow what was refused: a saved plan has to be made again for that."""
        return self.line(*self.planned_by, *more) if self.planned_by else self.again(*more)

    def line(self, *words: str) -> str:
        """A command line for the same service on the same node."""
        node = () if self.options.node is None else ("--node", self.options.node)
        return _shell_line("svcmgr", "-s", self.service_name, *node, *words)

    @property
    def json(self) -> "JsonLines | None":
        """Where JSON Lines go; None when text was asked for."""
        if self.options.format == "json" and self._json is None:
            from svcprov.jsonl import JsonLines

            self._json = JsonLines(self.screen, reads=self.options.reads)
        return self._json

    def files(self) -> "ServiceFiles":
        """The files of the service. Raises UsageError for a name that no service can have."""
        from svcprov.files import ServiceFiles, var

        # The directory of a simulated node is always the same one; on this machine it is where our own files are.
        return ServiceFiles(self.service_name, *(() if self.options.node is not None else (var(),)))

    def node(self) -> "Node":
        """The node to act on: this machine without --node. Raises UsageError for a file that is no node state."""
        if self.options.node is not None:
            from svcprov.node_file import NodeFile

            return NodeFile(self.options.node)
        from svcprov.machine import ThisMachine

        return ThisMachine(self.service_name, self.screen.live if self.options.live else None)

    def nodename(self) -> str:
        """The node for which a service file is read when nothing is done there."""
        if self.options.node is not None:
            return self.node().hostname
        from os import uname

        return uname().nodename.lower()

    def selection(self) -> "Selection":
        """The resources that were asked for."""
        from svcprov.action import Selection

        return Selection(commas(self.options.rid), commas(self.options.tags), commas(self.options.subsets))

    def check(self, service: "Service") -> None:
        """Raise ConfigError or UsageError for a service that cannot be acted on here, all reasons at once."""
        problems = service.problems()
        problems += [_no_node(service)] if not service.runs_here else []
        if problems:
            raise ConfigError(*problems)
        for option in ("adopt", "rid"):
            for rid in commas(getattr(self.options, option)):
                if "#" in rid:
                    service.resource(rid)
        service.adopt = frozenset(commas(self.options.adopt))
        service.allow_destroy = frozenset(commas(self.options.allow_destroy))
        self.screen.hide(service.secrets())

    def listener(self, service: "Service") -> "Hearing":
        """Who hears of a run: the log, or JSON Lines."""
        if self.json is not None:
            return self.json
        from svcprov.log import LogLines

        return LogLines(service, self.screen, debug=self.options.debug)

    def complain(self, error: SvcprovError) -> None:
        """Say on standard error what went wrong.

        A remedy of the engine's is a line without --node, since the engine does not know what a node is called; one
        that allows something more is what was typed, with that.
        """
        text = error.text if isinstance(error, Refused) else str(error)
        if error.rid and error.rid not in text:
            text = f"{error.rid}: {text}"
        remedies = tuple(
            each if each.whole else each._replace(line=self._as_typed(each.line)) for each in error.remedies
        )
        complain(self.screen, "svcmgr", error, text, remedies)

    def _as_typed(self, line: str) -> str:
        """The command line of a remedy, as it is to be typed here."""
        from shlex import split

        bare = _shell_line("svcmgr", "-s", str(self.options.service))
        words = split(line.removeprefix(bare))
        if not line.startswith(f"{bare} "):
            return line
        match words:
            # Taking back a failed action is another action than the one that was typed.
            case (verb, ("--adopt" | "--allow-destroy"), _) if verb != "rollback" or self.action == "rollback":
                return self.allowing(*words[1:])
        return self.line(*words)


def _shell_line(*words: str) -> str:
    from svcprov import shell

    return shell.line(words)


def complain(
    screen: Screen, program: str, error: SvcprovError, text: str = "", remedies: tuple[Remedy, ...] = ()
) -> None:
    """Write an error: problems of a file as compilers do, others after the name of the program; last what to type."""
    text = text or str(error)
    screen.err(screen.styled(text if isinstance(error, ConfigError) else f"{program}: {text}", "red", error=True))
    for purpose, line, _ in remedies:
        screen.err(f"{purpose}:\n  {line}")


def _no_node(service: "Service") -> Problem:
    listed = " ".join((*service.nodes, *service.drpnodes))
    said = f"this node ({service.nodename}) is none of the service's: {listed}"
    return service.problem("DEFAULT", "nodes", said, "add it there, or act on one of them")

"""One command line at work: what was typed, where its words go, and what it acts on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import Ambiguous, ConfigError, Problem, SvcprovError, UsageError
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
SHOWING = ("--dry-run", "--detailed-exitcode")
"""The options that make an action show what it would do, instead of doing it."""
DECIDING = ("--found", "--forget")
DECIDED = tuple(f"{option}=" for option in DECIDING)


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
        text = self._doubts(error) if isinstance(error, Ambiguous) else str(error)
        if error.rid and error.rid not in text:
            text = f"{error.rid}: {text}"
        if self.options.service is not None and self.options.node is not None:
            text = self._with_node(text)
        complain(self.screen, "svcmgr", error, text)

    def _doubts(self, error: Ambiguous) -> str:
        """What cannot be told apart, and a line for each answer."""
        answers = [("--found", f"{error.name}={candidate}") for candidate in error.candidates]
        lines = "\n".join(f"  {self._deciding(*answer)}" for answer in (*answers, ("--forget", error.name)))
        nothing = "the last line says that it made nothing" if answers else "this says that it made nothing"
        return f"{error}; {nothing}:\n{lines}"

    def _deciding(self, *words: str) -> str:
        """The command line as it was typed, with words that decide something: of an action, not of what shows one.

        What it decided before is in journal and record by now.
        """
        if self.action == "plan":
            return self.line(*(self.operands or ("provision",)), *words)
        typed, before = [], ""
        for word in self.argv:
            if word not in {*SHOWING, *DECIDING} and before not in DECIDING and not word.startswith(DECIDED):
                typed.append(word)
            before = word
        return _shell_line("svcmgr", *typed, *words)

    def _with_node(self, text: str) -> str:
        import re

        bare = re.escape(_shell_line("svcmgr", "-s", self.service_name))
        allowing = rf"{bare} provision (--adopt|--allow-destroy) ([^\s;`]+)"
        text = re.sub(allowing, lambda found: self.again(found[1], found[2]), text)
        forgetting = rf"{bare} provision --forget ([^\s;`]+)"
        text = re.sub(forgetting, lambda found: self._deciding("--forget", found[1]), text)
        line = self.line()
        return re.sub(
            f"`{bare} ([^`]*)`", lambda found: found[0] if "--node" in found[1] else f"`{line} {found[1]}`", text
        )


def _shell_line(*words: str) -> str:
    from svcprov import shell

    return shell.line(words)


def complain(screen: Screen, program: str, error: SvcprovError, text: str = "") -> None:
    """Write an error: problems of a file as compilers do, others after the name of the program."""
    text = text or str(error)
    screen.err(screen.styled(text if isinstance(error, ConfigError) else f"{program}: {text}", "red", error=True))


def _no_node(service: "Service") -> Problem:
    listed = " ".join((*service.nodes, *service.drpnodes))
    said = f"this node ({service.nodename}) is none of the service's: {listed}"
    return service.problem("DEFAULT", "nodes", said, "add it there, or act on one of them")

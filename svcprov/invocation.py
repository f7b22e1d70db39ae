"""One command line at work: what was typed, where its words go, and what it acts on."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from core.errors import Ambiguous, ConfigError, Problem, Refused, Remedy, ServiceHeld, SvcprovError, UsageError
from svcprov.arguments import ACTIONS, Request, commas
from svcprov.screen import Screen

if TYPE_CHECKING:
    from core.config.service import Service
    from core.plan import Plan
    from svcprov.action import Selection
    from svcprov.files import ServiceFiles
    from svcprov.jsonl import JsonLines
    from svcprov.live import LiveView
    from svcprov.node import Hearing, Node

RESULTS = {1: "failed", 3: "refused", 4: "node changed", 5: "held", 6: "invalid", 130: "interrupted"}
"""What the summary of a run says, by exit code."""
SHOWING = ("--dry-run", "--detailed-exitcode")
"""The options that make an action show what it would do, instead of doing it."""
DECIDING = ("--found", "--forget")
DECIDED = tuple(f"{option}=" for option in DECIDING)


WAIT_SECONDS = 60
"""How long a line that is proposed waits for another action."""


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
        self._view: LiveView | None = None

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
        if self.options.impersonate is not None:
            from svcprov.impersonation import impersonated

            return impersonated(self.options.node, self.nodename())
        if self.options.node is not None:
            from svcprov.node_file import NodeFile

            return NodeFile(self.options.node)
        from svcprov.machine import ThisMachine

        return ThisMachine(self.service_name, self.screen, live=self.options.live)

    def nodename(self) -> str:
        """The node for which a service file is read when nothing is done there."""
        if self.options.impersonate is not None:
            return str(self.options.impersonate).lower()
        if self.options.node is not None:
            return self.node().hostname
        from os import uname

        return uname().nodename.lower()

    def check_impersonated(self, service: "Service") -> None:
        """Raise UsageError for a node to be impersonated that is none of the service's."""
        if self.options.impersonate is not None and not service.runs_here:
            from core.config.spelling import meant

            nodes = (*service.nodes, *service.drpnodes)
            said = f"--impersonate {service.nodename}: {service.name} has no such node{meant(service.nodename, nodes)}"
            raise UsageError(f"{said}; its nodes are {' '.join(nodes)}")

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

        log = LogLines(service, self.screen, debug=self.options.debug)
        if self._is_seen():
            from svcprov.live import LiveView

            self._view = LiveView(log, self.screen)
        return self._view or log

    def _is_seen(self) -> bool:
        """Tell whether there is somebody to see how far a run has come; on a simulated node it is over at once."""
        options = self.options
        return options.node is None and not (options.debug or options.live) and self.screen.can_repaint()

    def showing(self, verb: str, plan: "Plan | None" = None) -> AbstractContextManager[None]:
        """Show how far a verb has come while this lasts, where there is somebody to see it."""
        return nullcontext() if self._view is None else self._view.showing(verb, plan)

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
        if isinstance(error, ServiceHeld):
            remedies = self._waiting()
        if isinstance(error, Ambiguous):
            remedies = self._answers(error)
        complain(self.screen, "svcmgr", error, text, remedies)

    def _waiting(self) -> tuple[Remedy, ...]:
        """How to come next, where that can be asked for."""
        if "waitlock" not in ACTIONS[self.action].options:
            return ()
        longer = max(WAIT_SECONDS, round(10 * (self.options.waitlock or 0)))
        return (Remedy("to wait for it to end", self.again("--waitlock", str(longer)), whole=True),)

    def _answers(self, error: Ambiguous) -> tuple[Remedy, ...]:
        """A line for each thing that an interrupted step may have made, and one for none of them."""
        found = (
            Remedy(f"where it made {each}", self._deciding("--found", f"{error.name}={each}"), whole=True)
            for each in error.candidates
        )
        return (*found, Remedy("where it made nothing", self._deciding("--forget", error.name), whole=True))

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
            case ("provision", "--forget", _):
                return self._deciding(*words[1:])
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

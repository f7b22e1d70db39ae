"""The command line of `svcmgr`: its actions, its options, and which option means something to which action."""

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from core.errors import UsageError

WAIT_SECONDS_DEFAULT = 0.0

EVERYWHERE = ("service", "node", "color", "format", "debug")
SELECTING = ("rid", "tags", "subsets")
ACTING = (*SELECTING, "dry_run", "yes", "adopt", "found", "forget", "allow_destroy", "waitlock", "reads")
PLANNING = ("detailed_exitcode",)
FAILING = ("rollback", "no_rollback")


class ActionWords(NamedTuple):
    """An action: where its function is (`module:function` below `svcprov.commands`), and what it takes.

    options: the names of its options, beside those that every action has. operands: the names of its words.
    """

    call: str
    summary: str
    options: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()


ACTIONS: Mapping[str, ActionWords] = {
    "create": ActionWords(
        "create:create",
        "write the service file from --config, --template or --resource; --provision acts on it",
        (*ACTING, *PLANNING, *FAILING, "config", "template", "resource", "provision", "interactive", "env", "force"),
    ),
    "update": ActionWords(
        "create:update",
        "add or change resources with --resource; --provision acts on them",
        (*ACTING, *PLANNING, *FAILING, "resource", "provision", "env"),
    ),
    "plan": ActionWords(
        "act:plan",
        "show what provision (or unprovision, start, stop) would run",
        (*SELECTING, *PLANNING, "adopt", "allow_destroy", "reads", "output", "why"),
        ("verb",),
    ),
    "provision": ActionWords("act:provision", "make what is missing, and bring it up", (*ACTING, *PLANNING, *FAILING)),
    "unprovision": ActionWords("act:unprovision", "delete what was made for the service", (*ACTING, *PLANNING)),
    "start": ActionWords("act:start", "bring the service up", (*ACTING, *PLANNING, *FAILING)),
    "stop": ActionWords("act:stop", "bring the service down", (*ACTING, *PLANNING)),
    "restart": ActionWords("act:restart", "stop, then start", (*ACTING, *FAILING)),
    "rollback": ActionWords(
        "act:rollback",
        "undo what the last interrupted or failed action did",
        ("yes", "allow_destroy", "found", "forget", "waitlock", "reads"),
    ),
    "status": ActionWords("status:status", "show the resource tree; --check: 0 when up, else 2", ("check",)),
    "print status": ActionWords("status:status", "the same", ("check",)),
    "print config": ActionWords("config:show", "show the service file; --eval: as it is understood", ("eval",)),
    "get": ActionWords("config:get", "print a value of the service file", ("param", "eval")),
    "set": ActionWords("config:set_", "change a value of the service file", ("param", "value", "waitlock")),
    "unset": ActionWords("config:unset", "take a value out of the service file", ("param", "waitlock")),
    "edit config": ActionWords("config:edit", "edit the service file, and check it before it is kept", ("waitlock",)),
    "validate config": ActionWords("config:validate", "say everything that is wrong with the service file"),
    "delete": ActionWords(
        "delete:delete",
        "remove the service file and its links",
        (*ACTING, "unprovision", "keep_resources"),
    ),
    "docker": ActionWords("docker:docker", "run docker against the service's own daemon", (), ("words",)),
    "demo": ActionWords("demo:demo", "provision the first template on a simulated EC2 node, and take it back"),
}

LATER: Mapping[str, str] = {
    "apply": "running a saved plan",
    "verify": "trying every crash point",
    "pull": "fetching the service file from the collector",
    "push": "sending the service file to the collector",
    "history": "the history of actions",
}
"""Actions of the documentation that this version does not have, and what they are."""


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are `UsageError`, and whose help does not have to measure the terminal by itself."""

    def __init__(self, **settings: Any) -> None:
        width = int(os.environ["COLUMNS"]) if os.environ.get("COLUMNS", "").isdigit() else 100
        super().__init__(
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=32, width=width),
            allow_abbrev=False,
            **settings,
        )

    def error(self, message: str) -> NoReturn:
        """Raise what `main` shows."""
        raise UsageError(f"{message}; `{self.prog} --help` lists what there is")


def svcmgr_parser() -> Parser:
    """The parser of svcmgr's options; what an action is, `parse` finds out."""
    width = max(map(len, ACTIONS)) + 2
    actions = "\n".join(f"  {name:<{width}}{action.summary}" for name, action in ACTIONS.items())
    parser = Parser(
        prog="svcmgr",
        usage="svcmgr [-s SERVICE] [OPTION...] ACTION [OPTION...]",
        description=f"Provision and run the service of an INI file.\n\nactions:\n{actions}",
        epilog="exit codes: 0 done, 1 failed, 2 changes pending, 3 refused, 4 the node changed, 5 the service is held,"
        "\n6 the configuration or the command line is invalid, 130 interrupted",
    )
    add = parser.add_argument
    add("words", nargs="*", help=argparse.SUPPRESS)
    add("-s", "--service", metavar="SERVICE", help="the name of the service")
    add("--node", metavar="FILE", help="act on the simulated node whose state is FILE")
    add("--dry-run", action="store_true", help="show what would run; change nothing")
    add("--rid", action="append", metavar="RID,...", help="only these resources, or groups such as disk")
    add("--tags", action="append", metavar="TAG,...", help="only resources with one of these tags")
    add("--subsets", action="append", metavar="NAME,...", help="only the resources of these subsets")
    add("-y", "--yes", action="store_true", help="ask nothing; never covers destroying data")
    add("--allow-destroy", action="append", metavar="DEVICE|RID", help="data there may be destroyed")
    add("--adopt", action="append", metavar="RID", help="use what exists for this resource")
    add("--found", action="append", metavar="STEP=ID", help="what an interrupted step made")
    add("--forget", action="append", metavar="STEP", help="an interrupted step made nothing")
    add("--rollback", action="store_true", help="undo on failure (start does)")
    add("--no-rollback", "--disable-rollback", action="store_true", help="leave what a failed start did")
    add("--waitlock", type=float, metavar="SECONDS", help="wait for another action to end")
    add("--config", metavar="FILE", help="create: the file to make the service of")
    add("--template", metavar="FILE|NAME", help="create: the template to make the service of")
    add("--resource", action="append", metavar="JSON", help="create, update: a resource")
    add("--env", action="append", metavar="K=V", help="create: a value of [env]")
    add("-i", "--interactive", action="store_true", help="create: ask for the values of [env]")
    add("-f", "--force", action="store_true", help="create: replace an existing service file")
    add("--provision", action="store_true", help="create, update: provision afterwards")
    add("--unprovision", action="store_true", help="delete: unprovision before")
    add("--keep-resources", action="store_true", help="delete: leave what was made for the service")
    add("--param", metavar="S.O", help="get, set, unset: the option O of section S")
    add("--value", metavar="V", help="set: its value")
    add("--eval", action="store_true", help="show values with their references resolved")
    add("--check", action="store_true", help="status: exit 0 when up, else 2")
    add("--detailed-exitcode", action="store_true", help="plan: exit 2 when something would change")
    add("--reads", action="store_true", help="with --format json: questions, too")
    add("-o", "--output", metavar="FILE", help="plan: save it")
    add("--why", metavar="STEP", help="plan: say what caused a step")
    add("--format", choices=("text", "json", "sh", "md"), default="text", help="how a plan, run or status is written")
    add("--color", choices=("auto", "always", "never"), default="auto", help="auto: on a terminal without NO_COLOR")
    add("--debug", action="store_true", help="log questions and housekeeping, too")
    add("--version", action="store_true", help="show the version")
    return parser


class Request(NamedTuple):
    """A command line that was understood: the action, its operands and its options."""

    action: str
    operands: tuple[str, ...]
    options: argparse.Namespace


def parse(argv: Sequence[str]) -> Request:
    """Understand a command line. Raises UsageError, and SystemExit(0) after `--help`."""
    parser = svcmgr_parser()
    words = list(argv)
    rest: list[str] = []
    docker = _docker_at(words)
    if docker is not None:
        words, rest = words[:docker], words[docker:]
    if "--value" in words[:-1]:
        at = words.index("--value")
        # A value may begin with a dash, as the options of a daemon do.
        words[at : at + 2] = [f"--value={words[at + 1]}"]
    options = parser.parse_intermixed_args(words)
    spoken = [*options.words, *rest]
    if options.version:
        return Request("--version", (), options)
    if not spoken:
        raise UsageError("no action; `svcmgr --help` lists them")
    name = " ".join(spoken[:2]) if " ".join(spoken[:2]) in ACTIONS else spoken[0]
    if name not in ACTIONS:
        raise UsageError(_unknown(spoken))
    operands = tuple(spoken[len(name.split()) :])
    _check(name, operands, options)
    return Request(name, operands, options)


def _docker_at(words: Sequence[str]) -> int | None:
    """Where the action `docker` stands, whose words are docker's own; None when it is another action."""
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if word == "docker" and before not in {"-s", "--service", "--node", "--color", "--format", "--rid", "--value"}:
            return position
        if not word.startswith("-") and before not in {"-s", "--service", "--node", "--color", "--format"}:
            return None
    return None


def _unknown(spoken: Sequence[str]) -> str:
    if spoken[0] in LATER:
        return f"{spoken[0]}: {LATER[spoken[0]]} comes with a later version of svcprov"
    from core.config.spelling import meant

    said = " ".join(spoken[:2]) if spoken[0] in {"print", "edit", "validate"} else spoken[0]
    return f"invalid service action: {said}{meant(said, tuple(ACTIONS))}; `svcmgr --help` lists them"


def _check(name: str, operands: tuple[str, ...], options: argparse.Namespace) -> None:
    action = ACTIONS[name]
    if len(operands) > len(action.operands) and action.operands != ("words",):
        raise UsageError(f"{name}: unexpected word {operands[len(action.operands)]!r}")
    for option, value in vars(options).items():
        if option in {"words", "version", *EVERYWHERE, *action.options} or value in (None, False):
            continue
        raise UsageError(f"--{option.replace('_', '-')} means nothing to {name}")
    if options.format in {"sh", "md"}:
        raise UsageError(f"--format {options.format} comes with a later version of svcprov; there are text and json")
    for option in ("output", "why"):
        if getattr(options, option) is not None:
            raise UsageError(f"--{option} comes with a later version of svcprov, with `apply`")
    if options.rollback and options.no_rollback:
        raise UsageError("--rollback and --no-rollback contradict each other")
    if options.waitlock is not None and not 0 <= options.waitlock < float("inf"):
        raise UsageError("--waitlock takes a number of seconds from 0")


def commas(values: Sequence[str] | None) -> tuple[str, ...]:
    """The words of comma lists that may be given more than once."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())

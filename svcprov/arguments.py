"""The command line of `svcmgr`: its actions, its options, and which option means something to which action."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from core.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace

SHORT = len("-s")

EVERYWHERE = ("service", "node", "color", "format", "debug", "live")
SELECTING = ("rid", "tags", "subsets")
ACTING = (*SELECTING, "dry_run", "yes", "adopt", "found", "forget", "allow_destroy", "waitlock", "reads")
PLANNING = ("detailed_exitcode",)
FAILING = ("rollback", "no_rollback")
SETTLING = ("env", "env_file", "explain_env")
ASKING = ("interactive", "answers")
EVALUATING = ("eval", "explain", "impersonate")


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
        (*ACTING, *PLANNING, *FAILING, *SETTLING, "config", "template", "resource", "provision", *ASKING, "force"),
    ),
    "update": ActionWords(
        "update:update",
        "add or change resources with --resource; --provision acts on them",
        (*ACTING, *PLANNING, *FAILING, *SETTLING, "resource", "provision"),
    ),
    "plan": ActionWords(
        "act:plan",
        "show what provision (or unprovision, start, stop) would run",
        (*SELECTING, *PLANNING, "adopt", "allow_destroy", "reads", "output", "why", "impersonate"),
        ("verb",),
    ),
    "apply": ActionWords(
        "apply:apply",
        "run a saved plan, and nothing that it does not contain",
        ("dry_run", "yes", "found", "forget", "waitlock", "reads", *PLANNING, *FAILING),
        ("file",),
    ),
    "provision": ActionWords("act:provision", "make what is missing, and bring it up", (*ACTING, *PLANNING, *FAILING)),
    "unprovision": ActionWords("act:unprovision", "delete what was made for the service", (*ACTING, *PLANNING)),
    "start": ActionWords("act:start", "bring the service up", (*ACTING, *PLANNING, *FAILING)),
    "stop": ActionWords("act:stop", "bring the service down", (*ACTING, *PLANNING)),
    "restart": ActionWords("act:restart", "stop, then start", (*ACTING, *PLANNING, *FAILING)),
    "adopt": ActionWords(
        "adopt:adopt",
        "record as the service's own what it holds already; changes nothing on the node",
        (*SELECTING, "dry_run", "yes", "waitlock"),
    ),
    "rollback": ActionWords(
        "act:rollback",
        "undo what the last interrupted or failed action did",
        ("yes", "allow_destroy", "found", "forget", "waitlock", "reads"),
    ),
    "status": ActionWords("status:status", "show the resource tree; --check: 0 when up, else 2", ("check",)),
    "print status": ActionWords("status:status", "the same", ("check",)),
    "history": ActionWords("history:history", "list what was done to the service: who, when, what, how it ended"),
    "verify": ActionWords(
        "verify:verify",
        "simulate the service through every crash point and fault",
        (*SELECTING, "examples", "point", "adopt"),
    ),
    "print config": ActionWords("config:show", "show the service file; --eval: as it is understood", EVALUATING),
    "print templates": ActionWords("templates:show", "list the templates that come with svcprov"),
    "get": ActionWords("config:get", "print a value of the service file, or a section", ("param", *EVALUATING)),
    "set": ActionWords("config:set_", "change a value of the service file", ("param", "value", "waitlock")),
    "unset": ActionWords("config:unset", "take a value out of the service file", ("param", "waitlock")),
    "edit config": ActionWords(
        "edit:edit",
        "edit the service file, and check it before it is kept",
        ("waitlock", "recover", "discard"),
    ),
    "validate config": ActionWords(
        "validate:validate",
        "say everything that is wrong with the service file, or with --config FILE",
        ("config", "impersonate"),
    ),
    "print keywords": ActionWords(
        "keywords:print_keywords", "show what a service file may say: of a driver, or of all", (), ("driver",)
    ),
    "delete": ActionWords(
        "delete:delete",
        "remove the service file and its links; --rid: only these resources",
        (*ACTING, "unprovision", "keep_resources"),
    ),
    "docker": ActionWords("docker:docker", "run docker against the service's own daemon", (), ("words",)),
    "completion": ActionWords(
        "completion:completion", "print what makes TAB work in a shell: bash, zsh or fish", (), ("shell",)
    ),
    "demo": ActionWords("demo:demo", "provision the first template on a simulated EC2 node, and take it back"),
}

LATER: Mapping[str, str] = {
    "pull": "fetching the service file from the collector",
    "push": "sending the service file to the collector",
}
"""Actions of the documentation that this version does not have, and what they are."""


FORMATS: Mapping[str, tuple[str, ...]] = {
    "text": (),
    "json": (),
    "sh": ("plan",),
    "md": ("plan", "print keywords"),
    "junit": ("verify",),
}
"""The formats, each with the actions that write it; one without is for all of them."""


class Option(NamedTuple):
    """An option: its names, its value as the help calls it ("": it takes none), and how many times it may be given."""

    names: tuple[str, ...]
    value: str
    summary: str
    repeated: bool = False
    choices: tuple[str, ...] = ()
    number: bool = False

    @property
    def destination(self) -> str:
        """What it is called among the options that were read."""
        return self.names[0 if len(self.names[0]) > SHORT else -1].lstrip("-").replace("-", "_")

    @property
    def absent(self) -> Any:
        """Its value where it is not given."""
        if self.choices:
            return self.choices[0]
        return None if self.value else False


OPTIONS = (
    Option(("-s", "--service"), "SERVICE", "the name of the service"),
    Option(("--node",), "FILE", "act on the simulated node whose state is FILE, not on this machine"),
    Option(("--dry-run",), "", "show what would run; change nothing"),
    Option(("--rid",), "RID,...", "only these resources, or groups such as disk", repeated=True),
    Option(("--tags",), "TAG,...", "only resources with one of these tags", repeated=True),
    Option(("--subsets",), "NAME,...", "only the resources of these subsets", repeated=True),
    Option(("-y", "--yes"), "", "ask nothing; never covers destroying data"),
    Option(("--allow-destroy",), "DEVICE|RID", "data there may be destroyed", repeated=True),
    Option(("--adopt",), "RID", "use what exists for this resource", repeated=True),
    Option(("--found",), "STEP=ID", "what an interrupted step made", repeated=True),
    Option(("--forget",), "STEP", "an interrupted step made nothing", repeated=True),
    Option(("--rollback",), "", "undo on failure (start does)"),
    Option(("--no-rollback", "--disable-rollback"), "", "leave what a failed start did"),
    Option(("--waitlock",), "SECONDS", "wait for another action to end", number=True),
    Option(("--config",), "URI", "create: the file to make the service of (- is standard input)"),
    Option(("--template",), "URI|NAME|ID", "create: the template to make the service of"),
    Option(("--resource",), "JSON|@FILE", "create, update: a resource, or a list of them", repeated=True),
    Option(("--env",), "K=V", "create, update: a value of [env]; @FILE: a secret", repeated=True),
    Option(("--env-file",), "FILE", "create, update: values of [env], K=V on each line", repeated=True),
    Option(("--explain-env",), "", "create, update: print who gave each value of [env]"),
    Option(("-i", "--interactive"), "", "create: ask for the values of [env]"),
    Option(("--answers",), "FILE", "create --interactive: the answers, one a line (-: standard input)"),
    Option(("-f", "--force"), "", "create: replace an existing service file"),
    Option(("--provision",), "", "create, update: provision afterwards"),
    Option(("--unprovision",), "", "delete: unprovision before"),
    Option(("--keep-resources",), "", "delete: leave what was made for the service"),
    Option(("--param",), "S.O", "get, set, unset: the option O of section S"),
    Option(("--value",), "V", "set: its value"),
    Option(("--recover",), "", "edit config: go on with an edit that was not kept"),
    Option(("--discard",), "", "edit config: throw such an edit away"),
    Option(("--eval",), "", "show values with their references resolved"),
    Option(("--explain",), "", "with --eval: show each step of it"),
    Option(("--impersonate",), "NODE", "print config, get, validate config, plan: as on NODE"),
    Option(("--check",), "", "status: exit 0 when up, else 2"),
    Option(("--detailed-exitcode",), "", "plan: exit 2 when something would change"),
    Option(("--reads",), "", "with --format json: questions, too"),
    Option(("-o", "--output"), "FILE", "plan: save it, for `apply`"),
    Option(("--why",), "STEP", "plan: say what caused a step"),
    Option(("--examples",), "N", "verify: how many varied services are tried beside the service itself", number=True),
    Option(("--point",), "POINT", "verify: only this try, called as a failure prints it"),
    Option(("--format",), "FORMAT", "how a plan, run or status is written", choices=tuple(FORMATS)),
    Option(("--color",), "WHEN", "auto: on a terminal without NO_COLOR", choices=("auto", "always", "never")),
    Option(("--debug",), "", "log questions and housekeeping, too"),
    Option(("--live",), "", "show what commands say while they run"),
    Option(("--version",), "", "show the version"),
)

EXIT_CODES = """\
exit codes: 0 done, 1 failed, 2 changes pending, 3 refused, 4 the node changed, 5 the service is held,
6 the configuration or the command line is invalid, 130 interrupted"""


def help_text() -> str:
    """What `svcmgr --help` shows. It is written from the tables, since loading argparse takes longer than that."""
    width = max(map(len, ACTIONS)) + 2
    lines = ["usage: svcmgr [-s SERVICE] [OPTION...] ACTION [OPTION...]", ""]
    lines += ["Provision and run the service of an INI file.", "", "actions:"]
    lines += [f"  {name:<{width}}{action.summary}" for name, action in ACTIONS.items()]
    lines += ["", "options:"]
    for option in OPTIONS:
        value = "|".join(option.choices) or option.value
        words = f"{', '.join(option.names)} {value}".rstrip()
        lines.append(f"  {words:<38}{option.summary}" + (" (repeatable)" if option.repeated else ""))
    return "\n".join((*lines, "", EXIT_CODES))


def _read(words: Sequence[str]) -> "Namespace":
    """Read words and options, in any order. Raises UsageError."""
    return _plain(words) or _parsed(words)


def _plain(words: Sequence[str]) -> "Namespace | None":
    """Read words and options that are right beyond doubt; None for what argparse has to look at.

    To load argparse takes as long as to validate a service file.
    """
    named = {name: option for option in OPTIONS for name in option.names}
    values: dict[str, Any] = {option.destination: option.absent for option in OPTIONS} | {"words": []}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            values["words"].append(word)
            continue
        name, equals, value = word.partition("=")
        option = named.get(name)
        if option is None or (equals and not option.value and not option.choices):
            return None
        if not option.value:
            values[option.destination] = True
            continue
        value = value if equals else next(rest, "--")
        is_option = value.startswith("-") and value != "-" and not equals
        if is_option or (option.choices and value not in option.choices):
            return None
        if option.repeated:
            values[option.destination] = [*(values[option.destination] or ()), value]
        elif option.number:
            try:
                values[option.destination] = float(value)
            except ValueError:
                return None
        else:
            values[option.destination] = value
    return cast("Namespace", SimpleNamespace(**values))


def _parsed(words: Sequence[str]) -> "Namespace":
    """Read words and options with argparse, which says what is wrong. Raises UsageError."""
    import argparse

    class Parser(argparse.ArgumentParser):
        """A parser whose mistakes are our errors."""

        def error(self, message: str) -> NoReturn:
            raise UsageError(f"{message}; `svcmgr --help` lists what there is")

    # A formatter that is told the width does not load what measures terminals.
    parser = Parser(
        prog="svcmgr",
        usage=argparse.SUPPRESS,
        add_help=False,
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=80),
    )
    parser.add_argument("words", nargs="*")
    for option in OPTIONS:
        settings: dict[str, Any] = {"action": "append" if option.repeated else "store"}
        if not option.value:
            settings = {"action": "store_true"}
        elif option.choices:
            settings |= {"choices": option.choices, "default": option.choices[0]}
        elif option.number:
            settings |= {"type": float}
        parser.add_argument(*option.names, dest=option.destination, **settings)
    return parser.parse_intermixed_args(list(words))


class Request(NamedTuple):
    """A command line that was understood: the action, its operands and its options."""

    action: str
    operands: tuple[str, ...]
    options: "Namespace"


def parse(argv: Sequence[str]) -> Request:
    """Understand a command line. Raises UsageError."""
    words = list(argv)
    rest: list[str] = []
    docker = _docker_at(words)
    if docker is not None:
        words, rest = _ours_before_docker(words, docker)
    if "--value" in words[:-1]:
        at = words.index("--value")
        # A value may begin with a dash, as the options of a daemon do.
        words[at : at + 2] = [f"--value={words[at + 1]}"]
    options = _read(words)
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


def _ours_before_docker(words: Sequence[str], docker: int) -> tuple[list[str], list[str]]:
    """Our words, and docker's: what names service and node right after `docker` is ours, since docker has no such."""
    ours, rest = list(words[:docker]), list(words[docker + 1 :])
    while rest and rest[0].partition("=")[0] in {"-s", "--service", "--node"}:
        taken = 1 if "=" in rest[0] else 2
        ours, rest = [*ours, *rest[:taken]], rest[taken:]
    return ours, ["docker", *rest]


def _unknown(spoken: Sequence[str]) -> str:
    if spoken[0] in LATER:
        return f"{spoken[0]}: {LATER[spoken[0]]} comes with a later version of svcprov"
    from core.config.spelling import meant

    said = " ".join(spoken[:2]) if spoken[0] in {"print", "edit", "validate"} else spoken[0]
    return f"invalid service action: {said}{meant(said, tuple(ACTIONS))}; `svcmgr --help` lists them"


def _check(name: str, operands: tuple[str, ...], options: "Namespace") -> None:
    action = ACTIONS[name]
    if len(operands) > len(action.operands) and action.operands != ("words",):
        raise UsageError(f"{name}: unexpected word {operands[len(action.operands)]!r}")
    for option, value in vars(options).items():
        if option in {"words", "version", *EVERYWHERE, *action.options} or value in (None, False):
            continue
        raise UsageError(f"--{option.replace('_', '-')} means nothing to {name}")
    writers = FORMATS[options.format]
    if writers and name not in writers:
        raise UsageError(f"--format {options.format} is for {' and '.join(writers)}; {name} writes text and json")
    if options.rollback and options.no_rollback:
        raise UsageError("--rollback and --no-rollback contradict each other")
    if options.waitlock is not None and not 0 <= options.waitlock < float("inf"):
        raise UsageError("--waitlock takes a number of seconds from 0")


def commas(values: Sequence[str] | None) -> tuple[str, ...]:
    """The words of comma lists that may be given more than once."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())

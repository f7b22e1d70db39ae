"""`nodemgr`: what this installation has for a node: its drivers, their keywords, its templates."""

import sys
from collections.abc import Callable, Iterator, Sequence

from core.errors import SvcprovError, UsageError
from svcprov import inventory
from svcprov.invocation import complain
from svcprov.screen import Screen

FORMATS = ("text", "json", "md")
STATE_MODE = 0o600

LATER = {
    "register": "registering with a collector",
    "collector": "searching and serving templates",
    "provision": "provisioning arrays",
    "push": "sending to the collector",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    screen = Screen()
    try:
        return _run(screen, list(sys.argv[1:] if argv is None else argv))
    except SvcprovError as error:
        complain(screen, "nodemgr", error)
        return error.exit_code


def _run(screen: Screen, argv: list[str]) -> int:
    if not argv or {"-h", "--help"} & set(argv):
        screen.out("usage: nodemgr ACTION\n\nShow what svcprov has for a node.\n\nactions:")
        for name, (summary, _) in ACTIONS.items():
            screen.out(f"  {name:<26}{summary}")
        screen.out(f"\noptions:\n  {'--format ' + '|'.join(FORMATS):<26}print keywords: how they are written")
        screen.out(f"  {'-o, --output FILE':<26}observe: the file that the state is written to")
        return 0 if argv else UsageError.exit_code
    if argv[0] == "observe":
        return _observe(screen, argv[1:])
    format_, words = _format(argv)
    if words and words[0] in LATER:
        raise UsageError(f"{words[0]}: {LATER[words[0]]} comes with a later version of svcprov")
    name = " ".join(words[:2])
    if name not in ACTIONS:
        from core.config.spelling import meant

        raise UsageError(f"invalid action: {name or 'none'}{meant(name, tuple(ACTIONS))}; `nodemgr --help` lists them")
    _, function = ACTIONS[name]
    for line in function(words[2:], format_):
        screen.out(line)
    return 0


def _observe(screen: Screen, words: list[str]) -> int:
    """Write the state of this machine; say on standard error what could not be seen."""
    from core.state import dumps
    from svcprov.observation import observe

    output = None
    match words:
        case []:
            pass
        case ["-o" | "--output", path] if not path.startswith("-"):
            output = path
        case [word] if word.startswith("--output="):
            output = word.removeprefix("--output=")
        case _:
            raise UsageError("observe takes -o FILE, and nothing else")
    state, failed = observe()
    for sentence in (*state["unseen"], *failed):
        screen.err(f"not seen: {sentence}")
    if output is None:
        screen.out(dumps(state).rstrip("\n"))
    else:
        from svcprov.replace import replace

        replace(output, dumps(state).encode(), STATE_MODE)
    return 0


def _format(argv: list[str]) -> tuple[str, list[str]]:
    """The value of --format, and the words that are no options. Raises UsageError for any other option."""
    format_, words = FORMATS[0], []
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == "--format":
            format_ = value if equals else next(rest, "")
            if format_ not in FORMATS:
                raise UsageError(f"--format takes one of {', '.join(FORMATS)}")
        elif word.startswith("-"):
            raise UsageError(f"unrecognized option {word}; `nodemgr --help` lists what there is")
        else:
            words.append(word)
    return format_, words


def _print_drivers(words: list[str], format_: str) -> Iterator[str]:
    _no_more(words, 0)
    _only_text(format_)
    yield from inventory.drivers()


def _print_keywords(words: list[str], format_: str) -> Iterator[str]:
    from svcprov.keyword_pages import pages

    _no_more(words, 1)
    yield from pages(words[0] if words else "", format_)


def _print_templates(words: list[str], format_: str) -> Iterator[str]:
    _no_more(words, 0)
    _only_text(format_)
    for name, path in inventory.templates().items():
        yield f"{name}  {path}"


def _no_more(words: list[str], most: int) -> None:
    if len(words) > most:
        raise UsageError(f"unexpected word {words[most]!r}")


def _only_text(format_: str) -> None:
    if format_ != FORMATS[0]:
        raise UsageError("--format is for `print keywords`")


def _nothing(_words: list[str], _format: str) -> Iterator[str]:
    """`observe` is read on its own; it is listed with the others."""
    return iter(())


ACTIONS: dict[str, tuple[str, Callable[[list[str], str], Iterator[str]]]] = {
    "print drivers": ("the drivers there are", _print_drivers),
    "print keywords": ("what a service file may say: of [DRIVER], or of all", _print_keywords),
    "observe": ("this machine's state as a node-state file, for --node", _nothing),
    "print templates": ("the templates that come with svcprov", _print_templates),
}

if __name__ == "__main__":
    sys.exit(main())

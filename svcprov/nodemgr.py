"""`nodemgr`: this node as it is seen, and what this installation has for it: drivers, their keywords, templates."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from core.errors import SvcprovError, UsageError
from svcprov import inventory
from svcprov.invocation import complain
from svcprov.screen import Screen

FORMATS = ("text", "json", "md")
STATE_MODE = 0o600

LATER = {
    "register": "registering with a collector",
    "collector": "searching and serving the templates of a collector",
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
        screen.out("usage: nodemgr [OPTION...] ACTION [OPTION...]\n")
        screen.out("Look at this node, and at what svcprov has for it.\n\nactions:")
        for name, (summary, _) in ACTIONS.items():
            screen.out(f"  {name:<26}{summary}")
        screen.out(f"\noptions:\n  {'--format ' + '|'.join(FORMATS):<26}print keywords: how they are written")
        screen.out(f"  {'-o, --output FILE':<26}observe: the file that the state is written to")
        return 0 if argv else UsageError.exit_code
    if argv[0] in LATER:
        # Its options are as little known as itself.
        raise UsageError(f"{argv[0]}: {LATER[argv[0]]} comes with a later version of svcprov")
    given = _read(argv)
    if given.words and given.words[0] in LATER:
        raise UsageError(f"{given.words[0]}: {LATER[given.words[0]]} comes with a later version of svcprov")
    length = 1 if given.words[:1] == ["observe"] else 2
    name = " ".join(given.words[:length])
    if name not in ACTIONS:
        from core.config.spelling import meant

        raise UsageError(f"invalid action: {name or 'none'}{meant(name, tuple(ACTIONS))}; `nodemgr --help` lists them")
    _, function = ACTIONS[name]
    if given.output is not None and name != "observe":
        raise UsageError("-o is for `observe`")
    write = screen.json if name == "observe" or given.format == "json" else screen.out
    for line in function(given._replace(words=given.words[length:]), screen):
        write(line)
    return 0


class Given(NamedTuple):
    """What was typed: the words that are no options, the value of --format, and that of -o (None without it)."""

    words: list[str]
    format: str = FORMATS[0]
    output: str | None = None


def _read(argv: list[str]) -> Given:
    """Read a command line. Raises UsageError for an option that there is not."""
    given = Given([])
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in {"--format", "-o", "--output"}:
            value = value if equals else next(rest, "")
            if name != "--format" and not value:
                raise UsageError(f"{name} needs the name of a file")
            if name == "--format" and value not in FORMATS:
                raise UsageError(f"--format takes one of {', '.join(FORMATS)}")
            given = given._replace(format=value) if name == "--format" else given._replace(output=value)
        elif word.startswith("-"):
            raise UsageError(f"unrecognized option {word}; `nodemgr --help` lists what there is")
        else:
            given.words.append(word)
    return given


def _observe(given: Given, screen: Screen) -> Iterator[str]:
    """Write the state of this machine; say on standard error what could not be seen."""
    from core.state import dumps
    from svcprov.observation import observe

    _no_more(given, 0)
    _only_text(given)
    state, failed = observe()
    for sentence in (*state["unseen"], *failed):
        screen.err(f"not seen: {sentence}")
    if given.output is None:
        yield dumps(state).rstrip("\n")
    else:
        from svcprov.replace import replace

        replace(given.output, dumps(state).encode(), STATE_MODE)


def _print_drivers(given: Given, _screen: Screen) -> Iterator[str]:
    _no_more(given, 0)
    _only_text(given)
    yield from inventory.drivers()


def _print_keywords(given: Given, _screen: Screen) -> Iterator[str]:
    from svcprov.keyword_pages import pages

    _no_more(given, 1)
    yield from pages(given.words[0] if given.words else "", given.format)


def _print_templates(given: Given, _screen: Screen) -> Iterator[str]:
    _no_more(given, 0)
    _only_text(given)
    for name, path in inventory.templates().items():
        yield f"{name}  {path}"


def _no_more(given: Given, most: int) -> None:
    if len(given.words) > most:
        raise UsageError(f"unexpected word {given.words[most]!r}")


def _only_text(given: Given) -> None:
    if given.format != FORMATS[0]:
        raise UsageError("--format is for `print keywords`")


ACTIONS: dict[str, tuple[str, Callable[[Given, Screen], Iterator[str]]]] = {
    "observe": ("this machine's state as a node-state file, for --node", _observe),
    "print drivers": ("the drivers there are", _print_drivers),
    "print keywords": ("what a service file may say: of [DRIVER], or of all", _print_keywords),
    "print templates": ("the templates that come with svcprov", _print_templates),
}

if __name__ == "__main__":
    sys.exit(main())

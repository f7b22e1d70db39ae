"""`nodemgr`: this node as it is seen, and what this installation has for it: drivers, their keywords, templates."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from core.config.spelling import meant
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
    words = list(sys.argv[1:] if argv is None else argv)
    if "--complete" in words[:1]:
        from svcprov.completion import answer

        return answer("nodemgr", words[1:])
    screen = Screen()
    try:
        return _run(screen, words)
    except SvcprovError as error:
        complain(screen, "nodemgr", error)
        return error.exit_code


def _run(screen: Screen, argv: list[str]) -> int:
    if not argv or {"-h", "--help"} & set(argv):
        screen.out("usage: nodemgr [OPTION...] ACTION [OPTION...]\n")
        screen.out("Look at this node, and at what svcprov has for it.\n\nactions:")
        for name, (summary, _) in (*ENDING.items(), *ACTIONS.items()):
            screen.out(f"  {name:<26}{summary}")
        screen.out(f"\noptions:\n  {'--format ' + '|'.join(FORMATS):<26}print keywords: how they are written")
        screen.out(f"  {'-o, --output FILE':<26}observe: the file that the state is written to")
        screen.out(f"  {'--node FILE':<26}import: plan on the simulated node whose state is FILE, not on this machine")
        screen.out(f"  {'--write':<26}import: write what can be used into OSVCETC, never over an existing file")
        return 0 if argv else UsageError.exit_code
    if argv[0] in LATER:
        # Its options are as little known as itself.
        raise UsageError(f"{argv[0]}: {LATER[argv[0]]} comes with a later version of svcprov")
    given = _read(argv)
    if given.words and given.words[0] in LATER:
        raise UsageError(f"{given.words[0]}: {LATER[given.words[0]]} comes with a later version of svcprov")
    if given.words and given.words[0] in ENDING:
        return ENDING[given.words[0]][1](given._replace(words=given.words[1:]), screen)
    if given.write or given.node is not None:
        raise UsageError("--write and --node are for `import`")
    length = 1 if given.words[:1] == ["observe"] else 2
    name = " ".join(given.words[:length])
    if name not in ACTIONS:
        raise UsageError(
            f"invalid action: {name or 'none'}{meant(name, (*ENDING, *ACTIONS))}; `nodemgr --help` lists them"
        )
    _, function = ACTIONS[name]
    if given.output is not None and name != "observe":
        raise UsageError("-o is for `observe`")
    write = screen.json if name == "observe" or given.format == "json" else screen.out
    for line in function(given._replace(words=given.words[length:]), screen):
        write(line)
    return 0


class Given(NamedTuple):
    """What was typed: the words that are no options, the values of --format, -o and --node (None without), --write."""

    words: list[str]
    format: str = FORMATS[0]
    output: str | None = None
    node: str | None = None
    write: bool = False


def _read(argv: list[str]) -> Given:
    """Read a command line. Raises UsageError for an option that there is not."""
    given = Given([])
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in {"--format", "-o", "--output", "--node"}:
            value = value if equals else next(rest, "")
            if name != "--format" and not value:
                raise UsageError(f"{name} needs the name of a file")
            if name == "--format" and value not in FORMATS:
                raise UsageError(f"--format takes one of {', '.join(FORMATS)}")
            if name == "--node":
                given = given._replace(node=value)
            else:
                given = given._replace(format=value) if name == "--format" else given._replace(output=value)
        elif word == "--write":
            given = given._replace(write=True)
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
    """Each driver, with the file that the documentation's `ls` shows for it; or the names that a pattern matches."""
    from fnmatch import fnmatchcase

    from svcprov.listings import PROVISIONERS, provisioner

    _no_more(given, 1)
    _only_text(given)
    if not given.words:
        width = max(map(len, inventory.drivers())) + 2
        for name in inventory.drivers():
            yield f"{name:<{width}}{provisioner(name)}".rstrip()
        return
    pattern = given.words[0]
    known = (*inventory.drivers(), *(f"lib/{name}.py" for name, place in PROVISIONERS.items() if place))
    found = [name for name in known if fnmatchcase(name, pattern)]
    if not found:
        raise UsageError(f"no driver is called {pattern}{meant(pattern, known)}; `nodemgr print drivers` lists them")
    yield from found


def _print_keywords(given: Given, _screen: Screen) -> Iterator[str]:
    from svcprov.keyword_pages import pages

    _no_more(given, 1)
    yield from pages(given.words[0] if given.words else "", given.format)


def _print_templates(given: Given, _screen: Screen) -> Iterator[str]:
    _no_more(given, 0)
    _only_text(given)
    for name, path in inventory.templates().items():
        yield f"{name}  {path}"


def _print_schema(given: Given, _screen: Screen) -> Iterator[str]:
    from svcprov.service_schema import text

    _no_more(given, 0)
    _only_text(given)
    yield text().rstrip("\n")


def _print_listings(given: Given, _screen: Screen) -> Iterator[str]:
    from svcprov.listings import FOLDER

    _no_more(given, 0)
    _only_text(given)
    folder = f"{inventory.home()}/{FOLDER}"
    for name in sorted(os.listdir(folder)):
        yield f"{folder}/{name}"


def _import(given: Given, screen: Screen) -> int:
    """Tell what the service files of older agents say to svcprov; with --write, write them as it reads them."""
    from svcprov.import_table import show

    if given.output is not None:
        raise UsageError("-o is for `observe`")
    if not given.words:
        raise UsageError("import: name service files of an older agent, or directories that have some")
    if given.format == "md":
        raise UsageError("import: --format takes text or json")
    return show(screen, given.words, given.node, write=given.write, as_json=given.format == "json")


def _no_more(given: Given, most: int) -> None:
    if len(given.words) > most:
        raise UsageError(f"unexpected word {given.words[most]!r}")


def _only_text(given: Given) -> None:
    if given.format != FORMATS[0]:
        raise UsageError("--format is for `print keywords`")


ACTIONS: dict[str, tuple[str, Callable[[Given, Screen], Iterator[str]]]] = {
    "observe": ("this machine's state as a node-state file, for --node", _observe),
    "print drivers": ("the drivers there are, or those of a [PATTERN]: 'fs.*', 'lib/prov*py'", _print_drivers),
    "print keywords": ("what a service file may say: of [DRIVER], or of all", _print_keywords),
    "print listings": ("the documentation's listings of keywords", _print_listings),
    "print schema": ("the JSON schema of service files", _print_schema),
    "print templates": ("the templates that come with svcprov", _print_templates),
}

ENDING: dict[str, tuple[str, Callable[[Given, Screen], int]]] = {
    "import": ("what service files of the agents of 2015 and 2016 say to svcprov; --write writes them", _import),
}
"""The actions that print by themselves and end with an exit code of their own."""

if __name__ == "__main__":
    sys.exit(main())

"""`nodemgr`: what this installation has for a node: its drivers, their keywords, its templates."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from core.errors import SvcprovError, UsageError
from svcprov import inventory
from svcprov.invocation import complain
from svcprov.screen import Screen

if TYPE_CHECKING:
    from core.config.keywords import Keyword

LATER = {
    "observe": "observing this node",
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
        return 0 if argv else UsageError.exit_code
    words = [word for word in argv if not word.startswith("-")]
    if len(words) < len(argv):
        unknown = next(word for word in argv if word.startswith("-"))
        raise UsageError(f"unrecognized option {unknown}; `nodemgr --help` lists what there is")
    if words and words[0] in LATER:
        raise UsageError(f"{words[0]}: {LATER[words[0]]} comes with a later version of svcprov")
    name = " ".join(words[:2])
    if name not in ACTIONS:
        from core.config.spelling import meant

        raise UsageError(f"invalid action: {name or 'none'}{meant(name, tuple(ACTIONS))}; `nodemgr --help` lists them")
    _, function = ACTIONS[name]
    for line in function(words[2:]):
        screen.out(line)
    return 0


def _print_drivers(words: list[str]) -> Iterator[str]:
    _no_more(words, 0)
    yield from inventory.drivers()


def _print_keywords(words: list[str]) -> Iterator[str]:
    from core.config.keywords import COMMON, DEFAULTS
    from core.driver import UnknownDriver, load

    _no_more(words, 1)
    if not words:
        yield from _keyword_lines("DEFAULT", DEFAULTS)
        yield ""
        yield from _keyword_lines("every resource", COMMON)
        for name in inventory.drivers():
            yield ""
            yield from _print_keywords([name])
        return
    group, _, type_ = words[0].partition(".")
    try:
        driver = load(group, type_)
    except UnknownDriver:
        from core.config.spelling import meant

        known = tuple(inventory.drivers())
        raise UsageError(
            f"there is no driver {words[0]!r}{meant(words[0], known)}; see `nodemgr print drivers`"
        ) from None
    yield from _keyword_lines(words[0], driver.keywords)
    if driver.service_keywords:
        yield from _keyword_lines(f"{words[0]}, in DEFAULT", driver.service_keywords)


def _keyword_lines(title: str, keywords: Sequence["Keyword"]) -> Iterator[str]:
    yield f"[{title}]"
    for keyword in keywords:
        facts: list[str] = [keyword.kind]
        facts += ["required"] if keyword.required else []
        facts += ["provisioning"] if keyword.provisioning else []
        facts += [f"default {keyword.default}"] if keyword.default else []
        facts += [f"one of {', '.join(keyword.candidates)}"] if keyword.candidates else []
        facts += [f"a bare number counts {keyword.unit}"] if keyword.unit else []
        facts += [] if keyword.scopable else ["the same on every node"]
        yield f"  {keyword.name} ({'; '.join(facts)})"
        yield f"      {keyword.text}"


def _print_templates(words: list[str]) -> Iterator[str]:
    _no_more(words, 0)
    for name, path in inventory.templates().items():
        yield f"{name}  {path}"


def _no_more(words: list[str], most: int) -> None:
    if len(words) > most:
        raise UsageError(f"unexpected word {words[most]!r}")


ACTIONS: dict[str, tuple[str, Callable[[list[str]], Iterator[str]]]] = {
    "print drivers": ("the drivers there are", _print_drivers),
    "print keywords": ("what a service file may say: of [DRIVER], or of all", _print_keywords),
    "print templates": ("the templates that come with svcprov", _print_templates),
}

if __name__ == "__main__":
    sys.exit(main())

"""What a service file may say, written from the declarations of keywords: as text, as Markdown, as JSON.

The declarations are in `core.config.keywords` and in the drivers. Nothing of them is repeated here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from core.config.keywords import COMMON, DEFAULTS, SUBSET, TRIGGERS, Keyword, Kind
from core.driver import UNTYPED, UnknownDriver, load
from core.errors import UsageError
from svcprov import inventory, listings

COMMAND = "python -m tests.keywords"
GENERAL = "README.md"

KINDS: Mapping[Kind, str] = {
    "text": "any text",
    "words": "words separated by blanks or line ends",
    "size": "a size such as `15G`, `500m` or, where something is shared out, `10%FREE`",
    "boolean": "`true`, `yes`, `1`, or `false`, `no`, `0`",
    "integer": "a whole number",
    "address": "an IPv4 or IPv6 address",
    "path": "an absolute path",
    "device": "a path of a block device, `LABEL=...` or `UUID=...`",
    "mountpoint": "an absolute path of a directory, and not the root",
    "choice": "one of the words that are listed",
}


class Section(NamedTuple):
    """A section of a service file, and what it may hold.

    name: what `print keywords` calls it (`DEFAULT`, `fs.btrfs`). heading: how the file writes it. text: what it is.
    service_keywords: what its driver adds to DEFAULT.
    """

    name: str
    heading: str
    text: str
    keywords: tuple[Keyword, ...]
    service_keywords: tuple[Keyword, ...] = ()


def pages(name: str, format_: str) -> Iterator[str]:
    """The lines of the reference as `text`, `md` or `json`: of one driver, or for "" of everything.

    Raises UsageError for a driver that there is not.
    """
    sections = [_driver(name)] if name else [*_general(), *map(_driver, inventory.drivers())]
    if format_ == "json":
        yield json.dumps([_object(section) for section in sections], ensure_ascii=False, indent=1)
    elif format_ == "md":
        yield from _markdown(sections, whole=not name)
    else:
        for position, section in enumerate(sections):
            yield from ([""] if position else [])
            yield from _text(section)


def files() -> dict[str, str]:
    """The pages of `docs/keywords` by file name: one for each driver, so that a new driver changes none that exists."""
    found = {f"{name}.md": "\n".join(pages(name, "md")) + "\n" for name in inventory.drivers()}
    return {GENERAL: "\n".join(_markdown(list(_general()), whole=True)) + "\n"} | found


def _general() -> Iterator[Section]:
    yield Section("DEFAULT", "[DEFAULT]", "What holds for the service as a whole.", DEFAULTS)
    yield Section("every resource", "[GROUP#N]", "What the section of every resource may hold.", COMMON)
    yield Section("subset#GROUP:NAME", "[subset#GROUP:NAME]", "What holds for the resources of one subset.", SUBSET)


def _driver(name: str) -> Section:
    group, _, type_ = name.partition(".")
    try:
        driver = load(group, type_)
    except UnknownDriver:
        from core.config.spelling import meant

        near = meant(name, tuple(inventory.drivers()))
        raise UsageError(f"there is no driver {name!r}{near}; see `nodemgr print drivers`") from None
    type_ = type_ or UNTYPED[group]
    heading = f"[{group}#N]" + ("" if UNTYPED.get(group) == type_ else f" type = {type_}")
    text = "\n".join(line.strip() for line in (driver.__doc__ or "").splitlines()).strip()
    if driver.verbs_do_nothing:
        text += " It is checked and shown; no action runs it."
    return Section(f"{group}.{type_}", heading, text, driver.keywords, driver.service_keywords)


def _facts(keyword: Keyword) -> list[str]:
    """What is to be known of a keyword, beside its sentence."""
    facts: list[str] = [keyword.kind]
    facts += ["required"] if keyword.required else []
    facts += ["provisioning"] if keyword.provisioning else []
    facts += [f"default {keyword.default}"] if keyword.default else []
    facts += [f"one of {', '.join(keyword.candidates)}"] if keyword.candidates else []
    facts += [f"a bare number counts {keyword.unit}"] if keyword.unit else []
    if keyword.only_with is not None:
        name, values = keyword.only_with
        facts.append(f"only with {name}" + (f" = {' or '.join(values)}" if values else ""))
    return facts + ([] if keyword.scopable else ["the same on every node"])


def _text(section: Section) -> Iterator[str]:
    """A section as the documentation's listings have it, so that the same `grep` finds the same keywords."""
    yield f"# {section.name}: {section.heading}"
    yield from listings.comment(section.text)
    yield from listings.lines([listings.Listed(keyword) for keyword in section.keywords])
    if section.service_keywords:
        yield from ("#", f"# {section.name}, in [DEFAULT]")
        yield from listings.lines([listings.Listed(keyword) for keyword in section.service_keywords])


def _object(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = {"name": section.name, "section": section.heading, "text": section.text}
    found["keywords"] = [_keyword(keyword) for keyword in section.keywords]
    return found | {"service_keywords": [_keyword(keyword) for keyword in section.service_keywords]}


def _keyword(keyword: Keyword) -> dict[str, Any]:
    return {name: value for name, value in keyword._asdict().items() if name not in {"syntax", "each"}}


def _markdown(sections: Sequence[Section], *, whole: bool) -> Iterator[str]:
    if whole:
        yield "# Keywords"
        yield ""
        yield "What the sections of a service file may hold; what the drivers add is on a page each in `docs/keywords`."
        yield f"These pages are generated: `{COMMAND}` rewrites them."
        yield ""
        yield "A *required* keyword must be given; one of *provisioning* says what `provision` makes. It may be given"
        yield "for one node or a group of nodes, `keyword@nodes`, unless it is the same on every node. The kinds:"
        yield ""
        yield from _table(("kind", "its values"), KINDS.items())
    for section in sections:
        yield from ([""] if whole else [])
        yield f"## {section.name}"
        yield ""
        yield f"`{section.heading}`"
        yield ""
        yield _escaped(section.text)
        yield ""
        yield from _keyword_table(section.keywords)
        if section.service_keywords:
            yield from ("", "In `[DEFAULT]`:", "")
            yield from _keyword_table(section.service_keywords)
    if whole:
        yield ""
        yield from _triggers()


def _keyword_table(keywords: Sequence[Keyword]) -> Iterator[str]:
    shown = [keyword for keyword in keywords if keyword not in TRIGGERS]
    rows = [(f"`{each.name}`", _escaped("; ".join(_facts(each))), _escaped(each.text)) for each in shown]
    yield from _table(("keyword", "kind", "meaning"), rows)
    if len(shown) < len(keywords):
        yield ""
        yield "And triggers: commands of your own, before and after a verb."


def _triggers() -> Iterator[str]:
    yield "## Triggers"
    yield ""
    verbs = [each.name.removeprefix("pre_") for each in TRIGGERS if each.name.startswith("pre_")]
    yield "Commands of your own: of `[DEFAULT]` around the whole action, of a subset around its resources, of a"
    yield f"resource around its own part. No shell runs them. VERB is one of {', '.join(verbs)}."
    yield ""
    of_one = [each for each in TRIGGERS if each.name.endswith(f"_{verbs[0]}")]
    rows = [(f"`{each.name.replace(verbs[0], 'VERB')}`", each.text.replace(verbs[0], "VERB")) for each in of_one]
    yield from _table(("keyword", "meaning"), rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _escaped(text: str) -> str:
    """The text, so that Markdown shows it as it is: a `<` outside of code would begin a tag, a bar end a cell."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if position % 2 else part.replace("<", "\\<") for position, part in enumerate(parts))

"""How a keyword of a service file is declared: once, for validation, help, documentation and schema alike."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from core.config import trigger_words
from core.config.sizes import parse
from core.config.spelling import meant

Kind = Literal[
    "text", "words", "size", "boolean", "integer", "address", "path", "device", "mountpoint", "choice",
]  # fmt: skip

TRUE = frozenset(("true", "yes", "1"))
FALSE = frozenset(("false", "no", "0"))

# Compiled when a value is first held against them, and kept by `re`.
_INTEGER = r"-?[0-9]{1,18}"
_IPV4 = r"(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(?:\.(?!$)|$)){4}"


class Complaint(NamedTuple):
    """What is wrong with a value, and the likely fix; `position`: which of its words it is about (None: all of it)."""

    text: str
    position: int | None = None


class Keyword(NamedTuple):
    """One keyword of a section.

    text: a sentence for the documentation. kind: what its value is. default: the value where it is not given.
    required: it must be given (an empty value is enough for `text`). provisioning: it says what provisioning makes.
    scopable: `keyword@nodes` is allowed. candidates: the allowed values (of each word, for `words`).
    unit: what a bare size counts (`M`, `G`; "": a bare size is refused).
    syntax: further rules; gets the evaluated value, not empty and without holes, and returns a complaint or None.
    each: the same for each word of `words`, by itself. only_with: another keyword of the section, and values of it
    (none: any); where it has none of them, this keyword is not read.
    """

    name: str
    text: str
    kind: Kind = "text"
    default: str | None = None
    required: bool = False
    provisioning: bool = False
    scopable: bool = True
    candidates: tuple[str, ...] = ()
    unit: str = ""
    syntax: Callable[[str], str | None] | None = None
    each: Callable[[str], str | None] | None = None
    only_with: tuple[str, tuple[str, ...]] | None = None

    def complaint(self, value: str) -> str | None:
        """Say what is wrong with an evaluated value, and the likely fix; None when it is right."""
        first = next(self.complaints(value), None)
        return None if first is None else first.text

    def complaints(self, value: str) -> Iterator[Complaint]:
        """Say everything that is wrong with an evaluated value: word by word, else what is wrong with it as a whole.

        A value with a hole in it is right: what it will be is checked by whoever makes it.
        """
        if "«" in value:
            return
        if not value:
            if self.required and self.kind != "text":
                yield Complaint("the value is empty")
            return
        check = _CHECKS.get(self.kind)
        if check is not None and (said := check(value, self)):
            yield Complaint(said)
            return
        wrong = list(self._of_words(value))
        yield from wrong
        if not wrong and self.syntax is not None and (said := self.syntax(value)):
            yield Complaint(said)

    def _of_words(self, value: str) -> Iterator[Complaint]:
        is_list = self.kind == "words"
        for position, word in enumerate(value.split() if is_list else (value,)):
            said = None
            if self.candidates and self.kind != "boolean" and word not in self.candidates:
                said = f"{word!r} is none of {', '.join(self.candidates)}{meant(word, self.candidates)}"
            elif is_list and self.each is not None:
                said = self.each(word)
            if said:
                yield Complaint(said, position if is_list else None)


def is_true(value: str) -> bool:
    """Read a boolean that `complaint` let pass; the empty text is false."""
    return value.lower() in TRUE


def _size(value: str, keyword: Keyword) -> str | None:
    try:
        parse(value, keyword.unit)
    except ValueError as error:
        return str(error)
    return None


def _boolean(value: str, _keyword: Keyword) -> str | None:
    return None if value.lower() in TRUE | FALSE else f"{value!r} is neither true nor false; write one of them"


def _integer(value: str, _keyword: Keyword) -> str | None:
    return None if re.fullmatch(_INTEGER, value) else f"{value!r} is not a whole number; write one such as 2"


def _address(value: str, _keyword: Keyword) -> str | None:
    if re.fullmatch(_IPV4, value):
        return None
    if ":" in value:
        from ipaddress import AddressValueError, IPv6Address

        try:
            IPv6Address(value)
        except AddressValueError:
            return f"{value!r} is not an address; write one such as 10.0.0.5 or fd00::5"
        return None
    return f"{value!r} is not an address; write one such as 10.0.0.5"


def _path(value: str, _keyword: Keyword) -> str | None:
    if not value.startswith("/"):
        return f"{value!r} is not an absolute path; begin it with /"
    if "\n" in value:
        return f"{value!r} is more than one line; a path is one"
    if ".." in value.split("/"):
        return f"{value!r} goes up with ..; write where it leads"
    return None


def _mountpoint(value: str, keyword: Keyword) -> str | None:
    if said := _path(value, keyword):
        return said
    if not value.strip("/."):
        return f"{value!r} is the root of the node; mount below a directory such as /srv/{{svcname}}"
    return None


def _device(value: str, _keyword: Keyword) -> str | None:
    if value in {"LABEL=", "UUID="}:
        return f"{value!r} names nothing; write the label or uuid after it"
    if any(character.isspace() for character in value):
        return f"{value!r} has a blank in it; one device is named here"
    if ".." in value.split("/"):
        return f"{value!r} goes up with ..; write where it leads"
    return None


_CHECKS: dict[str, Callable[[str, Keyword], str | None]] = {
    "size": _size,
    "boolean": _boolean,
    "integer": _integer,
    "address": _address,
    "path": _path,
    "mountpoint": _mountpoint,
    "device": _device,
}

_TRIGGER_WHEN = {
    "pre": "Command run before {verb}; its failure is only reported.",
    "post": "Command run after {verb}; its failure is only reported.",
    "blocking_pre": "Command run before {verb}; its failure stops the action.",
    "blocking_post": "Command run after {verb}; its failure stops the action.",
}

TRIGGERS = tuple(
    Keyword(f"{when}_{verb}", sentence.format(verb=verb), syntax=trigger_words.complaint)
    for verb in trigger_words.VERBS
    for when, sentence in _TRIGGER_WHEN.items()
)

COMMON = (
    Keyword("type", "The driver of the resource: a file system, a volume manager, a kind of container."),
    Keyword("tags", "Words that select resources (`--tags`), and that some drivers give a meaning.", "words"),
    Keyword("subset", "The name of the subset of its group that the resource belongs to."),
    Keyword("optional", "A failure of this resource does not stop the action.", "boolean", "false"),
    Keyword("disable", "The resource is left alone by every action.", "boolean", "false"),
    Keyword("monitor", "For a cluster's monitor: the service fails over when this goes down.", "boolean", "false"),
    Keyword("restart", "For a cluster's monitor: how many times it starts this again.", "integer", "0"),
    Keyword(
        "always_on",
        "Where the resource stays up while the service is down: `nodes`, `drpnodes`, or names of nodes.",
        "words",
        scopable=False,
    ),
    Keyword("comment", "A note for people."),
    *TRIGGERS,
)
"""What every resource may hold."""

_ENVIRONMENTS = ("PRD", "PPRD", "REC", "INT", "DEV", "TST", "TMP", "DRP", "FOR", "PRA", "PRJ", "STG")

DEFAULTS = (
    Keyword("nodes", "The nodes that run the service; without it, this node.", "words", scopable=False),
    Keyword("drpnodes", "The nodes that take over when all of `nodes` are lost.", "words", "", scopable=False),
    Keyword("drpnode", "The first of the nodes that take over.", scopable=False),
    Keyword("autostart_node", "The nodes that start the service at boot.", "words", scopable=False),
    Keyword("service_type", "The older name of `env`.", "choice", scopable=False, candidates=_ENVIRONMENTS),
    Keyword("env", "What the service is for: production, tests.", "choice", scopable=False, candidates=_ENVIRONMENTS),
    Keyword("app", "The code of the application that the service belongs to.", scopable=False),
    Keyword("comment", "A note for people.", scopable=False),
    Keyword("disable", "Every resource is left alone by every action.", "boolean", "false"),
    Keyword("rollback", "A failed start is undone.", "boolean", "true"),
    Keyword("monitor_action", "For a cluster's monitor: what it does on a node that lost a resource."),
    Keyword("cluster_type", "How many instances of the service run at a time.", "choice", "failover", scopable=False,
            candidates=("failover", "flex", "autoflex")),
    Keyword("docker_data_dir", "The directory that the service's own docker daemon keeps everything in.", "path"),
    Keyword("docker_daemon_args", "Further options of the service's own docker daemon."),
    Keyword("docker_daemon_private", "The service has a docker daemon of its own.", "boolean", "true"),
    Keyword("docker_exe", "The docker program to use.", "path"),
    Keyword("aws", "The aws program to use.", "path"),
    Keyword("aws_profile", "The profile that aws takes its credentials from."),
    *TRIGGERS,
)  # fmt: skip
"""What the section DEFAULT may hold, beside what drivers add to it."""

SUBSET = (
    Keyword("parallel", "They may be acted on at once; for now it is one after the other.", "boolean", "false"),
    *TRIGGERS,
)
"""What a section `[subset#GROUP:NAME]` may hold."""

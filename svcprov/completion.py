"""What may stand where the cursor is: shells that complete a line ask `svcmgr --complete SHELL WORD...`.

One answer serves every shell, and it comes from the tables that the command line is read with, so an option is offered
where it means something, and nowhere else. It is written without what reads a whole command line: that has to be
complete, and loading it takes longer than everything here. A library that completes for argparse would have to be
loaded at each start, TAB or not. Nothing is changed, and what cannot be read offers nothing.
"""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from core.config.document import Document
from core.config.keywords import COMMON, DEFAULTS, SUBSET, Keyword
from core.driver import UnknownDriver
from core.errors import SvcprovError
from svcprov import inventory
from svcprov.arguments import ACTIONS, EVERYWHERE, FORMATS, OPTIONS, Option

SHELLS = ("bash", "zsh", "fish")
FILES, NO_SPACE = ":files", ":nospace"
"""Lines of the answer that are no words: files may stand here, too; no blank follows the word."""

TEXT_CHARS_MAX = 60
NODEMGR_OPTIONS = (
    Option(("--format",), "FORMAT", "how keywords are written", choices=("text", "json", "md")),
    Option(("-o", "--output"), "FILE", "observe: the file that the state is written to"),
    Option(("--node",), "FILE", "import: plan on the simulated node whose state is FILE"),
    Option(("--write",), "", "import: write what can be used"),
)

_RID = re.compile(r"[a-z]+#[a-z0-9]+", re.ASCII)
_PLAIN = re.compile(r"[\w@%+:,./#-]+")
"""Words that no shell reads otherwise."""
_PATHS = frozenset(("DEVICE", "DIR", "FILE", "URI"))
"""What a value is called where it is a path, or may be one."""
_SEPARATORS = frozenset("=:@")
"""Where bash takes a word apart, of what our words have."""


class Candidate(NamedTuple):
    """A word that may stand there, and what it is. open: something has to follow it at once."""

    word: str
    text: str = ""
    open: bool = False


Candidates = Iterable[Candidate | str]
"""Candidates, and perhaps `FILES`."""


def answer(program: str, words: Sequence[str]) -> int:
    """Be `--complete`: write what completes the last of the words of a program, for the shell named by the first."""
    shell, *typed = words or [""]
    for line in lines(program, shell, typed):
        sys.stdout.write(f"{line}\n")
    return 0


def lines(program: str, shell: str, typed: Sequence[str]) -> list[str]:
    """What completes the last word that was typed: on each line a word, a tab, what it is; then `FILES`, `NO_SPACE`."""
    whole, before = _joined(shell, typed or [""])
    now = whole[-1]
    is_value = now.startswith("--") and "=" in now
    if shell != "fish" and is_value and not before:
        before = now[: now.index("=") + 1]
    found: list[Candidate | str] = []
    with suppress(SvcprovError, OSError, ValueError):
        line = _Svcmgr(whole) if program == "svcmgr" else _Nodemgr(whole)
        found = list(line.candidates())
    chosen = {each.word: each for each in found if isinstance(each, Candidate) and each.word.startswith(now)}
    written = [f"{word[len(before) :]}\t{_short(each.text)}".rstrip("\t") for word, each in chosen.items()]
    written += [FILES] if FILES in found else []
    return [*written, *([NO_SPACE] if chosen and all(each.open for each in chosen.values()) else [])]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT_CHARS_MAX else f"{line[: TEXT_CHARS_MAX - 1]}…"


def _joined(shell: str, typed: Sequence[str]) -> tuple[list[str], str]:
    """The words as a program gets them, and the beginning of the last one that the shell does not complete.

    bash takes `--rid=fs#0` and `size:5` for three words each.
    """
    whole: list[str] = []
    before, glue = "", False
    for each in map(_unquoted, typed):
        separates = shell == "bash" and each != "" and _SEPARATORS.issuperset(each)
        if whole and (separates or glue):
            before = whole[-1] if not separates else f"{whole[-1]}{each}"
            whole[-1] += each
        else:
            before = ""
            whole.append(each)
        glue = separates
    return whole, before


def _unquoted(word: str) -> str:
    """A word without its quotes, which may be open still."""
    return re.sub(r"\\(.)|['\"]", r"\1", word)


class _Line:
    """A command line up to the cursor: options with their values, other words, and the word that is completed."""

    options: tuple[Option, ...] = ()

    def __init__(self, words: Sequence[str]) -> None:
        *done, self.now = words
        self.given: dict[str, list[str]] = {}
        self.spoken: list[str] = []
        self.pending: Option | None = None
        by_name = {name: option for option in self.options for name in option.names}
        for word in done:
            name, equals, value = word.partition("=")
            if self.pending is not None:
                self._give(self.pending, word)
                self.pending = None
            elif name in by_name and (equals or not by_name[name].value):
                self._give(by_name[name], value)
            elif name in by_name:
                self.pending = by_name[name]
            else:
                self.spoken.append(word)

    def _give(self, option: Option, value: str) -> None:
        self.given.setdefault(option.names[-1], []).append(value)

    def value(self, *names: str) -> str:
        """The last value of an option, by the last of its names; "" without it."""
        return next((self.given[name][-1] for name in names if name in self.given), "")

    def candidates(self) -> Candidates:
        """What may stand at the cursor."""
        if self.pending is not None:
            return self.values(self.pending, self.now)
        name, equals, value = self.now.partition("=")
        if equals and name.startswith("--"):
            option = next((each for each in self.options if name in each.names), None)
            found = self.values(option, value) if option is not None and option.value else ()
            return (
                each._replace(word=f"{name}={each.word}") if isinstance(each, Candidate) else each for each in found
            )
        return self.flags() if self.now.startswith("-") else self.words()

    def flags(self) -> Candidates:
        """The options that may follow."""
        for option in self.options:
            if self.takes(option) and (option.repeated or option.names[-1] not in self.given):
                yield Candidate(next(each for each in option.names if each.startswith("--")), option.summary)

    def takes(self, option: Option) -> bool:
        """Tell whether an option means something here."""
        return bool(option.names)

    def words(self) -> Candidates:
        """The words that may follow."""
        return ()

    def values(self, option: Option, now: str) -> Candidates:
        """The values that an option may have."""
        if option.choices:
            return map(Candidate, option.choices)
        return () if _PATHS.isdisjoint(option.value.split("|")) else (FILES,)


def _phrases(names: Iterable[tuple[str, str]], spoken: Sequence[str]) -> Candidates:
    """The next words of actions that have some of theirs already. names: the actions, each with its summary."""
    for name, summary in names:
        words = name.split()
        if words[: len(spoken)] == list(spoken) and len(words) > len(spoken):
            rest = words[len(spoken) + 1 :]
            yield Candidate(words[len(spoken)], "" if rest else summary)


class _Nodemgr(_Line):
    """A command line of `nodemgr`."""

    options = NODEMGR_OPTIONS

    def words(self) -> Candidates:
        from svcprov import nodemgr

        actions = (*nodemgr.ENDING.items(), *nodemgr.ACTIONS.items())
        yield from _phrases(((name, summary) for name, (summary, *_) in actions), self.spoken)
        if self.spoken in (["print", "keywords"], ["print", "drivers"]):
            yield from map(Candidate, inventory.drivers())
        if self.spoken[:1] == ["import"]:
            yield FILES


class _Svcmgr(_Line):
    """A command line of `svcmgr`."""

    options = OPTIONS

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words)
        name = " ".join(self.spoken[:2]) if " ".join(self.spoken[:2]) in ACTIONS else " ".join(self.spoken[:1])
        self.action = name if name in ACTIONS else ""

    def takes(self, option: Option) -> bool:
        name = next(each for each in option.names if each.startswith("--")).removeprefix("--").replace("-", "_")
        return not self.action or name in EVERYWHERE or name in ACTIONS[self.action].options

    def words(self) -> Candidates:
        if not self.action:
            return _phrases(((name, each.summary) for name, each in ACTIONS.items()), self.spoken)
        operands = self.spoken[len(self.action.split()) :]
        names = ACTIONS[self.action].operands
        if names != ("words",) and len(operands) >= len(names):
            return ()
        match names[min(len(operands), len(names) - 1)]:
            case "verb":
                return map(Candidate, ("provision", "unprovision", "start", "stop"))
            case "shell":
                return map(Candidate, SHELLS)
            case "driver":
                return map(Candidate, inventory.drivers())
        return (FILES,)

    def values(self, option: Option, now: str) -> Candidates:
        if option.value == "FORMAT" and self.action:
            return (Candidate(name) for name, writers in FORMATS.items() if not writers or self.action in writers)
        by_kind: Mapping[str, Callable[[], Candidates]] = {
            "SERVICE": services,
            "RID,...": lambda: self._listed(now, (*self._rids(), *self._groups())),
            "RID": self._rids,
            "TAG,...": lambda: self._listed(now, self._words_of("tags")),
            "NAME,...": lambda: self._listed(now, self._words_of("subset")),
            "NAME": lambda: map(Candidate, inventory.templates()),
            "NODE": lambda: (*self._words_of("nodes"), *self._words_of("drpnodes")),
            "S.O": lambda: self._keys(now),
            "V": lambda: self._values_of(self.value("--param")),
            "K=V": lambda: self._env(now),
        }
        found = [each for kind in option.value.split("|") if kind in by_kind for each in by_kind[kind]()]
        return (*found, *super().values(option, now))

    def _document(self) -> Document:
        """The text of the service; of the file that it is being made of, while there is none."""
        from svcprov.files import ServiceFiles, read_document

        source = self.value("--config") or self.value("--template") if self.action == "create" else ""
        # What cannot be read has nothing to offer; files and groups may be offered all the same.
        with suppress(SvcprovError):
            if source:
                path = source if os.path.isfile(source) else inventory.templates().get(source, "")
                return read_document(path)[1]
            return read_document(ServiceFiles(self.value("--service")).conf)[1]
        return Document("")

    def _rids(self) -> list[Candidate]:
        document = self._document()
        rids = [section for section in document.sections() if _RID.fullmatch(section)]
        return [Candidate(rid, document.get(rid, "type") or "") for rid in rids]

    def _groups(self) -> list[Candidate]:
        groups = dict.fromkeys(each.word.partition("#")[0] for each in self._rids())
        return [Candidate(group, f"every {group} of the service") for group in groups]

    def _words_of(self, option: str) -> list[Candidate]:
        document = self._document()
        texts = (document.get(section, option) or "" for section in document.sections())
        return list(dict.fromkeys(Candidate(word) for text in texts for word in text.split()))

    @staticmethod
    def _listed(now: str, found: Iterable[Candidate]) -> Iterator[Candidate]:
        """Candidates for the last word of a comma list; those that the list has are left out."""
        before, comma, _ = now.rpartition(",")
        for each in found:
            if each.word not in before.split(","):
                yield each._replace(word=f"{before}{comma}{each.word}")

    def _keys(self, now: str) -> Iterator[Candidate]:
        """`section.option`: first the section, then what it has, or for `set` what it may have."""
        document = self._document()
        section, dot, _ = now.partition(".")
        if not dot:
            for name in document.sections():
                yield Candidate(f"{name}.", document.get(name, "type") or "", open=True)
            return
        known = self._keywords(document, section)
        for name in document.options(section):
            yield Candidate(f"{section}.{name}", document.get(section, name) or "")
        if self.action == "set":
            for name, keyword in known.items():
                if name not in document.options(section):
                    yield Candidate(f"{section}.{name}", keyword.text)

    def _values_of(self, key: str) -> Iterator[Candidate]:
        document = self._document()
        section, _, name = key.partition(".")
        if name == "type":
            group = f"{section.partition('#')[0]}."
            yield from (Candidate(each.removeprefix(group)) for each in inventory.drivers() if each.startswith(group))
        keyword = self._keywords(document, section).get(name.partition("@")[0])
        if keyword is not None:
            choices = keyword.candidates or (("true", "false") if keyword.kind == "boolean" else ())
            yield from map(Candidate, choices)
        if section == "env":
            yield from (each._replace(word=each.word.partition("=")[2]) for each in self._env(f"{name}="))

    @staticmethod
    def _keywords(document: Document, section: str) -> dict[str, Keyword]:
        """What a section may hold. A type that has to be worked out first is taken for none."""
        group, hash_, _ = section.partition("#")
        declared: tuple[Keyword, ...] = ()
        if not hash_:
            declared = DEFAULTS if section == "DEFAULT" else ()
        elif group == "subset":
            declared = SUBSET
        else:
            declared = COMMON
            with suppress(UnknownDriver):
                declared = (*inventory.load_driver(group, document.get(section, "type") or "").keywords, *COMMON)
        return {keyword.name: keyword for keyword in declared}

    def _env(self, now: str) -> Iterator[Candidate]:
        """`key=`, then the values that the file names for it."""
        from svcprov.environment import COMMENT, SECRET, is_annotation

        document = self._document()
        options = document.options("env")
        found = re.search("[=:]", now)
        for name in options:
            if found is None and not is_annotation(name, options):
                yield Candidate(f"{name}=", document.get("env", f"{name}{COMMENT}") or "", open=True)
        if found is None or f"{now[: found.start()]}{SECRET}" in options:
            return
        key = now[: found.start()]
        for value in (document.get("env", key) or "", *(document.get("env", f"{key}.candidates") or "").split()):
            if _PLAIN.fullmatch(value):
                yield Candidate(f"{now[: found.end()]}{value}")


def services() -> Iterator[Candidate]:
    """The services of this node."""
    from svcprov.files import etc

    for name in sorted(os.listdir(etc())):
        if name.endswith(".conf") and name != "node.conf" and not name.startswith("."):
            yield Candidate(name.removesuffix(".conf"))

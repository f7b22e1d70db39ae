"""A service file of the older agents, line by line: what svcprov has for it, and the file as svcprov reads it.

The text stays what its author wrote. What has another name now gets it, what nothing reads any more becomes a comment,
and what would make another service of it is refused: then the translation is there to be looked at, not to be used.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from core.agents import generation, values
from core.agents.commented import restored
from core.agents.generation import Agent, Clue, group_of
from core.agents.lines import Line, read, split
from core.agents.meanings import (
    FOREIGN_SCOPES,
    FOREIGN_TAGS,
    HARMLESS,
    KEPT,
    PLACEHOLDERS,
    RENAMED,
    SECTIONS_IGNORED,
    SECTIONS_REFUSED,
    meaning,
)
from core.agents.sections import KNOWN, renamed
from core.agents.vocabulary import inherited, knows
from core.config import former
from core.config.keywords import COMMON, DEFAULTS, SUBSET, TRIGGERS, Keyword
from core.config.spelling import meant
from core.driver import Driver, UnknownDriver

Verdict = Literal["supported", "ignored", "refused"]
LoadDriver = Callable[[str, str], Driver]

MARK = "# "
"""What a line that is left out begins with."""
NATIVE = {"disk": "vg"}
"""The driver of a resource without a type, where that was the one of the system."""
SPOKEN_OF = {"sync": "rsync"}
"""The driver whose keywords are those of a section without a type."""
GUESSES_MAX = 100
"""For how many strange words it is guessed what was meant."""

_REFERENCE = re.compile(r"\{([A-Za-z]\w*(?:#\w+)?)(?:\.(#?)(\w+))?(?=[}\[])", re.ASCII)
_TRIGGERS = frozenset(keyword.name for keyword in TRIGGERS)


class Row(NamedTuple):
    """A line of the table: what becomes of a keyword, or of a section (key is "").

    line: where it stands. now: what it is called from now on, where that is something else; why: a sentence.
    """

    line: int
    section: str
    key: str
    verdict: Verdict
    now: str = ""
    why: str = ""


class Translation(NamedTuple):
    """A file, told: which agent it was for, what shows that, a row for each keyword, and its text for svcprov.

    names: what its sections are called now. places: for each line of `text`, the line of the file that it comes from.
    """

    agent: Agent
    clues: tuple[Clue, ...]
    rows: tuple[Row, ...]
    text: str
    names: Mapping[str, str]
    places: tuple[int, ...]


def translated(text: str, suffix: str, load_driver: LoadDriver) -> Translation:
    """Tell the agent of a file's text, and translate it. A file of a later agent is not read: it has no rows."""
    mark = text[: text.startswith("\ufeff")]
    lines = read(text[len(mark) :])
    agent, clues = generation.told(lines, suffix)
    if agent == "later":
        return Translation(agent, clues, (), text, {}, ())
    done = _Translator(lines, agent, load_driver)
    return Translation(agent, clues, tuple(done.rows), mark + "".join(done.texts), done.names, tuple(done.places))


class _Translator:
    """Goes through the lines once; `rows`, `texts` and `places` are what comes of them."""

    def __init__(self, lines: Sequence[Line], agent: Agent, load_driver: LoadDriver) -> None:
        self.rows: list[Row] = []
        self.texts: list[str] = []
        self.places: list[int] = []
        self._agent, self._load_driver = agent, load_driver
        lines, self._restored = restored(lines) if agent == "second" else (lines, frozenset())
        self.names, self._types = renamed(lines)
        self._drivers = generation.drivers_of(lines)
        self._last = {(line.section, line.option): line.number for line in lines if line.kind == "option"}
        self._resources = {(group_of(new), self._driver(old)) for old, new in self.names.items() if "#" in new}
        self._guesses = 0
        self._met: dict[str, int] = {}
        self._fates: dict[str, tuple[Verdict, str]] = {}
        self._tables: dict[str, Mapping[str, Keyword]] = {}
        for line in lines:
            self._one(line)

    def _driver(self, section: str) -> str:
        """The driver of a section, as svcprov calls it; "" for one that the group has without a type."""
        group = group_of(self.names[section])
        given = self._drivers.get(section) or self._types.get(section) or NATIVE.get(group, "")
        return former.TYPES.get((group, given), given)

    def _put(self, text: str, number: int) -> None:
        self.texts.append(text)
        self.places += [number + at for at in range(text.count("\n") + (text[-1:] not in {"", "\n"}))]

    def _add(self, text: str, beside: Line, number: int) -> None:
        """Put a line that the file does not have, before or after one that it has."""
        if self.texts and not self.texts[-1].endswith("\n"):
            self.texts[-1] += beside.end
        self._put(text + beside.end, number)

    def _leave_out(self, line: Line, why: str = "") -> None:
        """Keep a line as a comment."""
        if why:
            self._say(line, "ignored", why=why)
        self._put("".join(MARK + each for each in split(line.text)), line.number)

    def _refuse(self, line: Line, why: str) -> None:
        self._say(line, "refused", why=why)
        self._put(line.text, line.number)

    def _say(self, line: Line, verdict: Verdict, now: str = "", why: str = "") -> None:
        self.rows.append(Row(line.number, line.section, line.spelled, verdict, now, why))

    def _one(self, line: Line) -> None:
        match line.kind:
            case "section":
                self._header(line)
            case "option":
                self._option(line)
            case "broken":
                self._refuse(line, "this is neither a section, a keyword nor a comment")
            case _ if line.text.strip() and self._fates.get(line.section, ("supported", ""))[0] == "ignored":
                self._leave_out(line)
            case _:
                self._put(line.text, line.number)

    def _header(self, line: Line) -> None:
        new = self.names[line.section]
        first = self._met.setdefault(new, line.number)
        if first != line.number:
            self._refuse(line, f"this section is already on line {first}; join the two")
            return
        verdict, why = self._fates[line.section] = self._fate(line.section, new)
        if verdict == "ignored":
            self._leave_out(line, why)
            return
        now = new if new != line.section else ""
        if now or why:
            self._say(line, verdict, now, why)
        self._put(line.text.replace(f"[{line.section}]", f"[{new}]", 1), line.number)
        if verdict == "refused":
            return
        driver = self._driver(line.section)
        if line.section not in self._drivers and driver:
            self._add(f"type = {driver}", line, 0)
            self.rows.append(Row(line.number, line.section, "type", "supported", f"{new}.type", f"added: {driver}"))

    def _fate(self, section: str, new: str) -> tuple[Verdict, str]:
        """What becomes of a section as a whole."""
        group = group_of(new)
        if new == "DEFAULT" or group in {"env", "subset"}:
            return "supported", ""
        if group not in KNOWN:
            return "ignored", f"no agent had sections of this name{self._meant(group, KNOWN)}"
        if group in SECTIONS_REFUSED:
            return "refused", SECTIONS_REFUSED[group]
        driver = self._driver(section)
        try:
            self._load_driver(group, driver)
        except UnknownDriver as error:
            if group in SECTIONS_IGNORED:
                return "ignored", SECTIONS_IGNORED[group]
            if driver:
                return "refused", f"svcprov has no driver {group}.{driver}{meant(driver, error.known)}"
            return "refused", f"a {group} needs a type"
        return "supported", ""

    def _option(self, line: Line) -> None:
        section, name, at, scope = line.section, *line.option.partition("@")
        verdict, _ = self._fates.get(section, ("supported", ""))
        now, last = self._present(section, name), self._last[section, line.option]
        if verdict == "ignored":
            self._leave_out(line, "it goes with its section")
        elif verdict == "refused":
            self._refuse(line, "it belongs to a section that is refused")
        elif last != line.number:
            self._leave_out(line, f"line {last} has another value, which counts")
        elif line.commented:
            self._refuse(line, f"{line.commented!r} was a part of the value, and is a comment now; take it out")
        elif self.names[section] == "env":
            self._write(line, line.option)
        elif at and scope in FOREIGN_SCOPES:
            self._refuse(line, FOREIGN_SCOPES[scope])
        elif now != name and (section, now + at + scope) in self._last:
            self._leave_out(line, f"{now} is there as well, and counts")
        else:
            self._keyword(line, now, now + at + scope)

    def _present(self, section: str, name: str) -> str:
        """What svcprov calls a keyword of a section."""
        new = self.names[section]
        return RENAMED.get(
            ("DEFAULT", "", name) if new == "DEFAULT" else (group_of(new), self._driver(section), name), name
        )

    def _keyword(self, line: Line, name: str, option: str) -> None:
        new = self.names[line.section]
        group, driver = ("DEFAULT", "") if new == "DEFAULT" else (group_of(new), self._driver(line.section))
        table, spoken_of = self._table(group, driver), driver or SPOKEN_OF.get(group, "")
        known = any(knows(agent, group, spoken_of, name) for agent in ("first", "second"))
        if group == "DEFAULT" and not known and inherited("second", name, self._resources):
            once = (
                "each resource had it from here, and it is run once now"
                if name in _TRIGGERS
                else "each section had it from here"
            )
            self._refuse(line, f"{once}; write it into the sections that are to have it")
        elif name in table and line.words.lower() not in HARMLESS.get(name, ()):
            self._supported(line, name, option)
        elif known:
            said = meaning(name, line.words)
            if said.ignored:
                self._leave_out(line, said.why)
            else:
                self._refuse(line, said.why)
        else:
            self._leave_out(line, f"no agent read it{self._meant(name, table)}")

    def _meant(self, word: str, names: Iterable[str]) -> str:
        """What somebody may have meant; not for each of very many, since to find that out takes long."""
        self._guesses += 1
        return meant(word, names) if self._guesses <= GUESSES_MAX else ""

    def _table(self, group: str, driver: str) -> Mapping[str, Keyword]:
        """What svcprov reads in a section."""
        key = f"{group}.{driver}"
        if key not in self._tables:
            match group:
                case "DEFAULT":
                    own: Sequence[Keyword] = DEFAULTS
                case "subset":
                    own = SUBSET
                case _:
                    own = (*COMMON, *self._load_driver(group, driver).keywords)
            self._tables[key] = {keyword.name: keyword for keyword in own}
        return self._tables[key]

    def _supported(self, line: Line, name: str, option: str) -> None:
        tags = [FOREIGN_TAGS[tag] for tag in line.words.split() if name == "tags" and tag in FOREIGN_TAGS]
        if tags:
            self._refuse(line, tags[0])
        elif self._agent == "first" and generation.refers(line.words):
            self._refuse(line, "it was text in 2015, and is a reference now; write what it stands for")
        else:
            self._write(line, option)

    def _write(self, line: Line, option: str) -> None:
        """Put a keyword that goes on, with the name and the value that say today what it said."""
        new, name, is_free = self.names[line.section], option.partition("@")[0], self.names[line.section] == "env"
        said = values.Said(line.words)
        if not is_free:
            said = values.of_today(self._agent, group_of(new), self._driver(line.section), name, line.words)
        if line.comment:
            self._add(line.comment, line, line.number)
        text = self._followed(values.present(line.written(option, said.value)))
        if name == "cascade_allocation":
            for section in (each for each in self.names if each != self.names[each]):
                text = text.replace(f"{section}.", f"{self.names[section]}.")
        self._put(text, line.number)
        kept = "" if is_free else KEPT.get(name, "")
        changed = ["the agent made it a comment once it had provisioned that"] if line.number in self._restored else []
        changed += [f"{old} is {now} now" for old, now in PLACEHOLDERS.items() if old in line.value]
        moved = f"{new}.{option}" if (new, option) != (line.section, line.option) else ""
        self._say(line, "ignored" if kept else "supported", moved, kept or said.why or "; ".join(changed))

    def _followed(self, text: str) -> str:
        """A text whose references lead to the present names."""

        def lead(found: "re.Match[str]") -> str:
            section, count, option = found.groups()
            if option is None:
                return "{" + RENAMED.get(("DEFAULT", "", section.lower()), section)
            now = self._present(section, option.lower()) if section in self.names else option
            return f"{{{self.names.get(section, section)}.{count}{now if now != option.lower() else option}"

        return _REFERENCE.sub(lead, text)

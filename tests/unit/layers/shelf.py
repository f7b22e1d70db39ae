"""The smallest world worth a journal: a shelf of named things, with commands that put, take and list them."""

import json
from typing import Any

from core.command import Check, Command, Completed, Makes, Thing
from core.record import Record
from core.wire import encode
from executors.layers.journal import Journal


class Shelf:
    """A node: a list of things. `fails` are first words that end with 1, `garbled` such whose answer is no JSON."""

    def __init__(self, *things: str) -> None:
        self.things = list(things)
        self.ran: list[Command] = []
        self.fails: set[str] = set()
        self.garbled: set[str] = set()
        self.named = 0

    @property
    def changes(self) -> list[str]:
        """What was done, as words."""
        return [" ".join(command.argv) for command in self.ran if command.kind != "reads"]

    def run(self, command: Command) -> Completed:
        """Answer as a shelf would."""
        self.ran.append(command)
        word, *rest = command.argv
        if word in self.fails:
            return Completed(1, "", f"{word}: no luck\n")
        if word in self.garbled:
            return Completed(0, "<html>")
        return self._answer(word, rest[0] if rest else "")

    def _answer(self, word: str, thing: str) -> Completed:
        match word:
            case "buy":
                self.named += 1
                self.things.append(f"vol-{self.named}")
                return Completed(0, json.dumps({"Id": f"vol-{self.named}"}))
            case "put" if thing in self.things:
                return Completed(1, "", f"put: {thing}: exists\n")
            case "put":
                self.things.append(thing)
            case "take" if thing not in self.things:
                return Completed(1, "", f"take: {thing}: not there\n")
            case "take":
                self.things.remove(thing)
            case "has":
                return Completed(0 if thing in self.things else 1)
            case "list":
                return Completed(0, json.dumps(self.things))
            case "fresh":
                self.named += 1
                return Completed(0, f"fresh-{self.named}")
        return Completed(0)


LIST = Command(("list",))


def has(thing: str, *, absent: bool = False) -> Check:
    """Hold when the thing is on the shelf."""
    return Check(Command(("has", thing), accepts=(0, 1)), absent=absent)


def take(thing: str, unmakes: tuple[str, ...] = (), *, temporary: bool = False) -> Command:
    """Take a thing away."""
    return Command(
        ("take", thing), kind="changes", check=has(thing, absent=True), unmakes=unmakes, temporary=temporary, rid="r#0"
    )


def put(thing: str, *, temporary: bool = False, name: str = "") -> Command:
    """Put a thing on the shelf; `name` makes it one of the record."""
    return Command(
        ("put", thing),
        kind="changes",
        check=has(thing),
        makes=Makes(name, "thing", identity=thing) if name else None,
        undo=(take(thing, temporary=temporary),),
        temporary=temporary,
        rid="r#0",
        verb="provision",
    )


def buy(name: str = "v", *, answer: str = "Id", witness: bool = True) -> Command:
    """Get a volume whose identity is the shelf's to choose."""
    return Command(
        ("buy",),
        kind="changes",
        makes=Makes(name, "volume", answer=answer, witness=LIST if witness else None, path="[]", difference=witness),
        check=has(f"«{name}»"),
        undo=(Command(("take", f"«{name}»"), kind="changes", check=has(f"«{name}»", absent=True)),),
        rid="r#0",
        verb="provision",
    )


def wipe(thing: str, *, blank: bool = False) -> Command:
    """Destroy what a thing holds: the thing `wiped-THING` says that it was done."""
    done = f"wiped-{thing}"
    return Command(
        ("put", done),
        kind="changes",
        check=has(done),
        destroys=(Thing("device", thing, blank),),
        rid="r#0",
        verb="provision",
    )


class Life:
    """The lives of one action: each has a journal that begins with what the ones before wrote."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.record = shelf, Record()
        self.lines: list[str] = []
        self.saved = 0

    def write(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Keep a line as a disk would."""
        self.lines.append(json.dumps(encode(line)))

    def save(self) -> None:
        """Count how often the record is saved."""
        self.saved += 1

    def begin(self, inner: Any = None) -> Journal:
        """A new process: the journal of what was written so far, on this executor (the shelf itself, if none)."""
        journal = Journal(self.shelf if inner is None else inner, self.record, self.write, self.save)
        for line in self.lines:
            journal.read(json.loads(line))
        return journal


def states(journal: Journal) -> list[str]:
    """The states of the entries, in order."""
    return [entry.state for entry in journal.entries]

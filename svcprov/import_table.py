"""What `nodemgr import` prints: a table for each file, for people and for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from core.agents.generation import NAMES
from svcprov import __version__
from svcprov.importing import INVALID, VERB, Imported, files_of, imported, place_of
from svcprov.jsonl import FORMAT
from svcprov.render import count
from svcprov.screen import Screen


def show(screen: Screen, words: Sequence[str], node: str | None, *, write: bool, as_json: bool) -> int:
    """Import what words name, planning on a node; print it file by file, and return the exit code."""
    from json import dumps

    place, every = place_of(node), []
    if as_json:
        screen.json(dumps({"type": "version", "format": FORMAT, "svcprov": __version__}))
    for path in files_of(words):
        found = imported(path, place, write=write)
        every.append(found)
        if as_json:
            for each in json_of(found):
                screen.json(dumps(each, ensure_ascii=False))
        else:
            screen.out("\n".join((*text_of(found, place.node.where), "")))
    if as_json:
        screen.json(dumps({"type": "summary", "action": "import", **_counts(every)}))
    else:
        screen.out(summary(every))
    return exit_code(every)


def text_of(found: Imported, where: str) -> Iterator[str]:
    """A file's table, for people: without the characters of the file that a terminal would obey."""
    return map(_printable, _text_of(found, where))


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _text_of(found: Imported, where: str) -> Iterator[str]:
    if found.translation is None:
        yield from (f"{found.path}: {problem}" for problem in found.problems)
        return
    agent, clues = found.translation.agent, found.translation.clues
    shown = "; ".join(f"line {clue.line}: {clue.text}" if clue.line else clue.text for clue in clues[:1])
    yield f"{found.path}: service {found.service}, of {NAMES[agent]}" + (f" ({shown})" if shown else "")
    yield from (f"  {problem}" for problem in found.problems)
    keys = [".".join(part for part in (row.section, row.key) if part) for row in found.rows]
    width = max((len(key) for key in keys), default=0)
    for row, key in zip(found.rows, keys, strict=True):
        said = "; ".join(part for part in (f"now {row.now}" if row.now else "", row.why) if part)
        yield f"  {row.line or '':>5}  {key:<{width}}  {row.verdict:<9}  {' '.join(said.split())}".rstrip()
    if found.plan is not None:
        apart = f" (without {', '.join(found.without)})" if found.without else ""
        first, *others = found.plan.text.splitlines()
        yield f"  {VERB} on {where}{apart}: {found.plan.result}: {first}"
        yield from (f"    {line}" for line in others)
    if found.written:
        yield f"  {found.written}"


def json_of(found: Imported) -> Iterator[dict[str, Any]]:
    """A file's table, for programs: an object for the file, and one for each row."""
    done, plan = found.translation, found.plan
    yield {
        "type": "file",
        "path": found.path,
        "service": found.service,
        "agent": None if done is None else done.agent,
        "clues": [] if done is None else [{"line": clue.line, "text": clue.text} for clue in done.clues],
        "problems": list(found.problems),
        "without": list(found.without),
        "plan": None
        if plan is None
        else {name: value for name, value in plan._asdict().items() if name != "exit_code"},
        "written": found.written,
    }
    for row in found.rows:
        yield {"type": "keyword", "path": found.path, **row._asdict()}


def _counts(every: Sequence[Imported]) -> dict[str, int]:
    return {
        "files": len(every),
        "usable": sum(not each.problems and not each.refused for each in every),
        "refused": sum(bool(each.refused) for each in every),
        "unread": sum(bool(each.problems) for each in every),
    }


def summary(every: Sequence[Imported]) -> str:
    """How it ended, in a line."""
    files, usable, refused, unread = _counts(every).values()
    said = f"{usable} can be used, {refused} with something that is refused, {unread} not read"
    return f"{count(files, 'file')}: {said}"


def exit_code(every: Sequence[Imported]) -> int:
    """What the command ends with: 6 where anything is refused or not read, else what the first failed plan says."""
    codes = [each.exit_code for each in every]
    return INVALID if INVALID in codes else next(filter(None, codes), 0)

"""Goldens: what services and drivers run, in files that reviews show. `python -m tests.golden --write` rewrites them.

A folder holds the service file, the node, and the command line that names the service; the rest is written by this
program: `provision`, `stop`, `start`, `unprovision` (what a plan of the verb shows, each on the node as the verb before
left it) and `status` (after each of them); for some services also the plan of `provision` as it is exported, `script`
and `document`, and `why`, where `why.steps` names steps that are to be explained. Of a verb that is refused
the file says the exit code and the words. A file `before` tells what has happened beforehand (see `beforehand`);
the node may be that of another golden; `beside` holds the files that triggers read. In a plan's text

    $ a change    ~ an announcement    = a cascade    ? a question (of a driver's golden only)
    - a note      ... a wait           ! what the change destroys      < how it is undone (of a driver's golden only)
"""

import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from shlex import join

from core.command import Command
from core.config.service import Service
from core.driver import UNTYPED
from core.engine import ENGINE
from core.errors import SvcprovError
from core.holes import hole
from core.plan import Event, Plan, PlannedNote, PlannedWait, Step
from core.state import loads
from svcprov import __version__
from svcprov import script as exports
from svcprov.markdown import document
from svcprov.presenting import Presented
from tests.beforehand import happen
from tests.conftest import REPOSITORY
from tests.drift import compare
from tests.worlds import Heard, World, status_of

GOLDENS = REPOSITORY / "tests/goldens"
IDENTITY_LENGTH_MIN = 7
"""Shorter ones (process ids) may be part of anything."""

EXPORTED = ("stack", "testec2docker")
"""The services whose exported plans are goldens, too."""
VERBS = ("provision", "stop", "start", "unprovision")
NOT_YET = GOLDENS / "services" / "not-yet"


def folders(kind: str) -> list[Path]:
    """The folders of the goldens of services, or of drivers."""
    return sorted(path.parent for path in (GOLDENS / kind).glob("*/command"))


def world_of(folder: Path) -> World:
    """The world of a golden's folder."""
    words = (folder / "command").read_text(encoding="utf-8").split()
    service = (folder / "service.conf").read_text(encoding="utf-8")
    node = loads((folder / words[words.index("--node") + 1]).read_text(encoding="utf-8"))
    beside = {path.name: path.read_text(encoding="utf-8") for path in (folder / "beside").glob("*")}
    world = World(service, node, words[words.index("-s") + 1], beside=beside)
    before = folder / "before"
    if before.exists():
        happen(world, before.read_text(encoding="utf-8").splitlines())
    world.adopt, world.allow = _named_by("--adopt", words), _named_by("--allow-destroy", words)
    return world


def _named_by(option: str, words: list[str]) -> tuple[str, ...]:
    return tuple(value for name, value in pairwise(words) if name == option)


def services() -> dict[str, World]:
    """The worlds of the goldens of services, by name."""
    return {folder.name: world_of(folder) for folder in folders("services")}


def not_yet() -> dict[str, tuple[str, str]]:
    """The templates that cannot be provisioned yet, with the driver (group, type) that each lacks."""
    lines = NOT_YET.read_text(encoding="utf-8").splitlines()
    found = [line.split(": lacks ") for line in lines if line and not line.startswith("#")]
    return {name: (driver.partition(".")[0], driver.partition(".")[2]) for name, driver in found}


def written(folder: Path) -> dict[str, str]:
    """What the files of a golden's folder should hold, by name."""
    world = world_of(folder)
    whole = folder.parent.name == "services"
    driver = "" if whole else folder.name.partition("-")[0]
    chosen = [each.rid for each in world.service.resources() if whole or _name_of(world, each.rid) == driver]
    assert chosen, f"{folder}: no resource has the driver {driver}"
    files, statuses = {}, [f"before: {_status(world, chosen)}"]
    exported = presented(world, "provision") if whole and folder.name in EXPORTED else None
    names: dict[str, str] = {}
    for verb in VERBS:
        try:
            plan = world.act(verb)
        except SvcprovError as error:
            files[verb] = _named(f"exit {error.exit_code}: {error}\n", names)
            continue
        files[verb] = _named(_plan(plan, chosen, whole=whole), names)
        names = {**_identities(world), **names}
        statuses.append(_named(f"after {verb}: {_status(world, chosen)}", names))
    if exported is not None:
        # The version is not what these goldens are about.
        files["script"] = exports.written(exported).replace(f"svcprov {__version__}", "svcprov") + "\n"
        files["document"] = document(exported) + "\n"
    steps = folder / "why.steps"
    if steps.exists():
        files["why"] = _why(world_of(folder), steps.read_text(encoding="utf-8").split())
    return {**files, "status": "\n".join(statuses) + "\n"}


def presented(world: World, verb: str) -> Presented:
    """The plan of a verb, as it is handed to who exports it; the world stays as it is."""
    before = world.service
    typed = f"svcmgr -s {before.name} {verb}"
    return Presented(world.preview(verb), before, "SIMULATED node.json", typed, resumable=False)


def explained(world: World, verb: str = "provision") -> tuple[Plan, Service]:
    """The plan of a verb, and its service, which remembers what was read for the plan."""
    from core.provenance import remembered
    from executors.simulated.node import SimulatedNode
    from svcprov.action import Action

    service = remembered(world.service)
    action = Action(service, verb, SimulatedNode(world.state), lambda: world.state, world.disk, Heard())
    return action.preview(), service


def _why(world: World, steps: list[str]) -> str:
    """What `plan --why` says of each of these steps."""
    from core.explanation import Reasons
    from svcprov.screen import Screen
    from svcprov.why import Text, chosen

    plan, service = explained(world)
    shown, reasons = Presented(plan, service, "SIMULATED node.json", "", resumable=False), Reasons(plan, service)
    found = [Text(Screen("never"), shown, reasons.of(chosen(plan, step, {}, ""))).lines() for step in steps]
    return "\n\n\n".join("\n".join(lines) for lines in found) + "\n"


def _identities(world: World) -> dict[str, str]:
    """What an action made or made up, with the hole that its plan had in its place: a golden shows that for ever."""
    found: dict[str, str] = {}
    for command, answer in world.heard.asked:
        if command.tool == ENGINE and command.argv[0] == "fresh":
            found.setdefault(answer.stdout, hole(command.argv[2]))
        elif command.makes is not None and not answer.made.startswith("/"):
            found.setdefault(answer.made, hole(command.makes.name))
    return {identity: name for identity, name in found.items() if len(identity) >= IDENTITY_LENGTH_MIN}


def _named(text: str, names: dict[str, str]) -> str:
    for identity, name in names.items():
        text = re.sub(rf"(?<![\w.]){re.escape(identity)}(?![\w.])", name, text)
    return text


def _name_of(world: World, rid: str) -> str:
    resource = world.service.resource(rid)
    return f"{resource.group}.{resource.type or UNTYPED[resource.group]}"


def _status(world: World, rids: list[str]) -> str:
    from executors.simulated.node import SimulatedNode

    lines = [f"availstatus {world.availstatus}"]
    for resource, status in status_of(world.service, SimulatedNode(world.state), Heard()):
        if resource.rid in rids:
            lines.append(f"  {resource.rid} {status.state}: {status.label or resource.driver.label(resource)}")
            lines += [f"    {remark.level}: {remark.text}" for remark in status.remarks]
    return "\n".join(lines)


def _plan(plan: Plan, rids: list[str], *, whole: bool) -> str:
    lines: list[str] = []
    last = ""
    for event in plan.events:
        rid = event.command.rid if isinstance(event, Step) else event.rid
        if rid not in rids:
            continue
        shown = [f"  {line}" for line in _event(event, whole=whole)]
        lines += [*([rid] if shown and rid != last else []), *shown]
        last = rid if shown else last
    return "\n".join(lines) + "\n" if lines else "nothing to do\n"


def _event(event: Event, *, whole: bool) -> Iterator[str]:
    match event:
        case PlannedNote(_, note):
            yield f"- {note.text}" if note.level == "info" else f"- {note.level}: {note.text}"
        case PlannedWait(_, wait):
            yield f"... {wait.subject}, {wait.seconds_max} seconds at most"
        case Step(number=0, command=command, answer=answer):
            if not whole:
                yield f"? {join(command.argv)}" + (f"  [{answer.returncode}]" if answer.returncode else "")
        case Step(command=command):
            yield from _change(command, cascade=event.is_cascade, whole=whole)


def _change(command: Command, *, cascade: bool, whole: bool) -> Iterator[str]:
    sign = "=" if cascade else "~" if command.kind == "announces" else "$"
    yield f"{sign} {join(command.argv)}"
    for thing in command.destroys:
        yield f"  ! {thing.kind} {thing.identity}{' (blank)' if thing.blank else ''}"
    if not whole and not cascade:
        for step in command.undo:
            if isinstance(step, Command):
                yield f"  < {join(step.argv)}"
            else:
                yield f"  < only if {'not ' if step.absent else ''}{join(step.ask.argv)}"


if __name__ == "__main__":
    words = "Compare the goldens with what the drivers do now."
    sys.exit(compare(words, (*folders("services"), *folders("drivers")), written))

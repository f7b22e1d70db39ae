"""JSON Lines: what a plan and a run are for programs. The shapes are the contract of the command line."""

import json
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from core.command import Command, Completed, Note, Wait
from core.engine import ENGINE, SVCMGR
from core.plan import Event, Plan, PlannedNote, Step
from svcprov import __version__
from svcprov.numbering import Numbering
from svcprov.screen import Screen

FORMAT = 1

Line = dict[str, Any]


def command_line(command: Command, step: int, *, conditional: bool = False) -> Line:
    """The object of a command; `step` is 0 for a question. conditional: it may not be needed."""
    check = command.check
    return {
        "type": "command",
        "step": step,
        "rid": command.rid,
        "verb": command.verb,
        "argv": list(command.argv),
        "stdin": command.stdin,
        "kind": command.kind,
        "makes": None if command.makes is None else command.makes.name,
        "check": None if check is None else list(check.ask.argv),
        "destroys": [
            {"kind": thing.kind, "identity": thing.identity, "blank": thing.blank} for thing in command.destroys
        ],
        "undo": [list(undo.argv) for undo in command.undo if isinstance(undo, Command)],
        "quiet": command.quiet,
        "conditional": conditional,
    }


def cascade_line(command: Command, step: int) -> Line:
    """The object of a change of the service file."""
    value = command.argv[3] if command.argv[1] == "set" else None
    return {"type": "cascade", "step": step, "rid": command.rid, "key": command.argv[2], "value": value}


def note_line(rid: str, note: Note) -> Line:
    """The object of a line of the log."""
    return {"type": "note", "rid": rid, "level": note.level, "text": note.text}


def wait_line(rid: str, wait: Wait) -> Line:
    """The object of a bounded wait."""
    return {"type": "wait", "rid": rid, "for": wait.subject, "seconds_max": wait.seconds_max}


def _is_own(command: Command) -> bool:
    """Tell whether it is a question that we answer ourselves: of the service file, or of what others have claimed."""
    return command.tool == SVCMGR and command.kind == "reads"


def step_line(step: Step) -> Line:
    """The object of a step of a plan."""
    if step.is_cascade:
        return cascade_line(step.command, step.number)
    return command_line(step.command, step.number, conditional=step.conditional)


class JsonLines:
    """Writes objects to standard output, and hears of a run. reads: questions are written, too."""

    def __init__(self, screen: Screen, *, reads: bool = False) -> None:
        self._screen, self._reads = screen, reads
        self._numbering = Numbering()
        self._begun = 0.0
        self.changed = 0
        """How many changes were done."""
        self.write({"type": "version", "format": FORMAT, "svcprov": __version__})

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one object."""
        self._screen.json(json.dumps(line, ensure_ascii=False))

    def plan(self, plan: Plan) -> None:
        """Write every event of a plan."""
        for event in plan.events:
            if (line := self._event(event)) is not None:
                self.write(line)

    def _event(self, event: Event) -> Line | None:
        if isinstance(event, Step):
            return step_line(event) if event.number or (self._reads and not _is_own(event.command)) else None
        return note_line(*event) if isinstance(event, PlannedNote) else wait_line(*event)

    def follow(self, steps: Sequence[Step], done: Plan | None = None) -> None:
        """What is heard from now on is a run of these steps: they keep their numbers, counted on from `done`."""
        self._numbering.follow(steps, done)
        self.changed = 0 if done is None else self.changed

    def note(self, rid: str, note: Note) -> None:
        """Write a line of the log."""
        self.write(note_line(rid, note))

    def wait(self, rid: str, wait: Wait) -> None:
        """Write a wait."""
        self.write(wait_line(rid, wait))

    @property
    def progress(self) -> None:
        """Show nothing of how far a command has come: lines are for what has happened."""

    def remark(self, text: str) -> None:
        """Leave out who answered: that is for the debug log."""

    def begins(self, command: Command) -> None:
        """Note the time."""
        self._begun = monotonic()

    def ended(self, command: Command, answer: Completed) -> None:
        """Write a command and its answer."""
        if command.tool == ENGINE or (command.kind == "reads" and not self._reads):
            return
        if _is_own(command):
            return
        self.changed += command.kind == "changes" and answer.returncode in command.accepts
        step = 0 if command.kind == "reads" else self._numbering.of(command)
        line = cascade_line(command, step) if command.tool == SVCMGR else command_line(command, step)
        if command.tool != SVCMGR:
            line |= {
                "returncode": answer.returncode,
                "stdout": answer.stdout,
                "stderr": answer.stderr,
                "seconds": round(monotonic() - self._begun, 3),
            }
        self.write(line)

    def summary(self, plan: Plan | None, action: str, result: str, *, resumable: bool = False) -> None:
        """Write the last line."""
        steps = () if plan is None else plan.steps
        planned = sum(step.command.kind == "changes" for step in steps)
        self.write(
            {
                "type": "summary",
                "action": action,
                "commands": sum(not step.is_cascade for step in steps),
                "destructive": 0 if plan is None else len(plan.destructive),
                "resources": 0 if plan is None else len(plan.order),
                "changed": planned if result == "planned" else self.changed,
                "result": result,
                "resumable": resumable,
            }
        )

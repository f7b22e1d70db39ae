"""A plan as a document for a pull request or a change ticket, in the Markdown of GitHub, with a graph of the stack."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.order import relations
from core.plan import Event, Plan, PlannedNote, PlannedWait, Step
from svcprov import shell
from svcprov.secrets import mask

if TYPE_CHECKING:
    from svcprov.presenting import Presented

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")
_ENTITIES = re.compile(r"""[^\w .,:;/=@()«»'+-]""")
FENCE_LENGTH_MIN = 3


def document(shown: "Presented") -> str:
    """The plan as a document."""
    return "\n".join(_Document(shown).lines())


class _Document:
    """The document of a plan."""

    def __init__(self, shown: "Presented") -> None:
        self._shown = shown
        self._plan: Plan = shown.plan
        self._secrets = shown.service.secrets()

    def lines(self) -> Iterator[str]:
        """All of it."""
        plan, service = self._plan, self._shown.service
        yield f"# {self._code(plan.service)}: {plan.verb} on {self._code(service.nodename)}"
        yield ""
        yield from self._counts()
        for step in plan.destructive:
            yield from self._lost(step)
        yield from self._graph()
        if not plan.steps:
            yield from ("", "There is nothing to do.")
            return
        yield from self._resources()
        yield from self._unknown()
        yield from ("", "## To do it", "")
        yield from self._fenced(self._shown.typed, "sh")

    def _counts(self) -> Iterator[str]:
        plan = self._plan
        cascades = sum(step.is_cascade for step in plan.steps)
        counts = {
            "commands": len(plan.steps) - cascades,
            "changes of the service file": cascades,
            "waits": sum(isinstance(event, PlannedWait) for event in plan.events),
            "resources": len(plan.order),
            "destructive": len(plan.destructive),
        }
        yield "| what | how many |"
        yield "|---|---:|"
        yield from (
            f"| {what} | {f'**{number}**' if what == 'destructive' and number else number} |"
            for what, number in counts.items()
        )

    def _graph(self) -> Iterator[str]:
        """The resources of the plan, and why one comes before another."""
        plan, service = self._plan, self._shown.service
        if not plan.order:
            return
        nodes = {rid: f"r{number}" for number, rid in enumerate(plan.order)}
        yield from ("", "```mermaid", "flowchart TD")
        for rid, node in nodes.items():
            yield f'    {node}["{_mermaid(rid)}<br/>{_mermaid(self._hidden(plan.purposes.get(rid, "")))}"]'
        for relation in relations([service.resource(rid) for rid in plan.order]):
            reason = _mermaid(self._hidden(relation.reason))
            yield f'    {nodes[relation.before]} -->|"{reason}"| {nodes[relation.after]}'
        yield "```"

    def _resources(self) -> Iterator[str]:
        """The steps, under what they are for, in their order."""
        at: str | None = None
        met: set[str] = set()
        for event in self._plan.events:
            lines = list(self._event(event))
            if not lines:
                continue
            rid = event.command.rid if isinstance(event, Step) else event.rid
            if rid != at:
                yield from ("", f"## {self._code(rid or self._plan.service)}{' (continued)' if rid in met else ''}")
                if rid not in met:
                    yield from ("", self._text(self._plan.purposes.get(rid, "triggers")))
                met.add(rid)
                at = rid
            yield from ("", *lines)

    def _event(self, event: Event) -> Iterator[str]:
        if isinstance(event, PlannedNote):
            if event.note.level != "info":
                yield f"> {event.note.level}: {self._text(event.note.text)}"
        elif isinstance(event, PlannedWait):
            yield f"Waits for {self._text(event.wait.subject)}, {event.wait.seconds_max} seconds at most."
        elif event.number:
            yield from self._step(event)

    def _step(self, step: Step) -> Iterator[str]:
        command = step.command
        needed = ", if it is needed" if step.conditional else ""
        if step.is_cascade:
            argv = command.argv
            said = f"{argv[2]} = {argv[3]}" if argv[1] == "set" else f"{argv[2]} is taken out"
            yield from (f"**{step.number}.** In the service file{needed}:", "")
            yield from self._fenced(said, "ini")
            return
        yield from (f"**{step.number}.**{f' {needed[2:].capitalize()}:' if needed else ''}", "")
        yield from self._fenced(shell.line(command.argv), "sh")
        if command.stdin:
            yield from ("", "with this input:", "")
            yield from self._fenced(command.stdin.rstrip("\n"), "text")
        yield from self._lost(step)

    def _lost(self, step: Step) -> Iterator[str]:
        """What a step destroys, as a warning."""
        if step.lost:
            yield from ("", "> [!CAUTION]")
            for thing in step.lost:
                yield f"> **Step {step.number} destroys the {thing.kind} {self._code(thing.identity)}**"

    def _unknown(self) -> Iterator[str]:
        """The values that nobody knows yet."""
        unknown = self._plan.holes()
        if not unknown:
            return
        made = {step.command.makes.name: step.number for step in self._plan.steps if step.command.makes is not None}
        yield from ("", "## Not known yet", "", "| value | comes from |", "|---|---|")
        for name, rid in unknown.items():
            by = f"step {made[name]}" if name in made else "what is made up for it"
            yield f"| {_cell(self._code(f'«{name}»'))} | {_cell(self._code(rid))}: {by} |"

    def _hidden(self, text: str) -> str:
        """A text without secrets, on one line."""
        masked: str = mask(text, self._secrets)
        return " ".join(masked.split())

    def _text(self, text: str) -> str:
        """A text in which nothing is markup."""
        return _MARKUP.sub(r"\\\1", self._hidden(text))

    def _code(self, text: str) -> str:
        """A text as code. One that has backticks is set in more of them."""
        hidden = self._hidden(text)
        ticks = "`" * (_longest(hidden) + 1)
        room = " " if hidden.startswith("`") or hidden.endswith("`") else ""
        return f"{ticks}{room}{hidden}{room}{ticks}"

    def _fenced(self, text: str, language: str) -> Iterator[str]:
        """A block of code, whose fence nothing in it can end."""
        masked: str = mask(text, self._secrets)
        fence = "`" * max(FENCE_LENGTH_MIN, _longest(masked) + 1)
        yield f"{fence}{language}"
        yield from masked.split("\n")
        yield fence


def _longest(text: str) -> int:
    """The length of the longest row of backticks."""
    rows: Sequence[str] = re.findall("`+", text)
    return max(map(len, rows), default=0)


def _cell(text: str) -> str:
    """A text for the cell of a table, where a bar would begin the next one, even in code."""
    return text.replace("|", r"\|")


def _mermaid(text: str) -> str:
    """A text inside the quotation marks of a label: what could end it, or mean something, is a number."""
    return _ENTITIES.sub(lambda match: f"#{ord(match[0])};", text)

"""Plans and statuses as text for people."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from core.plan import Event, Plan, PlannedNote, PlannedWait, Step
from svcprov import shell
from svcprov.screen import Screen

if TYPE_CHECKING:
    from svcprov.tree import Branch, ServiceStatus

REMARK_WIDTH = 72


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 command`, `2 commands`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def header(plan: Plan, where: str) -> str:
    """The line that says where what is going to happen: `SIMULATED ec2.json: provision S: 19 commands, ...`."""
    commands = sum(not step.is_cascade for step in plan.steps)
    return (
        f"{where}: {plan.verb} {plan.service}: {count(commands, 'command')}, "
        f"{count(len(plan.order), 'resource')}, {len(plan.destructive)} destructive"
    )


class PlanText:
    """A plan as text: the commands of each resource under its purpose, in order."""

    def __init__(self, plan: Plan, screen: Screen) -> None:
        self._plan, self._screen = plan, screen
        self._digits = len(str(len(plan.steps)))

    def lines(self, where: str, next_line: str) -> Iterator[str]:
        """Every line, from the header to what to type next."""
        yield self._screen.styled(header(self._plan, where), "bold")
        events = [(_rid(event), shown) for event in self._plan.events if (shown := list(self._event(event)))]
        busy = {rid for rid, _ in events}
        place = {rid: position for position, rid in enumerate(self._plan.order)}
        passed = 0
        met: set[str] = set()
        at: str | None = None
        for rid, shown in events:
            if rid != at:
                if (here := place.get(rid, -1)) >= passed:
                    yield from self._idle(self._plan.order[passed:here], busy)
                    passed = here + 1
                yield ""
                yield self._title(rid, again=rid in met)
                met.add(rid)
                at = rid
            yield from shown
        yield from self._idle(self._plan.order[passed:], busy)
        yield ""
        yield from self._end(next_line)

    def _idle(self, rids: Iterable[str], busy: set[str]) -> Iterator[str]:
        """The resources among `rids` that have nothing to do."""
        for rid in rids:
            if rid not in busy:
                yield ""
                yield self._title(rid, again=False)
                yield self._detail("nothing to do")

    def _title(self, rid: str, *, again: bool) -> str:
        if not rid:
            return self._screen.styled(self._plan.service, "bold")
        # DEFAULT and subsets have triggers of their own, and no driver that could say what for.
        purpose = "(continued)" if again else self._plan.purposes.get(rid, "triggers")
        return f"{self._screen.styled(rid, 'bold')}  {purpose}"

    def _event(self, event: Event) -> Iterator[str]:
        if isinstance(event, PlannedNote):
            if event.note.level != "info":
                yield self._detail(self._screen.styled(f"{event.note.level}: {event.note.text}", "yellow"))
        elif isinstance(event, PlannedWait):
            yield self._detail(f"waits for {event.wait.subject}, {event.wait.seconds_max} seconds at most")
        elif event.number:
            yield from self._step(event)

    def _step(self, step: Step) -> Iterator[str]:
        command = step.command
        shown = said_as(step)
        style = "red" if step.lost else "dim" if command.quiet and not step.is_cascade else ""
        needed = self._screen.styled("  (if it is needed)", "dim") if step.conditional else ""
        yield f"  {step.number:>{self._digits}}  {self._screen.styled(shown, style) if style else shown}{needed}"
        if command.stdin:
            yield from (self._detail(f"| {line}") for line in command.stdin.splitlines())
        if step.lost:
            lost = ", ".join(f"{thing.kind} {thing.identity}" for thing in step.lost)
            yield self._detail(self._screen.styled(f"DESTROYS {lost}", "red"))

    def _detail(self, text: str) -> str:
        return f"  {'':>{self._digits}}    {text}"

    def _end(self, next_line: str) -> Iterator[str]:
        unknown = self._plan.holes()
        if unknown:
            yield "Not known yet:"
            width = max(map(len, unknown)) + 2
            made = {step.command.makes.name: step.number for step in self._plan.steps if step.command.makes is not None}
            for name, rid in unknown.items():
                by = f"step {made[name]}" if name in made else "what is made up for it"
                yield f"  {f'«{name}»':<{width}}  {rid}: {by}"
            yield ""
        cascades = sum(step.is_cascade for step in self._plan.steps)
        waits = sum(isinstance(event, PlannedWait) for event in self._plan.events)
        commands = len(self._plan.steps) - cascades
        counts = [count(commands, "command"), f"{count(cascades, 'change')} of the service file"]
        counts += [count(waits, "wait"), f"{len(self._plan.destructive)} destructive"]
        yield f"{', '.join(counts)}."
        yield f"To do it: {next_line}" if self._plan.steps else "There is nothing to do."


def _rid(event: Event) -> str:
    return event.command.rid if isinstance(event, Step) else event.rid


def said_as(step: Step) -> str:
    """A step in a line: its command, or what the service file will say."""
    return _cascade(step.command.argv) if step.is_cascade else shell.line(step.command.argv)


def _cascade(argv: tuple[str, ...]) -> str:
    """A change of the service file, as the file will say it."""
    return f"{argv[2]} = {argv[3]}" if argv[1] == "set" else f"{argv[2]} is taken out"


def status_lines(status: "ServiceStatus", screen: Screen) -> Iterator[str]:
    """The tree of `print status`, in the layout that operators know."""
    yield status.service
    yield f"{'overall':<20} {'':4} {_colored(status.overall, screen)}"
    yield f"{'|- avail':<20} {'':4} {_colored(status.avail, screen)}"
    yield from _branches(status.resources, "|  ", screen)
    if status.accessories:
        yield "'- accessory"
        yield from _branches(status.accessories, "   ", screen)


def _branches(branches: "Iterable[Branch]", stem: str, screen: Screen) -> Iterator[str]:
    from textwrap import wrap

    every = list(branches)
    for position, branch in enumerate(every):
        last = position == len(every) - 1
        fork, under = ("'- ", "   ") if last else ("|- ", "|  ")
        state = _colored(branch.state, screen) + " " * (10 - len(branch.state))
        yield f"{stem}{fork}{branch.rid:<14} {branch.flags:>4} {state} {branch.label}".rstrip()
        for remark in branch.remarks:
            level = "" if remark.level == "warn" else f"{remark.level}: "
            for line in wrap(level + remark.text, REMARK_WIDTH):
                yield f"{stem}{under}{'':14} {'':4} {'':10} # {line}"


def _colored(state: str, screen: Screen) -> str:
    styles = {"up": "green", "stdby up": "green", "down": "red", "stdby down": "red", "warn": "yellow"}
    return screen.styled(state, styles[state]) if state in styles else state

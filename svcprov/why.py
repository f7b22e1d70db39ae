"""`plan --why STEP`: which key and line caused a step, which answer required it, what it waits for."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.command import Check, Command, Completed, Wait
from core.config.sizes import human, is_bare, parse_bytes
from core.errors import UsageError, beginning
from core.explanation import Asked, Explanation, Key, Need, Reasons
from core.plan import Plan
from core.provenance import Reading, words_of
from svcprov import shell
from svcprov.jsonl import step_line, wait_line
from svcprov.render import count, said_as
from svcprov.screen import Screen

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.invocation import Invocation
    from svcprov.presenting import Presented

SELECTING = ("rid", "tags", "subsets", "adopt")
"""The options that make it another plan."""
DIGITS_MAX = 9
SAID_CHARACTERS_MAX = 96
"""How much of an answer is shown; JSON has all of it."""
LISTED_MAX = 12
"""How many questions are shown of those that were asked long before the step."""
UNKNOWN = {
    "path": "whether there is a {}",
    "below": "what is below {}",
    "text": "what {} says",
    "content": "what {} holds",
    "store": "what a docker daemon keeps in {}",
}
"""What nobody can say beforehand, by the kind of the question."""


def check(call: "Invocation") -> None:
    """Raise UsageError for options that mean nothing beside --why."""
    if call.options.format not in {"text", "json"}:
        raise UsageError(f"plan --why writes text and json, no {call.options.format}; leave --format out")
    if call.options.output is not None:
        raise UsageError("plan: --why explains a step, and -o saves the plan; ask for one at a time")


def explain(call: "Invocation", shown: "Presented", bound: Mapping[str, str]) -> None:
    """Write why a step of a plan is there. bound: what an unfinished action has made, by the names of the holes.

    Raises UsageError for a step that the plan does not have.
    """
    options = [f"--{name}={','.join(given)}" for name in SELECTING if (given := getattr(call.options, name))]
    number = chosen(shown.plan, call.options.why, bound, call.line("plan", *call.operands, *options))
    found = Reasons(shown.plan, shown.service).of(number)
    if call.json is not None:
        call.json.write(_object(found, shown.service))
        return
    for line in Text(call.screen, shown, found).lines():
        call.screen.out(line)


def chosen(plan: Plan, word: str, bound: Mapping[str, str], typed: str) -> int:
    """The number of the step that a word names: by number, by what it makes, or by the key that it writes.

    typed: the command line that shows the plan. Raises UsageError with what there is, and what to type.
    """
    steps, asked = plan.steps, f"--why {word}"
    if not steps:
        raise UsageError(f"{asked}: the plan has no step, there is nothing to do; `{typed}` says so")
    there_are = f"the plan has the steps 1 to {len(steps)}"
    if word.isascii() and word.isdigit():
        if len(word) <= DIGITS_MAX and 0 < int(word) <= len(steps):
            return int(word)
        raise UsageError(f"{asked}: {there_are}; `{typed}` shows them")
    wanted = word.removeprefix("«").removesuffix("»")
    names = _names(plan)
    numbers = names.get(wanted) or names.get(f"DEFAULT.{wanted}") or ()
    if len(numbers) == 1:
        return numbers[0]
    if numbers:
        raise UsageError(f"{asked}: steps {_listed(numbers)} do, name one of them; `{typed} --why {numbers[0]}`")
    if wanted in bound:
        raise UsageError(f"{asked}: {bound[wanted]} is there already, from what was interrupted; `{typed}` goes on")
    if user := next((step.number for step in steps if f"«{wanted}»" in " ".join(step.command.argv)), 0):
        raise UsageError(f"{asked}: no step makes it, it is made up, and used first here: `{typed} --why {user}`")
    from core.config.spelling import closest

    if near := closest(wanted, names):
        raise UsageError(f"{asked}: no step makes or writes that; did you mean `{typed} --why {near}`?")
    raise UsageError(f"{asked}: no step makes or writes that, and {there_are}; `{typed}` shows them")


def _names(plan: Plan) -> dict[str, tuple[int, ...]]:
    """What the steps of a plan make, and the keys that they write, with their numbers."""
    names: dict[str, tuple[int, ...]] = {}
    for step in plan.steps:
        own = {step.command.makes.name} if step.command.makes is not None else set()
        if step.is_cascade:
            key = words_of(step.command)[1]
            own |= {key, key.partition("@")[0]}
        for name in own:
            names[name] = (*names.get(name, ()), step.number)
    return names


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(filter(None, (", ".join(map(str, numbers[:-1])), str(numbers[-1]))))


class Text:
    """An explanation as text."""

    def __init__(self, screen: Screen, shown: "Presented", found: Explanation) -> None:
        self._screen, self._shown, self._found = screen, shown, found
        self._plan, self._service = shown.plan, shown.service

    def lines(self) -> Iterator[str]:
        """Every line, from the step to how it is undone."""
        step = self._found.step
        rid, plan = step.command.rid, self._plan
        where = f"{self._shown.where}: {plan.verb} {plan.service}: step {step.number} of {len(plan.steps)}"
        yield self._screen.styled(where, "bold")
        yield ""
        line = self._service.document.line(rid)
        of = f" ({os.path.basename(self._service.document.path)}:{line})" if line else ""
        yield f"{self._screen.styled(rid or plan.service, 'bold')}{of}  {plan.purposes.get(rid, 'triggers')}".rstrip()
        yield f"  {step.number}  {said_as(step)}"
        if step.conditional:
            yield from self._conditional()
        yield from self._part("Keys that its driver had read (* stands in the command)", self._keys())
        yield from self._part("What the record has", self._recorded())
        yield from self._part("Answers that it had right before", self._answers(self._found.asked))
        if not self._found.asked:
            yield from self._part("Answers that it had", self._earlier())
        yield from self._part("What it said", (f"  {text}" for text in self._found.said))
        yield from self._part("Waits for", self._needs())
        yield from self._part("What waits for it", self._follows())
        yield from self._part("Then waits for", (f"  {_waited(wait)}" for wait in self._found.waits_after))
        if self._found.asked:
            yield from self._part("Answers that it had before its last step", self._earlier())
        yield from self._part("Once it has run", self._afterwards())

    def _part(self, title: str, lines: Iterator[str]) -> Iterator[str]:
        every = list(lines)
        if every:
            yield ""
            yield self._screen.styled(title, "bold")
            yield from every

    def _conditional(self) -> Iterator[str]:
        unknown = [UNKNOWN.get(each.kind, f"{each.kind} {{}}").format(each.subject) for each in self._found.unanswered]
        yield f"     only if it is needed: nobody can say before the steps above have run {', or '.join(unknown)}"

    def _keys(self) -> Iterator[str]:
        missing = [key for key in self._found.keys if key.reading.text is None and not key.reading.through]
        for key in self._found.keys:
            if key not in missing:
                yield from self._key(key)
        if defaults := [key.reading for key in missing if key.reading.value]:
            yield f"  written by nobody: {', '.join(f'{each.key} (default {each.value})' for each in defaults)}"
        if absent := [key.reading.key for key in missing if not key.reading.value]:
            yield f"  not given: {', '.join(absent)}"

    def _key(self, key: Key) -> Iterator[str]:
        yield f"{'*' if key.stands else ' '} {self._reading(key.reading, key.written_by)}"
        for through in key.reading.through:
            yield from self._through(through, "    ")

    def _through(self, reading: Reading, indent: str) -> Iterator[str]:
        yield f"{indent}{self._reading(reading, 0)}"
        for each in reading.through:
            yield from self._through(each, f"{indent}  ")

    def _reading(self, reading: Reading, written_by: int) -> str:
        """A key with its place, as it is written and as it is understood."""
        name = reading.source or reading.key
        user = self._service.text(name)
        line = place(self._service, name)
        if user is None and written_by:
            return f"{name} = {_one_line(reading.value)}, written by step {written_by}"
        if reading.text is None:
            return f"{reading.key}, which is {_one_line(reading.value)}"
        text = f"{name} ({line}) = {_one_line(user if user is not None else reading.text)}"
        if written_by:
            return f"{text}; now {_one_line(reading.value)}, from step {written_by}"
        understood = as_understood(self._service, reading)
        return f"{text} -> {_one_line(understood)}" if understood != user else text

    def _recorded(self) -> Iterator[str]:
        for name, thing in self._found.recorded.items():
            yield f"  {name} = {thing.identity}, made by {thing.action}"

    def _answers(self, asked: Sequence[Asked]) -> Iterator[str]:
        for each in asked:
            times = f" ({each.times} times)" if each.times > 1 else ""
            yield f"  {shell.line(each.argv)}{times}"
            yield f"      {self._answered(each.answer)}"

    def _answered(self, answer: Completed) -> str:
        """An answer in a line: its return code, and the beginning of what was said."""
        # A secret that is cut in two would not be known for one.
        said = " ".join(self._screen.masked(answer.stdout.strip() or answer.stderr.strip()).split())
        return f"return code {answer.returncode}, {beginning(said, SAID_CHARACTERS_MAX) or 'nothing said'}"

    def _earlier(self) -> Iterator[str]:
        earlier = self._found.earlier
        yield from (f"  {shell.line(each.argv)}: {self._answered(each.answer)}" for each in earlier[:LISTED_MAX])
        if len(earlier) > LISTED_MAX:
            yield f"  and {count(len(earlier) - LISTED_MAX, 'question')} more; --format json has them"

    def _needs(self) -> Iterator[str]:
        yield from (f"  {_waited(wait)}" for wait in self._found.waits)
        for need in self._found.needs:
            yield f"  {self._need(need)}"

    def _need(self, need: Need) -> str:
        match need.kind:
            case "made up":
                return f"«{need.what}», made up right before, and the same after a crash"
            case "made":
                hole = f"«{need.what}»"
                return f"step {need.steps[0]}, which makes {hole if hole in self._argv() else need.what}"
            case "key":
                return f"step {need.steps[0]}, which writes {need.what}"
            case _:
                return f"{need.what} ({_range(need.steps)}): {need.reason}"

    def _argv(self) -> str:
        return " ".join((*self._found.step.command.argv, self._found.step.command.stdin or ""))

    def _follows(self) -> Iterator[str]:
        reasons: dict[int, list[str]] = {}
        for need in self._found.follows:
            if need.kind != "resource":
                reasons.setdefault(need.steps[0], []).append(f"for {need.what}")
        steps: dict[str, list[int]] = {}
        for number in sorted(reasons):
            steps.setdefault(" and ".join(reasons[number]), []).append(number)
        for reason, numbers in steps.items():
            yield f"  {'steps' if numbers[1:] else 'step'} {_listed(numbers)}, {reason}"
        for need in self._found.follows:
            if need.kind == "resource":
                yield f"  {need.what} ({_range(need.steps)}): {need.reason}"

    def _afterwards(self) -> Iterator[str]:
        command = self._found.step.command
        if command.check is not None:
            holds = "fails" if command.check.absent else "holds"
            finds = f", and shows {command.check.text}" if command.check.text else ""
            yield f"  in place when this {holds}: {shell.line(command.check.ask.argv)}{finds}"
        yield from (f"  undone by: {_undo(step)}" for step in command.undo)
        if not command.undo and command.kind == "changes":
            yield "  nothing undoes it"
        for thing in command.destroys:
            proven = "which was proven blank" if thing.blank else "with what it holds"
            yield f"  destroys {thing.kind} {thing.identity}, {proven}"


def _undo(step: Command | Check) -> str:
    if isinstance(step, Command):
        return shell.line(step.argv)
    return f"only if {'not ' if step.absent else ''}{shell.line(step.ask.argv)}"


def _range(numbers: Sequence[int]) -> str:
    return f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]} to {numbers[-1]}"


def _waited(wait: Wait) -> str:
    return f"{wait.subject}, {wait.seconds_max} seconds at most"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()) or "nothing"


def place(service: "Service", key: str) -> str:
    """Where a key is written: the name of the file, and the line."""
    section, _, option = key.partition(".")
    return f"{os.path.basename(service.document.path)}:{service.document.line(section, option)}"


def as_understood(service: "Service", reading: Reading) -> str:
    """The value of a key, with the unit that a bare size has."""
    value = reading.value or ""
    section, _, option = reading.key.partition(".")
    keyword = service.keyword(section, option)
    if keyword.kind == "size" and keyword.unit and is_bare(value):
        return human(parse_bytes(value, keyword.unit))
    return value


def _object(found: Explanation, service: "Service") -> dict[str, Any]:
    """An explanation as an object of JSON Lines."""
    command = found.step.command
    return {
        "type": "why",
        "step": step_line(found.step),
        "keys": [
            {**_key_object(service, key.reading), "stands": key.stands, "recent": key.recent, "step": key.written_by}
            for key in found.keys
        ],
        "recorded": {name: thing._asdict() for name, thing in found.recorded.items()},
        "answers": [_asked_object(each) for each in found.asked],
        "earlier": [_asked_object(each) for each in found.earlier],
        "said": list(found.said),
        "needs": [need._asdict() for need in found.needs],
        "needed_by": [need._asdict() for need in found.follows],
        "waits": [wait_line(command.rid, wait) for wait in found.waits],
        "waits_after": [wait_line(command.rid, wait) for wait in found.waits_after],
        "unanswered": [question._asdict() for question in found.unanswered],
    }


def _key_object(service: "Service", reading: Reading) -> dict[str, Any]:
    source = reading.source or None
    section, _, option = (reading.source or reading.key).partition(".")
    written = source is not None and service.text(source) is not None
    return {
        "key": reading.key,
        "source": source,
        "file": service.document.path if written else None,
        "line": service.document.line(section, option) if written else None,
        "text": service.text(source) if source is not None else None,
        "value": reading.value,
        "through": [_key_object(service, each) for each in reading.through],
    }


def _asked_object(asked: Asked) -> dict[str, Any]:
    answer = asked.answer
    return {
        "argv": list(asked.argv),
        "returncode": answer.returncode,
        "stdout": answer.stdout,
        "stderr": answer.stderr,
        "times": asked.times,
    }

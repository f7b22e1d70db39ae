"""Why a step is in a plan: what its driver had read and heard, what it waits for, and what waits for it.

Everything here is seen in the plan itself and in what a preview remembered (`core.provenance`); the relations between
resources are those that made the order.
"""

import re
from collections.abc import Iterator, Mapping
from operator import eq
from typing import TYPE_CHECKING, NamedTuple

from core.command import Completed, Wait
from core.engine import SVCMGR, UNDOING
from core.holes import open_holes
from core.order import relations
from core.plan import Event, Plan, PlannedNote, PlannedWait, Step
from core.provenance import Reading, Thought, reading, thoughts, words_of
from core.trigger import TOOLS as TRIGGERS
from core.trigger import commands

if TYPE_CHECKING:
    from core.command import Command
    from core.config.service import Service
    from core.record import MadeThing
    from core.state import Question

_BETWEEN_WORDS = re.compile(r"[\s<>=,]+")
PART_CHARACTERS_MIN = 3
"""A value that is shorter than this may be part of any word."""


class Key(NamedTuple):
    """A key that was read before a step.

    stands: its value stands in the command. recent: it was read since the step before this one of the resource.
    written_by: the number of the cascade that wrote what was read; 0 where that is what the user wrote.
    """

    reading: Reading
    stands: bool
    recent: bool
    written_by: int


class Asked(NamedTuple):
    """A question that was asked before a step, and how many times in a row it had this answer."""

    argv: tuple[str, ...]
    answer: Completed
    times: int = 1


class Need(NamedTuple):
    """One thing that a step waits for.

    kind: `made` (a hole, or a thing whose name is known already), `made up` (by the engine, right before), `key`, or
    `resource`. what: the name of the thing, the key, or the rid. steps: the numbers of the steps that bring it about.
    """

    kind: str
    what: str
    steps: tuple[int, ...]
    reason: str = ""


class Explanation(NamedTuple):
    """Why a step is there. key: of a trigger, the key that holds it.

    asked, said: questions and log lines since the step before this one of its resource; earlier: the questions before.
    waits: bounded waits right before it; waits_after: right after it. follows: what waits for it, the other way round.
    unanswered: of a conditional step, the questions that nobody can answer beforehand.
    recorded: what the record has of the things that the step is about, by name.
    """

    step: Step
    keys: tuple[Key, ...]
    asked: tuple[Asked, ...]
    said: tuple[str, ...]
    earlier: tuple[Asked, ...]
    needs: tuple[Need, ...]
    follows: tuple[Need, ...]
    waits: tuple[Wait, ...]
    waits_after: tuple[Wait, ...]
    unanswered: "tuple[Question, ...]"
    recorded: "dict[str, MadeThing]"


class Reasons:
    """The reasons of every step of a plan. service: the one that was previewed, as it was before."""

    def __init__(self, plan: Plan, service: "Service") -> None:
        self._plan, self._service = plan, service
        self._steps = {step.number: step for step in plan.steps}
        self._thoughts = thoughts(plan, service)
        self._ranges: dict[str, tuple[int, ...]] = {}
        for number, step in self._steps.items():
            self._ranges[step.command.rid] = (*self._ranges.get(step.command.rid, ()), number)
        self._before = _earlier_resources(plan, service)
        self._needs: dict[int, tuple[Need, ...]] = {}

    def of(self, number: int) -> Explanation:
        """Explain a step."""
        step = self._steps[number]
        before, since, after = self._around(step)
        asked = tuple(_questions(since))
        return Explanation(
            step,
            tuple(self._keys(step)),
            asked,
            tuple(event.note.text for event in since if isinstance(event, PlannedNote)),
            tuple(_questions(before)),
            self.needs(number),
            tuple(self._follows(number)),
            tuple(event.wait for event in since if isinstance(event, PlannedWait)),
            tuple(event.wait for event in after if isinstance(event, PlannedWait)),
            self._unanswered(step, before + since),
            self._recorded(step),
        )

    def _around(self, step: Step) -> tuple[list[Event], list[Event], list[Event]]:
        """The events of the step's resource: before its last step, since then, and from the step to the next one."""
        events = [*self._plan.of(step.command.rid)]
        at = events.index(step)
        numbered = [place for place, event in enumerate(events) if isinstance(event, Step) and event.number]
        begin = max((place + 1 for place in numbered if place < at), default=0)
        end = min((place for place in numbered if place > at), default=len(events))
        return events[:begin], events[begin:at], events[at + 1 : end]

    def _keys(self, step: Step) -> Iterator[Key]:
        thought = self._thought(step)
        keys = [
            Key(each, stands_in(each, step.command), each.key in thought.since, self._written_by(each, step.number))
            for each in reversed(thought.readings)
        ]
        yield from sorted(keys, key=lambda key: (not key.stands, key.reading.text is None, not key.recent))

    def _thought(self, step: Step) -> Thought:
        """What led to a step; of a trigger, the option that holds it."""
        command = step.command
        found = self._thoughts.get(step.number) or Thought(command.rid, command.verb, command.argv)
        return found._replace(readings=self._trigger(step)) if command.tool in TRIGGERS else found

    def _trigger(self, step: Step) -> tuple[Reading, ...]:
        command = step.command
        held = {
            f"{'blocking_' if is_blocking else ''}{when}_{command.verb}": trigger.argv
            for when in ("pre", "post")
            for trigger, is_blocking in commands(self._service, command.rid, command.verb, when)
        }
        # A value that it refers to may have changed since; the other words are what they were.
        option = max(held, key=lambda name: sum(map(eq, held[name], command.argv)))
        return (reading(self._service, command.rid, option),)

    def _written_by(self, read: Reading, number: int) -> int:
        """The number of the last cascade before a step that wrote the text which was read."""
        for earlier in range(number - 1, 0, -1):
            words = words_of(self._steps[earlier].command) if self._steps[earlier].is_cascade else ()
            if words[1:2] == (read.source or read.key,):
                return earlier if (words[2:3] or (None,)) == (read.text,) else 0
        return 0

    def needs(self, number: int) -> tuple[Need, ...]:
        """What a step waits for."""
        if number not in self._needs:
            step = self._steps[number]
            self._needs[number] = (
                *self._things(step),
                *self._cascades(step),
                *(
                    Need("resource", rid, self._ranges[rid], reason)
                    for rid, reason in self._before.get(step.command.rid, {}).items()
                    if rid in self._ranges
                ),
            )
        return self._needs[number]

    def _things(self, step: Step) -> Iterator[Need]:
        """The holes that stand in a step, and the things in it whose names are known although a step makes them."""
        command = step.command
        earlier = [self._steps[number] for number in range(1, step.number)]
        makers = {each.command.makes.name: each.number for each in earlier if each.command.makes is not None}
        texts = (
            *command.argv,
            command.stdin or "",
            *(text for thing in command.destroys for text in thing[1::2] if text),
        )
        for name in dict.fromkeys(open_holes(texts)):
            # A thing may have two identities: an elastic address is made with its allocation.
            made = 0 if name in self._plan.made_up else makers.get(name) or makers.get(name.rpartition(".")[0])
            yield Need("made", name, (made,)) if made else Need("made up", name, ())
        for each in earlier:
            makes = each.command.makes
            if makes is not None and makes.identity and any(_is_at(word, makes.identity) for word in command.argv):
                yield Need("made", makes.name, (each.number,))

    def _cascades(self, step: Step) -> Iterator[Need]:
        found: dict[tuple[str, int], None] = {}
        for read in self._thought(step).readings:
            for each in read.whole():
                if number := self._written_by(each, step.number):
                    found[each.source or each.key, number] = None
        yield from (Need("key", key, (number,)) for key, number in found)

    def _follows(self, number: int) -> Iterator[Need]:
        """What waits for a step: of resources, each once."""
        own = self._steps[number].command.rid
        for later in range(number + 1, len(self._steps) + 1):
            for need in self.needs(later):
                if need.kind != "resource" and number in need.steps:
                    yield Need(need.kind, need.what, (later,))
        for rid, before in self._before.items():
            if own in before and rid in self._ranges:
                yield Need("resource", rid, self._ranges[rid], before[own])

    def _unanswered(self, step: Step, before: list[Event]) -> "tuple[Question, ...]":
        """The questions because of which a step is conditional: those of its resource, where that can be told."""
        if not step.conditional:
            return ()
        asked = {word for event in before if isinstance(event, Step) for word in event.command.argv}
        near = tuple(each for each in self._plan.supposed if each.subject in asked)
        return near or self._plan.supposed

    def _recorded(self, step: Step) -> "dict[str, MadeThing]":
        """What the record has of the things whose identity stands in a step, or that are gone after it."""
        command = step.command
        made = self._service.record.made
        return {name: made[name] for name in made if name in command.unmakes or made[name].identity in command.argv}


def stands_in(read: Reading, command: "Command") -> bool:
    """Tell whether the value of a key, or a word of it (the 15 of `<size=15>`), stands in a command."""
    value = read.value or ""
    words = {value, *value.split(), *_BETWEEN_WORDS.split(value)} - {""}
    if words & set(command.argv):
        return True
    return len(value) >= PART_CHARACTERS_MIN and any(value in text for text in (*command.argv, command.stdin or ""))


def _is_at(word: str, path: str) -> bool:
    """Tell whether a word is a thing that was made, or a path below it."""
    return word == path or (path.startswith("/") and word.startswith(f"{path}/"))


def _questions(events: list[Event]) -> Iterator[Asked]:
    """The questions among events, the last one first; one that was answered alike again and again, once."""
    found: list[Asked] = []
    for event in events:
        if isinstance(event, Step) and not event.number and event.command.tool != SVCMGR:
            asked = Asked(event.command.argv, event.answer)
            last = found[-1] if found else None
            if last is not None and (last.argv, last.answer) == (asked.argv, asked.answer):
                found[-1] = last._replace(times=last.times + 1)
            else:
                found.append(asked)
    yield from reversed(found)


def _earlier_resources(plan: Plan, service: "Service") -> Mapping[str, dict[str, str]]:
    """For each resource, those that come before it for a reason: by rid, with the reason."""
    place = {rid: position for position, rid in enumerate(plan.order)}
    found: dict[str, dict[str, str]] = {}
    for relation in relations([service.resource(rid) for rid in plan.order]):
        first, then = (relation.after, relation.before) if plan.verb in UNDOING else (relation.before, relation.after)
        # A reference that would have closed a circle has given way.
        if place[first] < place[then]:
            found.setdefault(then, {})[first] = relation.reason
    return found

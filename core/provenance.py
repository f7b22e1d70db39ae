"""Which keys of the service file a driver had read when it asked for a step: a service that remembers who reads it.

Nobody declares this. The preview of an action is run on a `Remembered` copy of its service, and what a driver reads
between two of its effects is noted down beside the next one. What others read meanwhile (the order, the titles of a
plan, the service file's own executor) does not count, since only the driver's thinking leads to a step.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from core.command import Command, SetKey, Steps, UnsetKey
from core.config.keywords import COMMON, DEFAULTS
from core.config.resource import Resource
from core.config.service import Service, split_key
from core.engine import SHARED, SVCMGR
from core.errors import ConfigError, SvcprovError
from core.order import REFERENCE
from core.plan import Plan, Step

REFERENCES_MAX = 32
"""How far references are followed, as far as they are when a value is evaluated."""
INHERITED = frozenset(keyword.name for keyword in DEFAULTS) - frozenset(keyword.name for keyword in COMMON)
"""What a resource reads of DEFAULT where it has no such option itself."""


class Reading(NamedTuple):
    """A key, as it was when a driver read it last.

    source: the option that its value came from, with its scope; "" where nobody had written one. text: what stood
    there; None where the value is a default, or nothing. through: the keys that the text refers to.
    """

    key: str
    source: str
    text: str | None
    value: str | None
    through: "tuple[Reading, ...]" = ()

    def whole(self) -> "Iterator[Reading]":
        """The reading itself, and all that it refers to."""
        yield self
        for each in self.through:
            yield from each.whole()


class Thought(NamedTuple):
    """What a driver had read when it asked for a change.

    words: the change, as `words_of` has it. readings: since the turn of the resource began, the last one last.
    since: the keys among them that were read after the change before this one.
    """

    rid: str
    verb: str
    words: tuple[str, ...]
    readings: tuple[Reading, ...] = ()
    since: frozenset[str] = frozenset()


class Remembered(Service):
    """A service that remembers what the drivers of its resources read. Its copies remember for themselves."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.thoughts: list[Thought] = []
        self.copies: list[Remembered] = []
        """Every copy that was made of it, and of its copies, in order."""
        self._is_heard = False
        self._readings: dict[str, Reading] = {}
        self._since: set[str] = set()

    def copy(self, kind: type[Service] | None = None) -> Service:
        """Make an independent service of the same texts, which is one of the `copies`."""
        other = super().copy(kind)
        if isinstance(other, Remembered):
            self.copies.append(other)
            other.copies = self.copies
        return other

    def view(self, rid: str, type_: str, driver: Any) -> Resource:
        """Make the view of one of its resources, with verbs that are listened to."""
        return _Heard(self, rid, type_, driver)

    def read(self, section: str, option: str) -> str | None:
        """Return the value of an option."""
        return self._noted((section, option), lambda: super(Remembered, self).read(section, option))

    def text(self, key: str) -> str | None:
        """Return the text of a key as it is written."""
        return self._noted(split_key(key), lambda: super(Remembered, self).text(key))

    def source(self, key: str) -> str | None:
        """Return the key that really holds the value."""
        return self._noted(split_key(key), lambda: super(Remembered, self).source(key))

    def origin(self, key: str) -> str | None:
        """Return the user's text of a key."""
        return self._noted(split_key(key), lambda: super(Remembered, self).origin(key))

    def _noted(self, key: tuple[str, str], answer: Callable[[], str | None]) -> str | None:
        if not self._is_heard:
            return answer()
        # To answer, the service reads keys itself; they are no driver's business.
        self._is_heard = False
        try:
            found = reading(self, *key)
            # A driver may read a key again and again: the last time counts, and the order is that of the last times.
            self._readings.pop(found.key, None)
            self._readings[found.key] = found
            self._since.add(found.key)
            return answer()
        finally:
            self._is_heard = True

    def listened(self, rid: str, verb: str, steps: Steps) -> Steps:
        """The same effects; what is read between them is noted down."""
        self._readings, self._since = {}, set()
        answer: Any = None
        failure: SvcprovError | None = None
        while True:
            self._is_heard = True
            try:
                effect = steps.throw(failure) if failure is not None else steps.send(answer)
            except StopIteration as end:
                return end.value
            finally:
                self._is_heard = False
            self._think(rid, verb, effect)
            answer, failure = None, None
            try:
                answer = yield effect
            except SvcprovError as error:
                failure = error

    def _think(self, rid: str, verb: str, effect: Any) -> None:
        words: tuple[str, ...] = ()
        if isinstance(effect, Command) and effect.kind != "reads":
            words = effect.argv
        elif isinstance(effect, SetKey):
            words = ("set", self.source(effect.key) or effect.key, effect.value)
        elif isinstance(effect, UnsetKey):
            words = ("unset", self.source(effect.key) or effect.key)
        if words:
            thought = Thought(rid, verb, words, tuple(self._readings.values()), frozenset(self._since))
            self.thoughts.append(thought)
            self._since = set()


class _Heard(Resource):
    """A resource whose driver is listened to."""

    __slots__ = ()

    def steps(self, verb: str) -> Steps:
        """Return the effects of a verb."""
        steps = super().steps(verb)
        return self.service.listened(self.rid, verb, steps) if isinstance(self.service, Remembered) else steps


def remembered(service: Service) -> Service:
    """A copy of a service that remembers what drivers read."""
    return service.copy(Remembered)


def reading(service: Service, section: str, option: str, depth: int = 0) -> Reading:
    """What a key of a service is now, with all that its text refers to."""
    key = f"{section}.{option}"
    source, text = service.source(key) or "", service.text(key)
    try:
        value = service.read(section, option)
    except ConfigError:
        value = text
    through: list[Reading] = []
    if text is not None:
        found = REFERENCE.findall(text) if depth < REFERENCES_MAX else []
        # A word that no section has (`svcname`) is the service's own.
        pairs = dict.fromkeys((into or "DEFAULT", name.lower()) for into, name in found)
        through = [reading(service, *pair, depth + 1) for pair in pairs if service.find(*pair) is not None]
    elif section != "DEFAULT" and option in INHERITED and service.source(f"DEFAULT.{option}") is not None:
        through = [reading(service, "DEFAULT", option, depth + 1)]
    return Reading(key, source, text, value, tuple(through))


def words_of(command: Command) -> tuple[str, ...]:
    """A change as a thought has it: its words, without those that are the engine's own."""
    return tuple(word for word in command.argv[1:] if word != SHARED) if command.tool == SVCMGR else command.argv


def thoughts(plan: Plan, service: Service) -> dict[int, Thought]:
    """What led to each step of a plan, by number, where a driver's thinking did. service: what was previewed."""
    copies = service.copies if isinstance(service, Remembered) else []
    found: dict[int, Thought] = {}
    for copy in reversed(copies):
        left: dict[tuple[Any, ...], list[Thought]] = {}
        for thought in copy.thoughts:
            left.setdefault(thought[:3], []).append(thought)
        # What an interrupted action did already is thought again, and is no step: it comes first.
        for step in reversed(plan.steps):
            candidates = left.get(_place(step))
            if candidates:
                found.setdefault(step.number, candidates.pop())
    return found


def _place(step: Step) -> tuple[Any, ...]:
    return (step.command.rid, step.command.verb, words_of(step.command))

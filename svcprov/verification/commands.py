"""A command that fails, that times out, or whose answer is lost; and one that fails as often as it is run."""

from collections.abc import Iterator, Sequence

from core.command import Command, Completed, Executor
from core.errors import SvcprovError
from executors.layers.faults import Faults, How, failure
from svcprov.verification.case import AS_NONE, AS_UNDISTURBED, FAILED, Subject, Verdict
from svcprov.verification.crashes import THEN, Then, do, none, violations, whole
from svcprov.verification.disk import Point, Where
from svcprov.verification.outcomes import lost as lost_facts
from svcprov.verification.outcomes import masked
from svcprov.verification.world import World

ALWAYS = "always"


def failing(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each change and each question fails once, in the manner of its tool."""
    yield from _each(subject, "fails", "inside", every)
    yield from _each(subject, "fails", "questions", every)


def timing_out(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each change does nothing, and says that it timed out."""
    yield from _each(subject, "timeout", "inside", every)


def lost(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each change takes effect, and says that it timed out."""
    yield from _each(subject, "lost", "inside", every)


def persisting(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each change fails as often as it is run, until somebody mends what it fails of."""
    for at in range(1, subject.changes + 1, every):
        for then in THEN:
            yield persisted(subject, at, then)


def _each(subject: Subject, how: How, where: Where, every: int) -> Iterator[Verdict]:
    at = 1
    while True:
        met = _met(subject, Point(at, how, where))
        if met is None:
            return
        for then in THEN:
            yield _judged(subject, *met, Point(at, how, where), then)
        at += every


def _met(subject: Subject, point: Point) -> tuple[World, SvcprovError | None] | None:
    """What a provision leaves in which a command goes wrong, and how it ended; None when it has no such command."""
    world = subject.world.fork()
    error = None
    try:
        do(world, "resume", point, subject.plan)
    except SvcprovError as met:
        error = met
    return None if world.faults[point.where].hit is None else (world, error)


def _judged(subject: Subject, failed: World, error: SvcprovError | None, point: Point, then: Then) -> Verdict:
    code = ":".join(map(str, (point.how, point.at, point.where, then)))
    world = failed.fork()
    if error is None:
        # A driver may know what to do about it, and a resource may be optional: then there is nothing to take back.
        return _tolerated(subject, world, code, then, failed.faults[point.where].hit)
    found = violations(world, then, subject.ends())
    if then == "resume" and _is_optional(world, failed.faults[point.where].hit):
        # It is made after what came after it, which may have got its loop device: only nothing may be lost.
        found = [line for line in found if line.startswith(("resume failed", "lost: "))]
    found += [] if error.exit_code else [f"the failed action exits with {error.exit_code}: {error}"]
    return Verdict(code, AS_UNDISTURBED if then == "resume" else AS_NONE, tuple(found))


def _is_optional(world: World, hit: Command | None) -> bool:
    return hit is not None and "#" in hit.rid and world.service.resource(hit.rid).optional


def _tolerated(subject: Subject, world: World, code: str, then: Then, hit: Command | None) -> Verdict:
    end = subject.ends()
    if _is_optional(world, hit):
        # What came after it did without it: that is what its author wanted, wherever it led.
        return Verdict(code, FAILED, tuple(f"lost: {fact}" for fact in lost_facts(end.none.state, world.state)))
    try:
        do(world, "unprovision" if then == "unprovision" else "resume")
    except SvcprovError as error:
        return Verdict(code, FAILED, (f"{then} failed: {type(error).__name__}: {error}",))
    if then == "unprovision":
        return Verdict(code, AS_NONE, tuple(none(world, end)))
    return Verdict(code, AS_UNDISTURBED, tuple(whole(world, end)))


class Persisting:
    """An executor in which the change number `at` fails, and every later one that says the same."""

    def __init__(self, inner: Executor, at: int, words: tuple[str, ...] | None = None) -> None:
        self._faults = Faults(inner, at, "fails")
        self._inner, self.words = inner, words
        self.hit: Command | None = None

    def run(self, command: Command) -> Completed:
        """Run a command, unless it is the one that cannot go well."""
        if self.words is not None:
            return failure(command) if _words(command) == self.words else self._inner.run(command)
        answer = self._faults.run(command)
        if self._faults.hit is not None:
            self.hit, self.words = self._faults.hit, _words(command)
        return answer


def _words(command: Command) -> tuple[str, ...]:
    return command.rid, *(masked(word) for word in command.argv)


def persisted(subject: Subject, at: int, then: Then) -> Verdict:
    """A change fails, and fails again when the action is gone on with; then it is mended, and all is taken back."""
    code = f"fails:{at}:{ALWAYS}:{then}"
    world, end = subject.world.fork(), subject.ends()
    layers: list[Persisting] = []

    def layer(inner: Executor) -> Executor:
        layers.append(Persisting(inner, at, layers[-1].words if layers else None))
        return layers[-1]

    world.layer = layer
    error = _error(world, "resume")
    again = _error(world, then) if error is not None and (then != "rollback" or world.is_unfinished) else None
    if error is None or (then == "resume" and again is None):
        # The driver found another way, or the resource is optional.
        world.layer = lambda inner: inner
        return _tolerated(subject, world, code, then, layers[0].hit if error is None else None)
    world.layer = lambda inner: inner
    if again is None:
        return Verdict(code, AS_NONE, tuple(none(world, end)))
    codes = [each.exit_code for each in (error, again)]
    found = [] if all(codes) else [f"the failed action exits with {codes}: {again}"]
    found += violations(world, "unprovision" if then == "unprovision" else "rollback", end)
    return Verdict(code, FAILED, tuple(found))


def _error(world: World, then: str) -> SvcprovError | None:
    try:
        do(world, then)
    except SvcprovError as error:
        return error
    return None


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    how, at, where, then = words
    if then not in THEN or how not in {"fails", "timeout", "lost"}:
        raise ValueError(f"{how}:{then}")
    chosen: Then = next(each for each in THEN if each == then)
    if where == ALWAYS:
        return persisted(subject, int(at), chosen)
    if where not in {"inside", "questions"}:
        raise ValueError(where)
    found: How = "fails" if how == "fails" else "timeout" if how == "timeout" else "lost"
    point = Point(int(at), found, "inside" if where == "inside" else "questions")
    met = _met(subject, point)
    if met is None:
        raise ValueError(f"the action has no command {at} of these")
    return _judged(subject, *met, point, chosen)


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The tries of the same manner as one that a code names, in another service."""
    how, _, where, then = words
    at = 1
    while True:
        try:
            if where == ALWAYS and at > subject.changes:
                return
            yield replayed(subject, (how, str(at), where, then))
        except ValueError:
            return
        at += 1

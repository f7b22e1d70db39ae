"""The other services of the node: each beside this one, provisioned before it and after it."""

from collections.abc import Iterator, Sequence

from core.compare import same_world
from core.errors import SvcprovError
from core.state import copy
from svcprov.verification.case import AS_NONE, FAILED, Case, Subject, Verdict
from svcprov.verification.outcomes import lost

PREFIX = "beside"
FIRST, SECOND = "first", "second"


def tries(subject: Subject, every: int = 1) -> Iterator[Verdict]:
    """Each other service, provisioned first, then second."""
    del every
    for other in subject.case.files:
        for turn in (FIRST, SECOND) if other != subject.case.name and _is_sound(subject.case, other) else ():
            yield _beside(subject.case, other, turn)


def replayed(subject: Subject, words: Sequence[str]) -> Verdict:
    """The try that a code names. Raises ValueError for words that name none."""
    _, other, turn = words
    if other not in subject.case.files or turn not in {FIRST, SECOND}:
        raise ValueError(":".join(words))
    return _beside(subject.case, other, turn)


def alike(subject: Subject, words: Sequence[str]) -> Iterator[Verdict]:
    """The same two services, as far as both are still good for something alone."""
    if _is_sound(subject.case, words[1]):
        yield replayed(subject, words)


def _is_sound(case: Case, name: str) -> bool:
    """Tell whether a service can be provisioned alone: what keeps it from that is found when it is verified itself."""
    try:
        case.world(name, case.state).act("provision")
    except SvcprovError:
        return False
    return True


def _beside(case: Case, other: str, turn: str) -> Verdict:
    """Provision two services one after the other, and take them back in reverse; each leaves the other alone."""
    code = f"{PREFIX}:{other}:{turn}"
    names = (other, case.name) if turn == FIRST else (case.name, other)
    first = case.world(names[0], case.state)
    doing = f"provision of {names[0]}"
    found: list[str] = []
    try:
        first.act("provision")
        up, held = first.status(), copy(first.state)
        second = case.world(names[1], first.state)
        for verb in ("provision", "unprovision"):
            doing = f"{verb} of {names[1]} beside {names[0]}"
            second.act(verb)
            found += [f"{doing}: lost: {fact}" for fact in lost(held, second.state)]
            first.state = second.state
            now = first.status()
            found += [f"{doing}: {rid} of {names[0]} is {now[rid]}" for rid in up if now[rid] != up[rid]]
        doing = f"unprovision of {names[0]} after {names[1]}"
        first.state = copy(second.state)
        first.act("unprovision")
        found += [f"{doing}: left behind: {line}" for line in same_world(case.state, first.state)]
    except SvcprovError as error:
        return Verdict(code, FAILED, (*found, f"{doing} failed: {type(error).__name__}: {error}"))
    return Verdict(code, AS_NONE, tuple(found))

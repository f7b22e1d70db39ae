"""What is known of a plan before its script is written: what is open for a moment only, and which values are needed."""

from core.command import Command, Wait
from core.holes import hole, open_holes
from core.plan import Plan, PlannedWait, Step


def brackets(plan: Plan) -> dict[int, int]:
    """The brackets of a plan: the number of the step that opens each, and of the one that closes it."""
    found: dict[int, int] = {}
    for step in plan.steps:
        command = step.command
        if not command.temporary:
            continue
        if command.undo:
            found[step.number] = 0
            continue
        by_number = {each.number: each for each in plan.steps}
        for number in reversed(found):
            first = by_number[number].command.undo[0]
            if not found[number] and isinstance(first, Command) and first.argv == command.argv:
                found[number] = step.number
                break
    return found


def deletions(plan: Plan, openers: dict[int, int]) -> dict[int, int]:
    """The outermost brackets in which nothing is made, only deleted: the first step of each, and the last deletion."""
    found: dict[int, int] = {}
    end = 0
    for opener, closer in openers.items():
        if opener <= end:
            continue
        end = closer
        inside = [step for step in plan.steps if opener < step.number < closer and not step.command.temporary]
        if inside and all(step.command.destroys and step.command.makes is None for step in inside):
            found[opener] = inside[-1].number
    return found


def needed(plan: Plan) -> set[str]:
    """The holes that anything in a plan names, but for those that a command only names in its own check."""
    found: set[str] = set()
    for event in plan.events:
        if isinstance(event, PlannedWait):
            found |= _of_wait(event.wait)
        elif isinstance(event, Step) and event.number:
            found |= _of_command(event.command)
    for step in reversed(plan.steps):
        makes = step.command.makes
        if makes is not None and (makes.name in found or makes.difference):
            found |= set(open_holes((makes.identity, *(() if makes.witness is None else makes.witness.argv))))
    return found


def _of_wait(wait: Wait) -> set[str]:
    until = () if callable(wait.until) else wait.until
    checks = (*until, *wait.in_vain, *((wait.unless,) if wait.unless is not None else ()))
    return {name for check in checks for name in open_holes((*check.ask.argv, check.text))}


def _of_command(command: Command) -> set[str]:
    texts: list[str] = [*command.argv, command.stdin or ""]
    for check in (*command.only_if, *((command.check,) if command.check is not None else ())):
        texts += [*check.ask.argv, check.text]
    for thing in command.destroys:
        texts += [thing.identity, thing.at]
    return set(open_holes(tuple(texts)))


def made(plan: Plan) -> set[str]:
    """The holes that steps of a plan fill."""
    return {step.command.makes.name for step in plan.steps if step.command.makes is not None}


def unmade(plan: Plan) -> list[str]:
    """The holes that nothing in a plan fills: svcprov reads them out of an answer that it understands."""
    return [hole(name) for name in sorted(needed(plan)) if name not in made(plan) and name not in plan.made_up]

"""Who is asked before something is lost, and what counts as an answer."""

from typing import TYPE_CHECKING

from core.command import Thing
from core.errors import Refused, Remedy
from core.plan import Plan, Step
from svcprov import shell
from svcprov.arguments import commas

if TYPE_CHECKING:
    from core.config.service import Service
    from svcprov.invocation import Invocation

ALWAYS_ASKED = {"unprovision", "delete", "rollback"}


def covered(thing: Thing, step: Step, service: "Service") -> bool:
    """Tell whether --allow-destroy names a thing: by its identity, its device, or the rid that it was made for."""
    allowed = service.allow_destroy
    if thing.identity in allowed or any(word in allowed for word in step.command.argv):
        return True
    return _made_for(thing, service) in allowed


def _made_for(thing: Thing, service: "Service") -> str | None:
    """The resource that a thing was made for, as the record has it; None for what the record does not have.

    It need not be the one whose step destroys it: two filesystems may share what the first of them formatted.
    """
    return next((made.rid for made in service.record.made.values() if made.identity == thing.identity), None)


def ask(call: "Invocation", verb: str, service: "Service", plan: Plan | None) -> None:
    """Have the operator's consent, or raise Refused with the line that gives it.

    What a plan destroys has to be named, on the command line or by typing the service's name on a terminal.
    """
    lost = [
        (step, thing)
        for step in (plan.destructive if plan is not None else ())
        for thing in step.lost
        if not covered(thing, step, service)
    ]
    answered = bool(call.options.yes or call.options.allow_destroy)
    nothing = plan is not None and not plan.steps
    if not lost and (nothing or verb not in ALWAYS_ASKED or answered):
        return
    if call.screen.can_ask() and not call.options.yes:
        _asked(call, verb, service, lost)
        return
    if lost:
        named = ", ".join(dict.fromkeys(f"{thing.kind} {thing.identity} ({step.command.rid})" for step, thing in lost))
        names = dict.fromkeys(_made_for(thing, service) or thing.identity for _, thing in lost)
        words = [word for name in names for word in ("--allow-destroy", name)]
        raise Refused(
            f"{verb} of {service.name} destroys {named}", Remedy("to allow it", call.allowing(*words), whole=True)
        )
    said = f"{verb} of {service.name} asks on a terminal, and there is none"
    raise Refused(said, Remedy("to do it unasked", call.again("--yes"), whole=True))


def _asked(call: "Invocation", verb: str, service: "Service", lost: list[tuple[Step, Thing]]) -> None:
    if lost:
        call.screen.err(f"{verb} of {service.name} destroys:")
        for step, thing in lost:
            call.screen.err(f"  {thing.kind} {thing.identity}  ({step.command.rid}: {shell.line(step.command.argv)})")
    answer = call.screen.ask(f"Type the name of the service to {verb} it: ")
    if answer.strip() != service.name:
        raise Refused(f"{verb} of {service.name} was not confirmed: nothing was done")


def words_allowed(call: "Invocation") -> tuple[str, ...]:
    """The --allow-destroy words of the command line, for a line to type next."""
    return tuple(word for name in commas(call.options.allow_destroy) for word in ("--allow-destroy", name))

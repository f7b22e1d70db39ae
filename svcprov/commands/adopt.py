"""`adopt`: what a service holds already is recorded as made for it, and nothing on the node is changed."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from core.config.service import Service
from core.errors import Refused, Remedy
from core.plan import Plan
from core.record import MadeThing
from executors.layers.journal import unfinished
from svcprov.account import Account
from svcprov.acting import held
from svcprov.action import Selection
from svcprov.adoption import PROVISION, Adopted, adoption
from svcprov.changed_file import refuse_rolling
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.node import Node
from svcprov.observation import Silent, planning
from svcprov.recorded import of_others
from svcprov.render import count

FAILED = 1


def adopt(call: Invocation) -> int:
    """Record what the service, or a selection of its resources, holds; exit 1 where something could not be adopted."""
    files, node, dry = call.files(), call.node(), call.options.dry_run
    call.check(files.load(node.hostname))
    if not dry:
        files.check_writable()
    with nullcontext() if dry else held(call, files, node):
        service = files.load(node.hostname)
        call.check(service)
        _refuse_unfinished(call, files)
        found = _found(call, service, node)
        _refuse_taken(call, found)
        new = {name: thing for each in found for name, thing in each.new.items()}
        _show(call, node, found, len(new))
        if new and not dry:
            _ask(call, len(new))
            with Account(call, files, LogLines(service, call.screen)).kept() as account:
                service.record.made |= new
                files.save_record()
                account.changes += len(new)
    left = any(each.why for each in found)
    if call.json is not None:
        call.json.summary(None, call.action, "planned" if dry else "failed" if left else "done")
    return FAILED if left else 0


def _found(call: Invocation, service: Service, node: Node) -> list[Adopted]:
    silent = Silent()

    def preview(changed: Service, selection: Selection) -> Plan:
        return planning(changed, PROVISION, node, selection).preview()

    others = of_others(service.name, node.identity)
    return adoption(service, call.selection(), node.asking(silent), silent, preview, others)


def _refuse_unfinished(call: Invocation, files: ServiceFiles) -> None:
    lines = files.journal_lines()
    before = unfinished(lines)
    if before is not None:
        verb = str(before["action"])
        said = f"{verb} of {files.name} is unfinished, so what was made for it is not known"
        refuse_rolling(call, lines, said)
        raise Refused(said, Remedy("to go on with it", call.line(verb), whole=True))


def _refuse_taken(call: Invocation, found: Sequence[Adopted]) -> None:
    """Refuse to record what is recorded for another service: whoever unprovisions one would delete both."""
    taken = [(each.rid, thing, other) for each in found for thing, other in each.taken]
    if not taken:
        return
    named = ", ".join(f"{thing.kind} {thing.identity} of {rid} is recorded for {other}" for rid, thing, other in taken)
    free = [each.rid for each in found if each.new and not each.taken]
    words = ("--rid", ",".join(free), *(("--yes",) if call.options.yes else ()))
    rest = (Remedy("to adopt the rest", call.line(call.action, *words), whole=True),) if free else ()
    raise Refused(named, "a thing is one service's: take it out of one of them", *rest)


def _show(call: Invocation, node: Node, found: Sequence[Adopted], things: int) -> None:
    """Say of each resource what is recorded of it, or why nothing is."""
    if call.json is not None:
        for each in found:
            call.json.write(_line(each))
        return
    resources = sum(bool(each.new) for each in found)
    said = f"{node.where}: adopt {call.service_name}: {count(things, 'thing')} of {count(resources, 'resource')}"
    call.screen.out(call.screen.styled(said, "bold"))
    for each in found:
        call.screen.out(f"{call.screen.styled(each.rid, 'bold')}  {each.label}")
        for name, thing in each.new.items():
            call.screen.out(f"    {thing.kind} {thing.identity}  ({name})")
        for name, thing in each.known.items():
            call.screen.out(f"    {thing.kind} {thing.identity}  ({name}, recorded already)")
        if each.why:
            first, *others = each.why.splitlines()
            call.screen.out(call.screen.styled(f"    not adopted: {first}", "yellow"))
            for line in others:
                call.screen.out(f"      {line}")
        elif not (each.new or each.known):
            call.screen.out("    nothing of it is recorded")


def _line(each: Adopted) -> dict[str, object]:
    def things(made: Mapping[str, MadeThing]) -> list[dict[str, str]]:
        return [{"name": name, "kind": thing.kind, "identity": thing.identity} for name, thing in made.items()]

    return {
        "type": "adopted",
        "rid": each.rid,
        "new": things(each.new),
        "known": things(each.known),
        "why": each.why,
    }


def _ask(call: Invocation, things: int) -> None:
    """Have the operator's consent, or raise Refused: what is recorded as ours, unprovision may delete."""
    if call.options.yes:
        return
    said = f"unprovision of {call.service_name} will delete what is recorded here"
    if not call.screen.can_ask():
        allow = Remedy("to record it unasked", call.again("--yes"), whole=True)
        raise Refused(f"adopt asks on a terminal, and there is none: {said}", allow)
    call.screen.err(f"{said}: {count(things, 'thing')}")
    if call.screen.ask("Type the name of the service to adopt it: ").strip() != call.service_name:
        raise Refused(f"adopt of {call.service_name} was not confirmed: nothing was recorded")

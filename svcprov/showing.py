"""What a task would run: shown, and saved where that is asked for."""

from core.command import Note
from core.config.service import Service
from core.plan import Plan
from executors.simulated.node import SimulatedNode
from svcprov import consent, shell
from svcprov.action import Action
from svcprov.invocation import SHOWING, Invocation
from svcprov.keeping import Unkept
from svcprov.listening import Listening
from svcprov.log import LogLines
from svcprov.node import Node
from svcprov.presenting import Presented, present
from svcprov.task import Task, begun, joined, previewed, selecting
from svcprov.who import who

PENDING = 2


def show(call: Invocation, task: Task) -> int:
    """Show what a task would run. Changes nothing, not even a lock."""
    node = call.node()
    service = task.load(node.hostname)
    call.check(service)
    if call.options.why is not None:
        from core.provenance import remembered

        service = remembered(service)
    log = LogLines(service, call.screen, debug=call.options.debug)
    action = begun(task, service, node, node.asking(log), task.files, log)
    for remark in task.files.remarks:
        log.note("", Note(remark, "warning"))
    plan = call.plan = previewed(call, action, service)
    if task.following:
        plan = call.plan = joined(call.action, plan, _after(action, task, log))
    typed = call.line(task.verb, *selecting(call), *consent.words_allowed(call))
    if call.options.output is not None:
        typed = call.line("apply", call.options.output)
        _save(call, task, plan, service, node, resumes=action.unfinished is not None)
    elif call.options.dry_run:
        typed = shell.line(("svcmgr", *(word for word in call.argv if word not in SHOWING)))
    elif call.options.impersonate is not None:
        words = ("svcmgr", "-s", call.service_name, task.verb, *selecting(call), *consent.words_allowed(call))
        typed = f"{shell.line(words)}  # on {node.hostname}"
    shown = Presented(plan, service, node.where, typed, resumable=action.unfinished is not None)
    if call.options.why is not None:
        from svcprov.why import explain

        explain(call, shown, action.bound)
    else:
        present(call, shown)
    return PENDING if call.options.detailed_exitcode and plan.steps else 0


def _save(call: Invocation, task: Task, plan: Plan, service: Service, node: Node, *, resumes: bool) -> None:
    """Save a plan that is shown, for `apply`."""
    from time import strftime

    from core.saved_plan import Origin
    from svcprov.plans import save

    origin = Origin(
        service.name,
        task.verb,
        node.hostname,
        node.where,
        simulated=call.options.node is not None,
        made_at=strftime("%Y-%m-%dT%H:%M:%S%z"),
        made_by=str(who()),
        selection=tuple(task.selection),
        adopt=tuple(sorted(service.adopt)),
        allow_destroy=tuple(sorted(service.allow_destroy)),
        resumes=resumes,
    )
    save(call.options.output, plan, service, origin)


def _after(action: Action, task: Task, listener: Listening) -> Plan:
    """What follows a verb that was previewed, on the node as that will leave it."""
    if action.foreseen is None:
        raise AssertionError("nothing was previewed")
    service, state = action.foreseen
    node, nowhere = SimulatedNode(state), Unkept()
    then = Action(service, task.following, node, lambda: state, nowhere, listener, selection=task.selection)
    return then.preview()

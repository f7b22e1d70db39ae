"""A verb that is to be acted out, or only shown: what both begin with."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from core.command import Executor
from core.config.service import Service
from core.errors import Failed, NodeChanged, Refused, Remedy
from core.plan import Plan, Step
from svcprov import shell
from svcprov.action import EVERYTHING, Action, Selection
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.keeping import Keeping
from svcprov.listening import Listening
from svcprov.node import MACHINE, Node

if TYPE_CHECKING:
    from core.saved_plan import SavedPlan


class Task(NamedTuple):
    """A verb to be acted out on a service.

    load: makes the service for a node of this name. prepare: what comes between consent and run (create writes files).
    finish: what comes after it was done (the collector is told). following: the verb that comes after this one, where
    they are one action (restart). approve: makes the saved plan to which the action is held, of its service and node.
    typed: the words that go on with it, where they are not its verb.
    """

    verb: str
    files: ServiceFiles
    load: Callable[[str], Service]
    selection: Selection = EVERYTHING
    prepare: Callable[[], None] = lambda: None
    finish: Callable[[], None] = lambda: None
    following: str = ""
    approve: Callable[[Service, Node], "SavedPlan"] | None = None
    typed: tuple[str, ...] = ()


def begun(task: Task, service: Service, node: Node, executor: Executor, keep: Keeping, listener: Listening) -> Action:
    """The action of a task on a node; `executor` is that node, for questions or for changes.

    Raises Failed for a journal that is not ours, Refused when an unfinished action was one on another node.
    """
    approved = None if task.approve is None else task.approve(service, node)
    try:
        action = Action(
            service,
            task.verb,
            executor,
            node.observed,
            keep,
            listener,
            selection=task.selection,
            learn=node.learn,
            claim=node.claim,
            approved=approved,
        )
    except (KeyError, IndexError, TypeError) as error:
        said = f"{task.files.journal}: not a journal of this version ({error!r}); move it away to begin anew"
        raise Failed(said) from None
    before = action.unfinished
    elsewhere = node.identity if before is None else str(before.header.get("node", node.identity))
    if before is not None and elsewhere != node.identity:
        said = f"{before.verb} of {service.name} is unfinished on the node {elsewhere}, and this is {node.identity}"
        there = () if elsewhere == MACHINE else ("--node", elsewhere)
        line = shell.line(("svcmgr", "-s", service.name, *there, before.verb))
        raise Refused(said, Remedy("to go on there", line, whole=True))
    if approved is not None:
        from svcprov.plans import check_unused

        check_unused(approved, before, task.files)
    return action


def previewed(call: Invocation, action: Action, service: Service) -> Plan:
    """The preview of an action. Raises NodeChanged, saying what has changed, where a saved plan does not fit any more.

    A plan that is seen to be out of date has done nothing yet, and is made again with one line.
    """
    try:
        return action.preview()
    except NodeChanged as error:
        if action.approved is None:
            raise
        from svcprov.plans import stale

        raise stale(error, action.approved, action.attempted, service, call.line(*call.planned_by)) from None


def joined(verb: str, first: Plan, then: Plan) -> Plan:
    """Two plans as one; the resources of both have to be the same."""
    plan = Plan(first.service, verb, first.order)
    plan.purposes |= first.purposes
    done = len(first.steps)
    plan.events += first.events
    plan.events += (
        event._replace(number=event.number + done) if isinstance(event, Step) and event.number else event
        for event in then.events
    )
    return plan


def selecting(call: Invocation) -> list[str]:
    """The words that select what a command line selected, and adopt what it adopted: for a line to type next."""
    words = []
    for option in ("rid", "tags", "subsets", "adopt"):
        for value in getattr(call.options, option) or ():
            words += [f"--{option}", value]
    return words

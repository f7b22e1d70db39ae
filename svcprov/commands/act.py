"""`provision`, `unprovision`, `start`, `stop`, `restart`, `rollback`, and `plan`, which shows them."""

from core.errors import UsageError
from svcprov.acting import act, roll_back, tell_collector
from svcprov.invocation import Invocation
from svcprov.showing import show
from svcprov.task import Task

VERBS = ("provision", "unprovision", "start", "stop")


def _task(call: Invocation, verb: str) -> Task:
    files = call.files()
    return Task(verb, files, files.load, call.selection())


def provision(call: Invocation) -> int:
    """Make what is missing and bring the service up; the collector is told when it is up."""
    task = _task(call, "provision")
    return act(call, task._replace(finish=lambda: tell_collector(call, task.files)))


def unprovision(call: Invocation) -> int:
    """Delete what was made for the service; what is lost is asked for."""
    return act(call, _task(call, "unprovision"))


def start(call: Invocation) -> int:
    """Bring the service up; a failure is rolled back."""
    return act(call, _task(call, "start"))


def stop(call: Invocation) -> int:
    """Bring the service down."""
    return act(call, _task(call, "stop"))


def restart(call: Invocation) -> int:
    """Stop, then start."""
    down = _task(call, "stop")._replace(following="start")
    if call.options.dry_run:
        return show(call, down)
    return act(call, down) or act(call, _task(call, "start"))


def rollback(call: Invocation) -> int:
    """Undo what the last interrupted or failed action did."""
    return roll_back(call, call.files())


def plan(call: Invocation) -> int:
    """Show what a verb would run."""
    verb = call.operands[0] if call.operands else "provision"
    if verb not in VERBS:
        from core.config.spelling import meant

        raise UsageError(f"plan: {verb!r} is none of {', '.join(VERBS)}{meant(verb, VERBS)}")
    if call.options.why is not None:
        from svcprov.why import check

        check(call)
    if call.options.output is not None and call.options.impersonate is not None:
        raise UsageError("plan: -o saves a plan for the node that it is made on; --impersonate only shows one")
    if call.options.output is not None and call.options.format in {"sh", "md"}:
        said = f"plan: -o saves the plan itself, for apply; --format {call.options.format} goes to standard output"
        raise UsageError(f"{said}, so write `> {call.options.output}`")
    return show(call, _task(call, verb))

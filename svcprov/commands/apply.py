"""`apply`: run a saved plan, and nothing that it does not contain."""

from core.config.service import Service
from core.errors import UsageError
from core.saved_plan import Content, Origin, SavedPlan
from svcprov import plans
from svcprov.acting import act, tell_collector
from svcprov.action import Selection
from svcprov.invocation import Invocation
from svcprov.node import Node
from svcprov.task import Task


def apply(call: Invocation) -> int:
    """Run a plan that `plan -o` saved: what it was given then (`--allow-destroy`, `--rid`) is in it."""
    if not call.operands:
        raise UsageError("apply: which plan? give the file that `plan -o FILE` saved")
    path = call.operands[0]
    content = plans.read(path)
    origin = plans.origin_of(content, path)
    if call.options.service is None:
        call.options.service = origin.service
    _ask_for_the_same(call, origin, path)
    files = call.files()
    task = Task(
        origin.verb,
        files,
        files.load,
        Selection(*origin.selection),
        finish=(lambda: tell_collector(call, files)) if origin.verb == "provision" else (lambda: None),
        approve=lambda service, node: _approved(content, service, node, path),
        typed=("apply", path),
    )
    return act(call, task)


def _ask_for_the_same(call: Invocation, origin: Origin, path: str) -> None:
    """Take what the plan was made with for what was typed; know how to make it again."""
    words = ["plan", origin.verb]
    for option, values in (*zip(("rid", "tags", "subsets"), origin.selection, strict=True), ("adopt", origin.adopt)):
        setattr(call.options, option, list(values))
        words += [f"--{option}={value}" for value in values]
    call.options.allow_destroy = list(origin.allow_destroy)
    words += [f"--allow-destroy={value}" for value in origin.allow_destroy]
    call.planned_by = (*words, "-o", path)


def _approved(content: Content, service: Service, node: Node, path: str) -> SavedPlan:
    saved = plans.understand(content, service, path)
    plans.check_place(saved.origin, node, service.name, path)
    return saved

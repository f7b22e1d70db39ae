"""A service file that is about to change: what that changes, what is not shown of it, and provisioning it."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from core.config.document import Document
from core.config.service import Service
from core.errors import ConfigError, Problem, Refused, Remedy
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation


def difference(before: str, after: str, path: str, path_before: str = "") -> list[str]:
    """The lines of a unified difference between two texts of a file; none when they are the same."""
    from difflib import unified_diff

    names = path_before or path, path
    return list(unified_diff(before.splitlines(), after.splitlines(), *names, lineterm=""))


def show_difference(call: Invocation, before: Document, after: Document, path: str, *, aside: bool = False) -> None:
    """Write what changes to standard output; to standard error, where that has JSON or (`aside`) something else."""
    write = call.screen.err if aside or call.json is not None else call.screen.out
    for line in difference(before.text, after.text, path):
        write(line)


def hide(call: Invocation, files: ServiceFiles, document: Document) -> None:
    """Show no secret of the file as it was, when its difference to what it becomes is shown."""
    # One that is replaced because it is broken need not say what its secrets are.
    with suppress(ConfigError):
        call.screen.hide(files.serve(document.copy(), call.nodename()).secrets())


def acted_on(service: Service, rid: str) -> bool:
    """Tell whether a section is a resource that actions act on: no subset, no sync, and not disabled."""
    resource = next((each for each in service.resources() if each.rid == rid), None)
    return resource is not None and not (resource.driver.verbs_do_nothing or resource.disabled)


def provisioned(
    call: Invocation,
    files: ServiceFiles,
    load: Callable[[str], Service],
    prepare: Callable[[], None],
    rids: tuple[str, ...] = (),
) -> int:
    """Provision a service that is only in memory yet; it is written once everything is known to be right.

    load: makes the service for a node of this name. prepare: writes it. rids: the resources that are provisioned, where
    the command line selects none; all of them without any.
    """
    from svcprov.acting import act, tell_collector
    from svcprov.action import Selection
    from svcprov.consent import words_allowed
    from svcprov.task import Task, selecting

    task = Task("provision", files, load, call.selection(), prepare, lambda: tell_collector(call, files))
    if rids and task.selection.everything:
        typed = ("provision", "--rid", ",".join(rids), *selecting(call), *words_allowed(call))
        task = task._replace(selection=Selection(rids), typed=typed)
    return act(call, task)


def refuse_unfinished(call: Invocation, files: ServiceFiles) -> None:
    """Raise Refused while an action is unfinished that goes on with the file as it is."""
    from executors.layers.journal import unfinished

    lines = files.journal_lines()
    before = unfinished(lines)
    if before is None or before["action"] not in {"provision", "unprovision"}:
        return
    verb = before["action"]
    said = f"{verb} of {files.name} is unfinished, and works with the file as it is"
    if verb == "unprovision":
        raise Refused(said, Remedy("to finish it", call.line(verb), whole=True))
    refuse_rolling(call, lines, said)
    undo, go_on = Remedy("to undo it", call.line("rollback"), whole=True), call.line(verb)
    raise Refused(said, undo, Remedy("to go on with it", go_on, whole=True))


def refuse_rolling(call: Invocation, lines: Sequence[dict[str, Any]], said: str) -> None:
    """Raise Refused where it is the rollback of an unfinished action that is unfinished: nothing else goes on with it.

    lines: those of its journal. said: the sentence about the action.
    """
    from executors.layers.journal import rolling

    if rolling(lines):
        raise Refused(f"the rollback of {said}", Remedy("to finish it", call.line("rollback"), whole=True))


def worse(before: Iterable[Problem], after: Iterable[Problem]) -> list[Problem]:
    """The problems that a file has after a change, and had not before: others may be mended step by step."""
    known = {(each.section, each.key, each.text) for each in before}
    return [each for each in after if (each.section, each.key, each.text) not in known]

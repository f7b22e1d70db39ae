"""`delete --rid`: resources leave the service file; what was made for them goes first, or is kept on purpose."""

from collections.abc import Collection

from core.config.service import Service
from core.config.spelling import meant
from core.errors import ConfigError, Refused, Remedy, UsageError
from core.order import relations
from executors.layers.journal import unfinished
from svcprov import consent
from svcprov.account import Account
from svcprov.acting import act, held
from svcprov.action import Selection
from svcprov.arguments import commas
from svcprov.changed_file import acted_on, refuse_rolling, show_difference, worse
from svcprov.definitions import FREE
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.showing import show
from svcprov.task import Task


def delete_resources(call: Invocation, files: ServiceFiles) -> int:
    """Remove the resources that --rid names from the service file; with --unprovision, delete what was made for them.

    Refused while the record has something for them, unless told what to do with it, and while others stand on them.
    """
    before = files.document()
    before.check()
    service = files.load(call.nodename())
    rids = _chosen(call, service)
    call.screen.hide(service.secrets())
    _refuse_needed(call, service, rids)
    acts = call.options.unprovision and any(acted_on(service, rid) for rid in rids)
    if not acts:
        _refuse_unfinished(call, files)
        _refuse_owning(call, service, rids)
    after = _without(service, files, rids)
    typed = ("delete", "--rid", ",".join(rids), "--unprovision", *consent.words_allowed(call))
    task = Task("unprovision", files, files.load, Selection(rids), typed=typed)
    if call.options.dry_run:
        code = show(call, task) if acts else 0
        show_difference(call, before, after.document, files.conf)
        return code
    files.check_writable()
    if acts:
        code = act(call, task)
        if code:
            return code
    else:
        show_difference(call, before, after.document, files.conf, aside=True)
        consent.ask(call, "delete", service, None)
    with held(call, files, None):
        service = files.load(call.nodename())
        _refuse_owning(call, service, rids)
        after = _without(service, files, rids)
        if acts:
            # What unprovisioning gave back is the user's text again by now.
            show_difference(call, service.document, after.document, files.conf, aside=True)
        with Account(call, files, LogLines(after, call.screen)).kept() as account:
            files.save_file()
            account.changes += 1
    return 0


def _chosen(call: Invocation, service: Service) -> tuple[str, ...]:
    """The sections that --rid names, by themselves or by their group, in the order of the file. Raises UsageError."""
    sections = [section for section in service.sections() if section not in FREE]
    chosen: set[str] = set()
    for name in commas(call.options.rid):
        if name in FREE:
            raise UsageError(f"delete: {name} is no resource; `unset` takes its options out, one by one")
        found = [each for each in sections if each == name or each.partition("#")[0] == name]
        if not found:
            listed = ", ".join(sections) or "none"
            raise UsageError(f"{service.name} has no resource {name!r}{meant(name, sections)}; it has {listed}")
        chosen.update(found)
    if all(each in chosen or each.startswith("subset#") for each in sections):
        raise UsageError(f"these are all resources of {service.name}; `delete` without --rid deletes the service")
    return tuple(section for section in sections if section in chosen)


def _refuse_needed(call: Invocation, service: Service, rids: Collection[str]) -> None:
    """Raise UsageError where a resource that stays needs one that goes, or writes into it."""
    found: dict[str, str] = {}
    for before, after, reason, _ in relations(service.resources()):
        if before in rids and after not in rids:
            found.setdefault(after, reason)
        elif after in rids and before not in rids and f" writes {after}." in reason:
            found.setdefault(before, reason)
    if not found:
        return
    others, reasons = tuple(found), "; ".join(found.values())
    error = UsageError(f"{', '.join(rids)} cannot go while {', '.join(others)} stays: {reasons}")
    how = ["--unprovision"] if call.options.unprovision else ["--keep-resources"] if call.options.keep_resources else []
    is_all = all(each.rid in {*rids, *others} for each in service.resources())
    which = () if is_all else ("--rid", ",".join((*rids, *others)))
    error.remedies = (Remedy("to delete them, too", call.line("delete", *which, *how), whole=True),)
    raise error


def _refuse_unfinished(call: Invocation, files: ServiceFiles) -> None:
    lines = files.journal_lines()
    before = unfinished(lines)
    if before is None:
        return
    verb = str(before["action"])
    said = f"{verb} of {files.name} is unfinished, and works with the file as it is"
    refuse_rolling(call, lines, said)
    undo = () if verb == "unprovision" else (Remedy("to undo it", call.line("rollback"), whole=True),)
    raise Refused(said, *undo, Remedy("to go on with it", call.line(verb), whole=True))


def _without(service: Service, files: ServiceFiles, rids: Collection[str]) -> Service:
    """The service without some of its resources, to be saved. Raises ConfigError for what only that makes wrong."""
    document = service.document.copy()
    for rid in rids:
        document.remove(rid)
    after = files.serve(document, service.nodename)
    if new := worse(service.problems(), after.problems()):
        raise ConfigError(*new)
    return after


def _refuse_owning(call: Invocation, service: Service, rids: Collection[str]) -> None:
    """Raise Refused while the record has something for the resources that nobody said to keep."""
    if call.options.keep_resources:
        return
    record = service.record
    made = [f"{thing.kind} {thing.identity} ({thing.rid})" for thing in record.made.values() if thing.rid in rids]
    things = made or [key for key in record.keys if key.partition(".")[0] in rids]
    if things:
        raise Refused(
            f"{service.name} still has what was made for {', '.join(rids)}: {', '.join(things)}",
            Remedy("to leave it there", call.again("--keep-resources"), whole=True),
            Remedy("to delete it, too", call.again("--unprovision"), whole=True),
        )

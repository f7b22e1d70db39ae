"""`update`: resources are added to a service, or changed; the whole is checked before anything is written."""

from collections.abc import Sequence

from core.config.document import Document
from core.config.service import Service
from core.errors import Failed, Refused, Remedy, UsageError
from svcprov.account import Account
from svcprov.changed_file import acted_on, hide, provisioned, refuse_unfinished, show_difference
from svcprov.definitions import checked, define
from svcprov.environment import settle
from svcprov.invocation import Invocation
from svcprov.log import LogLines


def update(call: Invocation) -> int:
    """Add or change resources of a service; with --provision, provision those."""
    files = call.files()
    if not (call.options.resource or call.options.env or call.options.env_file):
        raise UsageError("update: nothing to add or change; give --resource JSON or --env KEY=VALUE")
    before = files.document()
    before.check()
    document = before.copy()
    hide(call, files, before)
    touched = define(document, call.options.resource or ())
    settle(call, files, document, "service file")
    document = checked(document)

    def load(nodename: str) -> Service:
        # Read again what is on disk, now that the lock is ours: what is saved replaces this, and nothing else.
        if files.document().text != before.text:
            raise Failed(f"{files.conf} was changed by somebody else meanwhile; run the same command again")
        return files.serve(document.copy(), nodename)

    refuse_unfinished(call, files)
    service = load(call.nodename())
    service.check()
    _refuse_other_types(call, before, service, touched)
    call.screen.hide(service.secrets())
    show_difference(call, before, document, files.conf, aside=bool(call.options.provision))
    rids = tuple(rid for rid in touched if acted_on(service, rid))
    # Where all that was touched is a subset or a sync, there is nothing to provision.
    if call.options.provision and (rids or not touched):
        return provisioned(call, files, load, files.save_file, rids)
    if call.options.dry_run:
        return 0
    files.check_writable()
    lock = files.lock("update", call.options.waitlock or 0.0)
    try:
        with Account(call, files, LogLines(load(call.nodename()), call.screen)).kept() as account:
            files.save_file()
            account.changes += 1
    finally:
        files.unlock(lock)
    return 0


def _refuse_other_types(call: Invocation, before: Document, service: Service, touched: Sequence[str]) -> None:
    """Raise Refused where a resource becomes another kind of thing: its new driver would not delete what was made."""
    for rid in (each for each in touched if before.has(each)):
        was, now = before.get(rid, "type"), service.document.get(rid, "type")
        made = [f"{thing.kind} {thing.identity}" for thing in service.record.made.values() if thing.rid == rid]
        if made and was != now:
            said = f"{rid} was of another type ({was or 'none'}) when this was made for it: {', '.join(made)}"
            line = call.line("unprovision", "--rid", rid)
            raise Refused(said, Remedy("to take that back before it becomes another", line, whole=True))

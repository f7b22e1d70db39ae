"""`delete`: the service file and its links go; what was made for the service first, or it is kept on purpose."""

import os
from contextlib import suppress

from core.errors import Failed, Refused, Remedy, UsageError
from executors.layers.journal import unfinished
from svcprov import beside, consent
from svcprov.account import Account
from svcprov.acting import act, held
from svcprov.commands.edit import Draft
from svcprov.files import ServiceFiles, etc, var
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.replace import sync_directory
from svcprov.showing import show
from svcprov.task import Task


def delete(call: Invocation) -> int:
    """Remove a service, or the resources of it that --rid names.

    Refused while the record has something for them, unless told what to do with that.
    """
    if call.options.unprovision and call.options.keep_resources:
        raise UsageError("--unprovision and --keep-resources contradict each other")
    files = call.files()
    if call.options.tags or call.options.subsets:
        raise UsageError("delete takes resources by --rid; --tags and --subsets mean nothing to it")
    if call.options.rid:
        from svcprov.commands.delete_resources import delete_resources

        return delete_resources(call, files)
    service = files.load(call.nodename())
    if call.options.dry_run:
        return _shown(call, files)
    if not call.options.keep_resources:
        _refuse_unfinished(call, files)
    # What an action was killed in the middle of may be there, and not in the record yet.
    if call.options.unprovision and (not service.record.is_empty or unfinished(files.journal_lines()) is not None):
        code = act(call, Task("unprovision", files, files.load))
        if code:
            return code
    else:
        _refuse_owning(call, files)
        consent.ask(call, "delete", service, None)
    with held(call, files, None):
        _refuse_owning(call, files)
        with Account(call, files, LogLines(service, call.screen)).kept() as account:
            beside.remove(service, files.own_directory)
            _removed(files, keep=call.options.keep_resources)
            account.changes += 1
    return 0


def _shown(call: Invocation, files: ServiceFiles) -> int:
    if call.options.unprovision:
        return show(call, Task("unprovision", files, files.load))
    for path in _paths(files):
        call.screen.out(f"remove {path}")
    return 0


def _refuse_unfinished(call: Invocation, files: ServiceFiles) -> None:
    before = unfinished(files.journal_lines())
    if before is None or call.options.unprovision:
        return
    said = f"{before['action']} of {files.name} is unfinished, so what was made for it is not known"
    unprovision = Remedy("to delete what was made, then the service", call.line("delete", "--unprovision"), whole=True)
    if before["action"] == "unprovision":
        raise Refused(said, unprovision)
    raise Refused(said, Remedy("to undo it", call.line("rollback"), whole=True), unprovision)


def _refuse_owning(call: Invocation, files: ServiceFiles) -> None:
    record = files.load(call.nodename()).record
    if record.is_empty or call.options.keep_resources:
        return
    things = ", ".join(f"{thing.kind} {thing.identity}" for thing in record.made.values()) or ", ".join(record.keys)
    raise Refused(
        f"{files.name} still has what was made for it: {things}",
        Remedy("to leave it there", call.again("--keep-resources"), whole=True),
        Remedy("to delete it, too", call.again("--unprovision"), whole=True),
    )


def _paths(files: ServiceFiles) -> list[str]:
    folder = etc()
    links = [path for path in (f"{folder}/{files.name}", f"{folder}/{files.name}.d") if os.path.islink(path)]
    directory = f"{folder}/{files.name}.dir"
    # An edit that was not kept is of no use any more, and would be in the way of a service of the same name.
    drafts = [path for path in Draft(files.conf).paths if os.path.lexists(path)]
    return [*links, *([directory] if os.path.isdir(directory) else []), *drafts, files.conf]


def _removed(files: ServiceFiles, *, keep: bool) -> None:
    """Take the files away, the service file last: until then the service can be named, and deleted again.

    keep: the record stays, so that a service of this name finds what is its own.
    """
    try:
        for path in _paths(files):
            if path.endswith(".dir") and not os.path.islink(path):
                # What somebody put there is theirs.
                with suppress(OSError):
                    os.rmdir(path)
            else:
                os.unlink(path)
        sync_directory(etc())
        if not keep:
            for path in (*files.own, f"{var()}/{files.name}.push"):
                with suppress(FileNotFoundError):
                    os.unlink(path)
            _plans_removed(files.plans)
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}: it could not be removed") from None


def _plans_removed(directory: str) -> None:
    """Forget which saved plans were applied."""
    with suppress(FileNotFoundError):
        for name in os.listdir(directory):
            os.unlink(f"{directory}/{name}")
        os.rmdir(directory)

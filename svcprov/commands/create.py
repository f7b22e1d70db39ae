"""`create` and `update`: the service file comes to be, or grows; everything is checked before anything is written."""

import os
from collections.abc import Callable
from contextlib import suppress

from core.config.document import Document
from core.config.service import Service
from core.errors import ConfigError, Failed, Refused, Remedy, UsageError
from executors.layers.journal import unfinished
from svcprov import placing, sources
from svcprov.account import Account
from svcprov.definitions import checked, define, fill_in
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.urls import without_credentials


def create(call: Invocation) -> int:
    """Make a service; with --provision, provision it."""
    files = call.files()
    document, own = _source(call, files)
    before = _before(call, files, own=own)
    if document.problems:
        # Raises: with what else is wrong, so that it need not be mended in two rounds.
        files.serve(document, call.nodename())
    if call.options.interactive:
        _ask_for_env(call, document)
    for sentence in fill_in(document, call.options.env or (), os.environ):
        call.screen.err(sentence)
    define(document, call.options.resource or ())
    document = checked(document)
    difference = [] if before is None else _against(call, files, before, document.text)

    def load(nodename: str) -> Service:
        return files.serve(document.copy(), nodename)

    def prepare() -> None:
        backup = placing.place(files, before if difference else None)
        for line in (*difference, f"{backup} is the service file before") if backup else ():
            call.screen.err(line)

    if call.options.provision:
        return _provisioned(call, files, load, prepare, ())
    service = load(call.nodename())
    service.check()
    call.screen.hide(service.secrets())
    if call.options.dry_run:
        for line in difference:
            call.screen.err(line)
        call.screen.out(document.text.rstrip("\n"))
        return 0
    files.check_writable()
    lock = files.lock("create", call.options.waitlock or 0.0)
    try:
        with Account(call, files, LogLines(service, call.screen)).kept() as account:
            prepare()
            account.changes += 1
    finally:
        files.unlock(lock)
    return 0


def update(call: Invocation) -> int:
    """Add or change resources of a service; with --provision, provision those."""
    files = call.files()
    if not call.options.resource and not call.options.env:
        raise UsageError("update: nothing to add or change; give --resource JSON or --env KEY=VALUE")
    document = files.document()
    document.check()
    before = document.text
    _hide(call, files, document)
    touched = define(document, call.options.resource or ())
    for sentence in fill_in(document, call.options.env or (), os.environ):
        call.screen.err(sentence)
    document = checked(document)

    def load(nodename: str) -> Service:
        # Read again what is on disk, now that the lock is ours: what is saved replaces this, and nothing else.
        if files.document().text != before:
            raise Failed(f"{files.conf} was changed by somebody else meanwhile; run the same command again")
        return files.serve(document.copy(), nodename)

    _refuse_unfinished(call, files)
    if call.options.provision:
        return _provisioned(call, files, load, files.save_file, tuple(touched))
    service = load(call.nodename())
    service.check()
    call.screen.hide(service.secrets())
    if call.options.dry_run:
        for line in _difference(before, document.text, files.conf):
            call.screen.out(line)
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


def _provisioned(
    call: Invocation,
    files: ServiceFiles,
    load: Callable[[str], Service],
    prepare: Callable[[], None],
    rids: tuple[str, ...],
) -> int:
    """Provision a service that is only in memory yet; it is written once everything is known to be right."""
    from svcprov.acting import act, tell_collector
    from svcprov.action import Selection
    from svcprov.task import Task

    selection = call.selection()
    if selection.everything and rids:
        selection = Selection(rids)
    return act(call, Task("provision", files, load, selection, prepare, lambda: tell_collector(call, files)))


def _refuse_unfinished(call: Invocation, files: ServiceFiles) -> None:
    lines = files.journal_lines()
    before = unfinished(lines)
    if before is None or before["action"] not in {"provision", "unprovision"}:
        return
    verb = before["action"]
    said = f"{verb} of {files.name} is unfinished, and works with the file as it is"
    if verb == "unprovision":
        raise Refused(said, Remedy("to finish it", call.line(verb), whole=True))
    if any("rolling" in line for line in lines):
        raise Refused(f"the rollback of {said}", Remedy("to finish it", call.line("rollback"), whole=True))
    undo, go_on = Remedy("to undo it", call.line("rollback"), whole=True), call.line(verb)
    raise Refused(said, undo, Remedy("to go on with it", go_on, whole=True))


def _source(call: Invocation, files: ServiceFiles) -> tuple[Document, bool]:
    """The document to start from, and whether it is the service's own file already."""
    config, template = call.options.config, call.options.template
    if config is not None and template is not None:
        raise UsageError("--config and --template can't both be specified")
    if config is None and template is None:
        if not call.options.resource:
            raise UsageError("either --config, --template or --resource must be specified")
        return Document("[DEFAULT]\n", files.conf), False
    given = str(config if config is not None else template)
    _forget_credentials(call, given)
    if given == sources.STDIN and call.screen.can_ask():
        call.screen.err("reading the service file from this terminal; Ctrl-D ends it")
    source = sources.read(given, named=template is not None)
    own = source.path != "" and os.path.exists(files.conf) and os.path.samefile(source.path, files.conf)
    return (files.document(), True) if own else (sources.document(source), False)


def _forget_credentials(call: Invocation, given: str) -> None:
    """Keep what a URL should not have in it from the log, the journal and the history."""
    shown = without_credentials(given)
    call.argv = tuple(
        word.removesuffix(given) + shown if word in {given, f"--config={given}", f"--template={given}"} else word
        for word in call.argv
    )


def _before(call: Invocation, files: ServiceFiles, *, own: bool) -> bytes | None:
    """The service file that is to be replaced; None when there is none. Raises UsageError where it must not be."""
    if own or not files.exists:
        return None
    placing.refuse_link(files)
    if not call.options.force:
        raise UsageError(
            f"service {files.name} already exists: {files.conf} already exists; "
            f"--force replaces it, keeping {files.conf}.bak"
        )
    _refuse_unfinished(call, files)
    return files.replaced()


def _against(call: Invocation, files: ServiceFiles, before: bytes, after: str) -> list[str]:
    """The difference to the file before; one whose secrets cannot be told is not shown."""
    if before == after.encode():
        return []
    try:
        document = Document.from_bytes(before, files.conf)
        call.screen.hide(files.serve(document, call.nodename()).secrets())
    except ConfigError:
        return [f"the difference is not shown, since it cannot be told what of {files.conf} is secret"]
    return _difference(document.text, after, files.conf)


def _hide(call: Invocation, files: ServiceFiles, document: Document) -> None:
    """Show no secret of the file as it was, when its difference to what it becomes is shown."""
    # One that is replaced because it is broken need not say what its secrets are.
    with suppress(ConfigError):
        call.screen.hide(files.serve(document.copy(), call.nodename()).secrets())


def _difference(before: str, after: str, path: str) -> list[str]:
    from difflib import unified_diff

    return list(unified_diff(before.splitlines(), after.splitlines(), f"{path}.bak", path, lineterm=""))


def _ask_for_env(call: Invocation, document: Document) -> None:
    """Ask for each value of [env], with what is there as the default."""
    if not call.screen.can_ask():
        raise UsageError("--interactive asks on a terminal, and there is none; give --env KEY=VALUE")
    for name in document.options("env"):
        default = document.get("env", name) or ""
        answer = call.screen.ask(f"{name} [{default}]: ")
        if answer:
            fill_in(document, [f"{name}={answer}"], {})

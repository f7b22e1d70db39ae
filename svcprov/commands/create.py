"""`create`: the service file comes to be; everything is checked before anything is written."""

import os

from core.config.document import Document
from core.config.service import Service
from core.errors import ConfigError, UsageError
from svcprov import placing, sources
from svcprov.account import Account
from svcprov.changed_file import difference, provisioned, refuse_unfinished
from svcprov.definitions import checked, define
from svcprov.environment import settle
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
    define(document, call.options.resource or ())
    settle(call, files, document, "template")
    document = checked(document)
    changed = [] if before is None else _against(call, files, before, document.text)

    def load(nodename: str) -> Service:
        return files.serve(document.copy(), nodename)

    def prepare() -> None:
        backup = placing.place(files, before if changed else None)
        for line in (*changed, f"{backup} is the service file before") if backup else ():
            call.screen.err(line)

    if call.options.provision:
        return provisioned(call, files, load, prepare)
    service = load(call.nodename())
    service.check()
    call.screen.hide(service.secrets())
    if call.options.dry_run:
        for line in changed:
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
    if source.path and os.path.exists(files.conf) and os.path.samefile(source.path, files.conf):
        return files.document(), True
    files.template_directory = os.path.dirname(os.path.abspath(source.path)) if source.path else ""
    return sources.document(source), False


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
    refuse_unfinished(call, files)
    return files.read()


def _against(call: Invocation, files: ServiceFiles, before: bytes, after: str) -> list[str]:
    """The difference to the file before; one whose secrets cannot be told is not shown."""
    if before == after.encode():
        return []
    try:
        document = Document.from_bytes(before, files.conf)
        call.screen.hide(files.serve(document, call.nodename()).secrets())
    except ConfigError:
        return [f"the difference is not shown, since it cannot be told what of {files.conf} is secret"]
    return difference(document.text, after, files.conf, f"{files.conf}.bak")

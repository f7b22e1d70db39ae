"""`create`: the service file comes to be; everything is checked before anything is written."""

import os
import sys
from contextlib import suppress

from core.config.document import Document
from core.config.service import Service
from core.errors import Failed, UsageError
from svcprov import inventory
from svcprov.account import Account
from svcprov.changed_file import difference, hide, provisioned
from svcprov.definitions import checked, define
from svcprov.environment import settle
from svcprov.files import CONF_MODE, ServiceFiles, etc, read_document
from svcprov.invocation import Invocation
from svcprov.log import LogLines
from svcprov.replace import replace


def create(call: Invocation) -> int:
    """Make a service; with --provision, provision it."""
    files = call.files()
    document, own = _source(call, files)
    if document.problems:
        # Raises: with what else is wrong, so that it need not be mended in two rounds.
        files.serve(document, call.nodename())
    before = _before(call, files, own=own)
    if before is not None:
        hide(call, files, before)
    define(document, call.options.resource or ())
    settle(call, files, document, "template")
    document = checked(document)

    def load(nodename: str) -> Service:
        return files.serve(document.copy(), nodename)

    def prepare() -> None:
        if before is not None and before.text != document.text:
            _keep_old(call, files, before, document)
        _make_etc()
        files.save_file()
        _links(files)
        files.save_beside()

    if call.options.provision:
        return provisioned(call, files, load, prepare)
    service = load(call.nodename())
    service.check()
    call.screen.hide(service.secrets())
    if call.options.dry_run:
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
    given = config if config is not None else template
    if given == "":
        raise UsageError("create: the name of the file is empty")
    path = _local(given, named=template is not None)
    own = files.exists and os.path.exists(path) and os.path.samefile(path, files.conf)
    if own:
        return files.document(), True
    _, document = read_document(path, given)
    files.template_directory = os.path.dirname(os.path.abspath(path))
    return document, False


def _local(given: str, *, named: bool) -> str:
    """The path of what --config or --template names. Raises UsageError for what is somewhere else."""
    if given.startswith("file://"):
        return given.removeprefix("file://")
    if "://" in given:
        raise UsageError(f"{given}: fetching a file comes with a later version of svcprov; give a local path")
    if not named or os.path.exists(given):
        return given
    known = inventory.templates()
    if given in known:
        return known[given]
    if "/" in given:
        raise UsageError(f"{given}: there is no such file")
    from core.config.spelling import meant

    remedy = "`nodemgr print templates` lists them; those of a collector come with a later version of svcprov"
    raise UsageError(f"there is no template {given!r}{meant(given, tuple(known))}; {remedy}")


def _before(call: Invocation, files: ServiceFiles, *, own: bool) -> Document | None:
    """The service file that is going to be replaced; None for a new one. Raises UsageError where it must not be."""
    if not files.exists:
        return None
    if not own and not call.options.force:
        raise UsageError(
            f"service {files.name} already exists: {files.conf} already exists; "
            f"--force replaces it, keeping {files.conf}.bak"
        )
    return files.document()


def _keep_old(call: Invocation, files: ServiceFiles, before: Document, document: Document) -> None:
    if call.options.force:
        replace(f"{files.conf}.bak", before.text.encode(), CONF_MODE)
        for line in difference(before.text, document.text, files.conf, f"{files.conf}.bak"):
            call.screen.err(line)


def _make_etc() -> None:
    """The first service of a node finds no directory for service files yet."""
    try:
        os.makedirs(etc(), mode=0o755, exist_ok=True)
    except OSError as error:
        raise Failed(f"{etc()}: {error.strerror}; nothing was changed") from None


def _links(files: ServiceFiles) -> None:
    """`SERVICE.dir/`, `SERVICE.d` that leads there, and `SERVICE`, which is svcmgr for this service."""
    folder = etc()
    try:
        os.makedirs(f"{folder}/{files.name}.dir", mode=0o755, exist_ok=True)
        _link(f"{files.name}.dir", f"{folder}/{files.name}.d")
        _link(_svcmgr(), f"{folder}/{files.name}")
    except OSError as error:
        raise Failed(f"{error.filename}: {error.strerror}: the links of {files.name} could not be made") from None


def _link(target: str, path: str) -> None:
    if os.path.islink(path):
        if os.readlink(path) == target:
            return
        os.unlink(path)
    # What is there and is no link is not ours to take away.
    with suppress(FileExistsError):
        os.symlink(target, path)


def _svcmgr() -> str:
    """The program that a service's link leads to: this one, or the one beside this Python."""
    program = os.path.abspath(sys.argv[0])
    if os.path.basename(program) == "svcmgr" and os.access(program, os.X_OK):
        return program
    for folder in (os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(":")):
        if folder and os.access(f"{folder}/svcmgr", os.X_OK):
            return f"{folder}/svcmgr"
    return f"{os.path.dirname(sys.executable)}/svcmgr"

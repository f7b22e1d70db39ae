"""The service file as text: show, get, set, unset, validate."""

from collections.abc import Callable, Sequence

from core.config.document import Document
from core.config.service import Service, split_key
from core.config.spelling import meant
from core.errors import ConfigError, Problem, UsageError
from svcprov.account import Account
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.log import LogLines


def show(call: Invocation) -> int:
    """Print the service file; with --eval, every value as it is understood on this node."""
    files = call.files()
    document = files.document()
    if not call.options.eval:
        call.screen.out(document.text.rstrip("\n"))
        return 0
    service = files.serve(document, call.nodename())
    call.screen.hide(service.secrets())
    for number, section in enumerate(document.sections()):
        call.screen.out(f"[{section}]" if number == 0 else f"\n[{section}]")
        for option in service.options(section):
            value = (service.read(section, option) or "").replace("\n", "\n    ")
            call.screen.out(f"{option} = {value}".rstrip())
    return 0


def get(call: Invocation) -> int:
    """Print one value."""
    key = _key(call)
    files = call.files()
    service = files.load(call.nodename())
    _present(service, key)
    value = service.value(key) if call.options.eval else service.text(key)
    if value is None:
        raise _absent(service, key)
    if call.options.eval:
        call.screen.hide(service.secrets())
    call.screen.out(value)
    return 0


def set_(call: Invocation) -> int:
    """Change one value; the file is refused when that breaks it."""
    key = _key(call)
    value = call.options.value
    if value is None:
        raise UsageError("no value. set --value")
    if "«" in value or "»" in value:
        raise UsageError("--value: « and » stand for values that nobody knows yet; take them out")

    def edit(document: Document) -> None:
        try:
            document.set(*split_key(key), value)
        except ValueError as error:
            raise UsageError(str(error)) from None

    return _edited(call, "set", edit)


def unset(call: Invocation) -> int:
    """Take one value out."""
    key = _key(call)

    def edit(document: Document) -> None:
        section, option = split_key(key)
        if document.raw(section, option) is None:
            if "." not in key and document.has(key):
                whole = call.line("delete", "--rid", key)
                raise UsageError(f"unset takes out one option, and {key} is a section; a resource goes with `{whole}`")
            _present(call.files().load(call.nodename()), key)
            raise UsageError(_no_option(section, option, document.options(section)))
        document.unset(section, option)

    return _edited(call, "unset", edit)


def validate(call: Invocation) -> int:
    """Say everything that is wrong with the service file, and what is probably not meant."""
    service = call.files().load(call.nodename())
    service.check()
    for warning in service.warnings():
        call.screen.out(call.screen.styled(f"warning: {warning}", "yellow"))
    from svcprov.action import natural

    natural(service.resources())
    return 0


def _edited(call: Invocation, action: str, change: Callable[[Document], None]) -> int:
    files = call.files()
    change(files.document())
    files.check_writable()
    lock = files.lock(action, call.options.waitlock or 0.0)
    try:
        before = files.load(call.nodename())
        document = before.document.copy()
        change(document)
        call.screen.hide(before.secrets())
        keep(call, files, document, before.problems())
    finally:
        files.unlock(lock)
    return 0


def keep(call: Invocation, files: ServiceFiles, document: Document, known: Sequence[Problem]) -> None:
    """Put an edited document in the place of the file that `files` read. The lock is the caller's.

    known: the problems that the file had before; Raises ConfigError for others, Failed when it cannot be written.
    """
    document.check()
    service = files.serve(document, call.nodename())
    before = {_what(problem) for problem in known}
    new = [problem for problem in service.problems() if _what(problem) not in before]
    call.screen.hide(service.secrets())
    if new:
        raise ConfigError(*new)
    with Account(call, files, LogLines(service, call.screen)).kept() as account:
        files.save_file()
        account.changes += 1


def _what(problem: Problem) -> tuple[str, str, str]:
    return problem.section, problem.key, problem.text


def _key(call: Invocation) -> str:
    if not call.options.param:
        raise UsageError("no parameter. set --param")
    key = str(call.options.param)
    section, option = split_key(key)
    if not section or not option or key.startswith("."):
        raise UsageError(f"malformed parameter {key!r}. format as 'section.key'")
    return key


def _present(service: Service, key: str) -> None:
    """Raise UsageError when there is no such section."""
    section, _ = split_key(key)
    sections = service.sections()
    if section not in (*sections, "DEFAULT"):
        raise UsageError(f"section '{section}' not found{meant(section, sections)}; there are {', '.join(sections)}")


def _absent(service: Service, key: str) -> UsageError:
    section, option = split_key(key)
    return UsageError(_no_option(section, option, service.options(section)))


def _no_option(section: str, option: str, options: tuple[str, ...]) -> str:
    return f"option '{option}' not found in section '{section}'{meant(option, options)}"

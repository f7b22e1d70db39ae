"""The service file as text: show, get, set, unset."""

from collections.abc import Callable, Sequence

from core.config.document import Document
from core.config.service import Service, split_key
from core.config.spelling import meant
from core.errors import ConfigError, Problem, UsageError
from svcprov.account import Account
from svcprov.changed_file import worse
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.log import LogLines


def show(call: Invocation) -> int:
    """Print the service file; with --eval, every value as it is understood on this node."""
    files = call.files()
    document = files.document()
    if not call.options.eval:
        _only_with_eval(call, "explain", "impersonate")
        call.screen.out(document.text.rstrip("\n"))
        return 0
    service = _evaluated(call, files.serve(document, call.nodename()))
    texts = zip(document.sections(), _values(call, service, document.sections()), strict=True)
    call.screen.out("\n\n".join(f"[{section}]\n{text}".rstrip("\n") for section, text in texts))
    return 0


def get(call: Invocation) -> int:
    """Print one value, or all of a section."""
    key = _key(call)
    service = call.files().load(call.nodename())
    if call.options.eval:
        _evaluated(call, service)
    else:
        _only_with_eval(call, "explain")
        call.check_impersonated(service)
    if key in service.sections() and service.text(key) is None:
        whole = _values(call, service, [key]) if call.options.eval else [service.document.section_text(key)]
        call.screen.out(whole[0].rstrip("\n"))
        return 0
    _present(service, key)
    if call.options.explain:
        from core.config.explanation import explain

        call.screen.out("\n".join(explain(service, key)))
    value = service.value(key) if call.options.eval else service.text(key)
    if value is None:
        raise _absent(service, key)
    call.screen.out(value)
    return 0


def _only_with_eval(call: Invocation, *options: str) -> None:
    for option in options:
        if getattr(call.options, option):
            raise UsageError(f"--{option} is about values as they are understood: add --eval")


def _evaluated(call: Invocation, service: Service) -> Service:
    """A service whose values are going to be shown."""
    call.check_impersonated(service)
    call.screen.hide(service.secrets())
    return service


def _values(call: Invocation, service: Service, sections: Sequence[str]) -> list[str]:
    """What sections hold, evaluated, each as one text; with --explain, comments say how the values came about.

    Raises ConfigError with all that cannot be evaluated.
    """
    problems: list[Problem] = []
    texts = []
    for section in sections:
        lines: list[str] = []
        for option in service.options(section):
            try:
                lines += _explained(call, service, section, option)
            except ConfigError as error:
                problems += error.problems
        texts.append("\n".join(lines))
    if problems:
        raise ConfigError(*problems)
    return texts


def _explained(call: Invocation, service: Service, section: str, option: str) -> list[str]:
    """One option with its value, and before it how that came about, where that is asked for and worth a word."""
    value = service.read(section, option) or ""
    lines = [f"{option} = {value}".rstrip().replace("\n", "\n    ")]
    if call.options.explain:
        from core.config.explanation import explain

        steps = explain(service, f"{section}.{option}")
        lines[:0] = [f"# {step}".rstrip() for step in steps if len(steps) > 1]
    return lines


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
    new = worse(known, service.problems())
    call.screen.hide(service.secrets())
    if new:
        raise ConfigError(*new)
    with Account(call, files, LogLines(service, call.screen)).kept() as account:
        files.save_file()
        account.changes += 1


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
    said = f"option '{option}' not found in section '{section}'{meant(option, options)}"
    if section == "DEFAULT" and "#" in option:
        said += f"; an option of {option} is named {option}.OPTION, and `delete --rid {option}` takes all of it out"
    return said

"""`edit config`: the service file in an editor; what is left there is checked before it takes the file's place.

The text that is edited is a draft beside the file. A draft that could not be kept stays, and so does one whose editor
was killed; `--recover` goes on with it. The lock is taken only to keep the result: an editor that somebody forgot
must not keep the service from being started, and what was changed meanwhile is found by comparing.
"""

import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.errors import ConfigError, Failed, Problem, Refused, Remedy, SvcprovError, UsageError
from svcprov.changed_file import difference
from svcprov.commands.config import keep
from svcprov.files import ServiceFiles
from svcprov.invocation import Invocation
from svcprov.replace import replace

EDITOR = "vi"


class Draft:
    """The text that is being edited, and the text that it was made of, in two files beside the service file."""

    def __init__(self, conf: str) -> None:
        self._conf = conf
        self.path, self.base_path = self.paths = f"{conf}.draft", f"{conf}.draft.base"

    @property
    def exists(self) -> bool:
        """Tell whether there is one, that somebody works on or left."""
        return os.path.lexists(self.path)

    def begin(self, text: bytes) -> bool:
        """Make one of a text; tell whether that was possible: not where there is one already. Raises Failed."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            with open(os.open(self.path, flags, self._mode()), "wb") as file:
                file.write(text)
        except FileExistsError:
            return False
        except OSError as error:
            self.discard()
            raise Failed(f"{self.path}: {error.strerror}; nothing was changed") from None
        self.rebase(text)
        return True

    def rebase(self, text: bytes) -> None:
        """Remember what its changes are changes of. Raises Failed."""
        replace(self.base_path, text, self._mode())

    def _mode(self) -> int:
        """The mode of the file itself: what may not be read there may not be read here."""
        return stat.S_IMODE(os.stat(self._conf).st_mode)

    def base(self) -> bytes:
        """The text that it was made of; b"" when nobody knows any more."""
        with suppress(FileNotFoundError):
            return _read(self.base_path)
        return b""

    def text(self) -> bytes:
        """What is written in it. Raises Failed."""
        return _read(self.path)

    def discard(self) -> None:
        """Take it away, where there is one."""
        for path in self.paths:
            with suppress(FileNotFoundError):
                os.unlink(path)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(DOCUMENT_BYTES_MAX + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}") from None


def edit(call: Invocation) -> int:
    """Open the service file in $VISUAL, $EDITOR or vi; keep what is saved there, when it is right."""
    editor = _editor(call)
    files = call.files()
    now = files.read()
    files.check_writable()
    draft = Draft(files.conf)
    _begin(call, draft, now)
    text = _edited(call, draft, editor)
    if text == now:
        draft.discard()
        call.screen.err("nothing was changed")
        return 0
    try:
        _save(call, files, draft, text)
    except SvcprovError as error:
        call.complain(error)
        call.screen.err(_kept(call, draft))
        return error.exit_code
    draft.discard()
    return 0


def _editor(call: Invocation) -> str:
    editor = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip()
    if not editor and not call.screen.can_ask():
        raise UsageError(
            f"edit config opens {EDITOR}, which needs a terminal; name another editor in $VISUAL or $EDITOR, "
            "or use `set`, `unset` and `update`"
        )
    return editor or EDITOR


def _begin(call: Invocation, draft: Draft, now: bytes) -> None:
    """Have a draft to edit: a new one, or the one that was left."""
    if call.options.recover and call.options.discard:
        raise UsageError("--recover and --discard contradict each other")
    if call.options.recover:
        _recover(call, draft, now)
        return
    if call.options.discard:
        draft.discard()
    if not draft.begin(now):
        raise _left(call, draft)


def _edited(call: Invocation, draft: Draft, editor: str) -> bytes:
    """The text that an editor leaves. Raises Failed; a draft that has something new stays."""
    before = draft.text()
    try:
        _open(editor, draft.path)
        return draft.text()
    except FileNotFoundError:
        draft.discard()
        raise Failed(f"{draft.path} is gone, so there is nothing to keep; the service file is as it was") from None
    except Failed as error:
        if call.options.recover or not draft.exists or draft.text() != before:
            raise Failed(f"{error}; {_kept(call, draft)}") from None
        draft.discard()
        raise Failed(f"{error}; nothing was changed") from None


def _left(call: Invocation, draft: Draft) -> Refused:
    return Refused(
        f"{draft.path} has an edit that was not kept, or that somebody works on",
        Remedy("to go on with it", call.line("edit", "config", "--recover"), whole=True),
        Remedy(
            "to throw it away, and begin with the file as it is", call.line("edit", "config", "--discard"), whole=True
        ),
    )


def _kept(call: Invocation, draft: Draft) -> str:
    again = call.line("edit", "config", "--recover")
    return f"the service file is as it was; {draft.path} has your text; to go on with it:\n  {again}"


def _recover(call: Invocation, draft: Draft, now: bytes) -> None:
    """Go on with a draft; whoever has changed the file since it was begun is not undone unseen."""
    if not draft.exists:
        raise UsageError(f"there is no edit to go on with ({draft.path})")
    base = draft.base()
    if base == now:
        return
    call.screen.err(f"{call.files().conf} was changed since your edit began, and your text does not have that:")
    _show(call, base, now)
    if call.screen.can_ask():
        call.screen.ask("Enter opens your text. ")
    draft.rebase(now)


def _show(call: Invocation, before: bytes, after: bytes) -> None:
    """Show what somebody else changed, without secrets where the texts say what is one."""
    files = call.files()
    for text in (before, after):
        with suppress(ConfigError):
            call.screen.hide(files.serve(Document.from_bytes(text, files.conf), call.nodename()).secrets())
    old, new = (text.decode(errors="replace") for text in (before, after))
    for line in difference(old, new, "now", "before"):
        call.screen.err(line)


def _save(call: Invocation, files: ServiceFiles, draft: Draft, text: bytes) -> None:
    """Put a text in the place of the service file. Raises SvcprovError, and then the file is as it was."""
    document = Document.from_bytes(text, files.conf)
    document.check()
    lock = files.lock("edit config", call.options.waitlock or 0.0)
    try:
        now, base = files.read(), draft.base()
        if now != base:
            _show(call, base, now)
            raise Failed(f"{files.conf} was changed by somebody else meanwhile, as shown above; it was not overwritten")
        keep(call, files, document, _problems(call, files, now))
    finally:
        files.unlock(lock)


def _problems(call: Invocation, files: ServiceFiles, text: bytes) -> list[Problem]:
    """What was wrong with the file before: it may be mended step by step."""
    try:
        service = files.serve(Document.from_bytes(text, files.conf), call.nodename())
    except ConfigError as error:
        return list(error.problems)
    with suppress(ConfigError):
        call.screen.hide(service.secrets())
    return service.problems()


def _open(editor: str, path: str) -> None:
    """Wait for an editor to end. Raises Failed when it cannot be run, or says that it failed."""
    from shlex import split
    from subprocess import run

    try:
        words = split(editor)
    except ValueError as error:
        raise Failed(f"the editor {editor!r}: {error}") from None
    try:
        with _unheard(signal.SIGINT, signal.SIGQUIT):
            ended = run((*words, path), check=False)  # noqa: S603 - the editor that the operator chose
    except OSError as error:
        raise Failed(f"{editor}: {error.strerror}; name an editor in $VISUAL or $EDITOR") from None
    if ended.returncode:
        how = f"ended with {ended.returncode}" if ended.returncode > 0 else f"was killed by signal {-ended.returncode}"
        raise Failed(f"{editor} {how}")


@contextmanager
def _unheard(*signals: signal.Signals) -> Iterator[None]:
    """Leave signals of the terminal to the editor: Ctrl-C is a key there. A handler, since ignoring is inherited."""
    before = {each: signal.signal(each, lambda *_: None) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

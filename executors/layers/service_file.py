"""`svcmgr set`, `unset`, `is` and `claim`, answered in-process: cascades reach the service file here.

Order on disk: journal, record, service file. The user's text is in the record before the file loses it, and leaves
the record only after the file has it again.
"""

from collections.abc import Callable

from core.command import Command, Completed, Executor
from core.config.service import Service
from core.engine import SHARED, SVCMGR


def _nothing() -> None:
    """Keep nothing: for a preview."""


def _yes(_name: str) -> bool:
    """Let everything be claimed: for a node on which one action at a time is at work."""
    return True


class ServiceFile:
    """An executor around a node that answers for the service file.

    save_record, save_file: put the record, the service file on disk; they return when it is there.
    claim: tells whether what a driver chose among the free things of the node is ours, and not another action's.
    """

    def __init__(
        self,
        inner: Executor,
        service: Service,
        save_record: Callable[[], None] = _nothing,
        save_file: Callable[[], None] = _nothing,
        claim: Callable[[str], bool] = _yes,
    ) -> None:
        self._inner, self._service = inner, service
        self._save_record, self._save_file, self._claim = save_record, save_file, claim

    def run(self, command: Command) -> Completed:
        """Answer `svcmgr ...` here, everything else on the node."""
        if command.tool != SVCMGR:
            return self._inner.run(command)
        shared = SHARED in command.argv
        words = tuple(word for word in command.argv[1:] if word != SHARED)
        match words:
            case ("is", key, value):
                return Completed(0 if self._service.text(key) == value else 1)
            case ("is", key):
                return Completed(0 if self._service.text(key) is None else 1)
            case ("claim", name):
                return Completed(0 if self._claim(name) else 1)
            case ("set", key, value):
                self._write(key, value, shared=shared)
            case ("unset", key):
                self._write(key, None, shared=shared)
            case _:
                return Completed(2, "", f"svcmgr: bad words: {' '.join(words)}\n")
        return Completed(0)

    def _write(self, key: str, value: str | None, *, shared: bool) -> None:
        record, service = self._service.record, self._service
        known = record.keys.get(key)
        if known is not None and value == known.text:
            service.restore(key, known)
            self._save_file()
            del record.keys[key]
            self._save_record()
            return
        if known is None:
            # Until the file has been written the key still says what its user wrote.
            record.keys[key] = service.key_text(key, service.text(key) or "", shared=shared)
            self._save_record()
        if value is None:
            service.unset(key)
        else:
            service.set(key, value)
        self._save_file()

"""Where the files of a service live, and how they are kept.

`$OSVCETC/SERVICE.conf` is the service; `$OSVCVAR/SERVICE/` has what svcprov remembers of it: record, journal, lock.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.config.service import VAR, Service, service_name_problem
from core.errors import ConfigError, Failed, Problem, Refused, UsageError
from core.record import Record
from core.wire import encode
from svcprov.inventory import load_driver
from svcprov.journal_file import JournalFile, Read
from svcprov.keeping import Lines
from svcprov.lock import Lock
from svcprov.replace import replace, sync_directory, unwritable
from svcprov.secrets import mask, mask_json, reveal, reveal_json

CONF_MODE = 0o640
OWN_MODE = 0o600
OWN_DIRECTORY_MODE = 0o700
SERVICE_DIRECTORY_MODE = 0o711
"""Whoever may look at a service sees whether it has a record, and not what is in it."""


def etc() -> str:
    """Where service files and node.conf are."""
    return os.path.abspath(os.environ.get("OSVCETC") or "/etc/opensvc")


def var() -> str:
    """Where records, journals and locks are."""
    return os.path.abspath(os.environ.get("OSVCVAR") or "/var/lib/opensvc")


def log_directory() -> str:
    """Where daemons of services write what they say: with the system's logs, or with everything else of ours."""
    return f"{var()}/log" if os.environ.get("OSVCVAR") else "/var/log/opensvc"


def read_bytes(path: str, shown: str = "") -> bytes:
    """Read a file that is no longer than a service file. Raises UsageError when there is none to read.

    shown: the name for messages, when it is not the path. Raises ConfigError for a longer one.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(DOCUMENT_BYTES_MAX + 1)
    except FileNotFoundError:
        raise UsageError(f"{shown or path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{shown or path}: {error.strerror}") from None
    if max(size, len(data)) > DOCUMENT_BYTES_MAX:
        raise too_large(shown or path, size if size > DOCUMENT_BYTES_MAX else None)
    return data


def too_large(shown: str, size: int | None) -> ConfigError:
    """The error for what is too long to be a service file. size: its bytes, where they are known."""
    has = "more" if size is None else f"{size} bytes"
    said = f"a service file has at most {DOCUMENT_BYTES_MAX} bytes (1 MiB), and this has {has}"
    return ConfigError(Problem(shown, 0, "", "", said, "is this the right file?"))


def read_document(path: str) -> tuple[bytes, Document]:
    """Read a service file: its bytes, and their document. Raises as `read_bytes` does.

    What is wrong inside is the document's to say.
    """
    data = read_bytes(path)
    return data, Document.from_bytes(data, path)


class ServiceFiles:
    """The files of the service called `name`. Raises UsageError for a name that no service can have.

    node_var: the directory that `{var}` stands for on the node that the service is read for.
    remarks: what was found odd while reading, for the log.
    """

    def __init__(self, name: str, node_var: str = VAR) -> None:
        if said := service_name_problem(name):
            raise UsageError(said)
        self.name, self.node_var = name, node_var
        self.conf = f"{etc()}/{name}.conf"
        self.own_directory = f"{etc()}/{name}.dir"
        """Holds the files that triggers of the service read."""
        self.template_directory = ""
        """Where they are as long as the service file has not been written; "" for nowhere."""
        self.directory = f"{var()}/{name}"
        self.record = f"{self.directory}/record.json"
        self.journal = f"{self.directory}/journal.jsonl"
        self.plans = f"{self.directory}/plans"
        """Holds an empty file for each saved plan that was begun with, named by its id."""
        self.history = f"{self.directory}/history.jsonl"
        self.lock_path = f"{self.directory}/lock"
        self.remarks: list[str] = []
        self._service: Service | None = None
        self._conf_bytes: bytes | None = None
        self._saved_record: Record | None = None
        self._journal = JournalFile(self.journal)

    @property
    def own(self) -> tuple[str, ...]:
        """What svcprov remembers of the service, file by file."""
        return self.record, self.journal, f"{self.journal}.1", self.history

    @property
    def exists(self) -> bool:
        """Tell whether there is a service file."""
        return os.path.lexists(self.conf)

    def read(self) -> bytes:
        """Read the service file, text or not. Raises UsageError when there is none."""
        if not self.exists:
            raise UsageError(
                f"there is no service {self.name} ({self.conf}); `svcmgr -s {self.name} create --config FILE` makes one"
            )
        self._conf_bytes = read_bytes(self.conf)
        return self._conf_bytes

    def document(self) -> Document:
        """Read the service file. Raises UsageError when there is none, ConfigError for what is no text."""
        return Document.from_bytes(self.read(), self.conf)

    def load(self, nodename: str) -> Service:
        """Read service file and record. Raises UsageError, ConfigError or RecordError, naming the place."""
        return self.serve(self.document(), nodename)

    def serve(self, document: Document, nodename: str) -> Service:
        """Make the service of a document that need not be on disk yet; `save_file` is what puts it there."""
        service = self._service = Service(self.name, document, nodename, Record(), load_driver, self.node_var)
        service.record = self._recorded(service)
        service.beside = self.beside
        return service

    def beside(self, name: str) -> str | None:
        """Return the text of a file of `SERVICE.dir`, or else of one beside the template; None where there is none.

        Raises UsageError for one that is no text of a sensible size.
        """
        from svcprov.beside import read

        for directory in (self.own_directory, self.template_directory):
            if directory and (text := read(f"{directory}/{name}")) is not None:
                return text
        return None

    def save_beside(self) -> Iterator[str]:
        """Put what triggers of the service read into its own directory, where it is not there yet; yield each path.

        Raises Failed.
        """
        from svcprov.beside import bring

        if self._service is None:
            raise AssertionError("nothing was loaded")
        yield from bring(self._service, self.own_directory)

    def _recorded(self, service: Service) -> Record:
        try:
            with open(self.record, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            return Record()
        except UnicodeDecodeError:
            raise Failed(f"{self.record}: this is not text; restore it from a backup") from None
        except OSError as error:
            raise Failed(f"{self.record}: {error.strerror}") from None
        record = Record.from_json(reveal_json(text, service.secrets()), self.record)
        self._saved_record = record.copy()
        return record

    def check_writable(self) -> None:
        """Raise Failed when the files could not be kept, before anything was changed."""
        for path in (self.conf, self.record):
            if said := unwritable(path):
                raise Failed(f"{said}; nothing was changed")

    def lock(self, action: str, wait_seconds: float = 0) -> Lock:
        """Take the lock of the service. Raises ServiceHeld, naming who has it."""
        self._make_directory()
        lock = Lock(self.lock_path, self.name, action)
        lock.take(wait_seconds)
        return lock

    def unlock(self, lock: Lock) -> None:
        """Give the lock back; a directory that holds nothing else is not left behind.

        A history is worth keeping for as long as there is a service, or something that was made for it.
        """
        kept = os.path.exists(self.record) or os.path.exists(self.journal)
        kept = kept or (os.path.exists(self.history) and self.exists)
        if not kept:
            with suppress(OSError):
                os.unlink(self.history)
        lock.release(remove=not kept)
        if not kept:
            with suppress(OSError):
                os.rmdir(self.directory)

    def _make_directory(self) -> None:
        try:
            os.makedirs(self.directory, mode=SERVICE_DIRECTORY_MODE, exist_ok=True)
        except OSError as error:
            raise Failed(f"{self.directory}: {error.strerror}; nothing was changed") from None

    def save_file(self) -> None:
        """Put the service file on disk. Raises Failed when somebody else changed it since it was read."""
        if self._service is None:
            raise AssertionError("nothing was loaded")
        data = self._service.document.text.encode()
        if data == self._conf_bytes:
            return
        if self._on_disk() != self._conf_bytes:
            raise Failed(
                f"{self.conf} was changed by somebody else while this action ran; it was not overwritten; "
                "look at it, then run the same command again"
            )
        replace(self.conf, data, CONF_MODE)
        self._conf_bytes = data

    def _on_disk(self) -> bytes | None:
        try:
            with open(self.conf, "rb") as file:
                return file.read(DOCUMENT_BYTES_MAX + 1)
        except FileNotFoundError:
            # A link that leads nowhere is something, too: written through it, a file would appear elsewhere.
            return b"" if os.path.islink(self.conf) else None
        except OSError as error:
            raise Failed(f"{self.conf}: {error.strerror}") from None

    def save_record(self) -> None:
        """Put the record on disk, unless that has it; an empty one that was never there is not written."""
        if self._service is None:
            raise AssertionError("nothing was loaded")
        record = self._service.record
        # Most changes are none of the record's, and a disk takes longer to keep it than they take.
        exists = os.path.exists(self.record)
        if (record.is_empty and not exists) or (exists and record == self._saved_record):
            return
        before, synced = record.mark, self._journal.synced
        record.mark = before if synced is None else str(synced)
        try:
            replace(self.record, mask_json(record.to_json(), self._secrets()).encode(), OWN_MODE)
        except Failed:
            record.mark = before
            raise
        self._saved_record = record.copy()

    def journal_lines(self) -> Lines:
        """Read the journal of the last action; a line that a crash tore is left out, and said so in `remarks`.

        Raises Failed for one that is damaged otherwise, Refused for one that the record does not go with.
        """
        found = self._journal.read()
        if found.torn:
            said = f"{self.journal}:{len(found.lines) + 1}: the last line was cut short by a crash: left out"
            self.remarks += [] if said in self.remarks else [said]
        if found.marks:
            self._go_together(found)
        elif not found.lines and os.path.exists(self.journal):
            # Killed as it was about to begin: the record is as the journal before it left it.
            self._go_together(JournalFile(f"{self.journal}.1").read())
        for line in found.lines[:1]:
            line.pop("id", None)
        for line in found.lines:
            line.pop("record", None)
        return [reveal(line, self._secrets()) for line in found.lines]

    def _go_together(self, found: Read) -> None:
        """Raise Refused when the record is not as this journal leaves it: then one of them comes from a backup."""
        told = [line["record"] for line in found.lines if "record" in line]
        if self._service is None or (found.lines and not told):
            return
        told = told or [""]
        place = {str(mark): mark.line for mark in found.marks}
        has = self._service.record.mark
        if has == told[-1] or place.get(has, 0) > place.get(told[-1], 0):
            return
        said = f"{self.record} is not the one that {self.journal} goes with: one of them comes from a backup"
        if not os.path.exists(self.record):
            said = f"{self.record} is gone, and {self.journal} goes with one that was there"
        raise Refused(
            f"{said}, so what was made for {self.name} is not known",
            f"put the newer one back, or, to go by the record alone:\n  {self._journal.away}",
        )

    def _secrets(self) -> dict[str, str]:
        return {} if self._service is None else self._service.secrets()

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Begin a new journal; the one before is kept as `journal.jsonl.1`."""
        self._make_directory()
        self._journal.begin(self._kept({**header, "id": os.urandom(4).hex(), "record": self._mark()}))
        with suppress(OSError):
            sync_directory(self.directory)
        if "plan" in header:
            self.use(str(header["plan"]))

    def has_used(self, plan: str) -> bool:
        """Tell whether a saved plan was begun with, by its id."""
        return os.path.exists(f"{self.plans}/{plan}")

    def use(self, plan: str) -> None:
        """Remember that a saved plan was begun with: from now on it is gone on with, or finished. Raises Failed."""
        try:
            os.makedirs(self.plans, mode=OWN_DIRECTORY_MODE, exist_ok=True)
        except OSError as error:
            raise Failed(f"{self.plans}: {error.strerror}: that the plan is used could not be kept") from None
        if not self.has_used(plan):
            replace(f"{self.plans}/{plan}", b"", OWN_MODE)

    def journal_line(self, line: dict[str, Any], *, sync: bool = True) -> None:
        """Add a line to the journal. Raises Failed, and then it is not in there.

        sync: it and all before it are on disk when this returns. Without, it outlives this process, but perhaps no
        power failure.
        """
        self._journal.add(self._kept({**line, "record": self._mark()} if "end" in line else line), sync=sync)

    def _kept(self, line: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = mask(encode(line), self._secrets())
        return kept

    def _mark(self) -> str:
        """What the record on disk says of where in which journal it was written."""
        return "" if self._service is None else self._service.record.mark

    def close(self) -> None:
        """Let go of the journal; the object can be used again."""
        self._journal.close()

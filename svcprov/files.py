"""Where the files of a service live, and how they are kept.

`$OSVCETC/SERVICE.conf` is the service; `$OSVCVAR/SERVICE/` has what svcprov remembers of it: record, journal, lock.
"""

import json
import os
from contextlib import suppress
from typing import Any

from core.config.document import DOCUMENT_BYTES_MAX, Document
from core.config.service import VAR, Service, service_name_problem
from core.errors import ConfigError, Failed, Problem, UsageError
from core.record import Record
from core.wire import encode
from svcprov.inventory import load_driver
from svcprov.lock import Lock
from svcprov.replace import replace, sync_directory, unwritable, write_all
from svcprov.secrets import mask, mask_json, reveal, reveal_json

CONF_MODE = 0o640
OWN_MODE = 0o600
OWN_DIRECTORY_MODE = 0o700

Lines = list[dict[str, Any]]


def etc() -> str:
    """Where service files and node.conf are."""
    return os.path.abspath(os.environ.get("OSVCETC") or "/etc/opensvc")


def var() -> str:
    """Where records, journals and locks are."""
    return os.path.abspath(os.environ.get("OSVCVAR") or "/var/lib/opensvc")


def log_directory() -> str:
    """Where daemons of services write what they say: with the system's logs, or with everything else of ours."""
    return f"{var()}/log" if os.environ.get("OSVCVAR") else "/var/log/opensvc"


def read_document(path: str, shown: str = "") -> tuple[bytes, Document]:
    """Read a service file: its bytes, and their document. Raises UsageError when there is none to read.

    shown: the name for messages, when it is not the path. What is wrong inside is the document's to say.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(DOCUMENT_BYTES_MAX + 1)
    except FileNotFoundError:
        raise UsageError(f"{shown or path}: there is no such file") from None
    except OSError as error:
        raise UsageError(f"{shown or path}: {error.strerror}") from None
    if size > DOCUMENT_BYTES_MAX:
        said = f"the file has {size} bytes, and a service file at most {DOCUMENT_BYTES_MAX} (1 MiB)"
        raise ConfigError(Problem(shown or path, 0, "", "", said, "is this the right file?"))
    return data, Document.from_bytes(data, shown or path)


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
        self.directory = f"{var()}/{name}"
        self.record = f"{self.directory}/record.json"
        self.journal = f"{self.directory}/journal.jsonl"
        self.plans = f"{self.directory}/plans"
        """Holds an empty file for each saved plan that was begun with, named by its id."""
        self.remarks: list[str] = []
        self._service: Service | None = None
        self._conf_bytes: bytes | None = None
        self._saved_record: Record | None = None
        self._journal_descriptor: int | None = None
        self._journal_bytes: int | None = None
        """How much of the journal is whole lines; what follows was torn by a crash."""

    @property
    def exists(self) -> bool:
        """Tell whether there is a service file."""
        return os.path.lexists(self.conf)

    def document(self) -> Document:
        """Read the service file. Raises UsageError when there is none, ConfigError for what is no text."""
        if not self.exists:
            raise UsageError(
                f"there is no service {self.name} ({self.conf}); `svcmgr -s {self.name} create --config FILE` makes one"
            )
        self._conf_bytes, document = read_document(self.conf)
        return document

    def load(self, nodename: str) -> Service:
        """Read service file and record. Raises UsageError, ConfigError or RecordError, naming the place."""
        return self.serve(self.document(), nodename)

    def serve(self, document: Document, nodename: str) -> Service:
        """Make the service of a document that need not be on disk yet; `save_file` is what puts it there."""
        service = self._service = Service(self.name, document, nodename, Record(), load_driver, self.node_var)
        service.record = self._recorded(service)
        return service

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
        return Record.from_json(reveal_json(text, service.secrets()), self.record)

    def check_writable(self) -> None:
        """Raise Failed when the files could not be kept, before anything was changed."""
        for path in (self.conf, self.record):
            if said := unwritable(path):
                raise Failed(f"{said}; nothing was changed")

    def lock(self, action: str, wait_seconds: float = 0) -> Lock:
        """Take the lock of the service. Raises ServiceHeld, naming who has it."""
        self._make_directory()
        lock = Lock(f"{self.directory}/lock", self.name, action)
        lock.take(wait_seconds)
        return lock

    def unlock(self, lock: Lock) -> None:
        """Give the lock back; a directory that holds nothing else is not left behind."""
        kept = os.path.exists(self.record) or os.path.exists(self.journal)
        lock.release(remove=not kept)
        if not kept:
            with suppress(OSError):
                os.rmdir(self.directory)

    def _make_directory(self) -> None:
        try:
            os.makedirs(self.directory, mode=OWN_DIRECTORY_MODE, exist_ok=True)
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
            return None
        except OSError as error:
            raise Failed(f"{self.conf}: {error.strerror}") from None

    def save_record(self) -> None:
        """Put the record on disk, unless that has it; an empty one that was never there is not written."""
        if self._service is None:
            raise AssertionError("nothing was loaded")
        record = self._service.record
        # Most changes are none of the record's, and a disk takes longer to keep it than they take.
        exists = os.path.exists(self.record)
        if exists and record == self._saved_record:
            return
        if exists or not record.is_empty:
            replace(self.record, mask_json(record.to_json(), self._secrets()).encode(), OWN_MODE)
            self._saved_record = record.copy()

    def journal_lines(self) -> Lines:
        """Read the journal of the last action; a line that a crash tore is left out, and said so in `remarks`.

        Raises Failed for a line that is damaged otherwise.
        """
        try:
            with open(self.journal, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Failed(f"{self.journal}: {error.strerror}") from None
        *whole, torn = data.split(b"\n")
        lines: Lines = []
        self._journal_bytes = len(data) - len(torn)
        for number, text in enumerate(whole, 1):
            line = _journal_line(text)
            if line is None and number == len(whole) and not torn:
                torn = text
                self._journal_bytes -= len(text) + 1
            elif line is None:
                remedy = "what an unfinished action did is not known; move the journal away to begin anew"
                raise Failed(f"{self.journal}:{number}: this is no line of a journal; {remedy}")
            else:
                lines.append(reveal(line, self._secrets()))
        if torn:
            self.remarks.append(f"{self.journal}:{len(lines) + 1}: the last line was cut short by a crash: left out")
        return lines

    def _secrets(self) -> dict[str, str]:
        return {} if self._service is None else self._service.secrets()

    def journal_begins(self, header: dict[str, Any]) -> None:
        """Begin a new journal; the one before is kept as `journal.jsonl.1`."""
        self._close_journal()
        self._make_directory()
        if os.path.exists(self.journal):
            try:
                os.replace(self.journal, f"{self.journal}.1")
            except OSError as error:
                raise Failed(f"{self.journal}: {error.strerror}: nothing was begun") from None
        self._journal_bytes = None
        self.journal_line(header)
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
        text = json.dumps(mask(encode(line), self._secrets()), ensure_ascii=False)
        data = f"{text}\n".encode("utf-8", "backslashreplace")
        try:
            if self._journal_descriptor is None:
                self._journal_descriptor = self._open_journal()
            size = os.fstat(self._journal_descriptor).st_size
            try:
                write_all(self._journal_descriptor, data)
                if sync:
                    os.fdatasync(self._journal_descriptor)
            except OSError:
                os.ftruncate(self._journal_descriptor, size)
                raise
        except OSError as error:
            raise Failed(
                f"{self.journal}: {error.strerror or error}: what comes next would not be remembered, and was not done"
            ) from None

    def _open_journal(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self.journal, flags, OWN_MODE)
        if self._journal_bytes is not None:
            os.ftruncate(descriptor, self._journal_bytes)
        return descriptor

    def _close_journal(self) -> None:
        if self._journal_descriptor is not None:
            os.close(self._journal_descriptor)
            self._journal_descriptor = None

    def close(self) -> None:
        """Let go of the journal; the object can be used again."""
        self._close_journal()
        self._journal_bytes = None


def _journal_line(text: bytes) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None

"""What the other services of this node have in their records."""

import json
import os

from core.errors import Failed
from core.record import Record
from svcprov.files import var
from svcprov.node import MACHINE


def of_others(service: str, node: str) -> dict[tuple[str, str], str]:
    """The things that are recorded for other services than this one on a node: their services, by kind and identity.

    node: what a journal calls it. Raises Failed or RecordError for a record that cannot be read: then nobody knows.
    """
    found: dict[tuple[str, str], str] = {}
    try:
        names = sorted(os.listdir(var()))
    except FileNotFoundError:
        return found
    except OSError as error:
        raise Failed(f"{var()}: {error.strerror}: what is recorded for other services is not known") from None
    for name in names:
        directory = f"{var()}/{name}"
        if name != service and _is_of(f"{directory}/journal.jsonl", node):
            for thing in _record(f"{directory}/record.json").made.values():
                found[thing.kind, thing.identity] = name
    return found


def _record(path: str) -> Record:
    try:
        with open(path, encoding="utf-8") as file:
            return Record.from_json(file.read(), path)
    except (FileNotFoundError, NotADirectoryError):
        return Record()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "this is not text"
        raise Failed(f"{path}: {said}: what is recorded there is not known") from None


def _is_of(journal: str, node: str) -> bool:
    """Tell whether a service acted on this node last, as far as its journal says where that was."""
    try:
        with open(journal, encoding="utf-8") as file:
            where = json.loads(file.readline()).get("node", node)
    except (OSError, ValueError, AttributeError):
        return True
    if MACHINE in {where, node}:
        return bool(where == node)
    return os.path.realpath(str(where)) == os.path.realpath(node)

"""Directories that were made for a service: removed when nothing is in them any more, and no others."""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.tools import files, find, mount

if TYPE_CHECKING:
    from core.config.service import Resource


def remove_made(resource: "Resource", path: str) -> Steps:
    """Remove a directory and those above it, as far as the record has them and they are empty.

    One that something is mounted on is in use. Whichever resource made an ancestor, the last to leave it removes it.
    One that holds something stays, and stays in the record.
    """
    recorded = {
        thing.identity: name for name, thing in resource.service.record.made.items() if thing.kind == "directory"
    }
    own = path
    while path not in {"", "/"}:
        if path in recorded:
            unmakes = (recorded[path],)
            if (yield files.is_directory(path)).returncode:
                yield files.forget(path, unmakes)
            elif not (yield mount.at(path)).returncode:
                return
            elif inside := (yield find.entry(path)).stdout.strip():
                if path == own:
                    yield Note(f"{path} stays: it holds {inside}", "warning")
                return
            else:
                yield files.remove_directory(path, unmakes)
        path = path.rpartition("/")[0]

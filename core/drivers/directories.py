"""Directories that were made for a service: removed when nothing is in them any more, and no others."""

from typing import TYPE_CHECKING

from core.command import Note, Steps
from core.tools import files, find, mount

if TYPE_CHECKING:
    from core.config.service import Resource


def remove_made(resource: "Resource", path: str) -> Steps:
    """Remove the recorded directories of a resource, and those at or above a path, as far as they are empty.

    Whichever resource made a directory, the last to leave it removes it. One that something is mounted on, or that
    holds something, stays, and stays in the record.
    """
    made = resource.service.record.made
    recorded = {
        thing.identity: name
        for name, thing in made.items()
        if thing.kind == "directory" and (thing.rid == resource.rid or f"{path}/".startswith(f"{thing.identity}/"))
    }
    for directory in sorted(recorded, reverse=True):
        unmakes = (recorded[directory],)
        if (yield files.is_directory(directory)).returncode:
            yield files.forget(directory, unmakes)
        elif not (yield mount.at(directory)).returncode:
            continue
        elif inside := (yield find.entry(directory)).stdout.strip():
            if directory == path:
                yield Note(f"{directory} stays: it holds {inside}", "warning")
        else:
            yield files.remove_directory(directory, unmakes)
